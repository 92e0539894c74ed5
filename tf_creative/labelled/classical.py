"""Classical augmentation: shifts and flips, mixtures of two pictures, SMOTE for tables."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tf_creative.labelled import features
from tf_creative.labelled.reading.sets import Column

WAYS = ('none', 'flips', 'shifts', 'shifts and flips')
_SHIFT = 1 / 16  # of a side
_NEIGHBOURS = 5
_MIX = 0.4  # of the beta distribution by which two pictures are mixed


class Rows(NamedTuple):
  """Examples with weights, to be learnt from."""

  values: np.ndarray
  labels: np.ndarray
  weights: np.ndarray


def weighed(values: np.ndarray, labels: np.ndarray, total: float | None = None) -> Rows:
  """Give all examples one weight: 1, or such that they sum to `total`."""
  count = len(labels)
  weight = 1.0 if total is None else total / max(count, 1)
  return Rows(values, labels, np.full(count, weight))


def joined(*parts: Rows) -> Rows:
  """Concatenate examples."""
  return Rows(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


def copies(rows: Rows, way: str) -> Rows:
  """Add shifted and mirrored copies of pictures; all copies of one weigh what it weighs."""
  shown = [rows.values]
  if 'shifts' in way:
    shown += [_shifted(rows.values, *step) for step in ((1, 0), (-1, 0), (0, 1), (0, -1))]
  if 'flips' in way:
    shown += [one[:, :, ::-1] for one in shown]
  times = len(shown)
  return Rows(
    np.concatenate(shown), np.tile(rows.labels, times), np.tile(rows.weights / times, times)
  )


def _shifted(values: np.ndarray, down: int, right: int) -> np.ndarray:
  """Move pictures by a sixteenth of their side; the edge is repeated."""
  side = values.shape[1]
  step = max(1, round(side * _SHIFT))
  rows, columns = (
    np.clip(np.arange(side) - step * direction, 0, side - 1) for direction in (down, right)
  )
  return values[:, rows][:, :, columns]


def mixed(values: np.ndarray, labels: np.ndarray, count: int, seed: int) -> Rows:
  """Mix pairs of pictures (mixup, Zhang et al. 2018); a mixture counts for both labels in part."""
  random = np.random.default_rng([seed, 3])
  first, second = random.integers(0, len(labels), [2, count])
  share = random.beta(_MIX, _MIX, count)
  of_first = share.reshape([-1] + [1] * (values.ndim - 1))
  both = (of_first * values[first] + (1 - of_first) * values[second]).astype(values.dtype)
  return Rows(
    np.concatenate([both, both]),
    np.concatenate([labels[first], labels[second]]),
    np.concatenate([share, 1 - share]),
  )


def smote(
  values: np.ndarray, labels: np.ndarray, columns: tuple[Column, ...], each: int, seed: int
) -> Rows:
  """Make `each` rows a class between a row and a near one of its class (Chawla et al. 2002).

  Of categories one of both is taken by chance; where either lacks a number, it stays missing.
  """
  random = np.random.default_rng([seed, 4])
  code = features.Encoding.of(columns, values).encoded(values)
  words = np.array([bool(column.words) for column in columns])
  made, of = [], []
  for label in np.unique(labels):
    rows = np.flatnonzero(labels == label)
    apart = ((code[rows, None] - code[rows]) ** 2).sum(-1)
    near = apart.argsort(1, kind='stable')[:, 1 : 1 + _NEIGHBOURS]
    first = random.integers(0, len(rows), each)
    which = random.integers(0, max(near.shape[1], 1), each)
    second = near[first, which] if near.shape[1] else first
    one, other = values[rows[first]], values[rows[second]]
    share = random.random([each, 1])
    between = one + share * (other - one)
    by_chance = np.where(random.random(one.shape) < 0.5, one, other)
    made.append(np.where(words, by_chance, between))
    of.append(np.full(each, label))
  return weighed(np.concatenate(made).astype(values.dtype), np.concatenate(of))
