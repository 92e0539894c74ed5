"""Airfoils as works, and what the hand observes of one in the making."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.worlds.airfoil import brief as brief_lib
from tf_creative.worlds.airfoil import flight, forms, section, source

STEPS = np.array([-8, -2, 2, 8], np.int32)  # levels that a stroke moves a number by
ACTIONS = section.NUMBERS * len(STEPS)
_FACTS = 6  # numbers beside worth and slopes that the hand is shown of a form
_CLEAR = 10  # bound of what is observed
_GAIN = 20.0  # by which foretold gains are magnified for networks
_USUAL = 4.0  # what forms are worth, about
_FAR = 0.2  # the largest gain that a straight line is believed


class State(NamedTuple):
  form: tf.Tensor  # uint8 [B, NUMBERS], levels
  label: tf.Tensor  # int32 [B], the brief
  time: tf.Tensor  # int32 [B], strokes made
  worth: tf.Tensor  # float32 [B]
  facts: tf.Tensor  # float32 [B, _FACTS], how far from what is wanted
  slopes: tf.Tensor  # float32 [B, NUMBERS], how worth changes with each number, by span


@dataclasses.dataclass(frozen=True)
class Shape(source.Source, world_lib.Play, world_lib.Works):
  """The parts of the world that define forms and observations, but not how they are made."""

  @property
  def work_spec(self) -> works_lib.Bounded:
    return works_lib.Bounded((section.NUMBERS,), tf.uint8, 0, forms.LEVELS - 1)

  @property
  def value_shape(self) -> tuple[int, int]:
    return section.NUMBERS, 1

  @property
  def action_spec(self) -> works_lib.Bounded:
    return works_lib.Bounded((), tf.int32, 0, ACTIONS - 1)

  @property
  def reward_bound(self) -> float:
    return flight.MOST - flight.LEAST

  @property
  def observation_spec(self) -> dict[str, works_lib.Bounded]:
    floats = lambda *shape: works_lib.Bounded(shape, tf.float32, -_CLEAR, _CLEAR)  # noqa: E731
    return {
      'form': self.work_spec,
      'label': works_lib.Bounded((), tf.int32, 0, brief_lib.COUNT - 1),
      'time_left': works_lib.Bounded((), tf.int32, 0, self.horizon),
      'worth': floats(),
      'facts': floats(_FACTS),
      'slopes': floats(section.NUMBERS),
    }

  def legal(self, raw: tf.Tensor) -> tf.Tensor:
    soft = tf.sigmoid(raw)
    return soft + tf.stop_gradient(self.to_values(self.to_works(soft)) - soft)

  def to_values(self, works: tf.Tensor) -> tf.Tensor:
    return tf.cast(works, tf.float32)[..., None] / (forms.LEVELS - 1)

  def to_works(self, values: tf.Tensor) -> tf.Tensor:
    places = tf.round(values[..., 0] * (forms.LEVELS - 1))
    return tf.cast(tf.clip_by_value(places, 0, forms.LEVELS - 1), tf.uint8)

  def observe(self, state: State) -> dict[str, tf.Tensor]:
    seen = {**state._asdict(), 'time_left': self.horizon - state.time}
    return {name: seen[name] for name in self.observation_spec}

  def resume(self, observation: dict[str, tf.Tensor]) -> State:
    seen = {**observation, 'time': self.horizon - observation['time_left']}
    return State(**{name: seen[name] for name in State._fields})

  def features(self, observation: dict[str, tf.Tensor]) -> tf.Tensor:
    """Return features [B, N] of form, brief, flow, and what each stroke promises."""
    return self._seen(self.resume(observation), self.to_values(observation['form']))

  def prior_logits(self, observation: dict[str, tf.Tensor]) -> tf.Tensor:
    """Return what a straight line foretells that each stroke gains, from which learning begins."""
    return self._promises(self.resume(observation))

  def prospect(self, values: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return first features, and the same highest return for all: that no form is worth more.

    Gradients lead back through the flow around a form.
    """
    seen = self._flown(forms.of_values(values[..., 0]), labels)
    time = tf.zeros_like(labels)
    state = State(self.to_works(values), labels, time, *seen[:2], tf.stop_gradient(seen[2]))
    most = tf.fill(tf.shape(time), flight.MOST)
    return self._seen(state, tf.stop_gradient(values)), most + 0 * seen[0]

  def _begun(self, form: tf.Tensor, label: tf.Tensor, time: tf.Tensor) -> State:
    """Return the states of forms at a time."""
    return State(form, label, time, *self._flown(forms.numbers(form), label))

  def _flown(self, numbers: tf.Tensor, label: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Return worth, facts and slopes of forms [B, NUMBERS], as states hold them."""
    brief = brief_lib.of(label)
    with tf.GradientTape() as tape:
      tape.watch(numbers)
      seen = flight.flown(self.network, numbers, brief)
    slopes = tape.gradient(seen.worth, numbers) * forms.SPAN
    facts = [
      seen.angle / 10,
      20 * (seen.thickness - brief.thickness),
      20 * (seen.aero.moment - brief.moment),
      20 * (seen.aero.lift - brief.lift),
      10 * (seen.aero.confidence - flight.SURE),
      tf.cast(seen.feasible, tf.float32),
    ]
    bounded = lambda x: tf.clip_by_value(x, -_CLEAR, _CLEAR)  # noqa: E731
    slopes = tf.where(tf.math.is_finite(slopes), slopes, 0.0)
    return seen.worth, bounded(tf.stack(facts, 1)), bounded(slopes)

  def _seen(self, state: State, values: tf.Tensor) -> tf.Tensor:
    first = tf.cast(state.time == 0, tf.float32)[:, None]
    described = works_lib.described(self.label_names, state.label)
    left = 1 - tf.cast(state.time, tf.float32)[:, None] / self.horizon
    worth = state.worth[:, None]
    middle = worth - _USUAL  # centred, and larger, it is learnt sooner
    parts = [first, 2 * first * middle, middle, left, described, state.facts]
    return tf.concat([*parts, 2 * values[..., 0] - 1, _GAIN * self._promises(state)], 1)

  def _promises(self, state: State) -> tf.Tensor:
    """Return by how much each stroke moves its number, times the slope there: [B, ACTIONS]."""
    now = tf.cast(state.form, tf.int32)[:, :, None]
    moves = tf.cast(_bounded(now + STEPS) - now, tf.float32) / (forms.LEVELS - 1)
    promised = tf.reshape(state.slopes[:, :, None] * moves, [-1, ACTIONS])
    return tf.clip_by_value(promised, -_FAR, _FAR)


def _bounded(levels: tf.Tensor) -> tf.Tensor:
  return tf.clip_by_value(levels, 0, forms.LEVELS - 1)


def moved(form: tf.Tensor, action: tf.Tensor) -> tf.Tensor:
  """Return forms uint8 [B, NUMBERS] after actions [B]; -1 does nothing."""
  number, step = action // len(STEPS), action % len(STEPS)
  by = tf.one_hot(number, section.NUMBERS, dtype=tf.int32) * tf.gather(STEPS, step)[:, None]
  return tf.cast(_bounded(tf.cast(form, tf.int32) + by), tf.uint8)
