"""Transitions as every room sees them; `agent/` alone knows how TF-Agents writes them."""

from __future__ import annotations

from typing import Any, NamedTuple

import tensorflow as tf


class Batch(NamedTuple):
  """Holds runs of remembered frames; every part is [B, T, ...].

  A frame is what was seen, what was done there, and what came of it. The last frame of a run only
  tells what the one before it led to.
  """

  observation: dict[str, tf.Tensor]
  action: tf.Tensor  # int32
  reward: tf.Tensor  # float32
  discount: tf.Tensor  # float32, 0 where the action ended the episode
  first: tf.Tensor  # bool, where an episode begins
  last: tf.Tensor  # bool, where an episode is over: what follows is the first frame of another
  action_rewards: Any = ()  # float32 [B, T, A], the reward of every action; (): nobody asks
  noted: Any = ()  # what the hand noted as it acted, and its learner alone reads

  @property
  def tells_every_action(self) -> bool:
    """Whether it has the rewards of all actions."""
    return not isinstance(self.action_rewards, tuple)


def transitions(
  observation: dict[str, tf.Tensor],
  action: tf.Tensor,
  reward: tf.Tensor,
  following: dict[str, tf.Tensor],
  done: tf.Tensor,
  action_rewards: Any = (),
) -> Batch:
  """Makes runs of two frames [B, 2, ...] from one step of each world [B, ...]."""
  twice = lambda first, second: tf.stack([first, second], 1)  # noqa: E731
  never = tf.zeros_like(done)
  going_on = tf.where(done, 0.0, 1.0)
  return Batch(
    observation=tf.nest.map_structure(twice, observation, following),
    action=twice(action, action),  # of a second frame only what is seen and how it came is read
    reward=twice(reward, reward),
    discount=twice(going_on, going_on),
    first=twice(never, never),
    last=twice(never, done),
    action_rewards=tf.nest.map_structure(lambda part: twice(part, part), action_rewards),
  )


def frames(batch: Batch) -> dict[str, tf.Tensor]:
  """Lists what was seen in all frames of a batch, one after the other: [B x T, ...]."""
  return {name: tf.reshape(x, [-1, *x.shape[2:]]) for name, x in batch.observation.items()}


def by_frame(values: tf.Tensor, batch: Batch) -> tf.Tensor:
  """Folds what was computed of `frames` as the batch has it: [B, T, ...]."""
  return tf.reshape(values, [-1, batch.reward.shape[1], *values.shape[1:]])


def after(batch: Batch) -> dict[str, tf.Tensor]:
  """Picks what was seen after the first step of each run: [B, ...]."""
  return {name: part[:, 1] for name, part in batch.observation.items()}
