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
    return tf.random.experimental.stateless_fold_in(self._key, self.count.assign_add(1))


def split(seed: tf.Tensor, count: int) -> list[tf.Tensor]:
  """Independent seeds made from one."""
  return tf.unstack(tf.random.experimental.stateless_split(seed, count))
