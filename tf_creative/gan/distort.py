"""Differentiable augmentation: the critic sees works distorted, real and imagined ones alike.

With few real works, a critic learns them by heart, and then teaches the generator to copy them
(Zhao et al. 2020, 'Differentiable Augmentation'; Karras et al. 2020, 'ADA'). All distortions can
be differentiated twice, since gradient penalties go through them.
"""

from __future__ import annotations

import tensorflow as tf

from tf_creative.core import streams

_SHIFT = 1 / 8  # of a side, at most
_CUT = 1 / 2  # of a side: those of the box that is cut out
_BRIGHT, _STRONG = 0.2, 0.5  # most that is added to a channel, or changed in contrast


def distort(values: tf.Tensor, share: float, seed: tf.Tensor, kinds='shift cut colour') -> tf.Tensor:
  """Distort values [B, ..., C]: each distortion comes to this share of them."""
  seeds = streams.split(seed, 8)
  axes = values.shape.rank - 2
  if 'mirror' in kinds:
    values = _mirror(values, share, seeds[6])
  if 'shift' in kinds:
    for axis in range(1, axes + 1):
      values = _shift(values, axis, share, tf.random.experimental.stateless_fold_in(seeds[0], axis))
  if 'colour' in kinds and values.shape[-1] >= 3:
    values = _recolour(values, share, seeds[1])
  if 'cut' in kinds:
    values = _cut(values, share, seeds[2])
  return values


def _happens(values, share, seed):
  count = tf.shape(values)[0]
  return tf.random.stateless_uniform([count], seed) < share


def _mirror(values, share, seed):
  happens = _happens(values, share / 2, seed)
  return tf.where(happens[:, None, None, None], values[:, :, ::-1], values)


def _shift(values: tf.Tensor, axis: int, share: float, seed: tf.Tensor) -> tf.Tensor:
  """Move works along an axis; the edge is repeated, so that no notion of a background is needed."""
  whether, how_far = streams.split(seed, 2)
  side, most = values.shape[axis], max(1, round(values.shape[axis] * _SHIFT))
  steps = tf.random.stateless_uniform(tf.shape(values)[:1], how_far, -most, most + 1, tf.int32)
  steps = tf.where(_happens(values, share, whether), steps, 0)
  source = tf.clip_by_value(tf.range(side) - steps[:, None], 0, side - 1)
  # A product with one-hot rows, not a gather, whose second derivative is slow.
  moves = tf.one_hot(source, side)  # [B, side, side]
  letters = 'xyz'[: values.shape.rank - 2]
  here = letters[axis - 1]
  return tf.einsum(f'bo{here},b{letters}c->b{letters.replace(here, "o")}c', moves, values)


def _recolour(values: tf.Tensor, share: float, seed: tf.Tensor) -> tf.Tensor:
  """Change brightness, saturation and contrast; what is clear stays so."""
  whether, *seeds = streams.split(seed, 4)
  happens = tf.cast(_happens(values, share, whether), tf.float32)
  shape = [-1] + [1] * (values.shape.rank - 1)
  draw = lambda seed, most: tf.reshape(  # noqa: E731
    happens * tf.random.stateless_uniform(tf.shape(happens), seed, -most, most), shape
  )
  colour, rest = values[..., :3], values[..., 3:]
  opaque = rest if values.shape[-1] > 3 else tf.ones_like(colour[..., :1])
  colour += opaque * draw(seeds[0], _BRIGHT)
  grey = tf.reduce_mean(colour, -1, keepdims=True)
  colour += (colour - grey) * 2 * draw(seeds[1], _STRONG)
  space = range(1, values.shape.rank)
  mean = tf.reduce_sum(colour * opaque, space, keepdims=True) / (
    3 * tf.reduce_sum(opaque, space, keepdims=True) + 1e-3
  )
  colour += opaque * (colour - mean) * draw(seeds[2], _STRONG)
  return tf.concat([colour, rest], -1)


def _cut(values: tf.Tensor, share: float, seed: tf.Tensor) -> tf.Tensor:
  """Blank a box at a random place."""
  whether, where = streams.split(seed, 2)
  kept = tf.zeros(tf.shape(values)[:1], tf.bool)
  for axis in range(1, values.shape.rank - 1):
    side = values.shape[axis]
    size = max(1, round(side * _CUT))
    at = tf.random.experimental.stateless_fold_in(where, axis)
    middle = tf.random.stateless_uniform(tf.shape(values)[:1], at, 0, side + 1, tf.int32)
    away = tf.range(side) - middle[:, None] + size // 2
    out = (away < 0) | (away >= size)
    kept = kept[..., None] | tf.reshape(out, [-1] + [1] * (axis - 1) + [side])
  happens = tf.reshape(_happens(values, share, whether), [-1] + [1] * (values.shape.rank - 2))
  return values * tf.cast(kept | ~happens, tf.float32)[..., None]
