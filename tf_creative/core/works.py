"""Works, and the bounds of tensors: what every room hands on."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Bounded:
  """Shape, type and inclusive bounds of one tensor, without the batch dimension."""

  shape: tuple[int, ...]
  dtype: tf.DType
  minimum: int
  maximum: int


class Works(NamedTuple):
  """Finished works, or what an episode is to be about, in the form in which they are stored."""

  work: tf.Tensor  # uint8 [B, ...]
  label: tf.Tensor  # int32 [B], 0 where a data set has no labels
  code: Any = ()  # float32 [B, C]: what it was imagined from, where the world asks for that


def select(condition: tf.Tensor, yes: Any, no: Any) -> Any:
  """Two nests of batches as one: row by row from `yes` where the condition [B] holds."""

  def pick(one: tf.Tensor, other: tf.Tensor) -> tf.Tensor:
    return tf.where(tf.reshape(condition, [-1] + [1] * (one.shape.rank - 1)), one, other)

  return tf.nest.map_structure(pick, yes, no)


def whole(works: tf.data.Dataset) -> Works:
  """All works of a data set, in memory: they are small."""
  # The cache keeps tf.data from fusing a last `map` with a batch for which it would make room.
  return next(iter(works.cache().batch(2**31)))


def draw(works: Works, count: tf.Tensor | int, seed: tf.Tensor) -> Works:
  """So many of the works, with replacement."""
  picks = tf.random.stateless_uniform([count], seed, maxval=works.label.shape[0], dtype=tf.int32)
  return tf.nest.map_structure(lambda part: tf.gather(part, picks), works)
