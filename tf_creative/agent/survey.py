"""DQN that learns from a whole world at a time, where that is known."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf
from tf_agents.agents import tf_agent
from tf_agents.agents.dqn import dqn_agent
from tf_agents.utils import common

from tf_creative import streams


class SurveyDdqnAgent(dqn_agent.DdqnAgent):
  """A remembered moment teaches the values of all actions from wherever the hand might have stood.

  The targets are those of double DQN (van Hasselt et al. 2016), for every pose and action at once
  instead of for those that the hand came by; what it does decides which worlds are learnt from.
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
    trusted = self._target_q_network.everywhere(world.later)  # [2 B, P, A]
    best = tf.argmax(self._q_network.everywhere(world.later), -1)
    worth = tf.gather(trusted, best, batch_dims=2)  # [2 B, P]
    worth = tf.concat(tf.split(worth, 2), 1)  # [B, 2 P]
    later = tf.gather(worth, world.follows, batch_dims=1)
    targets = reward_scale_factor * world.pay + gamma * tf.where(world.goes_on, later, 0.0)
    errors = (td_errors_loss_fn or self._td_errors_loss_fn)(tf.stop_gradient(targets), values)
    # Whatever follows an episode is another one: its last moment teaches as any other.
    known = tf.cast(world.known, tf.float32)
    each = tf.reduce_sum(known * errors, [1, 2]) / tf.maximum(tf.reduce_sum(known, [1, 2]), 1.0)
    loss = common.aggregate_losses(per_example_loss=each, sample_weight=weights).total_loss
    return tf_agent.LossInfo(loss, ())
