"""A world as a Gymnasium environment, so that other libraries' agents can work in it."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import tensorflow as tf

from tf_creative import domains, spec, types


class WorldEnv(gymnasium.Env):
  """One episode at a time; what each is about is drawn from the world's real works."""

  metadata = {'render_modes': ['rgb_array'], 'render_fps': 8}

  def __init__(self, world: types.Domain, split: str = 'train', render_mode: str | None = None):
    if render_mode not in (None, *self.metadata['render_modes']):
      raise ValueError(f"unknown render_mode '{render_mode}'. Valid: rgb_array.")
    self.world, self.render_mode = world, render_mode
    works = world.real(split)
    self._concepts = works.batch(works.cardinality()).get_single_element()
    self.observation_space = gymnasium.spaces.Dict(
      {name: _space(bounded) for name, bounded in world.observation_spec.items()}
    )
    self.action_space = gymnasium.spaces.Discrete(world.action_spec.maximum + 1)
    self._step = tf.function(world.step, autograph=False)
    self._state = None

  def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None):
    super().reset(seed=seed, options=options)
    pick = int(self.np_random.integers(len(self._concepts.label)))
    concept = tf.nest.map_structure(lambda part: part[pick : pick + 1], self._concepts)
    if self.world.code_size:
      code = self.np_random.standard_normal((1, self.world.code_size), np.float32)
      concept = concept._replace(code=tf.constant(code))
    self._state = self.world.start(concept, self._seed())
    return self._observe(), {'label': int(concept.label[0])}

  def step(self, action: int):
    if self._state is None:
      raise gymnasium.error.ResetNeeded('call reset() before step().')
    if not self.action_space.contains(action):
      raise gymnasium.error.InvalidAction(f'{action!r} is not in {self.action_space}.')
    action = tf.constant([action], self.world.action_spec.dtype)
    self._state, reward, done = self._step(self._state, action, self._seed())
    return self._observe(), float(reward[0]), bool(done[0]), False, {}

  def render(self) -> np.ndarray | None:
    """The work as it stands, 32 screen pixels for each of its own."""
    if self.render_mode is None or self._state is None:
      return None
    picture = self.world.render(self.world.work(self._state))[0]
    return picture.repeat(32, axis=0).repeat(32, axis=1)

  def _observe(self) -> dict[str, np.ndarray]:
    observation = self.world.observe(self._state)
    return {name: np.array(value[0]) for name, value in observation.items()}

  def _seed(self) -> tf.Tensor:
    return tf.constant(self.np_random.integers(2**31, size=2), tf.int32)


def make(domain: str, split: str = 'train', render_mode: str | None = None, **options) -> WorldEnv:
  """What gymnasium.make('tf_creative/PixelArt-v0', data='digits', size=8, ...) builds."""
  world = spec.configure(spec.load(domains.DOMAINS, domain, 'domain'), options, f"world '{domain}'")
  return WorldEnv(world, split, render_mode)


def _space(bounded: types.Bounded) -> gymnasium.Space:
  return gymnasium.spaces.Box(
    bounded.minimum, bounded.maximum, bounded.shape, bounded.dtype.as_numpy_dtype
  )
