"""C51 with a projection that costs as much as there are atoms, not their square."""

from __future__ import annotations

import tensorflow as tf
from tf_agents.agents import tf_agent
from tf_agents.agents.categorical_dqn import categorical_dqn_agent
from tf_agents.utils import common


class C51Agent(categorical_dqn_agent.CategoricalDqnAgent):
  """Learns the distribution of each action's return by C51 (Bellemare et al. 2017).

  TF-Agents' own compares every atom with every other, asks the target network twice, and learns
  from rows that lead from an episode to the next.
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
    odds = tf.nn.softmax(self._target_q_network(later.observation)[0])  # [B, actions, atoms]
    best = tf.argmax(tf.reduce_sum(odds * self._support, -1), -1)
    odds = tf.gather(odds, best, batch_dims=1)
    reward = tf.expand_dims(reward_scale_factor * later.reward, 1)
    goes_on = tf.expand_dims(gamma * later.discount, 1)
    target = project(reward + goes_on * self._support, odds, self._support)
    said = tf.gather(self._q_network(now.observation)[0], taken.action, batch_dims=1)
    error = tf.nn.softmax_cross_entropy_with_logits(tf.stop_gradient(target), said)
    valid = tf.cast(~now.is_last(), tf.float32)
    loss = common.aggregate_losses(per_example_loss=valid * error, sample_weight=weights).total_loss
    return tf_agent.LossInfo(loss, ())


def project(values: tf.Tensor, odds: tf.Tensor, support: tf.Tensor) -> tf.Tensor:
  """Move odds of values [B, N] to the evenly spaced support [N] (equation 7), the mean unchanged.

  Each share goes to the two atoms between which its value lies, more to the nearer one; values
  beyond the support count as its ends.
  """
  count = support.shape[0]
  place = (values - support[0]) / (support[1] - support[0])
  place = tf.clip_by_value(place, 0.0, count - 1.0)
  below = tf.minimum(tf.floor(place), count - 2.0)
  above = odds * (place - below)
  rows = tf.range(tf.shape(values)[0])[:, None] * count
  first = rows + tf.cast(below, tf.int32)
  parts, places = tf.stack([odds - above, above]), tf.stack([first, first + 1])
  return tf.reshape(tf.math.unsorted_segment_sum(parts, places, tf.size(values)), tf.shape(values))
