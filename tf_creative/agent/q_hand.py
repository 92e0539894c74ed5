"""The hand that learns by Q-learning, from its replay or from its newest steps."""

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
    frames: int,
    weigh: Callable[[batch_lib.Batch], tf.Tensor] | None = None,
    on_policy: bool = False,
    every_action: bool = False,
    **kwargs,
  ):
    """Take the frames of a sequence, `weigh`, a weight [B] for each, and what is learnt from."""
    self.frames = frames
    super().__init__(*args, **kwargs)
    self._weigh = weigh
    self.lesson = contract.Lesson(on_policy, every_action, self.config.discount)
    # The network that acts when works are made: a running average, if asked for.
    self._network = self.learner._q_network
    if self.config.average:
      self._network = self._network.copy(name='AveragedQNetwork')
      self._network.create_variables()

  @property
  def temperature(self) -> float:
    return self.config.temperature if self.config.exploration == 'boltzmann' else 0.0

  def epsilon(self) -> tf.Tensor:
    """Return the share of random actions, which falls linearly from 1 and then stays."""
    if self.temperature:
      return tf.constant(0.0)
    fall = tf.cast(self.updates, tf.float32) / max(self.config.epsilon_decay, 1)
    return tf.maximum(1 - fall * (1 - self.config.epsilon), self.config.epsilon)

  def _sample(self) -> batch_lib.Batch:
    """Sample sequences of frames, with the rewards of all actions if it learns them."""
    if self.lesson.on_policy:
      return batches.from_trajectory(self.replay.newest(self.frames))
    batch = batches.from_trajectory(self.replay.sample(self.config.batch_size, self.frames))
    if not self.lesson.every_action:
      return batch
    # Known rules give the reward of every action in the first frame: [B, actions].
    before = self._world.rules.resume({name: x[:, 0] for name, x in batch.observation.items()})
    rewards = self._world.making.action_rewards(before, self._world.making.goal_values(before))
    rewards += world_lib.side_rewards(self._world, before)
    return batch._replace(action_rewards=tf.repeat(rewards[:, None], self.frames, axis=1))

  def learn(self, batch: batch_lib.Batch) -> dict[str, tf.Tensor]:
    """Update the Q-network, once or for some epochs, and its average."""
    largest = self._note_rewards(batch)
    weights = self._weigh(batch) if self._weigh else None
    loss = self.learner.train(batches.to_trajectory(batch), weights).loss
    if self.config.average:
      done = tf.cast(self.updates, tf.float32)
      # A long average would hold on to the initial weights, so it starts short and grows.
      rate = 1 - tf.minimum(self.config.average, done / (9 + done))
      for mean, new in zip(self._network.variables, self.learner._q_network.variables, strict=True):
        mean.assign_add(rate * (new - mean))
    return {'loss': loss, 'largest_reward': largest}

  def values(self, observation: dict[str, tf.Tensor]) -> tf.Tensor:
    """Return the Q-values of every action: [B, actions]."""
    return self._expected(self._network(observation)[0])

  def value_of(self, features: tf.Tensor) -> tf.Tensor:
    """Return the Q-values of features by the network that learns, not the average: [B, actions]."""
    return self._expected(self.learner._q_network.judge(features))

  def _expected(self, values: tf.Tensor) -> tf.Tensor:
    """Return Q-values as they are, or the means of C51's distributions [B, actions, atoms]."""
    if self.learner._q_network.num_atoms:
      values = tf.reduce_sum(tf.nn.softmax(values) * self.learner._support, -1)
    return values

  def _behaviour(self):
    return self.learner.policy.wrapped_policy
