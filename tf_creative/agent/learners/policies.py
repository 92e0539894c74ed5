"""Policy and value networks for policy gradients, both wrapped around a Q-network."""

from __future__ import annotations

import tensorflow as tf
import tensorflow_probability as tfp
from tf_agents.networks import network
from tf_agents.utils import nest_utils

from tf_creative.agent.learners import networks


class _Outer(network.Network):
  """Lets a network for batches [B, ...] take sequences [B, T, ...], too."""

  def __init__(self, inner: networks.QNetwork, name: str):
    super().__init__(inner.input_tensor_spec, state_spec=(), name=name)
    self.inner = inner

  def _by_frame(self, observation) -> tf.Tensor:
    outer = nest_utils.get_outer_shape(observation, self.input_tensor_spec)
    rank = nest_utils.get_outer_rank(observation, self.input_tensor_spec)
    fold = lambda part: tf.reshape(part, [-1, *part.shape[rank:]])  # noqa: E731
    values, _ = self.inner(tf.nest.map_structure(fold, observation))
    return tf.reshape(values, tf.concat([outer, values.shape[1:]], 0))


class Policy(_Outer):
  """A categorical policy; the inner network's values are its logits."""

  def __init__(self, inner: networks.QNetwork, action_dtype: tf.DType, name: str = 'Policy'):
    super().__init__(inner, name)
    self._action_dtype = action_dtype

  def call(self, observation, step_type=None, network_state=(), training=False):
    del step_type, training
    logits = self._by_frame(observation)
    return tfp.distributions.Categorical(logits, dtype=self._action_dtype), network_state

  def surprise(self, observation, action: tf.Tensor) -> tf.Tensor:
    """Return -log p(action), the action's share in the entropy: [B, ...]."""
    return -self(observation)[0].log_prob(action)


class Value(_Outer):
  """A state value: the mean over the inner network's actions, so that all its layers are used."""

  def __init__(self, inner: networks.QNetwork, name: str = 'Value'):
    super().__init__(inner, name)

  def call(self, observation, step_type=None, network_state=(), training=False):
    del step_type, training
    return tf.reduce_mean(self._by_frame(observation), -1), network_state

  def judge(self, features: tf.Tensor) -> tf.Tensor:
    """Compute the value from a world's features: [B, 1]."""
    return tf.reduce_mean(self.inner.judge(features), -1, keepdims=True)
