"""Shared parts of all networks: seeded initializers, labels as input, the critic's last layer."""

from __future__ import annotations

from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf


class Networks(NamedTuple):
  """A pair of networks; both constructors take (value_shape, num_labels, config, seed).

  Networks must hold their layers in tuples: tf.train.Checkpoint silently skips layers in a list of
  a Keras 3 model.
  """

  generator: type[keras.Model]
  critic: type[keras.Model]


class Seeds:
  """Makes initializers, each with its own seed derived from one: equal seeds, equal weights."""

  def __init__(self, seed: int):
    self._sequence = np.random.SeedSequence(seed)

  def next(self) -> keras.Initializer:
    [child] = self._sequence.spawn(1)
    return keras.initializers.GlorotUniform(int(child.generate_state(1)[0] >> 1))


def uses_labels(num_labels: int, config) -> bool:
  return config.conditional and num_labels > 1


def with_labels(latents: tf.Tensor, labels: tf.Tensor, num_labels: int) -> tf.Tensor:
  """Append labels as `read` to the codes: [B, latent_size + num_labels]."""
  return tf.concat([latents, read(labels, num_labels)], 1)


def read(labels: tf.Tensor, num_labels: int) -> tf.Tensor:
  """Return labels [B] one-hot, float32 [B, num_labels]; those that are described already stay."""
  return labels if labels.dtype.is_floating else tf.one_hot(labels, num_labels)


class Judgement(keras.layers.Layer):
  """Turns features f into logits: w . f, and, where labels are used, + e(label) . f.

  This is the projection discriminator (Miyato & Koyama 2018, section 3).
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
    # A product with one-hot labels, not a gather: its gradients are dense, and Adam and R1 handle
    # dense gradients faster than sparse ones.
    projected = self.embedding(features) * read(labels, self.num_labels)
    return logits + tf.reduce_sum(projected, 1)
