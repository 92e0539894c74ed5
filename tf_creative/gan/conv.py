"""Convolutional networks for works of any size: pictures [H, W, C] and sequences [T, C]."""

from __future__ import annotations

from collections.abc import Callable
import math

import keras
import tensorflow as tf

from tf_creative.gan import layers
from tf_creative.gan.config import GanConfig

_SMALLEST = 7  # sides are halved until they are no longer than this: 8 -> 4, 16 -> 4, 28 -> 7


def pyramid(space: tuple[int, ...]) -> list[tuple[int, ...]]:
  """Return the sizes of the levels, finest first; only long sides are halved, rounding up."""
  sizes = [tuple(space)]
  while max(sizes[-1]) > _SMALLEST:
    sizes.append(tuple(-(-side // 2) if side > _SMALLEST else side for side in sizes[-1]))
  return sizes


def strides(sizes: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
  """Return the stride from each level of a pyramid to the next coarser one."""
  return [
    tuple(1 if fine == coarse else 2 for fine, coarse in zip(*pair, strict=True))
    for pair in zip(sizes, sizes[1:], strict=False)
  ]


def convolutions(axes: int) -> tuple[Callable[..., keras.Layer], Callable[..., keras.Layer]]:
  """Return the layer types that shrink and enlarge values with this number of axes."""
  kinds = {
    1: (keras.layers.Conv1D, keras.layers.Conv1DTranspose),
    2: (keras.layers.Conv2D, keras.layers.Conv2DTranspose),
    3: (keras.layers.Conv3D, keras.layers.Conv3DTranspose),
  }
  if axes not in kinds:
    raise ValueError(
      f"the network 'conv' wants values of one to three axes and channels, not of {axes} axes; "
      "'dense' takes any shape."
    )
  return kinds[axes]


class Generator(keras.Model):
  """Turns a code into a coarse picture, then enlarges and refines it level by level."""

  def __init__(self, value_shape: tuple[int, ...], num_labels: int, config: GanConfig, seed: int):
    super().__init__(name='generator')
    *space, channels = value_shape
    seeds, (convolution, enlargement) = layers.Seeds(seed), convolutions(len(space))
    self.num_labels, self.conditional = num_labels, layers.uses_labels(num_labels, config)
    sizes = pyramid(tuple(space))
    self.coarse_shape, self.sizes = (*sizes[-1], config.width), tuple(sizes[-2::-1])
    self.coarse = keras.layers.Dense(math.prod(self.coarse_shape), kernel_initializer=seeds.next())
    self.compose = convolution(config.width, 3, padding='same', kernel_initializer=seeds.next())
    # Transposed convolutions, kernel 4 and stride 2. They can express 'repeat pixels, then convolve
    # 3x3' at 4/9 of its multiplications; as 2 divides 4, they leave no checkerboard pattern.
    self.enlarge = tuple(
      enlargement(
        config.width if level else max(config.width // 2, 1),
        4,
        stride,
        padding='same',
        kernel_initializer=seeds.next(),
      )
      for level, stride in reversed(list(enumerate(strides(sizes))))
    )
    self.paint = convolution(channels, 3, padding='same', kernel_initializer=seeds.next())
    # A first call creates the variables: a tf.function may not create any later.
    self(tf.zeros([1, config.latent_size]), tf.zeros([1], tf.int32))

  def call(self, latents: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    x = layers.with_labels(latents, labels, self.num_labels) if self.conditional else latents
    x = tf.nn.leaky_relu(self.coarse(x))
    x = tf.nn.leaky_relu(self.compose(tf.reshape(x, [-1, *self.coarse_shape])))
    for enlarge, size in zip(self.enlarge, self.sizes, strict=True):
      x = enlarge(x)
      if tuple(x.shape[1:-1]) != size:  # a level with an odd side, which was rounded up
        x = x[(slice(None), *map(slice, size))]
      x = tf.nn.leaky_relu(x)  # [B, *size, width]
    return self.paint(x)


class Critic(keras.Model):
  """Mirrors the generator, one level deeper, with strided convolutions only.

  As in DCGAN (Radford et al. 2016, section 3). A first layer at full size would make an update
  slower.
  """

  close = False  # whether a layer looks at full size first

  def __init__(self, value_shape: tuple[int, ...], num_labels: int, config: GanConfig, seed: int):
    super().__init__(name='critic')
    axes = len(value_shape) - 1
    seeds, (convolution, _) = layers.Seeds(seed), convolutions(axes)
    half = max(config.width // 2, 1)
    levels = [(half, 3, (1,) * axes)] if self.close else []
    levels += [(config.width, 4, stride) for stride in strides(pyramid(tuple(value_shape[:-1])))]
    self.look = tuple(
      convolution(*level, padding='same', kernel_initializer=seeds.next())
      for level in [*levels, (config.width, 4, (2,) * axes)]
    )
    self.think = keras.layers.Dense(config.width, kernel_initializer=seeds.next())
    self.judge = layers.Judgement(num_labels, layers.uses_labels(num_labels, config), seeds)
    self(tf.zeros([1, *value_shape]), tf.zeros([1], tf.int32))

  def call(self, values: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    x = values
    for look in self.look:
      x = tf.nn.leaky_relu(look(x))
    x = tf.reshape(x, [-1, math.prod(x.shape[1:])])  # pyright: ignore[reportCallIssue]
    return self.judge(tf.nn.leaky_relu(self.think(x)), labels)


class CloseCritic(Critic):
  """Critic, with a layer at full size before all others: it sees single pixels that are wrong.

  In small pictures of many colours, speckles are what gives imagined works away.
  """

  close = True


NETWORKS = layers.Networks(Generator, Critic)
CLOSE = layers.Networks(Generator, CloseCritic)
