"""Batches of transitions in our own format; only `agent/` knows TF-Agents' Trajectory."""

from __future__ import annotations

from typing import Any, NamedTuple

import tensorflow as tf


class Batch(NamedTuple):
  """Holds sequences of frames from the replay; every field is [B, T, ...].

  A frame is an observation, the action taken there, and the reward and discount that followed. The
  last frame of a sequence only serves as the next observation of the frame before it.
  """

  observation: dict[str, tf.Tensor]
  action: tf.Tensor  # int32
  reward: tf.Tensor  # float32
  discount: tf.Tensor  # float32, 0 where the action ended the episode
  first: tf.Tensor  # bool, where an episode begins
  last: tf.Tensor  # bool, where an episode is over: the next frame belongs to another episode
  action_rewards: Any = ()  # float32 [B, T, A], the reward of every action; (): not known
  noted: Any = ()  # TF-Agents' policy_info, e.g. logits: stored and read by the hand only

  @property
  def tells_every_action(self) -> bool:
    """Whether the batch holds the rewards of all actions, not only of those taken."""
    return not isinstance(self.action_rewards, tuple)


def transitions(
  observation: dict[str, tf.Tensor],
  action: tf.Tensor,
  reward: tf.Tensor,
  following: dict[str, tf.Tensor],
  done: tf.Tensor,
  action_rewards: Any = (),
) -> Batch:
  """Build sequences of two frames [B, 2, ...] from single steps [B, ...]."""
  twice = lambda first, second: tf.stack([first, second], 1)  # noqa: E731
  never = tf.zeros_like(done)
  going_on = tf.where(done, 0.0, 1.0)
  return Batch(
    observation=tf.nest.map_structure(twice, observation, following),
    # Learners read only the observation and `last` of a second frame; the rest is a filler.
    action=twice(action, action),
    reward=twice(reward, reward),
    discount=twice(going_on, going_on),
    first=twice(never, never),
    last=twice(never, done),
    action_rewards=tf.nest.map_structure(lambda part: twice(part, part), action_rewards),
  )


def plus(batch: Batch, reward: tf.Tensor | float) -> Batch:
  """Add a reward that is the same for every action, also to `action_rewards` if they are known.

  It is float32 [B, T], or one number for all frames.
  """
  reward = tf.convert_to_tensor(reward, tf.float32)
  every = tf.nest.map_structure(lambda part: part + reward[..., None], batch.action_rewards)
  return batch._replace(reward=batch.reward + reward, action_rewards=every)


def whole_steps(batch: Batch, count: int) -> Batch:
  """Choose `count` rows whose first frame begins a step; where too few do, some are taken twice.

  A frame after the end of an episode leads nowhere.
  """
  order = tf.argsort(tf.cast(batch.last[:, 0], tf.int32), stable=True)
  whole = tf.maximum(tf.reduce_sum(tf.cast(~batch.last[:, 0], tf.int32)), 1)
  rows = tf.gather(order, tf.range(count) % whole)
  return tf.nest.map_structure(lambda part: tf.gather(part, rows), batch)


def frames(batch: Batch) -> dict[str, tf.Tensor]:
  """Return the observations of all frames with batch and time folded: [B x T, ...]."""
  return {name: tf.reshape(x, [-1, *x.shape[2:]]) for name, x in batch.observation.items()}


def by_frame(values: tf.Tensor, batch: Batch) -> tf.Tensor:
  """Reshape values that were computed from `frames`, [B x T, ...], to [B, T, ...]."""
  return tf.reshape(values, [-1, batch.reward.shape[1], *values.shape[1:]])


def after(batch: Batch) -> dict[str, tf.Tensor]:
  """Return the observations after the first step of each sequence: [B, ...]."""
  return {name: part[:, 1] for name, part in batch.observation.items()}
