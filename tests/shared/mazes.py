"""Levels for tests, and a plain search through them: slow, and as the rules are written."""

from __future__ import annotations

import collections

import numpy as np

from tf_creative.worlds.level import tiles

AHEAD = [(0, 1), (1, 0), (0, -1), (-1, 0)]  # rows and columns; right, down, left, up


def parse(*rows: str) -> np.ndarray:
  return tiles.from_ascii('\n'.join(rows))


def random_levels(count: int, side: int, seed: int) -> np.ndarray:
  """Levels of anything anywhere, walls around: many have no way, some several keys and doors."""
  rng = np.random.default_rng(seed)
  made = np.full([count, side, side], tiles.WALL, np.uint8)
  for level in made:
    rates = rng.dirichlet([6, 2, 0.6, 0.8, 0.5])
    kinds = [tiles.FLOOR, tiles.WALL, tiles.LAVA, tiles.DOOR, tiles.KEY]
    inner = rng.choice(kinds, (side - 2) ** 2, p=rates)
    start, goal = rng.choice(inner.size, 2, replace=False)
    inner[start], inner[goal] = tiles.START, tiles.GOAL
    level[1:-1, 1:-1] = inner.reshape(side - 2, side - 2)
  return made


def shortest(level: np.ndarray) -> list[int] | None:
  """The fewest actions to the goal (left, right, forward, pickup, toggle), or None."""
  cell = {place: int(tile) for place, tile in np.ndenumerate(level)}
  locked = tiles.KEY in cell.values()
  start = next(place for place, tile in cell.items() if tile == tiles.START)
  first = (start, 0, None, frozenset())  # place, direction, the key that was taken, open doors
  came, queue = {first: None}, collections.deque([first])
  while queue:
    state = queue.popleft()
    place, direction, key, doors = state
    if cell[place] == tiles.GOAL:
      actions = []
      while came[state]:
        state, action = came[state]
        actions.append(action)
      return actions[::-1]
    front = (place[0] + AHEAD[direction][0], place[1] + AHEAD[direction][1])
    tile = cell.get(front, tiles.WALL)
    nexts = {
      0: (place, (direction - 1) % 4, key, doors),
      1: (place, (direction + 1) % 4, key, doors),
    }
    if tile in (tiles.FLOOR, tiles.START, tiles.GOAL) or front == key or front in doors:
      nexts[2] = (front, direction, key, doors)
    if tile == tiles.KEY and key is None:
      nexts[3] = (place, direction, front, doors)
    if tile == tiles.DOOR and front not in doors and (key is not None or not locked):
      nexts[4] = (place, direction, key, doors | {front})
    for action, following in nexts.items():
      if following not in came:
        came[following] = (state, action)
        queue.append(following)
  return None
