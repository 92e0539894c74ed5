"""Works, and bounds of tensors: the data types that all rooms exchange."""

from __future__ import annotations

from collections.abc import Callable, Iterable
import dataclasses
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Bounded:
  """Shape, type and inclusive bounds of one tensor, without the batch dimension."""

  shape: tuple[int, ...]
  dtype: tf.DType
  minimum: int
  maximum: int


class Works(NamedTuple):
  """A batch of works as stored: finished ones, or concepts that episodes are about."""

  work: tf.Tensor  # uint8 [B, ...]
  label: tf.Tensor  # int32 [B], 0 where a data set has no labels
  code: Any = ()  # float32 [B, C], the latent code, in worlds that show it to the hand


class Described(list[str]):
  """Names of labels, with numbers for each, by which networks read it in place of its place.

  For labels that are no classes but lie in some space, and too many for each to be learnt.
  """

  def __init__(self, names: Iterable[str], numbers: np.ndarray, read: Callable[[str], str]):
    """Take the names, the numbers float32 [labels, N], of about -1 to 1, and what finds a name.

    `read` returns the name that is nearest to what a user has written, or raises a SpecError.
    """
    super().__init__(names)
    self.numbers, self.read = numbers, read


def described(names: list[str], labels: tf.Tensor) -> tf.Tensor:
  """Return labels [B] as networks read them, float32 [B, N]: one-hot, or as they are described."""
  if isinstance(names, Described):
    return tf.gather(tf.constant(names.numbers), labels)
  return tf.one_hot(labels, len(names))


def classes(names: list[str], works: Works) -> Works:
  """Return works with labels that are classes; those that are described are all of one class."""
  if isinstance(names, Described):
    return works._replace(label=np.zeros_like(works.label))
  return works


def select(condition: tf.Tensor, yes: Any, no: Any) -> Any:
  """Choose rows from the nest `yes` where the condition [B] holds, else from the nest `no`."""

  def pick(one: tf.Tensor, other: tf.Tensor) -> tf.Tensor:
    return tf.where(tf.reshape(condition, [-1] + [1] * (one.shape.rank - 1)), one, other)

  return tf.nest.map_structure(pick, yes, no)


def whole(works: tf.data.Dataset) -> Works:
  """Load all works of a data set into memory; they are small."""
  # Without the cache, tf.data fuses a last `map` with `batch` and allocates memory for 2**31 rows.
  return next(iter(works.cache().batch(2**31)))


def draw(works: Works, count: tf.Tensor | int, seed: tf.Tensor) -> Works:
  """Draw `count` of the works with replacement."""
  picks = tf.random.stateless_uniform([count], seed, maxval=works.label.shape[0], dtype=tf.int32)
  return tf.nest.map_structure(lambda part: tf.gather(part, picks), works)
