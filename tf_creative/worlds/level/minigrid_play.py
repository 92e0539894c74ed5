"""Plays levels in the original `minigrid` package, to check that a learnt policy works there."""

from __future__ import annotations

from collections.abc import Callable

from minigrid import minigrid_env
from minigrid.core import grid, mission, world_object
import numpy as np

from tf_creative.core import works as works_lib
from tf_creative.worlds.level import rules as level_rules
from tf_creative.worlds.level import tiles

_KEY_COLOUR = 'yellow'


class MapEnv(minigrid_env.MiniGridEnv):
  """One of our levels as an environment of MiniGrid, with MiniGrid's own rules."""

  def __init__(self, level: np.ndarray, max_steps: int, **options):
    self._level = np.asarray(level) % len(tiles.NAMES)
    height, width = self._level.shape
    space = mission.MissionSpace(mission_func=lambda: 'get to the green goal square')
    super().__init__(space, width=width, height=height, max_steps=max_steps, **options)

  def _gen_grid(self, width: int, height: int) -> None:
    self.grid = grid.Grid(width, height)
    locked = bool((self._level == tiles.KEY).any())
    make = {
      tiles.WALL: world_object.Wall,
      tiles.GOAL: world_object.Goal,
      tiles.LAVA: world_object.Lava,
      tiles.DOOR: lambda: world_object.Door(_KEY_COLOUR, is_locked=locked),
      tiles.KEY: lambda: world_object.Key(_KEY_COLOUR),
    }
    for (y, x), tile in np.ndenumerate(self._level):
      if tile in make:
        self.put_obj(make[tile](), x, y)
    y, x = np.argwhere(self._level == tiles.START)[0]
    self.agent_pos, self.agent_dir = (x, y), 0


def played(
  works: works_lib.Works, horizon: int, act: Callable[[dict[str, np.ndarray]], np.ndarray]
) -> np.ndarray:
  """Play all levels in MiniGrid and return the returns [B].

  `act` gets the observations that our world would give, read from the environments that still run.
  """
  levels, labels = np.asarray(works.work), np.asarray(works.label)
  envs = [MapEnv(level, horizon) for level in levels]
  marks = []
  for env in envs:
    env.reset(seed=0)
    marks.append(np.zeros([env.height, env.width], bool))
  returns, alive = np.zeros(len(envs), np.float32), np.arange(len(envs))
  for time in range(horizon):
    seen = np.stack([_read(envs[place], levels[place], marks[place]) for place in alive])
    time_left = np.full(len(alive), horizon - time, np.int32)
    over = np.zeros(len(alive), bool)
    actions = act({'work': seen, 'label': labels[alive], 'time_left': time_left})
    for turn, place in enumerate(alive):
      env, (x, y) = envs[place], envs[place].agent_pos
      _, reward, ended, late, _ = env.step(level_rules.MINIGRID[actions[turn]])
      marks[place][y, x] |= tuple(env.agent_pos) != (x, y)
      returns[place] += reward
      over[turn] = ended or late
    alive = alive[~over]
    if not alive.size:
      break
  return returns


def _read(env: MapEnv, work: np.ndarray, been: np.ndarray) -> np.ndarray:
  """Encode the present state of an environment of MiniGrid as our world's work [H, W]."""
  seen = work % len(tiles.NAMES)
  for y, x in np.argwhere((seen == tiles.DOOR) | (seen == tiles.KEY)):
    cell = env.grid.get(int(x), int(y))
    # 42 marks a changed cell (see `tiles`): here an open door, or a key that was taken.
    seen[y, x] += 42 * (cell is None or (cell.type == 'door' and cell.is_open))  # pyright: ignore[reportAttributeAccessIssue]
  seen += (len(tiles.NAMES) * tiles.BEEN * been).astype(np.uint8)
  x, y = env.agent_pos
  bare = seen[y, x] - len(tiles.NAMES) * tiles.trace(seen[y, x])
  seen[y, x] = bare + len(tiles.NAMES) * (tiles.HERE + env.agent_dir)
  return seen
