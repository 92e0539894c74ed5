"""Differentiable augmentation: the critic sees works distorted, real and imagined ones alike.

With few real works, a critic learns them by heart, and then teaches the generator to copy them
(Zhao et al. 2020, 'Differentiable Augmentation'; Karras et al. 2020, 'ADA'). All distortions can
be differentiated twice, since gradient penalties go through them.
"""

from __future__ import annotations

import functools

import tensorflow as tf

from tf_creative.core import streams

_SHIFT = 1 / 8  # of a side, at most
_CUT = 1 / 2  # of a side: those of the box that is cut out
_BRIGHT, _STRONG = 0.2, 0.5  # most that is added to a channel, and by which contrast is changed
_TINY = 1e-3  # a work may have no opaque cell at all


def distort(values: tf.Tensor, share: float, seed: tf.Tensor) -> tf.Tensor:
  """Distort values [B, ..., C]: each kind of distortion comes to this share of them."""
  kinds = [functools.partial(_shift, axis=axis) for axis in range(1, values.shape.rank - 1)]
  if values.shape.rank == 4 and values.shape[-1] in (3, 4):  # colours of pictures
    kinds.append(_recolour)
  kinds.append(_cut)
  for kind, own in zip(kinds, streams.split(seed, len(kinds)), strict=True):
    whether, how = streams.split(own, 2)
    values = kind(values, _happens(values, share, whether), how)
  return values


def _happens(values: tf.Tensor, share: float, seed: tf.Tensor) -> tf.Tensor:
  """Draw which works are distorted: float32 [B], 0 or 1."""
  luck = tf.random.stateless_uniform(tf.shape(values)[:1], seed)
  return tf.cast(luck < share, tf.float32)


def _shift(values: tf.Tensor, happens: tf.Tensor, seed: tf.Tensor, axis: int) -> tf.Tensor:
  """Move works along an axis; the edge is repeated, so that no notion of a ground is needed."""
  side, count = values.shape[axis], tf.shape(values)[:1]
  most = max(1, round(side * _SHIFT))
  steps = tf.random.stateless_uniform(count, seed, -most, most + 1, tf.int32)
  source = tf.range(side) - (steps * tf.cast(happens, tf.int32))[:, None]
  # A product with one-hot rows, not a gather, whose second derivative is slow.
  moves = tf.one_hot(tf.clip_by_value(source, 0, side - 1), side)  # [B, side, side]
  space = 'xyz'[: values.shape.rank - 2]
  here = space[axis - 1]
  return tf.einsum(f'bo{here},b{space}c->b{space.replace(here, "o")}c', moves, values)


def _recolour(values: tf.Tensor, happens: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
  """Change brightness, saturation and contrast; what is clear stays so."""
  ones = [1] * (values.shape.rank - 1)
  amounts = [
    tf.reshape(happens * tf.random.stateless_uniform(tf.shape(happens), one, -1, 1), [-1, *ones])
    for one in streams.split(seed, 3)
  ]
  colour, rest = values[..., :3], values[..., 3:]
  opaque = rest if values.shape[-1] > 3 else tf.ones_like(colour[..., :1])
  colour += opaque * _BRIGHT * amounts[0]
  colour += (colour - tf.reduce_mean(colour, -1, keepdims=True)) * 2 * _STRONG * amounts[1]
  space = range(1, values.shape.rank - 1)
  mean = tf.reduce_sum(opaque * colour, [*space, -1], keepdims=True)
  mean /= 3 * tf.reduce_sum(opaque, [*space, -1], keepdims=True) + _TINY
  colour += opaque * (colour - mean) * _STRONG * amounts[2]
  return tf.concat([colour, rest], -1)


def _cut(values: tf.Tensor, happens: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
  """Blank a box, around a random place."""
  space = values.shape[1:-1]
  outside = tf.zeros([tf.shape(values)[0]], tf.bool)
  seeds = streams.split(seed, len(space))
  for side, one in zip(space, seeds, strict=True):
    size = max(1, round(side * _CUT))
    middle = tf.random.stateless_uniform(tf.shape(values)[:1], one, 0, side + 1, tf.int32)
    away = tf.range(side) - middle[:, None] + size // 2
    beyond = (away < 0) | (away >= size)  # [B, side]
    axes = [1] * (outside.shape.rank - 1)
    outside = outside[..., None] | tf.reshape(beyond, [-1, *axes, side])
  kept = tf.cast(outside, tf.float32)
  return values * (1 - (1 - kept) * tf.reshape(happens, [-1] + [1] * len(space)))[..., None]
