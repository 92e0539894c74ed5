"""Randomness as a part: stateless draws keyed by (seed, name, count), for a checkpoint to hold.

A generator's state inside an op kernel would be out of a checkpoint's reach; here the only state is
the count of draws, an ordinary variable, and a resumed run draws what the unstopped one would have.
"""

from __future__ import annotations

import zlib

import tensorflow as tf


class Stream(tf.Module):
  """One source of seeds for stateless ops; every place that draws has a stream of its own."""

  def __init__(self, seed: int, name: str):
    super().__init__(name=None)
    self._key = tf.constant([seed % 2**31, zlib.crc32(name.encode()) % 2**31], tf.int32)
    self.count = tf.Variable(0, dtype=tf.int64, trainable=False, name='count')

  def next(self) -> tf.Tensor:
    """The next seed: int32 [2]."""
    return tf.random.experimental.stateless_fold_in(self._key, self.count.assign_add(1))  # pyright: ignore[reportAttributeAccessIssue]


def split(seed: tf.Tensor, count: int) -> list[tf.Tensor]:
  """Independent seeds made from one."""
  return tf.unstack(tf.random.experimental.stateless_split(seed, count))  # pyright: ignore[reportAttributeAccessIssue]


def hashed(seed: tf.Tensor) -> tf.Tensor:
  """Splitmix64's finish: 64 bits that look random, of each seed."""

  def mix(x: tf.Tensor, shift: int) -> tf.Tensor:
    return tf.bitwise.bitwise_xor(x, tf.bitwise.right_shift(x, tf.constant(shift, tf.uint64)))

  x = tf.cast(seed, tf.uint64) + tf.constant(0x9E3779B97F4A7C15, tf.uint64)
  x = mix(x, 30) * tf.constant(0xBF58476D1CE4E5B9, tf.uint64)
  x = mix(x, 27) * tf.constant(0x94D049BB133111EB, tf.uint64)
  return mix(x, 31)
