"""Exploration: epsilon-greedy or Boltzmann, with random draws that a checkpoint can hold."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf
from tf_agents.policies import tf_policy
from tf_agents.trajectories import policy_step

from tf_creative.core import streams


class Explorer(tf_policy.TFPolicy):
  """Explores with a stream of seeds; TF-Agents' own policies keep random state in op kernels."""

  def __init__(self, policy: tf_policy.TFPolicy, seed: int, epsilon: Callable, temperature: float):
    super().__init__(
      policy.time_step_spec,
      policy.action_spec,
      policy.policy_state_spec,
      policy.info_spec,
      name='Explorer',
    )
    self._policy, self._epsilon, self._temperature = policy, epsilon, temperature
    self._stream = streams.Stream(seed, 'agent/explore')
    self.gate: Callable | None = None  # (observation, action) -> novelty of what follows, [B]
    self.value = tf.Variable(0.0, trainable=False)  # mean of the best Q-values, for the log

  def _variables(self):
    return [*self._policy.variables(), self._stream.count, self.value]

  def _action(self, time_step, policy_state, seed):
    del seed
    # Q-policies (C51's too) return their Q-values as the logits of a categorical distribution.
    step = self._policy.distribution(time_step, policy_state)
    values = step.action.logits_parameter()  # [B, actions]  # pyright: ignore[reportAttributeAccessIssue]
    self.value.assign(tf.reduce_mean(tf.reduce_max(values, -1)))
    count, actions = tf.shape(values)[0], values.shape[1]
    choose, pick, sample = streams.split(self._stream.next(), 3)
    if self._temperature:
      # The Gumbel-max trick: the argmax of logits plus Gumbel noise is a sample of their softmax.
      gumbel = -tf.math.log(-tf.math.log(tf.random.stateless_uniform(tf.shape(values), sample)))
      values = values / self._temperature + gumbel
    best = tf.argmax(values, -1, tf.int32)
    anything = tf.random.stateless_uniform([count], pick, maxval=actions, dtype=tf.int32)
    explores = tf.random.stateless_uniform([count], choose) < self._rates(time_step, best)
    action = tf.cast(tf.where(explores, anything, best), self.action_spec.dtype)  # pyright: ignore[reportAttributeAccessIssue]
    return policy_step.PolicyStep(action, step.state, step.info)

  def _rates(self, time_step, action: tf.Tensor) -> tf.Tensor:
    """Return the probability of a random action in each episode; a gate raises it where novel.

    The gate works by ranks, so that the mean over the episodes stays epsilon.
    """
    epsilon = self._epsilon()
    if self.gate is None:
      return epsilon
    strange = self.gate(time_step.observation, action)
    # An argsort of an argsort is the rank of each element.
    rank = tf.cast(tf.argsort(tf.argsort(strange)), tf.float32)
    middle = (tf.cast(tf.size(strange), tf.float32) - 1) / 2
    swing = tf.minimum(epsilon, 1 - epsilon)
    return epsilon + swing * (rank - middle) / tf.maximum(middle, 1.0)
