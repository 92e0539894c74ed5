"""The games of MinAtar (Young and Tian 2019), stepped side by side without wrappers.

The package is under GPL-3, and no requirement of ours: the user installs it.
"""

from __future__ import annotations

import dataclasses
import logging
from typing import Any

import gymnasium
import matplotlib
import numpy as np

from tf_creative.core import plugins
from tf_creative.worlds import options, simulated

_ACTIONS = 6  # of every game, by MinAtar's own numbers
_BOUNDS = {'seaquest': 10.0}  # largest reward of a step: for oxygen left, with six divers on board
_ZOOM = 16  # pixels of a picture for each cell
_DARKEST = 0.35  # shade of an object, from 0 to 1: it must stand out from black


class Games(gymnasium.vector.VectorEnv):
  """A game, played several times in parallel: planes of objects, uint8 [10, 10, C]."""

  metadata = {
    'render_modes': [simulated.PICTURES],
    'autoreset_mode': gymnasium.vector.AutoresetMode.NEXT_STEP,
  }

  def __init__(self, given: options.Minatar, count: int):
    make = _package().Environment
    self._games = [make(given.game, sticky_action_prob=given.sticky) for _ in range(count)]
    self._most = given.max_steps
    minimal = given.actions == 'minimal'
    self._actions = self._games[0].minimal_action_set() if minimal else [*range(_ACTIONS)]
    self._seen = np.zeros((count, *self._games[0].state_shape()), np.uint8)
    self._steps, self._over = np.zeros(count, np.int64), np.zeros(count, bool)
    self.num_envs = count
    self.single_observation_space = gymnasium.spaces.Box(0, 1, self._seen.shape[1:], np.uint8)
    self.single_action_space = gymnasium.spaces.Discrete(len(self._actions))
    batch = gymnasium.vector.utils.batch_space
    self.observation_space = batch(self.single_observation_space, count)
    self.action_space = batch(self.single_action_space, count)

  def reset(self, *, seed: Any = None, options: Any = None):
    """Begin all episodes; a number seeds the games by numbers that count up from it."""
    del options
    if isinstance(seed, int):
      seed = range(seed, seed + self.num_envs)
    for place, game in enumerate(self._games):
      if seed is not None:
        game.seed(seed[place])
        game.last_action = 0  # which a sticky first step repeats
      game.reset()
      self._seen[place] = game.state()
    self._steps[:], self._over[:] = 0, False
    return self._seen.copy(), {}

  def step(self, actions: np.ndarray):
    """Step the games that go on, and begin those again that were over."""
    rewards, ended = np.zeros(self.num_envs), np.zeros(self.num_envs, bool)
    for place, (game, action) in enumerate(zip(self._games, actions.tolist(), strict=True)):
      if self._over[place]:
        game.reset()
      else:
        rewards[place], ended[place] = game.act(self._actions[action])
      self._seen[place] = game.state()
    self._steps = np.where(self._over, 0, self._steps + 1)
    cut = (self._steps >= self._most) & ~ended
    self._over = ended | cut
    return self._seen.copy(), rewards, ended, cut, {}

  def render(self) -> np.ndarray:
    """Draw the games, the uppermost plane of each cell: uint8 [B, 160, 160, 3]."""
    count = self._seen.shape[-1]
    shades = matplotlib.colormaps['cubehelix'](np.linspace(_DARKEST, 1, count + 1)[:-1])
    shades = np.concatenate([np.zeros((1, 3)), shades[:, :3]])  # black where there is nothing
    top = (self._seen * np.arange(1, count + 1)).max(-1)
    pictures = (255 * shades[top]).astype(np.uint8)
    return pictures.repeat(_ZOOM, axis=1).repeat(_ZOOM, axis=2)


@dataclasses.dataclass(frozen=True)
class Minatar(options.Minatar, simulated.Simulated):
  """The world of a game of MinAtar."""

  name = 'minatar'

  def __post_init__(self):
    super().__post_init__()
    self._derive(_BOUNDS.get(self.game, 1.0))

  def environments(self, count: int, render: bool) -> Games:
    del render
    return Games(self, count)


def _package() -> Any:
  """Import MinAtar without its warning that seaborn is missing, with which it would draw."""
  root = logging.getLogger()
  nothing = logging.NullHandler()  # or the warning would set up a handler of all messages
  root.addHandler(nothing)
  logging.disable(logging.WARNING)
  try:
    return plugins.extra('minatar', 'minatar', "the world 'minatar'")
  finally:
    logging.disable(logging.NOTSET)
    root.removeHandler(nothing)
