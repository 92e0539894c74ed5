"""A whole learner at toy size, on data that the tests make."""

from __future__ import annotations

import dataclasses
import functools
import pathlib
from typing import Any

import numpy as np
import tensorflow as tf

from tf_creative import worlds
from tf_creative.agent import config as agent_config
from tf_creative.core import works as works_lib
from tf_creative.gan import config as gan_config
from tf_creative.learner import config as config_lib
from tf_creative.learner import learner as learner_lib
from tf_creative.serving.exports import configs
from tf_creative.serving.exports import models as models_lib
from tf_creative.studio import publishing
from tf_creative.worlds.melody import scores
from tf_creative.worlds.melody import world as melody
from tf_creative.worlds.pixel_art import world as pixel_art

GAN = gan_config.GanConfig(width=8, batch_size=8, latent_size=4, learning_rate=4e-4, decay_steps=0)
AGENT = agent_config.AgentConfig(
  width=8, batch_size=8, environments=4, replay_capacity=400, warmup=40, epsilon_decay=20
)
POISON = tf.Variable(1.0)  # what pays and real works are multiplied by: 1 does them no harm


@functools.cache
def works() -> works_lib.Works:
  """Horizontal (0) and vertical (1) bars on 4x4 canvases."""
  rng = np.random.default_rng(0)
  label = rng.integers(0, 2, 400).astype(np.int32)
  work = np.zeros((400, 4, 4), np.uint8)
  for one, vertical in zip(work, label, strict=True):
    (one.T if vertical else one)[rng.integers(4)] = rng.integers(1, 4)
  return works_lib.Works(work, label)


@dataclasses.dataclass(frozen=True)
class Bars(pixel_art.PixelArt):
  """Pixel art whose real works are bars."""

  size: int = 4

  label_names = ['horizontal', 'vertical']

  def real(self, split: str) -> tf.data.Dataset:
    del split
    return tf.data.Dataset.from_tensor_slices(works())


class Digits(Bars):
  """The same bars, each kind called by a digit."""

  label_names = ['0', '1']


@dataclasses.dataclass(frozen=True)
class Poisoned(Bars):
  """Bars whose works and pays may turn into what is no number, in the middle of a graph."""

  def to_values(self, works):
    return super().to_values(works) * POISON

  def step(self, state, action, seed):
    state, pay, done = super().step(state, action, seed)
    return state, pay * POISON, done


@functools.cache
def tunes() -> works_lib.Works:
  """Scales in quarters, from C upwards in major (0) and from a downwards in minor (1)."""
  rng = np.random.default_rng(0)
  label = rng.integers(0, 2, 100).astype(np.int32)
  rising = np.array([22, 24, 26, 27, 29, 31, 33, 34] * 2)
  work = np.zeros((100, scores.STEPS), np.uint8)
  work[:, ::2] = np.where(label[:, None], rising[::-1] - 3 + 3 * (rising[::-1] == 34), rising)
  work[:, 1::2] = rng.integers(0, 2, (100, 16))  # held or ended
  return works_lib.Works(work, label)


@dataclasses.dataclass(frozen=True)
class Tunes(melody.Melody):
  """Melodies whose real works are scales."""

  def real(self, split: str) -> tf.data.Dataset:
    del split
    return tf.data.Dataset.from_tensor_slices(tunes())


def config(**run) -> config_lib.Config:
  settings = {'world': 'bars', 'rounds_per_call': 5, 'works': 20}
  settings |= {'progress': False, 'export': False, **run}
  return config_lib.Config(run=config_lib.RunConfig(**settings), gan=GAN, agent=AGENT)


def learner(**run) -> learner_lib.Learner:
  return learner_lib.Learner(config(**run))


def taste(one: learner_lib.Learner) -> dict[str, float]:
  """What a round tells, part by part and without a graph of it: it is to trace that takes long."""
  one.loop.warm_up()
  told: dict[str, Any] = {}
  for part in (*one.loop.parts().values(), one.coupling.metrics):
    told |= part()
  return {name: float(value) for name, value in told.items()}


def creator(folder: pathlib.Path, config: config_lib.Config) -> dict[str, Any]:
  """Saves a learner's creator, all that the page asks, unchecked; what is told about it."""
  one, path = learner_lib.Learner(config), folder / 'creator/1'
  about = publishing._about(one, config)
  code_size = one.gan.config.latent_size
  models = models_lib.models(
    models_lib.Learnt(one.world, one.creator, code_size, about['zoom']), about
  )
  models['creator'].save(path)
  (path / configs.ABOUT).parent.mkdir()
  (path / configs.ABOUT).write_text(configs.to_json(about))
  configs.write(folder, ['creator'])
  return about


worlds.WORLDS['tunes'] = 'tests.shared.tiny:Tunes'
worlds.WORLDS['bars'] = 'tests.shared.tiny:Bars'
worlds.WORLDS['bar_digits'] = 'tests.shared.tiny:Digits'
worlds.WORLDS['poisoned'] = 'tests.shared.tiny:Poisoned'
