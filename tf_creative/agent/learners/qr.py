"""Double DQN on the quantiles of returns."""

from __future__ import annotations

import tensorflow as tf
from tf_agents.agents import tf_agent
from tf_agents.agents.dqn import dqn_agent
from tf_agents.utils import common


class QrAgent(dqn_agent.DdqnAgent):
  """Learns quantiles of each action's return by QR-DQN (Dabney et al. 2018), kappa = 1.

  The network's values are the means of its quantiles, so that to act is as in DQN. As in double
  DQN, the network that learns chooses the next action and the target network evaluates it.
  """

  def _loss(
    self,
    experience,
    td_errors_loss_fn=None,
    gamma=1.0,
    reward_scale_factor=1.0,
    weights=None,
    training=False,
  ):
    now, taken, later = self._as_transition(experience)
    best = tf.argmax(self._q_network(later.observation)[0], -1)
    beyond = tf.gather(self._target_q_network.spread(later.observation), best, batch_dims=1)
    reward = tf.expand_dims(reward_scale_factor * later.reward, 1)
    goes_on = tf.expand_dims(gamma * later.discount, 1)
    targets = tf.stop_gradient(reward + goes_on * beyond)  # [B, quantiles]
    said = tf.gather(self._q_network.spread(now.observation), taken.action, batch_dims=1)
    valid = tf.cast(~now.is_last(), tf.float32)
    loss = common.aggregate_losses(
      per_example_loss=valid * huber(said, targets), sample_weight=weights
    ).total_loss
    return tf_agent.LossInfo(loss, ())


def huber(quantiles: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
  """Return the quantile Huber loss of quantiles [B, N] to samples [B, M] (equation 10): [B].

  The sum over the quantiles, each at the middle of its N-th, of the mean over the samples.
  """
  count = quantiles.shape[1]
  middles = (tf.range(count, dtype=tf.float32)[:, None] + 0.5) / count  # [N, 1]
  error = targets[:, None] - quantiles[:, :, None]  # [B, N, M]
  size = tf.abs(error)
  each = tf.where(size > 1, size - 0.5, 0.5 * tf.square(error))
  side = tf.abs(middles - tf.cast(error < 0, tf.float32))
  return tf.reduce_sum(tf.reduce_mean(side * each, 2), 1)
