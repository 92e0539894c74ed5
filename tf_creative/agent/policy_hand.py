"""The hand by policy gradients: it learns from what it has just done, and from nothing else."""

from __future__ import annotations

import tensorflow as tf
from tf_agents.trajectories import time_step as ts

from tf_creative.agent import batches, rollout
from tf_creative.agent import hand as hand_lib
from tf_creative.core import batch as batch_lib
from tf_creative.core import hand as contract
from tf_creative.core import spec


class PolicyHand(hand_lib.Hand):
  """Learns a policy, and the value of states beside it."""

  lesson = contract.Lesson(on_policy=True, every_action=False)
  temperature: float = 1.0  # a policy is drawn from as it is

  def __init__(self, *args, frames: int, whole: bool, **kwargs):
    """A run has `frames`; where `whole` episodes are learnt from, nothing is bootstrapped."""
    self.frames, self._whole = frames, whole
    super().__init__(*args, **kwargs)
    if self.config.average:
      raise spec.SpecError(
        '--agent_average is of a Q-network, and a policy gradient has none: use 0.'
      )

  def epsilon(self) -> tf.Tensor:
    """None: a policy explores by being drawn from."""
    return tf.constant(0.0)

  def _sample(self) -> batch_lib.Batch:
    """All that was just collected, and the frame after it."""
    return batches.from_trajectory(self.replay.newest(self.frames))

  def learn(self, batch: batch_lib.Batch) -> dict[str, tf.Tensor]:
    """Makes the updates of policy and value by one batch."""
    largest = self._note_rewards(batch)
    # Entropy is rewarded like all else. In the loss it would be weighed against advantages that are
    # divided by their spread, and what is undecided later would count for nothing.
    entropy = self.learner.surprise(batch.observation, batch.action)
    batch = batch._replace(reward=batch.reward + self.config.entropy * entropy)
    lesson = rollout.lesson(batches.to_trajectory(batch), self._whole)
    return {
      'loss': self.learner.train(*lesson).loss,
      'entropy': tf.reduce_mean(entropy),
      'largest_reward': largest,
    }

  def values(self, observation: dict[str, tf.Tensor]) -> tf.Tensor:
    """The logits of the policy: [B, actions]."""
    step = self.learner.policy.wrapped_policy.distribution(ts.restart(observation, None))
    return step.action.logits_parameter()

  def value_of(self, features: tf.Tensor) -> tf.Tensor:
    """What an episode is worth: [B, 1]."""
    return self.learner.judge(features)

  def _behaviour(self):
    return self.learner.collect_policy
