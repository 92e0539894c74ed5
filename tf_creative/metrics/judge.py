"""The judge: a small frozen network; measures use its features and labels."""

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

CLASSIFIER, UNTAUGHT = 'classifier', 'self-supervised'  # kinds of judges
_SEED = 20140610  # fixed, so that all runs of a world are measured by the same judge
_FEATURES = 64
_BATCH, _MIXED = 64, 16  # works in a batch, and mixtures added to it
_POSED = (22, 21, 21)  # of a batch without classes: as they are, turned over, taken apart
_STEPS = 800
_LEAST = 1e-6  # spread of features, where all works are alike
_TOLD = 50  # steps between reports of progress
_LEARNING_RATE = 2e-3


class Damaged(ValueError):
  """A file holds no judge of these works."""


class Judge:
  """Computes features and labels of works, given as values [N, H, W, C] or [N, T, C].

  `train` fits it to the training split only. It learns one class more than there are labels: two
  works mixed cell by cell. `labels` never returns that class, but without it the features of noise
  lie among those of real works (digits: precision of noise .10 to .47 by seed; with it .01 to .05).

  Where all works have one class, it learns to tell them from those that are turned over, taken
  apart and mixed, and its features stand beside random convolutional ones (Naeem et al. 2020,
  section 4.3). The first see noise, the second missing modes; alone, either misses what the other
  sees (docs/concepts/judging.md). Their distances have another scale: compare within one judge.
  """

  def __init__(self, value_shape: tuple[int, ...], classes: int):
    self.value_shape, self.classes = tuple(map(int, value_shape)), int(classes)
    if len(self.value_shape) not in (2, 3):
      raise ValueError(f'the judge reads values [H, W, C] or [T, C], not {list(value_shape)}.')
    self._trunk = keras.Sequential(_layers(self.value_shape))
    self.kinds = self.classes if self.classes > 1 else len(_POSED)  # that it learns to tell apart
    self._head = keras.layers.Dense(self.kinds + 1, kernel_initializer=_initializer(99))
    self._trunk.build((None, *self.value_shape))
    self._head.build((None, _FEATURES))
    self._beside = self._scale = None  # random convolutions, and what makes both alike in size
    if self.classes == 1:
      self._beside = keras.Sequential(_layers(self.value_shape, first=200))
      self._beside.build((None, *self.value_shape))
      self._scale = tf.Variable(tf.ones([2]), trainable=False)
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
    _fit(judge, values, labels, tell)
    if judge._scale is not None:
      features = np.split(judge.features(values), 2, axis=1)
      judge._scale.assign([1 / max(np.sqrt(each.var(0).sum()), _LEAST) for each in features])
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
    return CLASSIFIER if self.classes > 1 else UNTAUGHT

  @property
  def variables(self) -> list[tf.Variable]:
    """All that is kept: what was learnt first."""
    rest = [] if self._beside is None else [*(v.value for v in self._beside.variables), self._scale]
    return [*self.learnt, *rest]

  @property
  def learnt(self) -> list[tf.Variable]:
    return [v.value for v in self._trunk.variables + self._head.variables]

  def logits(self, values: tf.Tensor) -> tf.Tensor:
    """Return a logit for each kind, and a last one for mixtures: [N, kinds + 1]."""
    return self._head(self._trunk(values))

  def _features_and_label(self, values):
    features = self._trunk(values)
    label = tf.argmax(self._head(features)[:, : self.classes], -1, tf.int32)
    if self._beside is not None and self._scale is not None:
      both = (features * self._scale[0], self._beside(values) * self._scale[1])
      features = tf.concat(both, 1)
    return features, label

  def _in_batches(self, values, size: int = 1024):
    values = np.asarray(values, np.float32)
    if values.shape[1:] != self.value_shape:
      raise ValueError(f'this judge reads {self.value_shape}, not {values.shape[1:]}.')
    answers = [self._look(values[i : i + size]) for i in range(0, max(len(values), 1), size)]
    return tuple(np.concatenate(parts) for parts in zip(*answers, strict=True))


def _layers(shape: tuple[int, ...], first: int = 0) -> list[keras.layers.Layer]:
  """Build one convolution per level, halving the sides until the shorter one is at most 4."""
  flat = len(shape) == 2
  convolution = keras.layers.Conv1D if flat else keras.layers.Conv2D
  pool = keras.layers.MaxPooling1D if flat else keras.layers.MaxPooling2D
  layers, side = [], min(shape[:-1])

  def look(width):
    drawn = _initializer(first + len(layers))
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
  drawn = _initializer(first + len(layers))
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
  variables = judge.learnt
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
    named = tf.gather(labels, rows)
    if judge.classes == 1:
      works, named = _posed(works)
    names = tf.concat([named, tf.fill([_MIXED], judge.kinds)], 0)
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


def _posed(works: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
  """Turn some works over, and swap the halves of others along each side; number the three kinds."""
  plain, over, apart = tf.split(works, _POSED)
  axes = range(1, len(works.shape) - 1)
  apart = tf.roll(apart, [works.shape[axis] // 2 for axis in axes], list(axes))
  return tf.concat([plain, tf.reverse(over, [1]), apart], 0), tf.repeat(tf.range(3), _POSED)
