"""Computes what every action does in every pose of a level, for the agent 'survey'."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tf_creative.core import streams
from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.worlds.level import rules as level_rules
from tf_creative.worlds.level import solver as level_solver
from tf_creative.worlds.level import tiles

_STRIDES, _OFTEN = 2, 1 / 3  # changes (key, door) that `ahead` may make, and how often each


def ahead(state: level_rules.State, seed: tf.Tensor) -> level_rules.State:
  """Take a key or open a door in some of the states, at random.

  So the hand learns values behind a door before it has ever got through one.
  """
  for stride in streams.split(seed, _STRIDES):
    goes, which = streams.split(stride, 2)
    goes = tf.random.stateless_uniform(tf.shape(state.time), goes) < _OFTEN
    state = works_lib.select(goes, _changed(state, _next_change(state, which)), state)
  return state


def survey(
  state: level_rules.State, horizon: int, features: Callable, seed: tf.Tensor
) -> world_lib.Survey:
  """Return the survey of each level; poses are counted as in `level_solver.tables`.

  A survey covers one change of the level: the first key that can be taken, or else a random door.
  Actions on other keys and doors are marked as not known.
  """
  height, width = state.work.shape[1:]
  onward, inside, left, right = level_solver.tables(height, width)
  front = onward % (height * width)
  flat = _flat(state)
  tile = flat % len(tiles.NAMES)
  key, door = _changeable(state)
  turns = _next_change(state, seed)

  free = tf.gather(level_rules.FREE, flat)
  in_front = lambda cells: tf.gather(cells, front, axis=1) & inside  # noqa: E731
  walks, goal = in_front(free), in_front(tile == tiles.GOAL)
  over = goal | in_front(tile == tiles.LAVA)
  poses = np.arange(len(onward), dtype=np.int32)
  # Poses from P on are in the changed level (see core.world.Survey.follows).
  stay = poses + tf.zeros_like(tf.cast(walks, tf.int32))
  forward = tf.where(walks, onward, stay)
  changes = lambda cells: tf.where(in_front(cells & turns), stay + len(poses), stay)  # noqa: E731
  follows = [left + 0 * stay, right + 0 * stay, forward, changes(key), changes(door)]
  other = [in_front(cells & ~turns) for cells in (key, door)]
  stands = tf.tile(free & (tile != tiles.GOAL) & (tile != tiles.LAVA), [1, tiles.DIRECTIONS])
  nothing = tf.zeros_like(walks)
  time = state.time + 1
  reward = tf.where(goal, 1 - 0.9 * tf.cast(time / horizon, tf.float32)[:, None], 0.0)
  none = tf.zeros_like(reward)
  late = (time >= horizon)[:, None]
  ends = [late | part for part in (nothing, nothing, over, nothing, nothing)]
  later = state._replace(time=tf.minimum(time, horizon))
  return world_lib.Survey(
    features(state),
    tf.concat([features(later), features(_changed(later, turns))], 0),
    tf.stack(follows, -1),
    tf.stack([none, none, reward, none, none], -1),
    ~tf.stack(ends, -1),
    tf.stack([stands & ~part for part in (nothing, nothing, nothing, *other)], -1),
  )


def _flat(state: level_rules.State) -> tf.Tensor:
  return tf.cast(tf.reshape(state.work, [-1, state.work.shape[1] * state.work.shape[2]]), tf.int32)


def _changeable(state: level_rules.State) -> tuple[tf.Tensor, tf.Tensor]:
  """Return where a key can be taken, and where a door can be toggled: bool [B, cells] each."""
  flat = _flat(state)
  tile, changed = flat % len(tiles.NAMES), tiles.changed(flat) == 1
  key = (tile == tiles.KEY) & ~changed & ~state.carries[:, None]
  fits = changed | ~state.locked[:, None] | state.carries[:, None]
  return key, (tile == tiles.DOOR) & fits


def _next_change(state: level_rules.State, seed: tf.Tensor) -> tf.Tensor:
  """Choose the one cell that changes, if any: bool [B, cells]."""
  key, door = _changeable(state)
  luck = tf.where(door, tf.random.stateless_uniform(tf.shape(door), seed), -1.0)
  some_key, some_door = tf.reduce_any(key, 1), tf.reduce_any(door, 1)
  cell = tf.where(some_key, tf.argmax(key, 1, tf.int32), tf.argmax(luck, 1, tf.int32))
  here = tf.one_hot(cell, door.shape[1], on_value=True, off_value=False)
  return here & (some_key | some_door)[:, None]


def _changed(state: level_rules.State, cells: tf.Tensor) -> level_rules.State:
  """Return the states with the key taken or the door toggled in these cells."""
  flat = _flat(state)
  takes = tf.reduce_any(cells & (flat % len(tiles.NAMES) == tiles.KEY), 1)
  flat = tf.where(cells, flat + tiles.CODES // 2 * (1 - 2 * tiles.changed(flat)), flat)
  work = tf.reshape(tf.cast(flat, tf.uint8), tf.shape(state.work))
  return state._replace(work=work, carries=state.carries | takes)
