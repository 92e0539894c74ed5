"""Finds shortest ways by breadth-first search over cell, direction and key, for many levels."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tf_creative.worlds.level import tiles

_FAR = 1e6  # stands for infinity: longer than any way


class Solution(NamedTuple):
  solvable: tf.Tensor  # bool [B]
  length: tf.Tensor  # int32 [B], actions from the start to the goal; 0 if unsolvable


def solve(level: tf.Tensor) -> Solution:
  """Find the shortest way, in actions, through each level uint8 [B, H, W] before play.

  Distances to the goal spread by one action per iteration. The state does not include which doors
  are open, and the search is still exact: a shortest way never enters a cell twice, because turning
  around is quicker than leaving and coming back. So each door on it costs two actions (toggle,
  walk). The agent can carry only one key: of several keys, each is tried in turn while the others
  block their cells.
  """
  level = level % len(tiles.NAMES)
  flat = tf.transpose(tf.reshape(level, [-1, level.shape[1] * level.shape[2]]))  # [cells, B]
  is_key = flat == tiles.KEY
  order = tf.cumsum(tf.cast(is_key, tf.int32)) * tf.cast(is_key, tf.int32)  # 1 is the first
  start = tf.argmax(flat == tiles.START, 0, tf.int32)
  poses = tables(level.shape[1], level.shape[2])

  def try_key(number: tf.Tensor, best: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    steps = _distances(flat, order == number, poses)
    # The first rows are without a key and facing right: exactly how an episode begins.
    own = tf.gather(tf.transpose(steps), start, batch_dims=1)
    return number + 1, tf.minimum(best, own)

  _, best = tf.while_loop(
    lambda number, _: number <= tf.maximum(tf.reduce_max(order), 1),
    try_key,
    [1, tf.fill([tf.shape(flat)[1]], _FAR)],
  )
  solvable = best < _FAR
  return Solution(solvable, tf.cast(tf.where(solvable, best, 0.0), tf.int32))


def _distances(flat: tf.Tensor, key: tf.Tensor, poses: tuple[np.ndarray, ...]) -> tf.Tensor:
  """Return steps to the goal from all states: [2 (without, with key) x 4 directions x cells, B].

  `key` bool [cells, B] is the key that may be taken.
  """
  ahead, inside, left, right = poses
  front_cell = ahead % (
    len(ahead) // tiles.DIRECTIONS
  )  # the cell ahead, of a pose of any direction

  def turned(steps: tf.Tensor, table: np.ndarray) -> tf.Tensor:
    return tf.gather(steps, np.concatenate([table, table + len(table)]))

  def look(cells: tf.Tensor) -> tf.Tensor:
    return tf.where(inside[:, None], tf.gather(cells, front_cell), _FAR)

  locked = tf.reduce_any(flat == tiles.KEY, 0)[None]
  free = (flat == tiles.FLOOR) | (flat == tiles.START) | (flat == tiles.GOAL)
  open_at = tf.where(flat == tiles.DOOR, 2.0, tf.where(free, 1.0, _FAR))
  without = tf.where((flat == tiles.DOOR) & locked, _FAR, open_at)
  having = tf.where(key, 1.0, open_at)
  # Costs of a step ahead [2 x 4 x cells, B], first without the key, then with it.
  walk = tf.concat([look(without), look(having)], 0)
  takes = look(tf.where(key, 1.0, _FAR))
  at_goal = tf.tile(flat == tiles.GOAL, [2 * tiles.DIRECTIONS, 1])
  steps = tf.where(at_goal, 0.0, _FAR)

  def spread(steps: tf.Tensor, _: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    near = 1 + tf.minimum(turned(steps, left), turned(steps, right))
    near = tf.minimum(near, walk + turned(steps, ahead))
    taken = takes + steps[len(left) :]
    near = tf.minimum(near, tf.concat([taken, tf.fill(tf.shape(taken), _FAR)], 0))
    near = tf.minimum(steps, near)
    return near, tf.reduce_any(near < steps)

  steps, _ = tf.while_loop(lambda _, moving: moving, spread, [steps, True])
  return steps


def tables(height: int, width: int) -> tuple[np.ndarray, ...]:
  """Return tables over poses (direction x cell): the pose ahead, if that is inside, both turns."""
  rows, columns = np.divmod(np.arange(height * width, dtype=np.int32), width)
  ahead, inside = [], []
  for direction, (down, right) in enumerate(tiles.AHEAD):
    row, column = rows + down, columns + right
    inside.append((row >= 0) & (row < height) & (column >= 0) & (column < width))
    place = np.where(inside[-1], row * width + column, 0)
    ahead.append(direction * height * width + place)
  every = np.arange(tiles.DIRECTIONS * height * width, dtype=np.int32).reshape(tiles.DIRECTIONS, -1)
  turns = (np.roll(every, shift, 0).reshape(-1) for shift in (1, -1))
  return np.concatenate(ahead), np.concatenate(inside), *turns
