"""A critic with its optimizer: tells real works from others, and learns to."""

from __future__ import annotations

import functools
import math
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from tf_creative import gan as tables
from tf_creative import spec
from tf_creative.gan import layers, losses, optimizers
from tf_creative.gan.config import GanConfig

_READ = 4  # planes that are made of what a critic is told
_READING = 128  # units in between


class Shown(NamedTuple):
  """What a critic judges."""

  values: tf.Tensor  # float32 [B, ...]
  labels: tf.Tensor  # int32 [B]
  told: Any = ()  # float32 [B, N]: what the work is to be, for a critic that is told


class Critic(tf.Module):
  """Owns one network; `train_step` is pure graph code, made to be looped."""

  shown = Shown

  def __init__(
    self,
    config: GanConfig,
    value_shape: tuple[int, ...],
    num_labels: int,
    seed: int,
    told: int = 0,
    averaged: bool = False,
  ):
    super().__init__()
    self.config, self._told = config, told
    self.loss = spec.load(tables.LOSSES, config.loss, 'loss')
    self._shape = tuple(value_shape), num_labels, seed
    self.network = self._build()
    self.optimizer = optimizers.adam(config, self.network)
    self.average = self._build() if averaged else self.network  # who gives the scores

  def _build(self) -> keras.Model:
    value_shape, num_labels, seed = self._shape
    networks = spec.load(tables.NETWORKS, self.config.network, 'network')
    if not self._told:
      return networks.critic(value_shape, num_labels, self.config, seed=seed)
    shape = *value_shape[:-1], value_shape[-1] + _READ
    critic = networks.critic(shape, num_labels, self.config, seed=seed)
    return Reader(critic, value_shape, self._told, seed)

  def score(self, shown: Shown) -> tf.Tensor:
    """Logits [B]: the higher, the more like a real work of that label."""
    return self._logits(self.average, shown)

  def _logits(self, network: keras.Model, shown: Shown) -> tf.Tensor:
    return network(*shown) if self._told else network(*shown[:2])

  def train_step(self, real: Shown, fake: Shown, seed: tf.Tensor) -> dict[str, tf.Tensor]:
    """One update on as many real works as others."""
    with tf.GradientTape() as tape:
      real_logits, fake_logits, penalty = self._judge(real, fake, seed)
      loss = self.loss.critic(real_logits, fake_logits)
      total = loss + penalty
    variables = self.network.trainable_variables
    self.optimizer.apply(tape.gradient(total, variables), variables)
    if self.average is not self.network:
      optimizers.follow(self.average, self.network, self.config.ema_decay, self.optimizer)
    return {
      'critic_loss': loss,
      'penalty': penalty,
      'critic_gap': tf.reduce_mean(real_logits) - tf.reduce_mean(fake_logits),
    }

  def _judge(
    self, real: Shown, fake: Shown, seed: tf.Tensor
  ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """The logits of real and of other works, and the penalty on the critic's slope."""
    config, penalty = self.config, tf.constant(0.0)
    score = functools.partial(self._logits, self.network)
    both = tf.nest.map_structure(lambda *parts: tf.concat(parts, 0), real, fake)
    if self.loss.interpolates:
      logits = score(both)
      between = losses.interpolate(real.values, fake.values, seed)
      _, slope = losses.score_and_slope(lambda x: score(real._replace(values=x)), between)
      penalty = losses.one_centred(slope, config.gp)
    elif config.r1 or config.r2:
      # The penalties sit where the logits are needed anyway: one forward pass serves both.
      judge = lambda x: score(both._replace(values=x))  # noqa: E731
      logits, slope = losses.score_and_slope(judge, both.values)
      real_slope, fake_slope = tf.split(slope, 2)
      penalty = losses.zero_centred(real_slope, config.r1)
      penalty += losses.zero_centred(fake_slope, config.r2)
    else:
      logits = score(both)
    return *tf.split(logits, 2), penalty

  @property
  def variables(self) -> list[tf.Variable]:
    """All that a checkpoint must hold; tf.Module itself does not see into Keras 3."""
    return optimizers.values(*dict.fromkeys([self.network, self.optimizer, self.average]))


class Reader(keras.Model):
  """A critic that pictures what it is told beside what it is shown."""

  def __init__(self, critic: keras.Model, value_shape: tuple[int, ...], told: int, seed: int):
    super().__init__(name='reader')
    seeds = layers.Seeds(seed + 1)
    self.read_shape = (*value_shape[:-1], _READ)
    self.hear = keras.layers.Dense(_READING, kernel_initializer=seeds.next())
    self.picture = keras.layers.Dense(math.prod(self.read_shape), kernel_initializer=seeds.next())
    self.critic = critic
    self(tf.zeros([1, *value_shape]), tf.zeros([1], tf.int32), tf.zeros([1, told]))

  def call(self, values: tf.Tensor, labels: tf.Tensor, told: tf.Tensor) -> tf.Tensor:
    x = self.picture(tf.nn.leaky_relu(self.hear(told)))
    return self.critic(tf.concat([values, tf.reshape(x, [-1, *self.read_shape])], -1), labels)
