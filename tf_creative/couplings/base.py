"""The base class of couplings, and the chain that combines several."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses
import functools
from typing import Any

import tensorflow as tf

from tf_creative.core import batch as batch_lib
from tf_creative.core import coupling as coupling_lib
from tf_creative.core import works as works_lib

MEMORY = 0.99  # decay of the moving mean of the size of rewards


@dataclasses.dataclass(frozen=True)
class NoOptions:
  """The options of a coupling that has none."""


class Coupling(tf.Module):
  """A coupling that changes nothing; others override the hooks that they need.

  `core.coupling.Coupling` documents the five hooks.
  """

  Options: type = NoOptions
  needs: tuple[str, ...] = ('rules', 'works')  # required parts of the world
  needs_shown = False  # whether the hand must see the work itself, not only its latent code
  foresees = False  # whether --gan=transitions is enough for it in place of what it needs
  gives_codes = False  # whether its concepts hold the codes that they were imagined from

  @classmethod
  def by_options(cls, options: Any) -> type[Coupling]:
    """Return the class that does what the options ask for, if they choose between several."""
    del options
    return cls

  @classmethod
  def check(cls, options: Any, config: Any) -> None:
    """Raise a SpecError for settings of the run with which the coupling cannot work."""

  def __init__(self, parts: coupling_lib.Parts, options: Any, seed: int):
    super().__init__()
    self.parts, self.options, self.seed = parts, options, seed
    self._meters: dict[str, tf.Variable] = {}

  def concept(self, concept: works_lib.Works) -> works_lib.Works:
    return concept

  def experience(self, batch: batch_lib.Batch) -> batch_lib.Batch:
    return batch

  def reward(self, batch: batch_lib.Batch) -> batch_lib.Batch:
    return batch

  def generator_loss(self, values: tf.Tensor, labels: tf.Tensor, gradient: tf.Tensor) -> tf.Tensor:
    del values, labels, gradient
    return tf.zeros([])

  def metrics(self) -> dict[str, tf.Tensor]:
    return {name: tf.convert_to_tensor(meter) for name, meter in self._meters.items()}

  def meter(self, *names: str) -> None:
    """Create variables for numbers to log; call this in `__init__` only."""
    for name in names:
      self._meters[name] = tf.Variable(0.0, trainable=False, name=name)

  def show(self, **numbers: tf.Tensor) -> None:
    """Set the numbers that are logged for this round."""
    for name, number in numbers.items():
      self._meters[name].assign(number)


class Judge(Coupling):
  """A coupling whose rewards have a mean absolute size of 1 over time; scores have no fixed one."""

  def __init__(self, parts: coupling_lib.Parts, options: Any, seed: int):
    super().__init__(parts, options, seed)
    # A moving mean of absolute rewards that starts at 0, and its bias correction (as in Adam).
    self._size = tf.Variable(0.0, trainable=False)
    self._seen = tf.Variable(0.0, trainable=False)
    self.meter('size')

  def measure(self, rewards: tf.Tensor) -> tf.Tensor:
    """Return the mean absolute reward over time, these included, and log it."""
    size = tf.reduce_mean(tf.abs(rewards))
    # A non-finite size would stay in the mean for ever.
    rate = tf.where(tf.math.is_finite(size), 1 - MEMORY, 0.0)
    self._seen.assign_add(rate * (1 - self._seen))
    self._size.assign_add(tf.where(rate > 0, rate * (size - self._size), 0.0))
    self.show(size=self._size / self._seen)
    return self._size / self._seen + 1e-8


class Chain(tf.Module):
  """Several couplings as one: hooks apply from left to right, losses add up; may be empty."""

  def __init__(self, couplings: Sequence[coupling_lib.Coupling]):
    super().__init__(name='couplings')
    self._couplings = tuple(couplings)

  @property
  def each(self) -> tuple[coupling_lib.Coupling, ...]:
    """The couplings in their order."""
    return self._couplings

  def concept(self, concept: works_lib.Works) -> works_lib.Works:
    return functools.reduce(lambda value, each: each.concept(value), self._couplings, concept)

  def experience(self, batch: batch_lib.Batch) -> batch_lib.Batch:
    return functools.reduce(lambda value, each: each.experience(value), self._couplings, batch)

  def reward(self, batch: batch_lib.Batch) -> batch_lib.Batch:
    return functools.reduce(lambda value, each: each.reward(value), self._couplings, batch)

  def generator_loss(self, values: tf.Tensor, labels: tf.Tensor, gradient: tf.Tensor) -> tf.Tensor:
    terms = (each.generator_loss(values, labels, gradient) for each in self._couplings)
    return sum(terms, tf.zeros([]))

  def metrics(self) -> dict[str, tf.Tensor]:
    """Return all numbers for the log, as 'coupling/name'."""
    return {
      f'{type(each).__name__.lower()}/{name}': value
      for each in self._couplings
      for name, value in each.metrics().items()
    }


def balanced(
  loss: tf.Tensor,
  own: tf.Tensor,
  values: tf.Tensor,
  gradient: tf.Tensor,
  weight: tf.Tensor | float,
) -> tf.Tensor:
  """Scale a loss relative to the generator's own loss; both gradients are taken at `values`.

  `own` is the gradient of `loss`, `gradient` that of the generator's loss. With the result added,
  the generator follows (1 - weight) gradient + weight |gradient| / |own| . own.
  """
  alpha = tf.norm(gradient) / (tf.norm(own) + 1e-12)
  pull = tf.stop_gradient(weight * (alpha * own - gradient))
  # The value of `level` is 0 and its gradient at `values` is `pull`: this avoids a second backward
  # pass through the loss.
  level = tf.reduce_sum(pull * (values - tf.stop_gradient(values)))
  return level + tf.stop_gradient(weight * loss)


def steps_up(height: tf.Tensor) -> tf.Tensor:
  """Return height[t + 1] - height[t] at each frame t, and 0 at the last one: [B, T]."""
  return tf.pad(height[:, 1:] - height[:, :-1], [[0, 0], [0, 1]])
