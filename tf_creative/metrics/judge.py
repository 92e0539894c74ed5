"""The judge: a small frozen classifier; measures use its features and labels."""

from __future__ import annotations

from collections.abc import Callable
import functools
import io
import os
import pathlib

import keras
import numpy as np
import tensorflow as tf

from tf_creative.core import storage

CLASSIFIER, CONVOLUTIONS = 'classifier', 'random convolutions'
_SEED = 20140610  # fixed, so that all runs of a world are measured by the same judge
_FEATURES = 64
_BATCH, _MIXED = 64, 16  # works in a batch, and mixtures added to it
_STEPS = 800
_TOLD = 50  # steps between reports of progress
_LEARNING_RATE = 2e-3


class Damaged(ValueError):
  """A file holds no judge of these works."""


class Judge:
  """Computes features and labels of works, given as values [N, H, W, C] or [N, T, C].

  `train` fits it to the training split only. It learns one class more than there are labels: two
  works mixed cell by cell. `labels` never returns that class, but without it the features of noise
  lie among those of real works (digits: precision of noise .10 to .47 by seed; with it .01 to .05).

  Where all works have one class, the network is not trained: random convolutional features serve,
  too (Naeem et al. 2020, section 4.3), and show missing modes better than features that only tell
  works from mixtures. Their distances have another scale: compare within one judge only.
  """

  def __init__(self, value_shape: tuple[int, ...], classes: int):
    self.value_shape, self.classes = tuple(map(int, value_shape)), int(classes)
    if len(self.value_shape) not in (2, 3):
      raise ValueError(f'the judge reads values [H, W, C] or [T, C], not {list(value_shape)}.')
    self._trunk = keras.Sequential(_layers(self.value_shape))
    self._head = keras.layers.Dense(self.classes + 1, kernel_initializer=_initializer(99))
    self._trunk.build((None, *self.value_shape))
    self._head.build((None, _FEATURES))
    self._look = tf.function(
      self._features_and_label,
      autograph=False,
      input_signature=[tf.TensorSpec([None, *self.value_shape], tf.float32)],
    )

  @classmethod
  def train(
    cls,
    values,
    labels,
    classes: int | None = None,
    tell: Callable[[int, int], None] = lambda done, total: None,
  ) -> Judge:
    """Train a judge of `classes` labels (default: as many as occur) on real works.

    `tell(done, total)` is called now and then with the number of steps.
    """
    values, labels = np.asarray(values, np.float32), np.asarray(labels, np.int32)
    judge = cls(values.shape[1:], labels.max() + 1 if classes is None else classes)
    if judge.classes > 1:
      _fit(judge, values, labels, tell)
    return judge

  def features(self, values) -> np.ndarray:
    """Return the last hidden layer's output for each work: float32 [N, F]."""
    return self._in_batches(values)[0]

  def labels(self, values) -> np.ndarray:
    """Return the most likely class of each work: int32 [N]."""
    return self._in_batches(values)[1]

  def save(self, path: str | os.PathLike):
    """Write the judge as plain arrays, whole and flushed to the disk."""
    file = io.BytesIO()
    np.savez(file, **self._arrays())
    storage.write(pathlib.Path(path), file.getvalue())

  @classmethod
  def load(cls, path: str | os.PathLike, value_shape: tuple[int, ...], classes: int) -> Judge:
    """Read a judge of such works that `save` wrote, or raise Damaged."""
    judge = cls(value_shape, classes)
    own = judge._arrays()
    try:
      found = storage.read_arrays(pathlib.Path(path), own)
      if any((found[name] != own[name]).any() for name in ('value_shape', 'classes')):
        raise ValueError('it is of other works')
      weights = [found[name] for name in own if name.startswith('weight_')]
      if not all(np.isfinite(weight).all() for weight in weights):
        raise ValueError('its weights are no numbers')
    except Exception as error:  # there are many ways to be damaged, and all have the same cure
      raise Damaged(str(error) or type(error).__name__) from error
    for variable, weight in zip(judge.variables, weights, strict=True):
      variable.assign(weight)
    return judge

  def _arrays(self) -> dict[str, np.ndarray]:
    """Return all that makes this judge, by the names in its file."""
    weights = {f'weight_{i:02d}': v.numpy() for i, v in enumerate(self.variables)}
    return {
      'value_shape': np.array(self.value_shape, np.int64),
      'classes': np.array(self.classes, np.int64),
      **weights,
    }

  @property
  def kind(self) -> str:
    """What the features are of."""
    return CLASSIFIER if self.classes > 1 else CONVOLUTIONS

  @property
  def variables(self) -> list[tf.Variable]:
    return [v.value for v in self._trunk.variables + self._head.variables]

  def logits(self, values: tf.Tensor) -> tf.Tensor:
    """Return a logit for each class, and a last one for mixtures: [N, classes + 1]."""
    return self._head(self._trunk(values))

  def _features_and_label(self, values):
    features = self._trunk(values)
    return features, tf.argmax(self._head(features)[:, : self.classes], -1, tf.int32)

  def _in_batches(self, values, size: int = 1024):
    values = np.asarray(values, np.float32)
    if values.shape[1:] != self.value_shape:
      raise ValueError(f'this judge reads {self.value_shape}, not {values.shape[1:]}.')
    answers = [self._look(values[i : i + size]) for i in range(0, max(len(values), 1), size)]
    return tuple(np.concatenate(parts) for parts in zip(*answers, strict=True))


def _layers(shape: tuple[int, ...]) -> list[keras.layers.Layer]:
  """Build one convolution per level, halving the sides until the shorter one is at most 4."""
  flat = len(shape) == 2
  convolution = keras.layers.Conv1D if flat else keras.layers.Conv2D
  pool = keras.layers.MaxPooling1D if flat else keras.layers.MaxPooling2D
  layers, side = [], min(shape[:-1])

  def look(width):
    drawn = _initializer(len(layers))
    layers.append(
      convolution(width, 3, padding='same', activation='relu', kernel_initializer=drawn)
    )

  look(32)
  while side > 4:
    layers.append(pool(2, padding='same'))
    look(64)
    side = (side + 1) // 2
  look(64)
  # Frechet's distance assumes Gaussian features: linear ones come closer than those after a ReLU.
  drawn = _initializer(len(layers))
  return [*layers, keras.layers.Flatten(), keras.layers.Dense(_FEATURES, kernel_initializer=drawn)]


def _initializer(index: int):
  return keras.initializers.HeNormal(seed=_SEED + index)


def _fit(
  judge: Judge, values: np.ndarray, labels: np.ndarray, tell: Callable[[int, int], None]
) -> None:
  """Train by cross-entropy on works, shifted by up to one cell, and on mixtures of them."""
  spatial = values.ndim - 2
  # Padding repeats the edge, so that a shift needs no notion of a background.
  padded = np.pad(values, [(0, 0)] + [(1, 1)] * spatial + [(0, 0)], mode='edge')
  padded, labels = tf.constant(padded), tf.constant(labels)  # pyright: ignore[reportAssignmentType]
  variables = judge.variables
  optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(_LEARNING_RATE, _STEPS))
  optimizer.build(judge._trunk.trainable_variables + judge._head.trainable_variables)

  def step(number):
    seeds = tf.random.experimental.stateless_split([_SEED, number], 3)  # pyright: ignore[reportAttributeAccessIssue]
    rows = tf.random.stateless_uniform([_BATCH], seeds[0], 0, len(values), tf.int32)
    shift = tf.random.stateless_uniform([spatial], seeds[1], 0, 3, tf.int32)
    works = tf.slice(
      tf.gather(padded, rows), tf.concat([[0], shift, [0]], 0), [_BATCH, *values.shape[1:]]
    )
    ours = tf.random.stateless_uniform([_MIXED, *values.shape[1:-1], 1], seeds[2]) < 0.5
    mixed = tf.where(ours, works[:_MIXED], works[-_MIXED:])
    names = tf.concat([tf.gather(labels, rows), tf.fill([_MIXED], judge.classes)], 0)
    with tf.GradientTape() as tape:
      logits = judge.logits(tf.concat([works, mixed], 0))
      loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(names, logits))
    optimizer.apply(tape.gradient(loss, variables))
    return (number + 1,)

  # The loop over steps runs inside the graph: 50 steps are one call. Without AutoGraph, which
  # writes files and fails where the folder for temporary ones is full.
  @functools.partial(tf.function, autograph=False)
  def steps(first, end):
    tf.while_loop(lambda number: number < end, step, (first,))

  for first in range(0, _STEPS, _TOLD):
    tell(first, _STEPS)
    steps(tf.constant(first), tf.constant(min(first + _TOLD, _STEPS)))
