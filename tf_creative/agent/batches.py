"""Converts TF-Agents' trajectories to our batches, and back."""

from __future__ import annotations

import tensorflow as tf
from tf_agents.trajectories import time_step as ts
from tf_agents.trajectories import trajectory

from tf_creative.core import batch as batch_lib


def from_trajectory(frames: trajectory.Trajectory) -> batch_lib.Batch:
  """Convert frames from the replay, [B, T, ...], to a batch."""
  return batch_lib.Batch(
    observation=frames.observation,
    action=frames.action,
    reward=frames.reward,
    discount=frames.discount,
    first=frames.step_type == ts.StepType.FIRST,
    last=frames.step_type == ts.StepType.LAST,
    noted=frames.policy_info,
  )


def to_trajectory(batch: batch_lib.Batch) -> trajectory.Trajectory:
  """Convert a batch to frames for TF-Agents' learners; `action_rewards` go into policy_info."""
  step_type = tf.where(batch.last, ts.StepType.LAST, ts.StepType.MID)
  step_type = tf.where(batch.first, ts.StepType.FIRST, step_type)
  # The frame after the last one is not in the batch; no learner reads its type, but the field must
  # be there.
  following = tf.where(batch.discount[:, -1:] > 0, ts.StepType.MID, ts.StepType.LAST)
  return trajectory.Trajectory(
    step_type=step_type,
    observation=batch.observation,
    action=batch.action,
    policy_info=batch.action_rewards if batch.tells_every_action else batch.noted,
    next_step_type=tf.concat([step_type[:, 1:], following], 1),
    reward=batch.reward,
    discount=batch.discount,
  )
