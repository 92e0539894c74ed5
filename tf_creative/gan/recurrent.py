"""Recurrent networks: they read and write a work along its first axis, which is time."""

from __future__ import annotations

import math

import keras
import tensorflow as tf

from tf_creative.gan import layers
from tf_creative.gan.config import GanConfig


class Memory(keras.layers.Layer):
  """A GRU (Cho et al. 2014, section 2.3; reset after the product, as in cuDNN): [B, T, width].

  Not Keras' GRU, because that has a dropout seed which checkpoints miss. It is unrolled, because R1
  and R2 need second derivatives, and a while_loop would store each step's tensors three times.
  """

  def __init__(self, width: int, seeds: layers.Seeds):
    super().__init__()
    self.width = width
    self.hear = keras.layers.Dense(3 * width, kernel_initializer=seeds.next())
    self.recall = self.add_weight((width, 3 * width), seeds.next(), name='recall')

  def call(self, x: tf.Tensor) -> tf.Tensor:
    # keep, reset: the gates; state = keep * state + (1 - keep) * new.
    state, states = tf.zeros([tf.shape(x)[0], self.width]), []
    for heard in tf.unstack(self.hear(x), axis=1):
      keep, reset, new = tf.split(heard, 3, 1)
      keep_too, reset_too, new_too = tf.split(tf.matmul(state, self.recall), 3, 1)
      keep, reset = tf.sigmoid(keep + keep_too), tf.sigmoid(reset + reset_too)
      new = tf.tanh(new + reset * new_too)
      state = new + keep * (state - new)
      states.append(state)
    return tf.stack(states, 1)


class Generator(keras.Model):
  """Turns a code into a plan [B, T, width], from which a GRU writes the work step by step."""

  def __init__(self, value_shape: tuple[int, ...], num_labels: int, config: GanConfig, seed: int):
    super().__init__(name='generator')
    seeds = layers.Seeds(seed)
    self.num_labels, self.conditional = num_labels, layers.uses_labels(num_labels, config)
    self.value_shape = tuple(value_shape)
    self.plan_shape = (value_shape[0], config.width)
    self.plan = keras.layers.Dense(math.prod(self.plan_shape), kernel_initializer=seeds.next())
    self.remember = Memory(config.width, seeds)
    self.out = keras.layers.Dense(math.prod(value_shape[1:]), kernel_initializer=seeds.next())
    self(tf.zeros([1, config.latent_size]), tf.zeros([1], tf.int32))

  def call(self, latents: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    x = layers.with_labels(latents, labels, self.num_labels) if self.conditional else latents
    x = tf.nn.leaky_relu(self.plan(x))
    x = self.remember(tf.reshape(x, [-1, *self.plan_shape]))  # [B, T, width]
    return tf.reshape(self.out(x), [-1, *self.value_shape])


class Critic(keras.Model):
  """Reads a work to its end with a GRU, then judges the final state."""

  def __init__(self, value_shape: tuple[int, ...], num_labels: int, config: GanConfig, seed: int):
    super().__init__(name='critic')
    seeds = layers.Seeds(seed)
    self.steps_shape = (value_shape[0], math.prod(value_shape[1:]))
    self.read = keras.layers.Dense(config.width, kernel_initializer=seeds.next())
    self.remember = Memory(config.width, seeds)
    self.think = keras.layers.Dense(config.width, kernel_initializer=seeds.next())
    self.judge = layers.Judgement(num_labels, layers.uses_labels(num_labels, config), seeds)
    self(tf.zeros([1, *value_shape]), tf.zeros([1], tf.int32))

  def call(self, values: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    x = tf.reshape(values, [-1, *self.steps_shape])
    x = self.remember(tf.nn.leaky_relu(self.read(x)))[:, -1]  # [B, width]
    return self.judge(tf.nn.leaky_relu(self.think(x)), labels)


NETWORKS = layers.Networks(Generator, Critic)
