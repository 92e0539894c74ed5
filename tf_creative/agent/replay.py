"""TF-Agents' uniform replay buffer with random draws that a checkpoint can hold."""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf
from tf_agents.replay_buffers import tf_uniform_replay_buffer
from tf_agents.trajectories import time_step as ts

from tf_creative.core import streams


class Replay(tf_uniform_replay_buffer.TFUniformReplayBuffer):
  """Samples by a stream of seeds; storage is TF-Agents': a block of rows for each environment.

  Of observations that are stacks of frames, only the newest frame is stored: the stack is composed
  from the rows before, when it is read.
  """

  def __init__(self, data_spec, batch_size: int, max_length: int, seed: int, stack: int = 1):
    self._stack = stack
    super().__init__(self.newest_frames(data_spec), batch_size=batch_size, max_length=max_length)
    self._stream = streams.Stream(seed, 'agent/replay')

  @property
  def frame_bytes(self) -> int:
    """Size of a row."""
    specs = tf.nest.flatten(self.data_spec)
    return sum(spec.dtype.size * math.prod(spec.shape) for spec in specs)

  def newest(self, num_steps: int):
    """Return the newest frames of every environment in order: [batch_size, num_steps, ...]."""
    blocks = tf.range(self._batch_size, dtype=tf.int64)[:, None]
    return self._read(self._get_last_id() + 1 - num_steps, num_steps, blocks)

  def sample(self, count: int, num_steps: int):
    """Sample sequences of frames, uniformly with replacement: [count, num_steps, ...]."""
    last = self._get_last_id()  # number of the newest frame, -1 when empty; it never wraps around
    # Where older frames were overwritten, the first ones left lack those that stacks begin with.
    first = tf.maximum(last + self._stack - self._max_length, 0)
    end = last + 2 - num_steps
    which, where = streams.split(self._stream.next(), 2)
    too_few = f'too little to learn from: remember {num_steps} steps, by agent.collect(), and more.'
    with tf.control_dependencies([tf.debugging.Assert(first < end, [too_few])]):
      starts = tf.random.stateless_uniform(
        [count, 1], which, minval=first, maxval=end, dtype=tf.int64
      )
    blocks = tf.random.stateless_uniform([count, 1], where, maxval=self._batch_size, dtype=tf.int64)
    return self._read(starts, num_steps, blocks)

  def add_steps(self, rows: Any) -> None:
    """Add rows [T, B, ...] in one write; of stacks they hold the newest frames alone."""
    steps = rows.reward.shape[0]
    ids = self._increment_last_id(steps) + tf.range(1 - steps, 1, dtype=tf.int64)[:, None]
    places = tf.reshape(self._get_rows_for_id(ids), [-1])
    self._id_table.write(places, tf.repeat(ids, self._batch_size))
    flat = tf.nest.map_structure(lambda part: tf.reshape(part, [-1, *part.shape[2:]]), rows)
    self._data_table.write(places, flat)

  def _add_batch(self, items):
    return super()._add_batch(self.newest_frames(items))

  def _read(self, starts: tf.Tensor, num_steps: int, blocks: tf.Tensor) -> Any:
    """Read sequences that begin at frames `starts` in `blocks` [B, 1]: [B, num_steps, ...].

    Where there is no frame yet, frame 0 is repeated.
    """
    # The table is flat: row = environment * max_length + frame % max_length, int64 [count, steps].
    frames = starts + tf.range(1 - self._stack, num_steps, dtype=tf.int64)
    frames = tf.maximum(frames, 0) % self._max_length
    rows = self._data_table.read(frames + blocks * self._max_length)
    return self._stacked(rows) if self._stack > 1 else rows

  def _stacked(self, rows: Any) -> Any:
    """Compose stacks from rows [B, stack - 1 + T, ...]; they become [B, T, ...]."""
    count, before = tf.shape(rows.step_type)[0], self._stack - 1
    over = (rows.step_type == ts.StepType.LAST)[:, :-1]
    begins = tf.concat([tf.fill([count, 1], False), over], 1)  # the first frame of an episode
    # Places of the newest frames; those of older ones step back, but not out of their episode.
    places = [tf.tile(tf.range(before, rows.step_type.shape[1])[None], [count, 1])]
    for _ in range(before):
      first = tf.gather(begins, places[0], batch_dims=1)
      places.insert(0, places[0] - tf.cast(~first, tf.int32))
    observation = {
      name: tf.concat([tf.gather(part, place, batch_dims=1) for place in places], -1)
      for name, part in rows.observation.items()
    }
    rows = tf.nest.map_structure(lambda part: part[:, before:], rows)
    return rows._replace(observation=observation)

  def newest_frames(self, items: Any) -> Any:
    """Cut the newest frames out of stacked observations, or of their specs."""
    if self._stack == 1:
      return items
    return items._replace(
      observation={name: self._newest_frame(part) for name, part in items.observation.items()}
    )

  def _newest_frame(self, part: Any) -> Any:
    size = part.shape[-1] // self._stack
    if isinstance(part, tf.TensorSpec):
      return tf.TensorSpec([*part.shape[:-1], size], part.dtype, part.name)
    return part[..., -size:]
