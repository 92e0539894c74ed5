"""The world of airfoils: the hand improves a form under a brief."""

from __future__ import annotations

import dataclasses
import functools

import tensorflow as tf

from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.worlds.airfoil import forms, measuring, shape, showing

_WANDER = 24  # levels by which a number strays, at most, on a random way to a form


@dataclasses.dataclass(frozen=True)
class Airfoil(shape.Shape, world_lib.Rules, world_lib.Making, world_lib.Whole):
  """An action is (number, step) as one integer; an episode begins with the form it is about.

  A stroke earns what it adds to a form's worth: the logarithm of lift over drag under the brief,
  less penalties. The first one earns what the form is worth after it, so that a return is what the
  last form is worth, whatever it began with.
  """

  name = 'airfoil'

  @functools.cached_property
  def media(self) -> showing.AirfoilMedia:
    return showing.AirfoilMedia(self)

  @functools.cached_property
  def measures(self) -> measuring.AirfoilMeasures:
    return measuring.AirfoilMeasures(self)

  @property
  def rewards_target(self) -> bool:
    return False

  def start(self, concept: works_lib.Works, seed: tf.Tensor) -> shape.State:
    del seed  # the first state does not depend on chance
    return self._begun(concept.work, concept.label, tf.zeros_like(concept.label))

  def step(self, state: shape.State, action: tf.Tensor, seed: tf.Tensor):
    del seed  # the rules are deterministic
    new = self._begun(shape.moved(state.form, action), state.label, state.time + 1)
    return new, self._earned(state, new.worth), new.time >= self.horizon

  def midway(self, concept: works_lib.Works, time: tf.Tensor, seed: tf.Tensor) -> shape.State:
    """Return the states after `time` steps on random ways that lead from works back to them."""
    still = tf.minimum(time, self.horizon - time)
    far = tf.minimum(tf.cast(still, tf.float32) * 8, _WANDER)[:, None]
    shift = tf.random.stateless_uniform(tf.shape(concept.work), seed, -1, 1) * far
    levels = tf.cast(concept.work, tf.int32) + tf.cast(tf.round(shift), tf.int32)
    form = tf.cast(tf.clip_by_value(levels, 0, forms.LEVELS - 1), tf.uint8)
    return self._begun(form, concept.label, time)

  def error(self, work: tf.Tensor, goal: tf.Tensor) -> tf.Tensor:
    away = tf.cast(work, tf.float32) - tf.cast(goal, tf.float32)
    return tf.reduce_sum(tf.abs(away), 1) / (forms.LEVELS - 1)

  def cell_values(self, goal: tf.Tensor) -> tf.Tensor:
    """Return how near each level is to that of `goal`: [B, NUMBERS, LEVELS]."""
    away = tf.cast(goal, tf.float32)[..., None] - tf.range(forms.LEVELS, dtype=tf.float32)
    return -tf.abs(away) / (forms.LEVELS - 1)

  def goal_values(self, state: shape.State) -> tf.Tensor:
    return tf.zeros_like(self.cell_values(state.form))

  def action_rewards(self, state: shape.State, values: tf.Tensor) -> tf.Tensor:
    levels = tf.cast(state.form, tf.int32)[:, :, None]
    ahead = tf.clip_by_value(levels + shape.STEPS, 0, forms.LEVELS - 1)
    gains = tf.gather(values, ahead, batch_dims=2) - tf.gather(values, levels, batch_dims=2)
    return tf.reshape(gains, [-1, shape.ACTIONS])

  def side_reward(self, state: shape.State, actions: tf.Tensor) -> tf.Tensor:
    """Return what actions [B, N] earn: each is tried, and its form judged."""
    count = actions.shape[1]
    tries = tf.nest.map_structure(lambda part: tf.repeat(part, count, 0), state)
    form = shape.moved(tries.form, tf.reshape(actions, [-1]))
    earned = self._earned(tries, self.flown(form, tries.label).worth)
    return tf.reshape(earned, [-1, count])

  def work(self, state: shape.State) -> tf.Tensor:
    return state.form

  def place(self, state: shape.State, work: tf.Tensor) -> shape.State:
    return self._begun(work, state.label, state.time)

  def allowed(self, state: shape.State, keep: tf.Tensor) -> tf.Tensor:
    """Allow no stroke on a number that is kept: bool [B, ACTIONS]."""
    del state
    return tf.repeat(~keep, len(shape.STEPS), axis=1)

  def idle(self, state: shape.State, moved: shape.State) -> tf.Tensor:
    """Tell where a stroke has left a form as it was, against a bound."""
    return tf.reduce_all(state.form == moved.form, 1)

  def _earned(self, state: shape.State, worth: tf.Tensor) -> tf.Tensor:
    return worth - tf.where(state.time > 0, state.worth, 0.0)
