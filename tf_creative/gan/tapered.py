"""Networks for large pictures: more channels where a level is coarser, and short ways past them.

The layers of `conv` alone lead through five levels at 64 x 64, and learn outlines there, but hardly
any colours. So each level of this generator paints a whole picture, and the finer ones add to it
(as in StyleGAN2, Karras et al. 2020, section 4.1); each level of the critic adds to what it was
given (ResNet). Channels double from level to level, so that all levels cost about as much.
"""

from __future__ import annotations

import math

import keras
import tensorflow as tf

from tf_creative.gan import conv, layers
from tf_creative.gan.config import GanConfig

_HALF = 0.5**0.5  # keeps the variance of a sum of two like that of each

_BESIDE = {  # by the number of axes: what enlarges and shrinks without weights
  1: (keras.layers.UpSampling1D, keras.layers.AveragePooling1D),
  2: (keras.layers.UpSampling2D, keras.layers.AveragePooling2D),
  3: (keras.layers.UpSampling3D, keras.layers.AveragePooling3D),
}


class Generator(keras.Model):
  """Paints a coarse picture from a code, then adds a finer one level by level."""

  def __init__(self, value_shape: tuple[int, ...], num_labels: int, config: GanConfig, seed: int):
    super().__init__(name='generator')
    *space, channels = value_shape
    seeds, (convolution, enlargement) = layers.Seeds(seed), conv.convolutions(len(space))
    self.num_labels, self.conditional = num_labels, layers.uses_labels(num_labels, config)
    sizes = conv.pyramid(tuple(space))
    levels = [*reversed(list(enumerate(conv.strides(sizes))))]  # coarse to fine, without the first
    width = _width(config, len(levels))
    self.coarse_shape, self.sizes = (*sizes[-1], width), tuple(sizes[-2::-1])
    self.coarse = keras.layers.Dense(math.prod(self.coarse_shape), kernel_initializer=seeds.next())
    self.compose = convolution(width, 3, padding='same', kernel_initializer=seeds.next())
    self.enlarge = tuple(
      enlargement(_width(config, level), 4, stride, padding='same', kernel_initializer=seeds.next())
      for level, stride in levels
    )
    self.repeat = tuple(_BESIDE[len(space)][0](_plain(stride)) for _, stride in levels)
    # A picture of the finest level may correct single pixels by their neighbours.
    self.paint = tuple(
      convolution(channels, 1 if level else 3, padding='same', kernel_initializer=seeds.next())
      for level in range(len(levels), -1, -1)
    )
    # A first call creates the variables: a tf.function may not create any later.
    self(tf.zeros([1, config.latent_size]), tf.zeros([1], tf.int32))

  def call(self, latents: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    x = layers.with_labels(latents, labels, self.num_labels) if self.conditional else latents
    x = tf.nn.leaky_relu(self.coarse(x))
    x = tf.nn.leaky_relu(self.compose(tf.reshape(x, [-1, *self.coarse_shape])))
    first, *others = self.paint
    picture = first(x)
    finer = zip(self.enlarge, self.repeat, others, self.sizes, strict=True)
    for enlarge, repeat, paint, size in finer:
      x = tf.nn.leaky_relu(_cut(enlarge(x), size))
      picture = _cut(repeat(picture), size) + paint(x)
    return picture


class Critic(keras.Model):
  """Looks at full size first, then halves the sides level by level."""

  def __init__(self, value_shape: tuple[int, ...], num_labels: int, config: GanConfig, seed: int):
    super().__init__(name='critic')
    axes = len(value_shape) - 1
    seeds, (convolution, _) = layers.Seeds(seed), conv.convolutions(axes)
    steps = [*conv.strides(conv.pyramid(tuple(value_shape[:-1]))), (2,) * axes]

    def layer(level: int, size: int, step: tuple[int, ...], *, bias: bool = True) -> keras.Layer:
      return convolution(
        _width(config, level),
        size,
        step,
        padding='same',
        use_bias=bias,
        kernel_initializer=seeds.next(),
      )

    self.first = layer(0, 3, (1,) * axes)
    self.look = tuple(layer(level, 4, step) for level, step in enumerate(steps, 1))
    self.shrink = tuple(_BESIDE[axes][1](_plain(step), padding='same') for step in steps)
    self.past = tuple(
      layer(level, 1, (1,) * axes, bias=False) for level in range(1, len(steps) + 1)
    )
    self.think = keras.layers.Dense(config.width, kernel_initializer=seeds.next())
    self.judge = layers.Judgement(num_labels, layers.uses_labels(num_labels, config), seeds)
    self(tf.zeros([1, *value_shape]), tf.zeros([1], tf.int32))

  def call(self, values: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    x = tf.nn.leaky_relu(self.first(values))
    for look, shrink, past in zip(self.look, self.shrink, self.past, strict=True):
      x = _HALF * (tf.nn.leaky_relu(look(x)) + past(shrink(x)))
    x = tf.reshape(x, [-1, math.prod(x.shape[1:])])  # pyright: ignore[reportCallIssue]
    return self.judge(tf.nn.leaky_relu(self.think(x)), labels)


def _width(config: GanConfig, level: int) -> int:
  """Return the channels of a level; 0 is the finest."""
  return max(min(config.width * 2**level // 4, 2 * config.width), 1)


def _plain(stride: tuple[int, ...]) -> tuple[int, ...] | int:
  """Return a stride as layers of one axis want it: a number."""
  return stride if stride[1:] else stride[0]


def _cut(x: tf.Tensor, size: tuple[int, ...]) -> tf.Tensor:
  """Cut off what is beyond a level with an odd side, which was rounded up."""
  return x if tuple(x.shape[1:-1]) == size else x[(slice(None), *map(slice, size))]


NETWORKS = layers.Networks(Generator, Critic)
