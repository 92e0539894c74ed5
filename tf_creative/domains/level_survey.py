"""What every action does in every place of a level: a known world can be learnt from as a whole."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tf_creative import types
from tf_creative.domains import level_rules, level_solver, tiles


def survey(
  state: level_rules.State, horizon: int, features: Callable, seed: tf.Tensor
) -> types.Survey:
  """Poses are directions times cells, as `level_solver` counts them.

  What changes is the first key, if there is one to take, or else a door, which the seed draws;
  what the other keys and doors would lead to is not known here.
  """
  height, width = state.work.shape[1:]
  ahead, inside, left, right = level_solver.tables(height, width)
  front = ahead % (height * width)
  flat = tf.cast(tf.reshape(state.work, [-1, height * width]), tf.int32)
  tile, changed = flat % len(tiles.NAMES), tiles.changed(flat) == 1
  key = (tile == tiles.KEY) & ~changed & ~state.carries[:, None]
  door = (tile == tiles.DOOR) & (changed | ~state.locked[:, None] | state.carries[:, None])
  luck = tf.random.stateless_uniform(tf.shape(flat), seed)
  some_key, some_door = tf.reduce_any(key, 1), tf.reduce_any(door, 1)
  turn = tf.where(
    some_key, tf.argmax(key, 1, tf.int32), tf.argmax(tf.where(door, luck, -1.0), 1, tf.int32)
  )
  turns = tf.one_hot(turn, height * width, on_value=True, off_value=False)
  turns &= (some_key | some_door)[:, None]
  after = tf.where(turns, flat + tiles.CODES // 2 * (1 - 2 * tiles.changed(flat)), flat)

  free = tf.gather(level_rules.FREE, flat)
  in_front = lambda cells: tf.gather(cells, front, axis=1) & inside  # noqa: E731
  walks, goal = in_front(free), in_front(tile == tiles.GOAL)
  over = goal | in_front(tile == tiles.LAVA)
  poses = np.arange(len(ahead), dtype=np.int32)
  stay = poses + tf.zeros_like(tf.cast(walks, tf.int32))
  forward = tf.where(walks, ahead, stay)
  changes = lambda cells: tf.where(in_front(cells & turns), stay + len(poses), stay)  # noqa: E731
  follows = [left + 0 * stay, right + 0 * stay, forward, changes(key), changes(door)]
  other = [in_front(cells & ~turns) for cells in (key, door)]
  stands = tf.tile(free & (tile != tiles.GOAL) & (tile != tiles.LAVA), [1, tiles.DIRECTIONS])
  nothing = tf.zeros_like(walks)
  time = state.time + 1
  pay = tf.where(goal, 1 - 0.9 * tf.cast(time / horizon, tf.float32)[:, None], 0.0)
  none = tf.zeros_like(pay)
  late = (time >= horizon)[:, None]
  ends = [late | part for part in (nothing, nothing, over, nothing, nothing)]
  works = [tf.reshape(tf.cast(part, tf.uint8), tf.shape(state.work)) for part in (flat, after)]
  carries = [state.carries, state.carries | some_key]
  look = lambda work, carries, time: features(  # noqa: E731
    state._replace(work=work, carries=carries, time=tf.minimum(time, horizon))
  )
  return types.Survey(
    look(works[0], carries[0], state.time),
    tf.concat([look(*each, time) for each in zip(works, carries, strict=True)], 0),
    tf.stack(follows, -1),
    tf.stack([none, none, pay, none, none], -1),
    ~tf.stack(ends, -1),
    tf.stack([stands & ~part for part in (nothing, nothing, nothing, *other)], -1),
  )
