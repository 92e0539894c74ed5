"""The imagination: a generator, its running average, a critic, and their training step."""

from __future__ import annotations

import dataclasses
from typing import Any

import tensorflow as tf

from tf_creative import gan as tables
from tf_creative.core import guard, streams
from tf_creative.core import imagination as imagination_lib
from tf_creative.gan import critic as critic_lib
from tf_creative.gan import distort, layers, optimizers
from tf_creative.gan.config import GanConfig


class Gan(tf.Module):
  """Owns a generator, its average and a critic; `train_step` can run in a loop in the graph."""

  def __init__(
    self,
    config: GanConfig,
    subject: imagination_lib.Subject,
    seed: int,
    networks: layers.Networks | None = None,
  ):
    """Take networks other than those that the config names, if given."""
    super().__init__()
    self.config, self._subject = config, subject
    self.code_size, self.batch_size = config.latent_size, config.batch_size
    chosen: layers.Networks = networks or tables.NETWORKS.load(config.network)
    shape = tuple(subject.raw_shape), subject.num_labels, config
    self.generator = chosen.generator(*shape, seed=2 * seed)
    self.average = chosen.generator(*shape, seed=2 * seed)  # starts equal to the generator
    self._describe = subject.describe or (lambda labels: labels)
    judged = config, subject.value_shape, subject.num_labels
    self.critic = critic_lib.Critic(
      *judged, seed=2 * seed + 1, networks=networks, describe=self._describe
    )
    self.bounds_gap = not self.critic.loss.interpolates
    self.generator_optimizer = optimizers.adam(config, self.generator)
    self._guard = guard.Guard('the generator')

  def new_critic(
    self, value_shape: tuple[int, ...], seed: int, **changes: Any
  ) -> critic_lib.Critic:
    """Build an independent critic with the same settings, except `changes`.

    Its scores come from a running average of its weights, which fluctuates less.
    """
    config = dataclasses.replace(self.config, decay_steps=0, **changes)
    judged = config, value_shape, self._subject.num_labels, seed
    return critic_lib.Critic(*judged, averaged=True, describe=self._describe)

  def draw(self, labels: tf.Tensor, seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Draw a code for each label [B]; return the imagined values and the codes [B, code_size]."""
    count = labels.shape[0] or tf.shape(labels)[0]
    codes = tf.random.stateless_normal([count, self.code_size], seed)
    return self.generate(codes, labels), codes

  def generate(self, codes: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """Return legal values [B, *value_shape] from the averaged generator."""
    return self._subject.legal(self.average(codes, self._describe(labels)))

  def score(self, values: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """Return the critic's logits [B], higher for works that look more like real ones."""
    return self.critic.score(critic_lib.Shown(values, labels))

  def train_step(
    self,
    real: tf.Tensor,
    labels: tf.Tensor,
    seeds: tuple[tf.Tensor, tf.Tensor],
    extra_loss: imagination_lib.ExtraLoss | None = None,
  ) -> dict[str, tf.Tensor]:
    """Update the critic, then the generator, on the same imagined works.

    `seeds` are for the codes and for the critic's gradient penalty. Returns scalars for the log.
    """
    of_codes, of_penalty = seeds
    codes = tf.random.stateless_normal([real.shape[0], self.code_size], of_codes)
    # The generator runs once for both updates: this tape is kept until the gradient at `fake` is
    # known, and then leads it back to the generator's weights.
    with tf.GradientTape() as tape:
      fake = self._subject.legal(self.generator(codes, self._describe(labels)))
    with tf.GradientTape(watch_accessed_variables=False) as fake_tape:
      fake_tape.watch(fake)
      seen_real, seen = self._distorted(real, fake, of_penalty)
    still = critic_lib.Shown(tf.stop_gradient(seen), labels)
    metrics = self.critic.train_step(critic_lib.Shown(seen_real, labels), still, of_penalty)
    with fake_tape:
      # Relativistic losses also need the logits of the real works.
      loss = self.critic.loss.generator(self.score(seen_real, labels), self.score(seen, labels))
      loss *= self.config.adversary
    gradient = fake_tape.gradient(loss, fake)
    metrics['generator_loss'] = loss
    if extra_loss is not None:
      with tf.GradientTape(watch_accessed_variables=False) as extra_tape:
        extra_tape.watch(fake)
        extra = extra_loss(fake, labels, gradient)
      metrics['extra_loss'] = extra
      gradient += extra_tape.gradient(extra, fake, unconnected_gradients='zero')  # pyright: ignore[reportCallIssue]
    variables = self.generator.trainable_variables
    gradients = tape.gradient(fake, variables, output_gradients=gradient)  # pyright: ignore[reportCallIssue]

    def update(gradients: list[tf.Tensor]) -> None:
      decay, optimizer = self.config.ema_decay, self.generator_optimizer
      optimizer.apply(gradients, variables)
      optimizers.follow(self.average, self.generator, decay, optimizer)

    self._guard.apply(gradients, update, loss)
    return metrics

  def _distorted(
    self, real: tf.Tensor, fake: tf.Tensor, seed: tf.Tensor
  ) -> tuple[tf.Tensor, tf.Tensor]:
    """Distort a part of both as the critic is to see them; see `distort`."""
    share = self.config.distort
    if not share:
      return real, fake
    # Not the seed itself, by which the critic draws.
    of_real, of_fake = streams.split(tf.random.experimental.stateless_fold_in(seed, 1), 2)  # pyright: ignore[reportAttributeAccessIssue]
    return distort.distort(real, share, of_real), distort.distort(fake, share, of_fake)

  @property
  def updates(self) -> tf.Tensor:
    """Number of updates of the generator."""
    return tf.convert_to_tensor(self.generator_optimizer.iterations.value)  # pyright: ignore[reportOptionalMemberAccess, reportAttributeAccessIssue]

  def weights(self) -> dict[str, tf.Tensor]:
    """Return the weights of generator and critic by name."""
    networks = self.generator, self.critic.network
    return {v.path: v.value for network in networks for v in network.variables}

  @property
  def generator_variables(self) -> list[tf.Variable]:
    return optimizers.values(self.generator, self.generator_optimizer)

  @property
  def variables(self) -> list[tf.Variable]:
    """All variables that a checkpoint must hold; tf.Module does not find those of Keras 3."""
    return self.generator_variables + optimizers.values(self.average) + self.critic.variables
