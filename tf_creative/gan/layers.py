"""What all kinds of networks share: seeded layers, the label beside the code, the last layer."""

from __future__ import annotations

from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf


class Networks(NamedTuple):
  """A kind of networks; both are made from (value_shape, num_labels, config, seed).

  They hold layers in tuples: tf.train.Checkpoint silently leaves out what stands in a Keras 3 list.
  """

  generator: type[keras.Model]
  critic: type[keras.Model]


class Seeds:
  """Initialisers with seeds of their own, all derived from one: same seed, same weights."""

  def __init__(self, seed: int):
    self._sequence = np.random.SeedSequence(seed)

  def next(self) -> keras.Initializer:
    [child] = self._sequence.spawn(1)
    return keras.initializers.GlorotUniform(int(child.generate_state(1)[0] >> 1))


def uses_labels(num_labels: int, config) -> bool:
  return config.conditional and num_labels > 1


def with_labels(latents: tf.Tensor, labels: tf.Tensor, num_labels: int) -> tf.Tensor:
  """Codes with their labels as one-hot vectors beside them."""  # [B, latent_size + num_labels]
  return tf.concat([latents, tf.one_hot(labels, num_labels)], 1)


class Judgement(keras.layers.Layer):
  """Features to logits: w . f, and, where labels are used, + e(label) . f.

  The projection discriminator (Miyato & Koyama 2018, section 3).
  """

  def __init__(self, num_labels: int, conditional: bool, seeds: Seeds):
    super().__init__()
    self.realism = keras.layers.Dense(1, kernel_initializer=seeds.next())
    self.num_labels = num_labels
    self.embedding = None
    if conditional:
      self.embedding = keras.layers.Dense(
        num_labels, use_bias=False, kernel_initializer=seeds.next()
      )

  def call(self, features: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    logits = self.realism(features)[:, 0]
    if self.embedding is None:
      return logits
    # A dense product, not a gather: its gradients are dense, which Adam and R1 take at full speed.
    projected = self.embedding(features) * tf.one_hot(labels, self.num_labels)
    return logits + tf.reduce_sum(projected, 1)
