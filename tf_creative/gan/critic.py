"""A critic with its optimizer: tells real works from others, and learns to."""

from __future__ import annotations

import tensorflow as tf

from tf_creative import gan as tables
from tf_creative import spec
from tf_creative.gan import losses, optimizers
from tf_creative.gan.config import GanConfig


class Critic(tf.Module):
  """Owns one network; `train_step` is pure graph code, made to be looped."""

  def __init__(self, config: GanConfig, value_shape: tuple[int, ...], num_labels: int, seed: int):
    super().__init__()
    self.config = config
    self.loss = spec.load(tables.LOSSES, config.loss, 'loss')
    networks = spec.load(tables.NETWORKS, config.network, 'network')
    self.network = networks.critic(tuple(value_shape), num_labels, config, seed=seed)
    self.optimizer = optimizers.adam(config, self.network)

  def score(self, values: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """Logits [B]: the higher, the more like a real work of that label."""
    return self.network(values, labels)

  def train_step(
    self,
    real: tf.Tensor,
    fake: tf.Tensor,
    labels: tf.Tensor,
    seed: tf.Tensor,
    fake_labels: tf.Tensor | None = None,
  ) -> dict[str, tf.Tensor]:
    """One update on as many real as other works, which share their labels if not given others."""
    fake_labels = labels if fake_labels is None else fake_labels
    with tf.GradientTape() as tape:
      real_logits, fake_logits, penalty = self._judge(real, fake, labels, fake_labels, seed)
      loss = self.loss.critic(real_logits, fake_logits)
      total = loss + penalty
    variables = self.network.trainable_variables
    self.optimizer.apply(tape.gradient(total, variables), variables)
    return {
      'critic_loss': loss,
      'penalty': penalty,
      'critic_gap': tf.reduce_mean(real_logits) - tf.reduce_mean(fake_logits),
    }

  def _judge(
    self,
    real: tf.Tensor,
    fake: tf.Tensor,
    labels: tf.Tensor,
    fake_labels: tf.Tensor,
    seed: tf.Tensor,
  ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """The logits of real and of other works, and the penalty on the critic's slope."""
    config, works = self.config, tf.concat([real, fake], 0)
    both, penalty = tf.concat([labels, fake_labels], 0), tf.constant(0.0)
    if self.loss.interpolates:
      logits = self.score(works, both)
      between = losses.interpolate(real, fake, seed)
      _, slope = losses.score_and_slope(lambda x: self.score(x, labels), between)
      penalty = losses.one_centred(slope, config.gp)
    elif config.r1 or config.r2:
      # The penalties sit where the logits are needed anyway: one forward pass serves both.
      logits, slope = losses.score_and_slope(lambda x: self.score(x, both), works)
      real_slope, fake_slope = tf.split(slope, 2)
      penalty = losses.zero_centred(real_slope, config.r1)
      penalty += losses.zero_centred(fake_slope, config.r2)
    else:
      logits = self.score(works, both)
    return *tf.split(logits, 2), penalty

  @property
  def variables(self) -> list[tf.Variable]:
    """All that a checkpoint must hold; tf.Module itself does not see into Keras 3."""
    return optimizers.values(self.network, self.optimizer)
