"""DQN that learns from all poses in a level at once, where the rules are known."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf
from tf_agents.agents import tf_agent
from tf_agents.agents.dqn import dqn_agent
from tf_agents.utils import common

from tf_creative.core import streams

_GAP = 5.0  # the factor of `best - target` in the targets, see SurveyDqnAgent


class SurveyDqnAgent(dqn_agent.DqnAgent):
  """Learns, from each remembered observation, the values of all actions in all poses of its level.

  The hand's own behaviour only decides which levels are in the replay. A target looks `n_step`
  exact steps ahead, each with the best action by the values so far, and then bootstraps from the
  target network: the targets of Mnih et al. 2015, for all poses and actions at once. After so many
  exact steps, double DQN would only make an update slower.

  A wrong turn costs little: less than the error of such a network. So the targets enlarge the gap
  between actions, as does advantage learning (Bellemare et al. 2016, 'Increasing the action gap',
  equation 6). This is its fixed point: with their alpha of .8, V - Q becomes 1 / (1 - alpha) = 5
  times as large, and V stays.
  """

  def __init__(self, *args, survey: Callable, seed: int, **kwargs):
    super().__init__(*args, **kwargs)
    self._survey, self._stream = survey, streams.Stream(seed, 'agent/survey')

  def _loss(
    self,
    experience,
    td_errors_loss_fn=None,
    gamma=1.0,
    reward_scale_factor=1.0,
    weights=None,
    training=False,
  ):
    now, _, _ = self._as_transition(experience)
    world = self._survey(now.observation, self._stream.next())
    values = self._q_network.everywhere(world.now)  # [B, P, A]
    worth = tf.reduce_max(self._target_q_network.everywhere(world.later), -1)  # [2 B, P]
    worth = tf.concat(tf.split(worth, 2), 1)  # [B, 2 P]
    reward, goes_on = reward_scale_factor * world.reward, gamma * tf.cast(world.goes_on, tf.float32)
    ahead = lambda worth: reward + goes_on * tf.gather(worth, world.follows, batch_dims=1)  # noqa: E731
    changed = worth[:, values.shape[1] :]
    for _ in range(self._n_step_update - 1):
      worth = tf.concat([tf.reduce_max(ahead(worth), -1), changed], 1)
    targets = ahead(worth)
    best = tf.reduce_max(targets, -1, keepdims=True)
    targets = best - _GAP * (best - targets)
    errors = (td_errors_loss_fn or self._td_errors_loss_fn)(tf.stop_gradient(targets), values)
    # No frame is left out as TF-Agents does for the last ones: the survey holds what follows here.
    known = tf.cast(world.known, tf.float32)
    each = tf.reduce_sum(known * errors, [1, 2]) / tf.maximum(tf.reduce_sum(known, [1, 2]), 1.0)
    loss = common.aggregate_losses(per_example_loss=each, sample_weight=weights).total_loss
    return tf_agent.LossInfo(loss, ())
