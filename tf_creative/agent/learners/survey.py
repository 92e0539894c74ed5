"""DQN that learns from a whole world at a time, where that is known."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf
from tf_agents.agents import tf_agent
from tf_agents.agents.dqn import dqn_agent
from tf_agents.utils import common

from tf_creative.core import streams

_GAP = 5.0  # how many times what an action loses is what it is said to lose


class SurveyDqnAgent(dqn_agent.DqnAgent):
  """A remembered moment teaches the values of all actions from wherever the hand might have stood.

  What it does decides which worlds are learnt from. `n_step` exact steps are looked ahead, each
  with the best action by the values so far, before the target network's are trusted: the targets of
  Mnih et al. 2015, for every pose and action at once. After so many steps, double DQN would change
  nothing but the time that a step takes.

  A wrong turn loses little, less than such a network is off by. So losses are enlarged, as by the
  advantage learning of Bellemare et al. 2016 ('Increasing the action gap', equation 6), whose fixed
  point this is: with their alpha of .8, V - Q is 1 / (1 - alpha) = 5 times itself, and V as it was.
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
    pay, goes_on = reward_scale_factor * world.reward, gamma * tf.cast(world.goes_on, tf.float32)
    ahead = lambda worth: pay + goes_on * tf.gather(worth, world.follows, batch_dims=1)  # noqa: E731
    changed = worth[:, values.shape[1] :]
    for _ in range(self._n_step_update - 1):
      worth = tf.concat([tf.reduce_max(ahead(worth), -1), changed], 1)
    targets = ahead(worth)
    best = tf.reduce_max(targets, -1, keepdims=True)
    targets = best - _GAP * (best - targets)
    errors = (td_errors_loss_fn or self._td_errors_loss_fn)(tf.stop_gradient(targets), values)
    # Whatever follows an episode is another one: its last moment teaches as any other.
    known = tf.cast(world.known, tf.float32)
    each = tf.reduce_sum(known * errors, [1, 2]) / tf.maximum(tf.reduce_sum(known, [1, 2]), 1.0)
    loss = common.aggregate_losses(per_example_loss=each, sample_weight=weights).total_loss
    return tf_agent.LossInfo(loss, ())
