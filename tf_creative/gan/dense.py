"""Fully connected networks, for works of any shape and works without spatial structure."""

from __future__ import annotations

import math

import keras
import tensorflow as tf

from tf_creative.gan import layers
from tf_creative.gan.config import GanConfig


class Generator(keras.Model):
  def __init__(self, value_shape: tuple[int, ...], num_labels: int, config: GanConfig, seed: int):
    super().__init__(name='generator')
    seeds = layers.Seeds(seed)
    self.num_labels, self.conditional = num_labels, layers.uses_labels(num_labels, config)
    self.value_shape = tuple(value_shape)
    self.hidden = tuple(
      keras.layers.Dense(units, kernel_initializer=seeds.next())
      for units in (2 * config.width, 4 * config.width)
    )
    self.out = keras.layers.Dense(math.prod(value_shape), kernel_initializer=seeds.next())
    self(tf.zeros([1, config.latent_size]), tf.zeros([1], tf.int32))

  def call(self, latents: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    x = layers.with_labels(latents, labels, self.num_labels) if self.conditional else latents
    for hidden in self.hidden:
      x = tf.nn.leaky_relu(hidden(x))
    return tf.reshape(self.out(x), [-1, *self.value_shape])


class Critic(keras.Model):
  def __init__(self, value_shape: tuple[int, ...], num_labels: int, config: GanConfig, seed: int):
    super().__init__(name='critic')
    seeds = layers.Seeds(seed)
    self.size = math.prod(value_shape)
    self.hidden = tuple(
      keras.layers.Dense(units, kernel_initializer=seeds.next())
      for units in (4 * config.width, 2 * config.width)
    )
    self.judge = layers.Judgement(num_labels, layers.uses_labels(num_labels, config), seeds)
    self(tf.zeros([1, *value_shape]), tf.zeros([1], tf.int32))

  def call(self, values: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    x = tf.reshape(values, [-1, self.size])
    for hidden in self.hidden:
      x = tf.nn.leaky_relu(hidden(x))
    return self.judge(x, labels)


NETWORKS = layers.Networks(Generator, Critic)
