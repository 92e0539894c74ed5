"""Random streams that a checkpoint can hold: stateless draws, keyed by (seed, name, count).

Each replica of a run draws its own: its number is in the key, but for number 0.

TensorFlow's stateful random ops keep their state in op kernels, which no checkpoint saves. Here the
only state is the count of draws, an ordinary variable: a resumed run draws what the uninterrupted
run would have drawn.
"""

from __future__ import annotations

import zlib

import tensorflow as tf

from tf_creative.core import replicas


class Stream(tf.Module):
  """A source of seeds for stateless ops; every place that draws has a stream of its own."""

  def __init__(self, seed: int, name: str):
    super().__init__(name=None)
    # A checksum, because Python's own hash of a string differs from process to process.
    self._key = tf.constant([seed % 2**31, zlib.crc32(name.encode()) % 2**31], tf.int32)
    if replica := replicas.here().number:
      self._key = tf.random.experimental.stateless_fold_in(self._key, replica)  # pyright: ignore[reportAttributeAccessIssue]
    self.count = tf.Variable(0, dtype=tf.int64, trainable=False, name='count')

  def next(self) -> tf.Tensor:
    """Return the next seed: int32 [2]."""
    return tf.random.experimental.stateless_fold_in(self._key, self.count.assign_add(1))  # pyright: ignore[reportAttributeAccessIssue]


def split(seed: tf.Tensor, count: int) -> list[tf.Tensor]:
  """Split a seed into `count` independent ones."""
  return tf.unstack(tf.random.experimental.stateless_split(seed, count))  # pyright: ignore[reportAttributeAccessIssue]


def hashed(seed: tf.Tensor) -> tf.Tensor:
  """Hash integers to 64 bits that look random: the finalizer of SplitMix64 (Steele et al. 2014)."""

  def mix(x: tf.Tensor, shift: int) -> tf.Tensor:
    return tf.bitwise.bitwise_xor(x, tf.bitwise.right_shift(x, tf.constant(shift, tf.uint64)))

  x = tf.cast(seed, tf.uint64) + tf.constant(0x9E3779B97F4A7C15, tf.uint64)
  x = mix(x, 30) * tf.constant(0xBF58476D1CE4E5B9, tf.uint64)
  x = mix(x, 27) * tf.constant(0x94D049BB133111EB, tf.uint64)
  return mix(x, 31)
