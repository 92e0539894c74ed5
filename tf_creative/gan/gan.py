"""The imagination: generator, critic and an averaged generator, and the step that teaches them."""

from __future__ import annotations

from collections.abc import Callable

import keras
import tensorflow as tf

from tf_creative import gan as tables
from tf_creative import spec
from tf_creative.gan import losses
from tf_creative.gan.config import GanConfig


class Gan(tf.Module):
  """Owns three networks and two optimizers; `train_step` is pure graph code, made to be looped."""

  def __init__(
    self,
    config: GanConfig,
    value_shape: tuple[int, ...],
    num_labels: int,
    legal: Callable[[tf.Tensor], tf.Tensor],
    seed: int,
  ):
    super().__init__()
    self.config, self.legal = config, legal
    self.loss = spec.load(tables.LOSSES, config.loss, 'loss')
    networks = spec.load(tables.NETWORKS, config.network, 'network')
    shape = tuple(value_shape), num_labels, config
    self.generator = networks.generator(*shape, seed=2 * seed)
    self.average = networks.generator(*shape, seed=2 * seed)  # starts equal to the generator
    self.critic = networks.critic(*shape, seed=2 * seed + 1)
    self.generator_optimizer = self._optimizer(self.generator)
    self.critic_optimizer = self._optimizer(self.critic)

  def _optimizer(self, model: keras.Model) -> keras.Optimizer:
    rate = self.config.learning_rate
    if self.config.decay_steps:
      rate = keras.optimizers.schedules.CosineDecay(rate, self.config.decay_steps, alpha=0.01)
    optimizer = keras.optimizers.Adam(rate, beta_1=self.config.beta_1, beta_2=0.99)
    optimizer.build(model.trainable_variables)
    return optimizer

  def generate(self, latents: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """Legal works as values [B, *value_shape], imagined by the averaged generator."""
    return self.legal(self.average(latents, labels))

  def score(self, values: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """The critic's logits [B]: the higher, the more like a real work of that label."""
    return self.critic(values, labels)

  def train_step(
    self,
    real: tf.Tensor,
    labels: tf.Tensor,
    latents: tf.Tensor,
    seed: tf.Tensor,
    extra_loss: Callable[[tf.Tensor, tf.Tensor], tf.Tensor] | None = None,
  ) -> dict[str, tf.Tensor]:
    """One update of the critic, then one of the generator, on the same imagined works."""
    with tf.GradientTape() as tape:
      fake = self.legal(self.generator(latents, labels))
    metrics = self._train_critic(real, tf.stop_gradient(fake), labels, seed)
    with tf.GradientTape(watch_accessed_variables=False) as fake_tape:
      fake_tape.watch(fake)
      loss = self.loss.generator(self.score(real, labels), self.score(fake, labels))
      metrics['generator_loss'] = loss
      if extra_loss is not None:
        metrics['extra_loss'] = extra_loss(fake, labels)
        loss += metrics['extra_loss']
    variables = self.generator.trainable_variables
    gradients = tape.gradient(fake, variables, output_gradients=fake_tape.gradient(loss, fake))
    self.generator_optimizer.apply(gradients, variables)
    self._update_average()
    return metrics

  def _train_critic(
    self, real: tf.Tensor, fake: tf.Tensor, labels: tf.Tensor, seed: tf.Tensor
  ) -> dict[str, tf.Tensor]:
    with tf.GradientTape() as tape:
      real_logits, fake_logits, penalty = self._judge(real, fake, labels, seed)
      loss = self.loss.critic(real_logits, fake_logits)
      total = loss + penalty
    variables = self.critic.trainable_variables
    self.critic_optimizer.apply(tape.gradient(total, variables), variables)
    return {
      'critic_loss': loss,
      'penalty': penalty,
      'critic_gap': tf.reduce_mean(real_logits) - tf.reduce_mean(fake_logits),
    }

  def _judge(
    self, real: tf.Tensor, fake: tf.Tensor, labels: tf.Tensor, seed: tf.Tensor
  ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """The logits of real and of imagined works, and the penalty on the critic's slope."""
    config, works, twice = self.config, tf.concat([real, fake], 0), tf.concat([labels, labels], 0)
    penalty = tf.constant(0.0)
    if self.loss.interpolates:
      logits = self.score(works, twice)
      between = losses.interpolate(real, fake, seed)
      _, slope = losses.score_and_slope(lambda x: self.score(x, labels), between)
      penalty = losses.one_centred(slope, config.gp)
    elif config.r1 or config.r2:
      # The penalties sit where the logits are needed anyway: one forward pass serves both.
      logits, slope = losses.score_and_slope(lambda x: self.score(x, twice), works)
      real_slope, fake_slope = tf.split(slope, 2)
      penalty = losses.zero_centred(real_slope, config.r1)
      penalty += losses.zero_centred(fake_slope, config.r2)
    else:
      logits = self.score(works, twice)
    return *tf.split(logits, 2), penalty

  def _update_average(self) -> None:
    done = tf.cast(self.generator_optimizer.iterations.value, tf.float32)
    # An average over a long past is slow to leave the first weights, so it starts with a short one.
    rate = 1 - tf.minimum(self.config.ema_decay, (1 + done) / (10 + done))
    for average, new in zip(self.average.variables, self.generator.variables, strict=True):
      average.value.assign_add(rate * (new.value - average.value))

  @property
  def generator_variables(self) -> list[tf.Variable]:
    return _values(self.generator, self.generator_optimizer)

  @property
  def critic_variables(self) -> list[tf.Variable]:
    return _values(self.critic, self.critic_optimizer)

  @property
  def variables(self) -> list[tf.Variable]:
    """All that a checkpoint must hold; tf.Module itself does not see into Keras 3."""
    return self.generator_variables + _values(self.average) + self.critic_variables


def _values(*owners: keras.Model | keras.Optimizer) -> list[tf.Variable]:
  return [variable.value for owner in owners for variable in owner.variables]
