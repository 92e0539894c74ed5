"""The world of melodies: the hand plays a theme that it sees, or composes its own."""

from __future__ import annotations

import dataclasses
import functools

import tensorflow as tf

from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.worlds import written
from tf_creative.worlds.melody import (
  measuring,
  scores,
  showing,
  theory,
  tune,
)


@dataclasses.dataclass(frozen=True)
class Melody(
  tune.Tune,
  world_lib.Rules,
  world_lib.Making,
  world_lib.Whole,
):
  """An action is the next class; rewards are for the theme's class, style and likelihood."""

  name = 'melody'

  @functools.cached_property
  def media(self) -> showing.MelodyMedia:
    return showing.MelodyMedia(self.given, self.target, self.label_names)

  @functools.cached_property
  def measures(self) -> measuring.MelodyMeasures:
    return measuring.MelodyMeasures(bool(self.code_size), lambda: self._model)

  def start(self, concept: works_lib.Works, seed: tf.Tensor) -> tune.State:
    del seed  # the first state does not depend on chance
    time = tf.zeros(tf.shape(concept.label), tf.int32)
    begun = self._until(concept.work, time)
    code = concept.code
    if self.code_size:
      code = tf.clip_by_value(code, -written.CODE_BOUND, written.CODE_BOUND)
    return tune.State(begun, concept.work, concept.label, code if self.code_size else (), time)

  def step(self, state: tune.State, action: tf.Tensor, seed: tf.Tensor):
    del seed  # the rules are deterministic
    melody = self._with(state, action)
    new = state._replace(melody=melody, time=state.time + 1)
    reward = self.side_reward(state, action[:, None])[:, 0]
    if self.rewards_target:
      reward += self.error(state.melody, state.theme) - self.error(melody, state.theme)
    return new, reward, new.time >= self.horizon

  def observe(self, state: tune.State) -> dict[str, tf.Tensor]:
    return {
      'melody': state.melody,
      **({'theme': state.theme} if self.target == 'shown' else {}),
      **({'code': state.code} if self.code_size else {}),
      'label': state.label,
      'time_left': self.horizon - state.time,
    }

  def midway(self, concept: works_lib.Works, time: tf.Tensor, seed: tf.Tensor) -> tune.State:
    """Return the states after `time` steps; there is only one way to write a melody."""
    start = self.start(concept, seed)
    return start._replace(melody=self._until(concept.work, time), time=time)

  def cell_values(self, goal: tf.Tensor) -> tf.Tensor:
    """Return the value of each class at each step, with `goal` as target: [B, STEPS, CLASSES]."""
    return self.match * (self.to_values(goal) - 1)

  def goal_values(self, state: tune.State) -> tf.Tensor:
    return self.cell_values(state.theme) * (1.0 if self.target == 'shown' else 0.0)

  def action_rewards(self, state: tune.State, worth: tf.Tensor) -> tf.Tensor:
    place = self._place(state)
    worth = tf.gather(worth, place, batch_dims=1)
    now = tf.gather(tf.cast(state.melody, tf.int32), place, batch_dims=1)
    return worth - tf.gather(worth, now[:, None], batch_dims=1)

  def side_reward(self, state: tune.State, actions: tf.Tensor) -> tf.Tensor:
    reward = tf.zeros_like(actions, tf.float32)
    if self.theory:
      # Every action of every state is tried: [B x N] melodies.
      count = actions.shape[1]
      tries = tf.nest.map_structure(lambda part: tf.repeat(part, count, 0), state)
      written = self._with(tries, tf.reshape(actions, [-1]))
      said = theory.pay(written, tries.label, self._place(tries))
      reward += self.theory * tf.reshape(said, [-1, count])
    if self.likelihood:
      known = self._model.scores(state.melody, self._place(state))
      reward += self.likelihood * tf.gather(known, actions, batch_dims=1)
    return reward

  def work(self, state: tune.State) -> tf.Tensor:
    return state.melody

  def place(self, state: tune.State, work: tf.Tensor) -> tune.State:
    return state._replace(melody=work)

  def allowed(self, state: tune.State, keep: tf.Tensor) -> tf.Tensor:
    """Allow only the present class at a step that is kept: bool [B, CLASSES]."""
    place = self._place(state)
    now = tf.one_hot(tf.gather(state.melody, place, batch_dims=1), scores.CLASSES) > 0
    return now | ~tf.gather(keep, place, batch_dims=1)[:, None]

  def _with(self, state: tune.State, action: tf.Tensor) -> tf.Tensor:
    """Return the melodies with the action's class written at the next step."""
    now = tf.range(scores.STEPS) == self._place(state)[:, None]
    return tf.where(now, tf.cast(action, tf.uint8)[:, None], state.melody)
