"""MiniGrid's rules in the graph, on batches of levels: turn, walk, take a key, open a door."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tf_creative.worlds.level import tiles

# MiniGrid's actions without drop (4) and done (6), which are of no use in these levels.
ACTIONS = ('left', 'right', 'forward', 'pickup', 'toggle')
LEFT, RIGHT, FORWARD, PICKUP, TOGGLE = range(5)
MINIGRID = np.array([0, 1, 2, 3, 5])  # our action -> MiniGrid's number


class State(NamedTuple):
  work: tf.Tensor  # uint8 [B, H, W], the level with the traces of play, coded as in `tiles`
  place: tf.Tensor  # int32 [B], the cell of the agent, counted row by row
  direction: tf.Tensor  # int32 [B], 0 right, 1 down, 2 left, 3 up
  carries: tf.Tensor  # bool [B], a key
  locked: tf.Tensor  # bool [B], whether doors need a key: so in levels that have a key
  label: tf.Tensor  # int32 [B]
  time: tf.Tensor  # int32 [B], actions done


# Look-up tables over all codes of a cell: a gather is faster than arithmetic on the codes.
_CODE = np.arange(tiles.CODES, dtype=np.int32)
_TILE, _TRACE, _CHANGED = _CODE % len(tiles.NAMES), tiles.trace(_CODE), tiles.changed(_CODE)
_BARE = _CODE - len(tiles.NAMES) * _TRACE  # the code without its trace
_FLIPPED = _CODE + 42 * (1 - 2 * _CHANGED)  # the code of the door or the key after it changed
FREE = (_CHANGED == 1) | ~np.isin(_TILE, [tiles.WALL, tiles.DOOR, tiles.KEY])


def begin(level: tf.Tensor, label: tf.Tensor) -> State:
  """Return the first states: the agent looks right, at the start tile or else in cell 0."""
  bare = level % len(tiles.NAMES)
  flat = tf.reshape(bare, [-1, bare.shape[1] * bare.shape[2]])
  place = tf.argmax(flat == tiles.START, 1, tf.int32)
  here = tf.gather(flat, place, batch_dims=1) + tiles.HERE * len(tiles.NAMES)
  flat = _written(flat, place[:, None], here[:, None])
  locked = tf.reduce_any(flat % len(tiles.NAMES) == tiles.KEY, 1)
  still, no = tf.zeros_like(place), tf.zeros_like(locked)
  return State(tf.reshape(flat, tf.shape(bare)), place, still, no, locked, label, still)


def read(work: tf.Tensor, label: tf.Tensor, time: tf.Tensor) -> State:
  """Rebuild states from works in play, which show all but label and time."""
  flat = tf.cast(tf.reshape(work, [-1, work.shape[1] * work.shape[2]]), tf.int32)
  trace, is_key = tiles.trace(flat), flat % len(tiles.NAMES) == tiles.KEY
  place = tf.argmax(trace >= tiles.HERE, 1, tf.int32)
  direction = tf.maximum(tf.gather(trace, place, batch_dims=1) - tiles.HERE, 0)
  carries = tf.reduce_any(is_key & (tiles.changed(flat) == 1), 1)
  return State(work, place, direction, carries, tf.reduce_any(is_key, 1), label, time)


def step(state: State, action: tf.Tensor, horizon: int) -> tuple[State, tf.Tensor, tf.Tensor]:
  """Return the next states, rewards [B] (1 - 0.9 t/T at the goal, as in MiniGrid), and ends [B]."""
  height, width = state.work.shape[1:]
  flat = tf.reshape(state.work, [-1, height * width])
  ahead = tf.gather(tf.constant(tiles.AHEAD, tf.int32), state.direction)
  row, column = state.place // width + ahead[:, 0], state.place % width + ahead[:, 1]
  inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
  front = tf.where(inside, row * width + column, state.place)
  code = tf.cast(tf.gather(flat, front, batch_dims=1), tf.int32)
  here = tf.cast(tf.gather(flat, state.place, batch_dims=1), tf.int32)
  tile, changed = tf.gather(_TILE, code), tf.gather(_CHANGED, code) == 1

  walks = (action == FORWARD) & inside & tf.gather(FREE, code)
  takes = (action == PICKUP) & inside & (tile == tiles.KEY) & ~changed & ~state.carries
  fits = changed | ~state.locked | state.carries
  turns_door = (action == TOGGLE) & inside & (tile == tiles.DOOR) & fits
  turn = tf.where(action == LEFT, 3, tf.where(action == RIGHT, 1, 0))
  direction = (state.direction + turn) % tiles.DIRECTIONS

  agent = len(tiles.NAMES) * (tiles.HERE + direction)
  # New codes of the agent's cell and of the cell in front of it; they are the same cell where the
  # front is outside, and then both must get the same code.
  left = tf.gather(_BARE, here) + tf.where(walks, len(tiles.NAMES) * tiles.BEEN, agent)
  code = tf.where(takes | turns_door, tf.gather(_FLIPPED, code), code)
  code = tf.where(walks, tf.gather(_BARE, code) + agent, code)
  code = tf.where(inside, code, left)
  codes = tf.cast(tf.stack([left, code], 1), tf.uint8)
  flat = _written(flat, tf.stack([state.place, front], 1), codes)

  time = state.time + 1
  new = State(
    tf.reshape(flat, tf.shape(state.work)),
    tf.where(walks, front, state.place),
    direction,
    state.carries | takes,
    state.locked,
    state.label,
    time,
  )
  won = walks & (tile == tiles.GOAL)
  reward = tf.where(won, 1 - 0.9 * tf.cast(time / horizon, tf.float32), 0.0)
  return new, reward, won | (walks & (tile == tiles.LAVA)) | (time >= horizon)


def trail(work: np.ndarray, actions: np.ndarray, horizon: int) -> tuple[np.ndarray, np.ndarray]:
  """Return the agent's cell after each action, bool [T, H, W], and that cell's code [T]."""
  none = tf.zeros([1], tf.int32)
  state = read(tf.constant(work[None]), none, none)
  marks, codes = np.zeros([len(actions), *work.shape], bool), np.zeros(len(actions), int)
  for time, action in enumerate(actions):
    state, _, _ = step(state, tf.constant([action]), horizon)
    cell = divmod(int(state.place[0]), work.shape[1])
    marks[time][cell], codes[time] = True, state.work[0][cell]
  return marks, codes


def _written(flat: tf.Tensor, cells: tf.Tensor, codes: tf.Tensor) -> tf.Tensor:
  """Return the maps [B, H x W] with new `codes` [B, N] at `cells` [B, N]."""
  rows = tf.range(tf.shape(cells)[0])[:, None] + tf.zeros_like(cells)
  return tf.tensor_scatter_nd_update(flat, tf.stack([rows, cells], -1), codes)
