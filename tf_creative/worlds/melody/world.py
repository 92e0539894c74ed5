"""Melodies, class by class: a theme that is in sight is played, or one is made up."""

from __future__ import annotations

import dataclasses
import functools
import os
from typing import Any, NamedTuple

import numpy as np
from PIL import Image
import tensorflow as tf
import tensorflow_datasets as tfds

from tf_creative.core import spec
from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.worlds import drawings, files, options
from tf_creative.worlds.melody import (
  hearing,
  likelihood,
  midi,
  piano_roll,
  scores,
  sound,
  statistics,
  theory,
  tunes,
)

_CODE_BOUND = 10  # of a number that is drawn from a standard normal


class State(NamedTuple):
  melody: tf.Tensor  # uint8 [B, STEPS]; what is not yet written is a hold
  theme: tf.Tensor  # uint8 [B, STEPS]
  label: tf.Tensor  # int32 [B], the mode
  code: Any  # float32 [B, C] where the hand is told it, else ()
  time: tf.Tensor  # int32 [B], classes written


@dataclasses.dataclass(frozen=True)
class Melody(
  options.Melody,
  world_lib.Play,
  world_lib.Rules,
  world_lib.Works,
  world_lib.Making,
  world_lib.Media,
  world_lib.Measures,
  world_lib.Whole,
):
  """An action is the next class; the pay: is it the theme's, is it good style, is it likely."""

  label_names = list(scores.MODES)
  value_shape = (scores.STEPS, scores.CLASSES)
  work_spec = works_lib.Bounded((scores.STEPS,), tf.uint8, 0, scores.CLASSES - 1)
  action_spec = works_lib.Bounded((), tf.int32, 0, scores.CLASSES - 1)
  files = {'mid': midi.file, 'wav': sound.wav}
  name = 'melody'
  participle = 'played'
  scores = {
    'equal_steps': world_lib.Measure('.2%', 'of steps equal'),
    'whole_melodies': world_lib.Measure('.1%', 'of melodies perfect'),
  }
  traits = statistics.TRAITS

  @functools.cached_property
  def _model(self) -> likelihood.NextNote:
    with tf.init_scope():  # the first to ask may be a graph in the making
      works = works_lib.whole(self.real('train'))
      return likelihood.NextNote(works.work.numpy())

  @property
  def horizon(self) -> int:
    return scores.STEPS - self.given

  @property
  def code_size(self) -> int:
    return 0 if self.target == 'shown' else self.code

  @property
  def rewards_target(self) -> bool:
    return self.target != 'none'

  @property
  def splits(self) -> tuple[str, ...]:
    return () if self.code_size else ('test',)

  @property
  def observation_spec(self) -> dict[str, works_lib.Bounded]:
    code = works_lib.Bounded((self.code_size,), tf.float32, -_CODE_BOUND, _CODE_BOUND)
    return {
      'melody': self.work_spec,
      **({'theme': self.work_spec} if self.target == 'shown' else {}),
      **({'code': code} if self.code_size else {}),
      'label': works_lib.Bounded((), tf.int32, 0, len(self.label_names) - 1),
      'time_left': works_lib.Bounded((), tf.int32, 0, self.horizon),
    }

  @property
  def reward_bound(self) -> float:
    match = self.match if self.rewards_target else 0.0
    return match + self.theory * theory.BOUND - self.likelihood * likelihood.LEAST

  def real(self, split: str) -> tf.data.Dataset:
    return tunes.works(self.data, split)

  def start(self, concept: works_lib.Works, seed: tf.Tensor) -> State:
    del seed  # every melody begins alike
    time = tf.zeros(tf.shape(concept.label), tf.int32)
    begun = self._until(concept.work, time)
    code = concept.code
    if self.code_size:
      code = tf.clip_by_value(code, -_CODE_BOUND, _CODE_BOUND)
    return State(begun, concept.work, concept.label, code if self.code_size else (), time)

  def step(self, state: State, action: tf.Tensor, seed: tf.Tensor):
    del seed  # a class is what it is
    melody = self._with(state, action)
    new = state._replace(melody=melody, time=state.time + 1)
    pay = self.side_reward(state, action[:, None])[:, 0]
    if self.rewards_target:
      pay += self.error(state.melody, state.theme) - self.error(melody, state.theme)
    return new, pay, new.time >= self.horizon

  def observe(self, state: State) -> dict[str, tf.Tensor]:
    return {
      'melody': state.melody,
      **({'theme': state.theme} if self.target == 'shown' else {}),
      **({'code': state.code} if self.code_size else {}),
      'label': state.label,
      'time_left': self.horizon - state.time,
    }

  def resume(self, observation: dict[str, tf.Tensor]) -> State:
    melody = observation['melody']
    return State(
      melody,
      observation.get('theme', melody),
      observation['label'],
      observation.get('code', ()),
      self.horizon - observation['time_left'],
    )

  def midway(self, concept: works_lib.Works, time: tf.Tensor, seed: tf.Tensor) -> State:
    """A melody has one way only."""
    start = self.start(concept, seed)
    return start._replace(melody=self._until(concept.work, time), time=time)

  def error(self, work: tf.Tensor, goal: tf.Tensor) -> tf.Tensor:
    wrong = tf.cast(work != goal, tf.float32)[:, self.given :]
    return self.match * tf.reduce_sum(wrong, 1)

  def cell_values(self, goal: tf.Tensor) -> tf.Tensor:
    """What a class is worth at each step, if the melody is to be `goal`: [B, STEPS, CLASSES]."""
    return self.match * (self.to_values(goal) - 1)

  def goal_values(self, state: State) -> tf.Tensor:
    return self.cell_values(state.theme) * (1.0 if self.target == 'shown' else 0.0)

  def action_rewards(self, state: State, worth: tf.Tensor) -> tf.Tensor:
    place = self._place(state)
    worth = tf.gather(worth, place, batch_dims=1)
    now = tf.gather(tf.cast(state.melody, tf.int32), place, batch_dims=1)
    return worth - tf.gather(worth, now[:, None], batch_dims=1)

  def side_reward(self, state: State, actions: tf.Tensor) -> tf.Tensor:
    paid = tf.zeros_like(actions, tf.float32)
    if self.theory:
      count = actions.shape[1]
      tries = tf.nest.map_structure(lambda part: tf.repeat(part, count, 0), state)
      written = self._with(tries, tf.reshape(actions, [-1]))
      said = theory.pay(written, tries.label, self._place(tries))
      paid += self.theory * tf.reshape(said, [-1, count])
    if self.likelihood:
      known = self._model.scores(state.melody, self._place(state))
      paid += self.likelihood * tf.gather(known, actions, batch_dims=1)
    return paid

  def prior_logits(self, observation: dict[str, tf.Tensor]) -> tf.Tensor:
    """Where likelihood pays, a policy begins with the model that it is paid by, as RL-Tuner's."""
    if not self.likelihood:
      return super().prior_logits(observation)
    state = self.resume(observation)
    return self._model.scores(state.melody, self._place(state))

  def work(self, state: State) -> tf.Tensor:
    return state.melody

  def place(self, state: State, work: tf.Tensor) -> State:
    return state._replace(melody=work)

  def allowed(self, state: State, keep: tf.Tensor) -> tf.Tensor:
    """At a step that is kept only what stands there."""
    place = self._place(state)
    now = tf.one_hot(tf.gather(state.melody, place, batch_dims=1), scores.CLASSES) > 0
    return now | ~tf.gather(keep, place, batch_dims=1)[:, None]

  def features(self, observation: dict[str, tf.Tensor]) -> tf.Tensor:
    """What is heard from now backwards, the theme from now on, the mode and the time: [B, N]."""
    state = self.resume(observation)
    melody, theme = self.to_values(state.melody), self.to_values(state.theme)
    return self._seen(melody, theme, state.label, state.time)

  def brief(self, observation: dict[str, tf.Tensor]) -> tf.Tensor:
    return observation.get('code', tf.zeros([tf.shape(observation['label'])[0], 0]))

  def prospect(self, values: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """What rules and likelihood pay has no known most: what is owed is the theme alone."""
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

  def render(self, works: tf.Tensor) -> np.ndarray:
    return piano_roll.rgb(tf.convert_to_tensor(works)).numpy()

  def rulers(self, zoom: int) -> tuple[Image.Image, Image.Image]:
    return piano_roll.rulers(zoom)

  def encode(self, works: tf.Tensor, zoom: int) -> dict[str, tf.Tensor]:
    png = drawings.png(piano_roll.rgb(works), zoom)
    return {'png_bytes': png, 'midi_bytes': midi.encode(works)}

  def metrics(self, works: tf.Tensor, concept: tf.Tensor) -> dict[str, np.ndarray]:
    equal = np.asarray(works) == np.asarray(concept)
    return {'equal_steps': equal.mean(1), 'whole_melodies': equal.all(1)}

  def describe(self, works: np.ndarray) -> dict[str, np.ndarray]:
    return {name: x.numpy() for name, x in statistics.table(tf.constant(works)).items()}

  def models(self, label: np.ndarray, seed: int) -> dict[str, works_lib.Works]:
    return {'next-note model': works_lib.Works(self._model.sample(len(label), seed), label)}

  def strokes(self, actions: tf.Tensor) -> tf.Tensor:
    """MIDI's number of the pitch, 0 for a hold and 1 for a rest."""
    pitch = actions - scores.FIRST + scores.LOWEST
    return tf.where(actions >= scores.FIRST, pitch, actions)[..., None]

  def legend(self) -> dict[str, np.ndarray]:
    pitches = self.strokes(tf.range(scores.CLASSES))[:, 0].numpy()  # of each class
    return {'pitches': pitches, **piano_roll.legend(self.given, self.target)}

  def drawing(self, start: np.ndarray, actions: np.ndarray, zoom: int) -> str:
    return piano_roll.svg(start, np.asarray(actions), self.given, zoom)

  def read(
    self, path: str | os.PathLike, mask: str | os.PathLike = ''
  ) -> tuple[np.ndarray, np.ndarray]:
    if mask:
      raise spec.UserError(f'{mask}: a melody has gaps where it ends before its four bars do.')
    work = midi.read(path)
    last = scores.notes(work)[-1]
    return work, np.arange(scores.STEPS) < last.start + last.length

  def portrait(self, path: str | os.PathLike, given: np.ndarray) -> tuple[Image.Image, np.ndarray]:
    picture, _ = super().portrait(path, given)
    return picture, np.broadcast_to(given, [scores.PITCHES, scores.STEPS])

  def store(self, works: works_lib.Works, seeds: np.ndarray, folder: str | os.PathLike) -> None:
    melody = tfds.features.Tensor(shape=(scores.STEPS,), dtype=np.uint8)
    files.save('melody', melody, works.work, works.label, self.label_names, seeds, folder)

  def _place(self, state: State) -> tf.Tensor:
    """The step that comes next; who goes on after the end begins anew."""
    return self.given + state.time % self.horizon

  def _with(self, state: State, action: tf.Tensor) -> tf.Tensor:
    now = tf.range(scores.STEPS) == self._place(state)[:, None]
    return tf.where(now, tf.cast(action, tf.uint8)[:, None], state.melody)

  def _until(self, work: tf.Tensor, time: tf.Tensor) -> tf.Tensor:
    """What of a work stands after so many classes of it."""
    written = tf.range(scores.STEPS) < self.given + time[:, None]
    return tf.where(written, work, tf.zeros_like(work))

  def _seen(
    self, melody: tf.Tensor, theme: tf.Tensor, label: tf.Tensor, time: tf.Tensor
  ) -> tf.Tensor:
    """`features` of values."""
    sounds = midi.sounding(self.to_works(melody))
    theme = theme if self.target == 'shown' else None
    return hearing.seen(melody, sounds, theme, label, self.given + time)
