"""The identity coupling, and the chain that folds several into one."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses
import functools
from typing import Any

import tensorflow as tf

from tf_creative import spec, types


@dataclasses.dataclass(frozen=True)
class NoOptions:
  """The options of a coupling that has none."""


class Coupling(tf.Module):
  """Changes nothing; a coupling overrides the hooks that it needs."""

  Options: type = NoOptions

  def __init__(self, parts: types.Parts, options: Any, seed: int):
    super().__init__()
    self.parts, self.options, self.seed = parts, options, seed
    self._meters: dict[str, tf.Variable] = {}

  def concept(self, concept: types.Works) -> types.Works:
    return concept

  def experience(self, batch: Any) -> Any:
    return batch

  def pay(self, batch: Any) -> Any:
    return batch

  def latents(self, noise: tf.Tensor) -> tf.Tensor:
    return noise

  def generator_loss(self, values: tf.Tensor, labels: tf.Tensor, push: tf.Tensor) -> tf.Tensor:
    del values, labels, push
    return tf.zeros([])

  def metrics(self) -> dict[str, tf.Tensor]:
    return {name: tf.convert_to_tensor(meter) for name, meter in self._meters.items()}

  def meter(self, *names: str) -> None:
    """Makes room for numbers to be logged; to be called at construction."""
    for name in names:
      self._meters[name] = tf.Variable(0.0, trainable=False, name=name)

  def show(self, **numbers: tf.Tensor) -> None:
    """Sets what is logged of this round."""
    for name, number in numbers.items():
      self._meters[name].assign(number)


class Chain(tf.Module):
  """Several as one: each hook folds from left to right, losses add up; none is the control."""

  def __init__(self, couplings: Sequence[types.Coupling]):
    super().__init__(name='couplings')
    self._couplings = tuple(couplings)

  def concept(self, concept: types.Works) -> types.Works:
    return functools.reduce(lambda value, each: each.concept(value), self._couplings, concept)

  def experience(self, batch: Any) -> Any:
    return functools.reduce(lambda value, each: each.experience(value), self._couplings, batch)

  def pay(self, batch: Any) -> Any:
    return functools.reduce(lambda value, each: each.pay(value), self._couplings, batch)

  def latents(self, noise: tf.Tensor) -> tf.Tensor:
    return functools.reduce(lambda value, each: each.latents(value), self._couplings, noise)

  def generator_loss(self, values: tf.Tensor, labels: tf.Tensor, push: tf.Tensor) -> tf.Tensor:
    terms = (each.generator_loss(values, labels, push) for each in self._couplings)
    return sum(terms, tf.zeros([]))

  def metrics(self) -> dict[str, tf.Tensor]:
    """Under each coupling's own name, so that a tag says whose number it is."""
    return {
      f'{type(each).__name__.lower()}/{name}': value
      for each in self._couplings
      for name, value in each.metrics().items()
    }


def check_share(value: float, option: str, coupling: str) -> None:
  if not 0 <= value <= 1:
    raise spec.SpecError(f"option '{option}' of {coupling} must be 0 to 1, not {value}.")


def check_builds(domain: types.Domain, coupling: str) -> None:
  if not domain.builds:
    raise spec.SpecError(f'{coupling} is for worlds in which the hand makes works, as pixel_art.')


def check_shown(domain: types.Domain, coupling: str) -> None:
  if domain.code_size:
    raise spec.SpecError(f'{coupling} needs a hand that is shown the work, not told its code.')


def owed(domain: types.Domain, works: types.Works) -> tf.Tensor:
  """All that can be earned in episodes about these works: [B]."""
  return domain.prospect(domain.to_values(works.work), works.label)[1]


def balanced(
  loss: tf.Tensor,
  slope: tf.Tensor,
  values: tf.Tensor,
  push: tf.Tensor,
  weight: tf.Tensor | float,
) -> tf.Tensor:
  """weight . loss, with the slope (1 - weight) push + weight |push| / |slope| . slope in all."""
  alpha = tf.norm(push) / (tf.norm(slope) + 1e-12)
  pull = tf.stop_gradient(weight * (alpha * slope - push))
  # Worth nothing, with a slope that has been found already.
  level = tf.reduce_sum(pull * (values - tf.stop_gradient(values)))
  return level + tf.stop_gradient(weight * loss)


def frames(batch: Any) -> dict[str, tf.Tensor]:
  """What was seen in all frames of a batch, one after the other: [B x T, ...]."""
  return {name: tf.reshape(x, [-1, *x.shape[2:]]) for name, x in batch.observation.items()}


def by_frame(values: tf.Tensor, batch: Any) -> tf.Tensor:
  """What was computed of `frames`, as the batch has it: [B, T, ...]."""
  return tf.reshape(values, [-1, batch.reward.shape[1], *values.shape[1:]])


def steps_up(height: tf.Tensor) -> tf.Tensor:
  """By how much each frame is above the one before it, told at the one before: [B, T]."""
  return tf.pad(height[:, 1:] - height[:, :-1], [[0, 0], [0, 1]])
