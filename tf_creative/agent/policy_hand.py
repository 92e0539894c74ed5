"""The hand that learns by policy gradients, on policy (REINFORCE, PPO)."""

from __future__ import annotations

import tensorflow as tf
from tf_agents.trajectories import time_step as ts

from tf_creative.agent import batches, rollout
from tf_creative.agent import hand as hand_lib
from tf_creative.core import batch as batch_lib
from tf_creative.core import hand as contract
from tf_creative.core import spec


class PolicyHand(hand_lib.Hand):
  """Learns a policy and a state value."""

  temperature: float = 1.0  # actions are sampled from the policy itself

  def __init__(self, *args, frames: int, whole: bool, **kwargs):
    """Learn from sequences of `frames`; with `whole`, from full episodes without bootstrapping."""
    self.frames, self._whole = frames, whole
    super().__init__(*args, **kwargs)
    self.lesson = contract.Lesson(True, False, self.config.discount)
    if self.config.average:
      raise spec.SpecError(
        '--agent_average averages a Q-network, which this agent does not have: use 0.'
      )

  def epsilon(self) -> tf.Tensor:
    """Return 0: a policy explores by sampling."""
    return tf.constant(0.0)

  def _sample(self) -> batch_lib.Batch:
    """Return the frames that were just collected, and the one after them."""
    return batches.from_trajectory(self.replay.newest(self.frames))

  def learn(self, batch: batch_lib.Batch) -> dict[str, tf.Tensor]:
    """Update policy and value on one batch."""
    largest = self._note_rewards(batch)
    # Entropy is a part of the reward (as in soft Q-learning), not of the loss. There it would be
    # weighed against normalized advantages, and the entropy of later steps would not count.
    entropy = self.learner.surprise(batch.observation, batch.action)
    batch = batch._replace(reward=batch.reward + self.config.entropy * entropy)
    lesson = rollout.lesson(batches.to_trajectory(batch), self._whole)
    return {
      'loss': self.learner.train(*lesson).loss,
      'entropy': tf.reduce_mean(entropy),
      'largest_reward': largest,
    }

  def values(self, observation: dict[str, tf.Tensor]) -> tf.Tensor:
    """Return the logits of the policy: [B, actions]."""
    step = self.learner.policy.wrapped_policy.distribution(ts.restart(observation, None))
    return step.action.logits_parameter()

  def value_of(self, features: tf.Tensor) -> tf.Tensor:
    """Return the state value of features: [B, 1]."""
    return self.learner.judge(features)

  def _behaviour(self):
    return self.learner.collect_policy
