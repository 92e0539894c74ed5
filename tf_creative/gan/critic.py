"""A critic (discriminator) with its optimizer: learns to tell real works from others."""

from __future__ import annotations

from collections.abc import Callable
import functools
from typing import Any, NamedTuple

import tensorflow as tf

from tf_creative import gan as tables
from tf_creative.core import guard
from tf_creative.gan import layers, losses, optimizers
from tf_creative.gan.config import GanConfig


class Shown(NamedTuple):
  """The input of a critic."""

  values: tf.Tensor  # float32 [B, ...]
  labels: Any  # int32 [B], or another condition: tensors [B, ...]


class Critic(tf.Module):
  """Owns a network, its optimizer, and, if `averaged`, a running average that gives the scores.

  `train_step` uses graph ops only, so that it can run in a loop inside a tf.function.
  """

  shown = Shown

  def __init__(
    self,
    config: GanConfig,
    value_shape: tuple[int, ...],
    num_labels: int,
    seed: int,
    averaged: bool = False,
    networks: layers.Networks | None = None,
    describe: Callable[[Any], Any] | None = None,
  ):
    """Take what describes labels to the network, if it is not to read them as they are."""
    super().__init__()
    self._describe = describe or (lambda labels: labels)
    self.config = config
    self.loss = tables.LOSSES.load(config.loss)
    chosen: layers.Networks = networks or tables.NETWORKS.load(config.network)
    build = functools.partial(chosen.critic, tuple(value_shape), num_labels, config, seed=seed)
    self.network = build()
    self.optimizer = optimizers.adam(config, self.network)
    self._guard = guard.Guard("a coupling's critic" if averaged else "the generator's critic")
    self.average = build() if averaged else self.network

  def score(self, shown: Shown) -> tf.Tensor:
    """Return logits [B], higher for works that look more like real ones of their label."""
    return self.average(shown.values, self._describe(shown.labels))

  def train_step(self, real: Shown, fake: Shown, seed: tf.Tensor) -> dict[str, tf.Tensor]:
    """Make one update on equal numbers of real and other works; return scalars for the log."""
    with tf.GradientTape() as tape:
      real_logits, fake_logits, penalty = self._judge(real, fake, seed)
      loss = self.loss.critic(real_logits, fake_logits)
      total = loss + penalty
    variables = self.network.trainable_variables
    gradients = tape.gradient(total, variables)

    def update(gradients: list[tf.Tensor]) -> None:
      self.optimizer.apply(gradients, variables)
      if self.average is not self.network:
        optimizers.follow(self.average, self.network, self.config.ema_decay, self.optimizer)

    self._guard.apply(gradients, update, total)
    return {
      'critic_loss': loss,
      'penalty': penalty,
      'critic_gap': tf.reduce_mean(real_logits) - tf.reduce_mean(fake_logits),
    }

  def _judge(
    self, real: Shown, fake: Shown, seed: tf.Tensor
  ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Return the logits of real works, of other works, and the gradient penalty."""
    config, penalty = self.config, tf.constant(0.0)
    score = lambda shown: self.network(shown.values, self._describe(shown.labels))  # noqa: E731
    both = tf.nest.map_structure(lambda *parts: tf.concat(parts, 0), real, fake)
    if self.loss.interpolates:
      logits = score(both)
      between = losses.interpolate(real.values, fake.values, seed)
      _, slope = losses.score_and_slope(lambda x: score(real._replace(values=x)), between)
      penalty = losses.one_centred(slope, config.gp)
    elif config.r1 or config.r2:
      # R1 and R2 need gradients at the very works whose logits are needed: one pass gives both.
      judge = lambda x: score(both._replace(values=x))  # noqa: E731
      logits, slope = losses.score_and_slope(judge, both.values)
      real_slope, fake_slope = tf.split(slope, 2)
      penalty = losses.zero_centred(real_slope, config.r1)
      penalty += losses.zero_centred(fake_slope, config.r2)
    else:
      logits = score(both)
    of_real, of_fake = tf.split(logits, 2)
    return of_real, of_fake, penalty

  @property
  def variables(self) -> list[tf.Variable]:
    """All variables that a checkpoint must hold; tf.Module does not find those of Keras 3."""
    return optimizers.values(*dict.fromkeys([self.network, self.optimizer, self.average]))
