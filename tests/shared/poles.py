"""Environments that can be made to fail at a step, or that step in processes of their own."""

import gymnasium

from tf_creative import worlds
from tf_creative.worlds import simulated


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


worlds.WORLDS['apart'] = 'tests.shared.poles:Apart'
