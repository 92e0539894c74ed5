"""Worlds as Gymnasium environments, for agents of other libraries."""

from __future__ import annotations

import os
import sys
from typing import Any

import gymnasium
from gymnasium.utils import seeding
import numpy as np

from tf_creative import worlds
from tf_creative.core import spec
from tf_creative.core import world as world_lib
from tf_creative.worlds.as_gym import play

_DISPLAYS = ('DISPLAY', 'WAYLAND_DISPLAY', 'SDL_VIDEODRIVER')  # SDL may crash without any of them


class WorldEnv(gymnasium.Env):
  """One episode at a time; each is about a work drawn from the world's real works."""

  metadata = {'render_modes': ['rgb_array'], 'render_fps': 8}

  def __init__(self, world: world_lib.World, split: str = 'train', render_mode: str | None = None):
    _check_mode(render_mode, ('rgb_array',))
    self.world, self.render_mode = world, render_mode
    self.observation_space, self.action_space = play.spaces(world)
    self._play = play.Play(world, split, 1)

  def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None):
    super().reset(seed=seed, options=options)
    self._play.draw(0, self.np_random)
    seen = self._one(self._play.begin())
    return seen, {'label': int(seen['label'])}

  def step(self, action: int):
    if not self._play.begun:
      raise gymnasium.error.ResetNeeded('call reset() before step().')
    if not self.action_space.contains(action):
      raise gymnasium.error.InvalidAction(f'{action!r} is not in {self.action_space}.')
    seen, reward, done = self._play.step(action)
    return self._one(seen), float(reward[0]), bool(done[0]), False, {}

  def render(self) -> np.ndarray | None:
    """Draw the present work; its longer side has 256 pixels or a little more."""
    if self.render_mode is None or not self._play.begun:
      return None
    return self._play.frames()[0]

  def _one(self, seen: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: value[0] for name, value in seen.items()}


class WorldVectorEnv(gymnasium.vector.VectorEnv):
  """Many episodes in one call of one graph; an ended one restarts at its next step.

  Each episode draws its works like a WorldEnv with its seed. So where rules are deterministic, as
  in our worlds, the episodes equal those of `SyncVectorEnv`.
  """

  metadata = {**WorldEnv.metadata, 'autoreset_mode': gymnasium.vector.AutoresetMode.NEXT_STEP}

  def __init__(
    self,
    world: world_lib.World,
    num_envs: int = 1,
    split: str = 'train',
    render_mode: str | None = None,
  ):
    _check_mode(render_mode, ('rgb_array',))
    self.world, self.num_envs, self.render_mode = world, num_envs, render_mode
    self.single_observation_space, self.single_action_space = play.spaces(world)
    batch = gymnasium.vector.utils.batch_space
    self.observation_space = batch(self.single_observation_space, num_envs)
    self.action_space = batch(self.single_action_space, num_envs)
    self._play = play.Play(world, split, num_envs)
    self._chances = [seeding.np_random()[0] for _ in range(num_envs)]
    self._over = np.zeros(num_envs, bool)

  def reset(self, *, seed: int | list[int | None] | None = None, options=None):
    """Begin all episodes; a single seed stands for itself and the numbers after it."""
    del options
    if seed is None or isinstance(seed, (int, np.integer)):
      seed = [None if seed is None else int(seed) + place for place in range(self.num_envs)]
    if len(seed) != self.num_envs:
      raise ValueError(f'{len(seed)} seeds for {self.num_envs} worlds: give one for each.')
    for place, one in enumerate(seed):
      if one is not None:
        self._chances[place] = seeding.np_random(one)[0]
      self._play.draw(place, self._chances[place])
    self._over = np.zeros(self.num_envs, bool)
    seen = self._play.begin()
    return seen, self._told(seen, ~self._over)

  def step(self, actions: np.ndarray):
    if not self._play.begun:
      raise gymnasium.error.ResetNeeded('call reset() before step().')
    actions = np.asarray(actions)
    if not self.action_space.contains(actions):
      raise gymnasium.error.InvalidAction(f'{actions!r} is not in {self.action_space}.')
    restarted = self._over
    for place in np.flatnonzero(restarted):
      self._play.draw(place, self._chances[place])
    seen, reward, self._over = self._play.step(actions, restarted)
    truncated = np.zeros(self.num_envs, bool)
    return seen, reward, self._over.copy(), truncated, self._told(seen, restarted)

  def render(self) -> tuple[np.ndarray, ...] | None:
    """Draw a frame of each episode, as WorldEnv does."""
    if self.render_mode is None or not self._play.begun:
      return None
    return tuple(self._play.frames())

  def _told(self, seen: dict[str, np.ndarray], begun: np.ndarray) -> dict[str, np.ndarray]:
    """Build the info dict as Gymnasium does: values, and a mask of the episodes that have them."""
    return {'label': np.where(begun, seen['label'], 0), '_label': begun} if begun.any() else {}


def make(world: str, split: str = 'train', render_mode: str | None = None, **options):
  """Build the environment for gymnasium.make('tf_creative/PixelArt-v0', size=8, ...)."""
  _check_mode(render_mode, ('human', 'rgb_array'))
  if render_mode == 'human':
    if sys.platform == 'linux' and not any(map(os.environ.get, _DISPLAYS)):
      raise spec.UserError(
        "render_mode='human' needs a display, and there is none: use render_mode='rgb_array'."
      )
    return gymnasium.wrappers.HumanRendering(make(world, split, 'rgb_array', **options))
  return WorldEnv(_world(world, options), split, render_mode)


def make_vec(
  world: str, num_envs: int = 1, split: str = 'train', render_mode: str | None = None, **options
) -> WorldVectorEnv:
  """Build the environments for gymnasium.make_vec('tf_creative/PixelArt-v0', 64, size=8, ...)."""
  return WorldVectorEnv(_world(world, options), num_envs, split, render_mode)


def _world(world: str, options: dict[str, Any]) -> world_lib.World:
  return spec.configure(worlds.WORLDS.load(world), options, f"world '{world}'")


def _check_mode(mode: str | None, valid: tuple[str, ...]) -> None:
  if mode not in (None, *valid):
    raise ValueError(f"unknown render_mode '{mode}'. Valid: {', '.join(valid)}.")
