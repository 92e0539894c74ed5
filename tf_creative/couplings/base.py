"""The identity coupling, and the chain that folds several into one."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses
import functools
from typing import Any

import tensorflow as tf

from tf_creative import types


@dataclasses.dataclass(frozen=True)
class NoOptions:
  """The options of a coupling that has none."""


class Coupling(tf.Module):
  """Changes nothing; a coupling overrides the hooks that it needs."""

  Options: type = NoOptions

  def __init__(self, parts: types.Parts, options: Any, seed: int):
    super().__init__()
    self.parts, self.options, self.seed = parts, options, seed

  def concept(self, concept: types.Works) -> types.Works:
    return concept

  def experience(self, batch: Any) -> Any:
    return batch

  def latents(self, noise: tf.Tensor) -> tf.Tensor:
    return noise

  def generator_loss(self, values: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    del values, labels
    return tf.zeros([])


class Chain(tf.Module):
  """Several as one: each hook folds from left to right, losses add up; none is the control."""

  def __init__(self, couplings: Sequence[types.Coupling]):
    super().__init__(name='couplings')
    self._couplings = tuple(couplings)

  def concept(self, concept: types.Works) -> types.Works:
    return functools.reduce(lambda value, each: each.concept(value), self._couplings, concept)

  def experience(self, batch: Any) -> Any:
    return functools.reduce(lambda value, each: each.experience(value), self._couplings, batch)

  def latents(self, noise: tf.Tensor) -> tf.Tensor:
    return functools.reduce(lambda value, each: each.latents(value), self._couplings, noise)

  def generator_loss(self, values: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    return sum((each.generator_loss(values, labels) for each in self._couplings), tf.zeros([]))
