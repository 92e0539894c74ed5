"""Double DQN that learns from the rewards of all actions, not only of the one taken."""

from __future__ import annotations

import tensorflow as tf
from tf_agents.agents import tf_agent
from tf_agents.agents.dqn import dqn_agent
from tf_agents.utils import common


class InformedDdqnAgent(dqn_agent.DdqnAgent):
  """Learns the Q-values of all actions of a state at once, for worlds with known rules.

  The rewards of all actions, [B, T, actions], come as `policy_info`. The value of the next state is
  known for the taken action only and serves for all others, too: exact where the discount is 0, and
  close where one action hardly changes what later ones can earn.
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
    # target(a) = r(a) + gamma * V(next state of the taken action): float32 [B, actions].
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
