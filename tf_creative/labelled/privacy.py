"""How near imagined examples come to real ones, and whether that betrays what was learnt from."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tf_creative.labelled import features
from tf_creative.labelled.reading import groups
from tf_creative.labelled.reading.sets import Column

_COPY = 0.01  # root mean square difference, of the range; of records, of standard deviations
_MEMBERS, _SHUFFLES = 100, 20  # examples on each side of the test, at most; of its control


class Copies(NamedTuple):
  """Shares of works that nearly repeat a real example, and the nearest of all."""

  copies: float
  near_copies: float
  least: float
  of_real: float  # median distance of real examples from the nearest other one


class Advantage(NamedTuple):
  """The advantage in guessing which examples were learnt from: 0 to 1, and that by chance."""

  found: float
  chance: float


def nearest(
  some: np.ndarray, others: np.ndarray, columns: tuple[Column, ...]
) -> tuple[np.ndarray, np.ndarray]:
  """Return the distance of examples from their nearest of others (rms), and its row."""
  apart = _apart(some, others, columns)
  return apart.min(1), apart.argmin(1)


def _apart(some: np.ndarray, others: np.ndarray, columns: tuple[Column, ...]) -> np.ndarray:
  """Return all distances (rms): [N, M]."""
  if columns:
    encoding = features.Encoding.of(columns, others)
    some, others = encoding.encoded(some), encoding.encoded(others)
  flat, rest = some.reshape(len(some), -1), others.reshape(len(others), -1)
  squared = (flat**2).sum(1)[:, None] + (rest**2).sum(1) - 2 * flat @ rest.T
  return np.sqrt(np.maximum(squared, 0) / flat.shape[1])


def copies(works: np.ndarray, real: np.ndarray, columns: tuple[Column, ...]) -> Copies:
  """Measure how many works are copies of real examples, or near ones."""
  apart, _ = nearest(works, real, columns)
  between = _apart(real[:_MEMBERS], real, columns)
  np.fill_diagonal(between, np.inf)  # an example is not its own neighbour
  return Copies(
    float((apart <= _COPY).mean()),
    float((apart <= groups.NEAR).mean()),
    float(apart.min()),
    float(np.median(between.min(1))),
  )


def advantage(
  learnt: np.ndarray, others: np.ndarray, works: np.ndarray, columns: tuple[Column, ...]
) -> Advantage:
  """Measure how well the distance of the nearest work tells whether an example was learnt from.

  It is the largest difference of true and false positives over all thresholds. Of few examples that
  is never 0, so the mean with shuffled sides is told beside it.
  """
  if not len(works):
    return Advantage(0.0, 0.0)
  count = min(len(learnt), len(others), _MEMBERS)
  apart = np.concatenate([nearest(side[:count], works, columns)[0] for side in (learnt, others)])
  member = np.arange(2 * count) < count
  random = np.random.default_rng(0)
  chance = [_most(apart, random.permutation(member)) for _ in range(_SHUFFLES)]
  return Advantage(_most(apart, member), float(np.mean(chance)))


def _most(apart: np.ndarray, member: np.ndarray) -> float:
  levels = np.sort(apart)
  inside, outside = (
    np.searchsorted(np.sort(apart[side]), levels, 'right') / side.sum()
    for side in (member, ~member)
  )
  return float(max(0.0, (inside - outside).max()))
