"""Convolutional networks for works of any size: pictures [H, W, C] and sequences [T, C]."""

from __future__ import annotations

import math

import keras
import tensorflow as tf

from tf_creative.gan import layers
from tf_creative.gan.config import GanConfig

_SMALLEST = 7  # sides are halved until they are no longer than this: 8 -> 4, 16 -> 4, 28 -> 7


def pyramid(space: tuple[int, ...]) -> list[tuple[int, ...]]:
  """The sizes of the levels, finest first; only long sides are halved, odd ones are rounded up."""
  sizes = [tuple(space)]
  while max(sizes[-1]) > _SMALLEST:
    sizes.append(tuple(-(-side // 2) if side > _SMALLEST else side for side in sizes[-1]))
  return sizes


def _convolution(space: tuple[int, ...]) -> type[keras.layers.Layer]:
  kinds = {1: keras.layers.Conv1D, 2: keras.layers.Conv2D, 3: keras.layers.Conv3D}
  if len(space) not in kinds:
    raise ValueError(
      f"the network 'conv' wants values of one to three axes and channels, not the axes {space}; "
      "'dense' takes any shape."
    )
  return kinds[len(space)]


def _enlarge(x: tf.Tensor, size: tuple[int, ...]) -> tf.Tensor:
  """Nearest neighbours, twice as large on every axis that has to grow, cropped to `size`."""
  for axis, side in enumerate(size, start=1):
    if x.shape[axis] != side:
      x = tf.repeat(x, 2, axis=axis)
  return x[(slice(None), *(slice(side) for side in size))]


class Generator(keras.Model):
  """A code becomes a coarse picture, which is enlarged and refined level by level."""

  def __init__(
    self, value_shape: tuple[int, ...], num_labels: int, config: GanConfig, seed: int
  ):
    super().__init__(name='generator')
    *space, channels = value_shape
    seeds, convolution = layers.Seeds(seed), _convolution(tuple(space))
    self.num_labels, self.conditional = num_labels, layers.uses_labels(num_labels, config)
    self.sizes = pyramid(tuple(space))[::-1]  # coarsest first
    self.coarse_shape = (*self.sizes[0], config.width)
    self.coarse = keras.layers.Dense(
      math.prod(self.coarse_shape), kernel_initializer=seeds.next()
    )
    widths = [config.width] * (len(self.sizes) - 1) + [max(config.width // 2, 1)]
    self.refine = tuple(
      convolution(width, 3, padding='same', kernel_initializer=seeds.next()) for width in widths
    )
    self.paint = convolution(channels, 3, padding='same', kernel_initializer=seeds.next())
    self(tf.zeros([1, config.latent_size]), tf.zeros([1], tf.int32))

  def call(self, latents: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    x = layers.with_labels(latents, labels, self.num_labels) if self.conditional else latents
    x = tf.nn.leaky_relu(self.coarse(x))
    x = tf.reshape(x, [-1, *self.coarse_shape])
    for size, refine in zip(self.sizes, self.refine, strict=True):
      x = tf.nn.leaky_relu(refine(_enlarge(x, size)))  # [B, *size, width]
    return self.paint(x)


class Critic(keras.Model):
  """The generator's mirror image: finest level first, halved until little is left."""

  def __init__(
    self, value_shape: tuple[int, ...], num_labels: int, config: GanConfig, seed: int
  ):
    super().__init__(name='critic')
    *space, _ = value_shape
    seeds, convolution = layers.Seeds(seed), _convolution(tuple(space))
    sizes = pyramid(tuple(space))
    strides = [
      tuple(1 if fine == coarse else 2 for fine, coarse in zip(*pair, strict=True))
      for pair in zip(sizes, sizes[1:], strict=False)
    ]
    strides = [(1,) * len(space), *strides, (2,) * len(space)]
    widths = [max(config.width // 2, 1)] + [config.width] * (len(strides) - 1)
    self.look = tuple(
      convolution(width, 3, stride, padding='same', kernel_initializer=seeds.next())
      for width, stride in zip(widths, strides, strict=True)
    )
    self.think = keras.layers.Dense(config.width, kernel_initializer=seeds.next())
    self.judge = layers.Judgement(num_labels, layers.uses_labels(num_labels, config), seeds)
    self(tf.zeros([1, *value_shape]), tf.zeros([1], tf.int32))

  def call(self, values: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    x = values
    for look in self.look:
      x = tf.nn.leaky_relu(look(x))
    x = tf.reshape(x, [-1, math.prod(x.shape[1:])])
    return self.judge(tf.nn.leaky_relu(self.think(x)), labels)


NETWORKS = layers.Networks(Generator, Critic)
