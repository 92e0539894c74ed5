"""The optimizer of all hands."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import tensorflow as tf
import tf_keras

from tf_creative.agent import config as config_lib
from tf_creative.core import guard


class Adam(tf_keras.optimizers.legacy.Adam):
  """Adam with a guard; the legacy class, since it updates a variable by one fused op, not ten."""

  def __init__(self, rate: Any):
    super().__init__(rate)
    self.guard = guard.Guard('the hand')

  @property
  def learning_rate(self) -> tf.Tensor:
    """The present rate as a tensor: TF-Agents' PPO reads this and cannot handle a schedule."""
    return self._decayed_lr(tf.float32)  # pyright: ignore[reportReturnType]

  def apply_gradients(self, grads_and_vars: Iterable[tuple[tf.Tensor, tf.Variable]], *_, **__):
    gradients, variables = zip(*grads_and_vars, strict=True)
    update = super().apply_gradients
    self.guard.apply(gradients, lambda means: update(zip(means, variables, strict=True)))


def optimizer(config: config_lib.AgentConfig, variables: list[tf.Variable]) -> Adam:
  """Build the optimizer of some variables, at a rate that may fall."""
  rate = config.learning_rate
  if config.decay_steps:
    rate = tf_keras.optimizers.schedules.CosineDecay(rate, config.decay_steps, alpha=0.01)
  made = Adam(rate)
  # Creates the optimizer's variables now: a tf.function may not create any after its first trace.
  made._create_all_weights(variables)
  return made
