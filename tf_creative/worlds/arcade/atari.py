"""Games of the Atari 2600 by ale-py's own vector of environments, which steps in C++.

The package is under GPL-2, and no requirement of ours: the user installs it.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import gymnasium
import numpy as np

from tf_creative.core import plugins, spec
from tf_creative.worlds import options, simulated
from tf_creative.worlds.arcade import published

_FRAMES = 4  # of the console in a step: an action is held for so long


class Games(gymnasium.vector.VectorWrapper):
  """Converts seeds and frames: uint8 [B, side, side, 1], which is rendered as it is seen."""

  def __init__(self, envs: gymnasium.vector.VectorEnv):
    super().__init__(envs)
    shape = (*envs.single_observation_space.shape[1:], 1)  # pyright: ignore[reportOptionalSubscript]
    self.single_observation_space = gymnasium.spaces.Box(0, 255, shape, np.uint8)
    self.metadata = {**envs.metadata, 'render_modes': [simulated.PICTURES]}
    self._seen = np.zeros((envs.num_envs, *shape), np.uint8)

  def reset(self, *, seed: Any = None, options: Any = None):
    seeds = np.asarray(seed) if isinstance(seed, (list, tuple)) else seed
    seen, info = self.env.reset(seed=seeds, options=options)
    self._seen = np.moveaxis(seen, 1, -1)
    return self._seen, info

  def step(self, actions: np.ndarray):
    seen, *others = self.env.step(actions)
    self._seen = np.moveaxis(seen, 1, -1)
    return self._seen, *others

  def render(self) -> np.ndarray:
    return self._seen.repeat(3, axis=-1)


@dataclasses.dataclass(frozen=True)
class Atari(options.Atari, simulated.Simulated):
  """The world of a game of Atari."""

  name = 'atari'

  def __post_init__(self):
    super().__post_init__()
    games = _module('ale_py.roms').get_all_rom_ids()
    if self.game not in games:
      raise spec.SpecError(
        f"atari has no game '{self.game}'.{spec.nearest(self.game, games)}", 'game='
      )
    self._derive(self.reward_bound, self.stack)
    if self.max_steps >= published.STEPS:  # a game that is cut short comes to something else
      object.__setattr__(self, 'published', published.ATARI.get(self.game))

  def environments(self, count: int, render: bool) -> Games:
    """Make games of single frames: `simulated.Told` stacks them, as ale-py would pad with black."""
    del render
    ale = _module('ale_py')
    ale.ALEInterface.setLoggerMode(ale.LoggerMode.Error)
    vector = _module('ale_py.vector_env').AtariVectorEnv
    envs = vector(
      self.game,
      count,
      img_height=self.size,
      img_width=self.size,
      stack_num=1,
      frameskip=_FRAMES,
      max_num_frames_per_episode=_FRAMES * self.max_steps,
      repeat_action_probability=self.sticky,
      reward_clipping=False,  # the hand clips what it learns from, and counts what was scored
      autoreset_mode=gymnasium.vector.AutoresetMode.NEXT_STEP,
    )
    return Games(envs)


def _module(name: str) -> Any:
  return plugins.extra(name, 'atari', "the world 'atari'")
