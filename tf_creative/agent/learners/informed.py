"""Double DQN that is told the pay of every action, not only of the one that was taken."""

from __future__ import annotations

import tensorflow as tf
from tf_agents.agents import tf_agent
from tf_agents.agents.dqn import dqn_agent
from tf_agents.utils import common


class InformedDdqnAgent(dqn_agent.DdqnAgent):
  """Where a world is known, one state teaches the values of all its actions.

  The pays [B, T, actions] come as `policy_info`. What follows an action is known for the one that
  was taken and stands in for the others': exact where the discount is 0, near it where one action
  changes little of what the rest can earn.
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
    now, taken, following = self._as_transition(experience)
    values, _ = self._q_network(now.observation, step_type=now.step_type, training=training)
    targets = reward_scale_factor * taken.info
    if gamma:
      later = self._compute_next_q_values(following, taken.info)
      targets += (gamma * following.discount * later)[:, None]
    errors = (td_errors_loss_fn or self._td_errors_loss_fn)(targets, values)
    valid = tf.cast(~now.is_last(), tf.float32)
    loss = common.aggregate_losses(
      per_example_loss=valid * tf.reduce_mean(errors, -1), sample_weight=weights
    ).total_loss
    return tf_agent.LossInfo(loss, ())
