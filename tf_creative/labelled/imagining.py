"""Imagines labelled examples: a small class-conditional GAN that learns from n labels a class.

Of pictures it imagines how much of each of their principal components there is, not each pixel: so
it learns from few examples, in seconds, and paints no noise. Its critic sees the pictures, shifted
and cut (differentiable augmentation).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tf_creative.core import imagination as imagination_lib
from tf_creative.core import streams
from tf_creative.gan import config as config_lib
from tf_creative.gan import gan as gan_lib
from tf_creative.labelled.reading.sets import Column

_AT_ONCE = 256  # examples that are imagined in one call
_NOISE = 0.1  # standard deviations, added to the real rows of tables
_FARTHEST = 4.0  # standard deviations of an imagined number
_COMPONENTS = 48  # of pictures
_LEAST = 1e-4  # of a component's standard deviation


class Imagined(NamedTuple):
  """Examples, and how real the critic holds them for."""

  values: np.ndarray  # float32 [N, ...], as the GAN has them: rows of a table are encoded
  labels: np.ndarray  # int64 [N]
  logits: np.ndarray  # float32 [N]


class Imagination:
  """A GAN that is built and traced once, and learns anew from each part of the labels."""

  def __init__(
    self, shape: tuple[int, ...], classes: int, columns: tuple[Column, ...], steps: int, seed: int
  ):
    self._columns, self._steps, self._classes = columns, steps, classes
    pictures = not columns
    self._shape, size = shape, math.prod(shape)
    raw = (min(_COMPONENTS, size),) if pictures else shape
    self._middle = tf.Variable(tf.zeros([size]), trainable=False)
    self._basis = tf.Variable(tf.zeros([raw[0], size]), trainable=False)
    config = config_lib.GanConfig(
      network='dense',
      width=32,
      latent_size=16,
      batch_size=32,
      decay_steps=steps,
      distort=0.8 if pictures else 0.0,
      ema_decay=0.99,
    )
    legal = self._picture if pictures else self._row
    subject = imagination_lib.Subject(shape, classes, legal, raw)
    built = gan_lib.Gan(config, subject, seed)
    self._gan, self._variables = built, built.variables
    self._born = [variable.numpy() for variable in self._variables]
    spec = tf.TensorSpec
    self._train = tf.function(
      self._run,
      input_signature=[spec([None, *shape]), spec([None], tf.int32), spec([2], tf.int32)],
      autograph=False,
    )
    self._draw = tf.function(
      self._drawn,
      input_signature=[spec([_AT_ONCE], tf.int32), spec([2], tf.int32)],
      autograph=False,
    )

  def learn(self, values: np.ndarray, labels: np.ndarray, seed: int) -> None:
    """Forget everything, and learn from these examples [N, ...] alone."""
    for variable, value in zip(self._variables, self._born, strict=True):
      variable.assign(value)
    if not self._columns:
      flat = values.reshape(len(values), -1)
      self._middle.assign(flat.mean(0))
      _, sizes, directions = np.linalg.svd(flat - flat.mean(0), full_matrices=False)
      scaled = np.zeros_like(self._basis.numpy())
      known = min(len(scaled), len(sizes))
      spread = np.maximum(sizes[:known] / len(flat) ** 0.5, _LEAST)
      scaled[:known] = spread[:, None] * directions[:known]
      self._basis.assign(scaled)
    self._train(tf.constant(values, tf.float32), tf.constant(labels, tf.int32), (seed, 0))

  def imagine(self, each: int, seed: int) -> Imagined:
    """Imagine `each` examples of every class, in mixed order."""
    labels = np.tile(np.arange(self._classes), each)
    count = len(labels)
    padded = np.concatenate([labels, np.zeros(-count % _AT_ONCE, labels.dtype)])
    parts = [
      self._draw(padded[start : start + _AT_ONCE].astype(np.int32), (seed, 1 + start))
      for start in range(0, len(padded), _AT_ONCE)
    ]
    values, logits = (np.concatenate([part[i].numpy() for part in parts])[:count] for i in (0, 1))
    return Imagined(values, labels, logits)

  def _run(self, values: tf.Tensor, labels: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    count = self._gan.batch_size

    def step(number: tf.Tensor) -> tuple[tf.Tensor]:
      own = tf.random.experimental.stateless_fold_in(seed, number)  # pyright: ignore[reportAttributeAccessIssue]
      of_rows, of_noise, *pair = streams.split(own, 4)
      rows = tf.random.stateless_uniform([count], of_rows, 0, tf.shape(labels)[0], tf.int32)
      real = tf.gather(values, rows)
      if self._columns:
        real += _NOISE * tf.random.stateless_normal(tf.shape(real), of_noise)
      self._gan.train_step(real, tf.gather(labels, rows), tuple(pair))
      return (number + 1,)

    return tf.while_loop(lambda number: number < self._steps, step, (tf.constant(0),))[0]

  def _drawn(self, labels: tf.Tensor, seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    values, _ = self._gan.draw(labels, seed)
    return values, self._gan.score(values, labels)

  def _picture(self, raw: tf.Tensor) -> tf.Tensor:
    """Return the pictures of which components [B, components] are told, within 0 and 1."""
    pictures = self._middle + raw @ self._basis
    inside = tf.clip_by_value(pictures, 0.0, 1.0)
    # A straight-through gradient: components matter, also where a pixel is at its bound.
    pictures += tf.stop_gradient(inside - pictures)
    return tf.reshape(pictures, [-1, *self._shape])

  def _row(self, raw: tf.Tensor) -> tf.Tensor:
    """Return rows of a table: a head for each column, of numbers or one-hot categories."""
    parts, at = [], 0
    for column in self._columns:
      width = max(len(column.words), 1)
      head = raw[:, at : at + width]
      at += width
      if column.words:
        soft = tf.nn.softmax(head)
        hard = tf.one_hot(tf.argmax(head, -1), width)
        head = soft + tf.stop_gradient(hard - soft)  # a straight-through gradient
      else:
        head = _FARTHEST * tf.tanh(head / _FARTHEST)
      parts.append(head)
    return tf.concat(parts, -1)
