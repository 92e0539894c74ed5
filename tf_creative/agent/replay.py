"""TF-Agents' uniform replay buffer with random draws that a checkpoint can hold."""

from __future__ import annotations

import tensorflow as tf
from tf_agents.replay_buffers import tf_uniform_replay_buffer

from tf_creative.core import streams


class Replay(tf_uniform_replay_buffer.TFUniformReplayBuffer):
  """Samples by a stream of seeds; storage is TF-Agents': a block of rows for each environment."""

  def __init__(self, data_spec, batch_size: int, max_length: int, seed: int):
    super().__init__(data_spec, batch_size=batch_size, max_length=max_length)
    self._stream = streams.Stream(seed, 'agent/replay')

  def newest(self, num_steps: int):
    """Return the newest frames of every environment in order: [batch_size, num_steps, ...]."""
    last = self._get_last_id()
    frames = last + 1 - num_steps + tf.range(num_steps, dtype=tf.int64)
    frames = tf.maximum(frames, 0) % self._max_length  # repeats frame 0 where there are too few
    blocks = tf.range(self._batch_size, dtype=tf.int64)[:, None]
    return self._data_table.read(frames + blocks * self._max_length)

  def sample(self, count: int, num_steps: int):
    """Sample sequences of frames, uniformly with replacement: [count, num_steps, ...]."""
    last = self._get_last_id()  # number of the newest frame, -1 when empty; it never wraps around
    first = tf.maximum(last + 1 - self._max_length, 0)
    end = last + 2 - num_steps
    which, where = streams.split(self._stream.next(), 2)
    too_few = f'too little to learn from: remember {num_steps} steps, by agent.collect(), and more.'
    with tf.control_dependencies([tf.debugging.Assert(first < end, [too_few])]):
      starts = tf.random.stateless_uniform(
        [count, 1], which, minval=first, maxval=end, dtype=tf.int64
      )
    # The table is flat: row = environment * max_length + frame % max_length, int64 [count, steps].
    blocks = tf.random.stateless_uniform([count, 1], where, maxval=self._batch_size, dtype=tf.int64)
    frames = (starts + tf.range(num_steps, dtype=tf.int64)) % self._max_length
    return self._data_table.read(frames + blocks * self._max_length)
