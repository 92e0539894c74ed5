"""Melodies as works, and what the hand observes of them."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any, ClassVar, NamedTuple

import tensorflow as tf

from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.worlds import options, written
from tf_creative.worlds.melody import hearing, likelihood, midi, scores, theory, tunes


class State(NamedTuple):
  melody: tf.Tensor  # uint8 [B, STEPS]; what is not yet written is a hold
  theme: tf.Tensor  # uint8 [B, STEPS]
  label: tf.Tensor  # int32 [B], the mode
  code: Any  # float32 [B, C] where the hand is told it, else ()
  time: tf.Tensor  # int32 [B], classes written


@dataclasses.dataclass(frozen=True)
class Tune(options.Melody, written.Written, world_lib.Play, world_lib.Works):
  """The parts of the world that define melodies and observations, but not how they are made."""

  written: ClassVar[tuple[str, str]] = ('melody', 'theme')
  label_names: ClassVar[list[str]] = list(scores.MODES)
  value_shape: ClassVar[tuple[int, ...]] = (scores.STEPS, scores.CLASSES)
  work_spec: ClassVar[works_lib.Bounded] = works_lib.Bounded(
    (scores.STEPS,), tf.uint8, 0, scores.CLASSES - 1
  )
  action_spec: ClassVar[works_lib.Bounded] = works_lib.Bounded((), tf.int32, 0, scores.CLASSES - 1)

  @functools.cached_property
  def _model(self) -> likelihood.NextNote:
    """The next-note model, fitted to the training split at first use."""
    with tf.init_scope():  # the first use may be while a graph is traced
      works = works_lib.whole(self.real('train'))
      return likelihood.NextNote(works.work.numpy())

  @property
  def horizon(self) -> int:
    return scores.STEPS - self.given

  @property
  def reward_bound(self) -> float:
    match = self.match if self.rewards_target else 0.0
    return match + self.theory * theory.BOUND - self.likelihood * likelihood.LEAST

  def real(self, split: str) -> tf.data.Dataset:
    return tunes.works(self.data, split)

  def resume(self, observation: dict[str, tf.Tensor]) -> State:
    melody = observation['melody']
    return State(
      melody,
      observation.get('theme', melody),
      observation['label'],
      observation.get('code', ()),
      self.horizon - observation['time_left'],
    )

  def prior_logits(self, observation: dict[str, tf.Tensor]) -> tf.Tensor:
    """Return the next-note model's logits if likelihood is rewarded, as in RL-Tuner."""
    if not self.likelihood:
      return super().prior_logits(observation)
    state = self.resume(observation)
    return self._model.scores(state.melody, self._place(state))

  def features(self, observation: dict[str, tf.Tensor]) -> tf.Tensor:
    """Return features [B, N] of the melody so far, the theme to come, the mode and the time."""
    state = self.resume(observation)
    melody, theme = self.to_values(state.melody), self.to_values(state.theme)
    return self._seen(melody, theme, state.label, state.time)

  def prospect(self, values: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return first features, and the highest return for the theme; other rewards are left out."""
    begun = values * tf.cast(tf.range(scores.STEPS) < self.given, tf.float32)[:, None]
    features = self._seen(begun, values, labels, tf.zeros_like(labels))
    return features, self.match * tf.reduce_sum(values[:, self.given :, scores.REST :], [1, 2])

  def legal(self, raw: tf.Tensor) -> tf.Tensor:
    soft = tf.nn.softmax(raw)
    return soft + tf.stop_gradient(self.to_values(self.to_works(soft)) - soft)

  def to_values(self, works: tf.Tensor) -> tf.Tensor:
    return tf.one_hot(tf.cast(works, tf.int32), scores.CLASSES)

  def to_works(self, values: tf.Tensor) -> tf.Tensor:
    return tf.cast(tf.argmax(values, -1), tf.uint8)

  def _place(self, state: State) -> tf.Tensor:
    """Return the step to be written next [B]; after the last one, the first again."""
    return self.given + state.time % self.horizon

  def _seen(
    self, melody: tf.Tensor, theme: tf.Tensor, label: tf.Tensor, time: tf.Tensor
  ) -> tf.Tensor:
    """Return the `features` of values [B, STEPS, CLASSES]."""
    sounds = midi.sounding(self.to_works(melody))
    shown = theme if self.target == 'shown' else None
    return hearing.seen(melody, sounds, shown, label, self.given + time)
