"""Larger levels: FourRooms is trained on, MultiRoom only played by what was learnt elsewhere."""

import dataclasses

import numpy as np
import pytest

from tests.shared import tiny, walks
from tf_creative.cli import flags as flags_lib
from tf_creative.core import coupling as coupling_lib
from tf_creative.core import works as works_lib
from tf_creative.learner import creator as creator_lib
from tf_creative.learner import learner as learner_lib
from tf_creative.worlds.level import minigrid_play
from tf_creative.worlds.level import world as level_lib


@pytest.mark.slow
def test_four_rooms_are_trained_on():
  config = tiny.config(
    world='level(data=minigrid_levels/four_rooms, horizon=12)',
    couplings='curriculum(memory=32, after=0)',
    agent='survey',
  )
  agent = dataclasses.replace(config.agent, network='map', depth=4, n_step=4)
  one = learner_lib.Learner(dataclasses.replace(config, agent=agent))
  assert np.isfinite(list(tiny.taste(one).values())).all()
  made = one.creator.make(one.creator.imagine(np.arange(3)))
  assert made.work.shape == (3, 19, 19)


@pytest.mark.slow
def test_what_was_learnt_on_small_levels_is_tried_in_many_rooms():
  """Levels of 11x11 first, then MultiRoom's of 25x25 in the real package, beside chance: a row."""
  config = flags_lib.from_arguments(
    ['--flagfile=pipelines/level.flags', '--couplings=', '--gan_steps=0', '--seed=100']
  )
  one = learner_lib.Learner(config)
  one.loop.warm_up()
  one.loop.step(config.run.rounds)
  far = level_lib.Level('minigrid_levels/multi_room')
  works = next(iter(far.works.real('test').batch(2**31)))
  works = works_lib.Works(works.work.numpy()[::3], works.label.numpy()[::3])  # a hundred
  agent = walks.moved(one.agent, far)
  creator = creator_lib.Creator(
    coupling_lib.Parts(far, one.gan, agent, agent.episodes, works), works.label
  )
  rng = np.random.default_rng(0)
  hands = {
    'moved': creator.act,
    'random': lambda seen: rng.integers(0, 5, len(seen['label'])),
  }
  solved = {
    name: (minigrid_play.played(works, far.rules.horizon, act) > 0).mean()
    for name, act in hands.items()
  }
  print(f'\nof MultiRoom, {solved}')
