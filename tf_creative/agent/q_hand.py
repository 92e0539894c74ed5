"""The hand by Q-learning: what it has lived through is learnt from many times."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from tf_creative.agent import batches
from tf_creative.agent import hand as hand_lib
from tf_creative.core import batch as batch_lib
from tf_creative.core import hand as contract
from tf_creative.core import world as world_lib


class QHand(hand_lib.Hand):
  """Learns the value of each action."""

  def __init__(
    self,
    *args,
    weigh: Callable[[batch_lib.Batch], tf.Tensor] | None = None,
    every_action: bool = False,
    **kwargs,
  ):
    """`weigh` gives each run of a batch a weight; `every_action`: the reward of each is told."""
    super().__init__(*args, **kwargs)
    self._weigh, self.lesson = weigh, contract.Lesson(False, every_action)
    # The one whose values are told and painted by.
    self._network = self.learner._q_network
    if self.config.average:
      self._network = self._network.copy(name='AveragedQNetwork')
      self._network.create_variables()

  @property
  def temperature(self) -> float:
    return self.config.temperature if self.config.exploration == 'boltzmann' else 0.0

  @property
  def frames(self) -> int:
    return self.config.n_step + 1

  def epsilon(self) -> tf.Tensor:
    """The share of random actions: falls from 1 in a straight line, and stays."""
    if self.temperature:
      return tf.constant(0.0)
    fall = tf.cast(self.updates, tf.float32) / max(self.config.epsilon_decay, 1)
    return tf.maximum(1 - fall * (1 - self.config.epsilon), self.config.epsilon)

  def _sample(self) -> batch_lib.Batch:
    """Samples runs of n_step + 1 frames, and the rewards of all actions if they are learnt from."""
    batch = batches.from_trajectory(self.replay.sample(self.config.batch_size, self.frames))
    if not self.lesson.every_action:
      return batch
    before = self._world.rules.resume({name: x[:, 0] for name, x in batch.observation.items()})
    rewards = self._world.making.action_rewards(before, self._world.making.goal_values(before))
    rewards += world_lib.side_rewards(self._world, before)
    return batch._replace(action_rewards=tf.repeat(rewards[:, None], self.frames, axis=1))

  def learn(self, batch: batch_lib.Batch) -> dict[str, tf.Tensor]:
    """Makes one update of the Q-network."""
    largest = self._note_rewards(batch)
    weights = self._weigh(batch) if self._weigh else None
    loss = self.learner.train(batches.to_trajectory(batch), weights).loss
    if self.config.average:
      done = tf.cast(self.updates, tf.float32)
      # A long average is slow to leave the first weights, so it starts as a short one.
      rate = 1 - tf.minimum(self.config.average, done / (9 + done))
      for mean, new in zip(self._network.variables, self.learner._q_network.variables, strict=True):
        mean.assign_add(rate * (new - mean))
    return {'loss': loss, 'largest_reward': largest}

  def values(self, observation: dict[str, tf.Tensor]) -> tf.Tensor:
    """Q-values of every action: [B, actions]."""
    return self._expected(self._network(observation)[0])

  def value_of(self, features: tf.Tensor) -> tf.Tensor:
    """The same of a world's features, by the network that learns: [B, actions]."""
    return self._expected(self.learner._q_network.judge(features))

  def _expected(self, values: tf.Tensor) -> tf.Tensor:
    """The values, or the means of their distributions."""
    if self.learner._q_network.num_atoms:
      values = tf.reduce_sum(tf.nn.softmax(values) * self.learner._support, -1)
    return values

  def _behaviour(self):
    return self.learner.policy.wrapped_policy
