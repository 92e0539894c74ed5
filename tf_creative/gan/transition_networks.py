"""Networks that imagine and judge transitions: of numbers dense, of planes convolutional."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from tf_creative.gan import layers
from tf_creative.gan.config import GanConfig

EXTRA = 2  # numbers of a transition after those of the state: reward and end


class Kind(NamedTuple):
  """What states and actions are like."""

  shape: tuple[int, ...]  # of a state's values
  newest: int  # of the last axis: what a step renews, such as one frame of a stack
  actions: int
  bits: bool  # whether values are 0 or 1, as of planes that show what is where

  @property
  def changed(self) -> tuple[int, ...]:
    """The shape of what a step renews."""
    return *self.shape[:-1], self.newest


class Condition(NamedTuple):
  """What a transition begins with, and, while it is learnt, how it really ended."""

  state: tf.Tensor  # float32 [B, ...]
  action: tf.Tensor  # float32 [B, A], one-hot
  real: Any = ()  # float32 [B, D + 2], as `Transitions` packs it


class Generator(keras.Model):
  """Makes the end of a transition from its beginning and a code."""

  def __init__(self, kind: Kind, shape: tuple[int, ...], _, config: GanConfig, seed: int):
    super().__init__(name='generator')
    seeds = layers.Seeds(seed)
    self.kind = kind
    self.body = _body(kind, config, seeds)
    self.head = keras.layers.Dense(
      EXTRA if _is_planes(kind) else shape[0], kernel_initializer=seeds.next()
    )
    self.paint = _conv(kind.newest, seeds) if _is_planes(kind) else None
    self(tf.zeros([1, config.latent_size]), _blank(kind))

  def call(self, codes: tf.Tensor, condition: Condition) -> tf.Tensor:
    x = _joined(self.kind, condition, codes)
    for layer in self.body:
      x = tf.nn.leaky_relu(layer(x))
    if self.paint is None:
      return self.head(x)
    planes = self.paint(x)
    if self.kind.bits:  # begins at what was there
      planes += 4.0 * condition.state[..., -self.kind.newest :] - 2.0
    return tf.concat([flat(planes), self.head(tf.reduce_mean(x, [1, 2]))], 1)


class Critic(keras.Model):
  """Judges a transition."""

  def __init__(self, kind: Kind, shape: tuple[int, ...], _, config: GanConfig, seed: int):
    super().__init__(name='critic')
    seeds = layers.Seeds(seed)
    self.kind = kind
    self.body = _body(kind, config, seeds)
    self.think = keras.layers.Dense(2 * config.width, kernel_initializer=seeds.next())
    self.judge = keras.layers.Dense(1, kernel_initializer=seeds.next())
    self(tf.zeros([1, *shape]), _blank(kind))

  def call(self, values: tf.Tensor, condition: Condition) -> tf.Tensor:
    x = _joined(self.kind, condition, values[:, -EXTRA:], values[:, :-EXTRA])
    for layer in self.body:
      x = tf.nn.leaky_relu(layer(x))
    if _is_planes(self.kind):
      x = tf.reduce_mean(x, [1, 2])
    return self.judge(tf.nn.leaky_relu(self.think(x)))[:, 0]


def _is_planes(kind: Kind) -> bool:
  return len(kind.shape) == 3


def _body(kind: Kind, config: GanConfig, seeds: layers.Seeds) -> tuple[keras.layers.Layer, ...]:
  """Make the layers that read a condition."""
  if _is_planes(kind):
    return tuple(_conv(config.width, seeds) for _ in range(3))
  return tuple(
    keras.layers.Dense(4 * config.width, kernel_initializer=seeds.next()) for _ in range(2)
  )


def _conv(channels: int, seeds: layers.Seeds) -> keras.layers.Layer:
  return keras.layers.Conv2D(channels, 3, padding='same', kernel_initializer=seeds.next())


def _joined(
  kind: Kind, condition: Condition, numbers: tf.Tensor, changed: tf.Tensor | None = None
) -> tf.Tensor:
  """Join state, action, numbers [B, N] and what was renewed to one input."""
  numbers = tf.concat([condition.action, numbers], 1)
  if not _is_planes(kind):
    return tf.concat([condition.state, numbers, *([] if changed is None else [changed])], 1)
  planes = [condition.state]
  if changed is not None:
    planes.append(tf.reshape(changed, [-1, *kind.changed]))
  planes.append(numbers[:, None, None] + tf.zeros_like(condition.state[..., :1]))
  return tf.concat(planes, -1)


def flat(values: tf.Tensor) -> tf.Tensor:
  return tf.reshape(values, [-1, math.prod(values.shape[1:])])  # pyright: ignore[reportCallIssue]


def _blank(kind: Kind) -> Condition:
  return Condition(tf.zeros([1, *kind.shape]), tf.zeros([1, kind.actions]))
