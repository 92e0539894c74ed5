"""A learner of levels at toy size, and works for it."""

import dataclasses

import numpy as np
import tensorflow as tf

from tests.shared import mazes, tiny
from tf_creative.agent import build
from tf_creative.core import coupling as coupling_lib
from tf_creative.core import works as works_lib
from tf_creative.learner import learner as learner_lib
from tf_creative.worlds.level import rules as level_rules

AGENT = dataclasses.replace(tiny.AGENT, network='map', depth=2, discount=0.9)


def learner(
  couplings: str, agent: str = 'survey', horizon: int = 20, **changes
) -> learner_lib.Learner:
  config = tiny.config(world=f'level(horizon={horizon})', couplings=couplings, agent=agent)
  config = dataclasses.replace(config, agent=dataclasses.replace(AGENT, **changes))
  return learner_lib.Learner(config)


def begin(world, levels_) -> level_rules.State:
  levels_ = tf.constant(np.stack(levels_))
  return world.rules.start(works_lib.Works(levels_, tf.zeros([len(levels_)], tf.int32)), None)


def parts_of(one: learner_lib.Learner) -> coupling_lib.Parts:
  return one.loop._parts


def concepts(one: learner_lib.Learner, count: int = 4) -> works_lib.Works:
  return works_lib.draw(parts_of(one).real, count, tf.constant([0, 3]))


def rows_of(*inner: str) -> works_lib.Works:
  """Levels of one row each."""
  made = [mazes.parse(*['#' * 11] * 5, row, *['#' * 11] * 5) for row in inner]
  return works_lib.Works(tf.constant(np.stack(made)), tf.zeros([len(made)], tf.int32))


def moved(hand, world):
  """The same hand in another world, where its weights fit: a map may be of any size."""
  config = dataclasses.replace(hand.config, environments=1)
  other = build.hand('survey', world, config, seed=0)
  for new, own in zip(other._network.variables, hand._network.variables, strict=True):
    new.assign(own)
  return other
