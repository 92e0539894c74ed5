"""The imagination: generator, critic and an averaged generator, and the step that teaches them."""

from __future__ import annotations

from collections.abc import Callable
import dataclasses

import tensorflow as tf

from tf_creative import gan as tables
from tf_creative import guard, spec
from tf_creative.gan import critic as critic_lib
from tf_creative.gan import optimizers
from tf_creative.gan.config import GanConfig


class Gan(tf.Module):
  """Owns two generators and a critic; `train_step` is pure graph code, made to be looped."""

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
    self._num_labels = num_labels
    networks = spec.load(tables.NETWORKS, config.network, 'network')
    shape = tuple(value_shape), num_labels, config
    self.generator = networks.generator(*shape, seed=2 * seed)
    self.average = networks.generator(*shape, seed=2 * seed)  # starts equal to the generator
    self.critic = critic_lib.Critic(config, value_shape, num_labels, seed=2 * seed + 1)
    self.generator_optimizer = optimizers.adam(config, self.generator)
    self._guard = guard.Guard('the generator')

  def another_critic(
    self, value_shape: tuple[int, ...], seed: int, **changes: float
  ) -> critic_lib.Critic:
    """A critic of its own kind for who must not use this one; `changes` are of its settings.

    Its scores are those of its running average, which moves less than what learns.
    """
    config = dataclasses.replace(self.config, decay_steps=0, **changes)
    return critic_lib.Critic(config, value_shape, self._num_labels, seed, averaged=True)

  def generate(self, latents: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """Legal works as values [B, *value_shape], imagined by the averaged generator."""
    return self.legal(self.average(latents, labels))

  def score(self, values: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """The critic's logits [B]: the higher, the more like a real work of that label."""
    return self.critic.score(critic_lib.Shown(values, labels))

  def train_step(
    self,
    real: tf.Tensor,
    labels: tf.Tensor,
    latents: tf.Tensor,
    seed: tf.Tensor,
    extra_loss: Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor] | None = None,
  ) -> dict[str, tf.Tensor]:
    """One update of the critic, then one of the generator, on the same imagined works."""
    with tf.GradientTape() as tape:
      fake = self.legal(self.generator(latents, labels))
    still = critic_lib.Shown(tf.stop_gradient(fake), labels)
    metrics = self.critic.train_step(critic_lib.Shown(real, labels), still, seed)
    with tf.GradientTape(watch_accessed_variables=False) as fake_tape:
      fake_tape.watch(fake)
      loss = self.critic.loss.generator(self.score(real, labels), self.score(fake, labels))
    push = fake_tape.gradient(loss, fake)
    metrics['generator_loss'] = loss
    if extra_loss is not None:
      with tf.GradientTape(watch_accessed_variables=False) as extra_tape:
        extra_tape.watch(fake)
        extra = extra_loss(fake, labels, push)
      metrics['extra_loss'] = extra
      push += extra_tape.gradient(extra, fake, unconnected_gradients='zero')
    variables = self.generator.trainable_variables
    gradients = tape.gradient(fake, variables, output_gradients=push)

    def update() -> None:
      decay, optimizer = self.config.ema_decay, self.generator_optimizer
      optimizer.apply(gradients, variables)
      optimizers.follow(self.average, self.generator, decay, optimizer)

    self._guard.apply([loss, *gradients], update)
    return metrics

  @property
  def updates(self) -> tf.Tensor:
    """How often the generator has learnt."""
    return tf.convert_to_tensor(self.generator_optimizer.iterations.value)

  @property
  def generator_variables(self) -> list[tf.Variable]:
    return optimizers.values(self.generator, self.generator_optimizer)

  @property
  def variables(self) -> list[tf.Variable]:
    """All that a checkpoint must hold; tf.Module itself does not see into Keras 3."""
    return self.generator_variables + optimizers.values(self.average) + self.critic.variables
