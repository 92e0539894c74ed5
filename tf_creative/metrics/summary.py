"""Computes all measures of a set of works at once, with one judge."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from tf_creative.core import works as works_lib
from tf_creative.metrics import (
  creativity,
  frechet,
  judge,
  kernel,
  likeness,
  neighbours,
  usefulness,
)

_NEIGHBOURS = 5  # to which the balls of precision and coverage reach
_PAIR, _THREE = 2, 3  # works that a distance needs on both sides, and the kernel distance


class Look(NamedTuple):
  """Works with the judge's features and the nearest training works: computed once, used often."""

  work: np.ndarray  # [N, ...] as stored
  values: np.ndarray  # float32 [N, ...]
  label: np.ndarray  # int32 [N], the label asked for
  seen: np.ndarray  # int32 [N], the label that the judge recognizes
  features: np.ndarray  # float32 [N, F]
  away: np.ndarray  # float64 [N], distance to the nearest training work
  place: np.ndarray  # int64 [N], index of that training work
  like: np.ndarray  # float64 [N], share of cells equal to the likest training work
  twin: np.ndarray  # int64 [N], index of that training work

  @property
  def recognised(self) -> np.ndarray:
    return self.seen == self.label

  @property
  def near_copy(self) -> np.ndarray:
    return self.like >= likeness.NEAR

  def at(self, rows) -> Look:
    """Return some of the works: those at `rows`."""
    return Look(*(part[rows] for part in self))


def look(
  works: works_lib.Works, to_values: Callable, eyes: judge.Judge, training: Look | None = None
) -> Look:
  """Look at `works` with the judge `eyes`; omit `training` for the training split itself."""
  work, values = np.asarray(works.work), np.asarray(to_values(works.work))
  if work.shape[1:] != values.shape[1:-1]:  # not one number for each cell
    work = work.reshape(len(work), -1)
  features, label = eyes.features(values), np.asarray(works.label)
  if training is None:
    away, place = np.zeros(len(label)), np.arange(len(label))
    like, twin = np.ones(len(label)), place
  else:
    away, place = neighbours.nearest(features, training.features)
    like, twin = likeness.nearest(work, values, training.work, training.values, place[:, None])
  return Look(work, values, label, eyes.labels(values), features, away, place, like, twin)


def imagination(
  works: Look, held_out: Look, training: Look, k: int = _NEIGHBOURS
) -> dict[str, float]:
  """Measure how real, varied, correctly labelled, new and useful `works` are.

  Distances are to held-out real works: to the training split, a generator that memorizes would win.
  They are biased by the sizes n of `works` and m of `held_out`, so all rows of a table need about
  the same n and m (`halves` makes them equal) and a reference row: the training split, passed as
  `works`. Its `copies` and `near_copies` are 1, and its `novelty` and `authenticity` are 0 by
  construction; for those, compare with held-out works, and with a novelty of 1. With labels as
  frequent as the real ones (a stratified split), `kernel` may be negative, because its estimate
  assumes independent draws.

  What so few works cannot tell is left out; `shortfall` says what that is.
  """
  numbers = _distances(works, held_out, k)
  if min(len(works.label), len(held_out.label)) >= _PAIR:
    numbers['diversity'] = neighbours.diversity(
      works.features, works.label, held_out.features, held_out.label
    )
  numbers |= {
    'label_accuracy': float(works.recognised.mean()),
    'train_on_synthetic': usefulness.train_on_synthetic(
      works.values, works.label, held_out.values, held_out.label
    ),
    'copies': neighbours.copies(works.work, training.work),
    'near_copies': float(works.near_copy.mean()),
    'novelty': neighbours.novelty(works.away, held_out.away),
  }
  if len(training.label) >= _PAIR:
    numbers['authenticity'] = neighbours.authenticity(works.away, works.place, training.features)
  return numbers


def shortfall(works: int, held_out: int) -> list[str]:
  """Say what so many works and held-out works cannot tell: a line each; none if they are enough."""
  lines, half = [], min(works, held_out // 2)
  for where, count in (
    (f'{works:,} works against {held_out:,} held-out ones', min(works, held_out)),
    (f'at equal size, {half:,} against {half:,}', half),
  ):
    if count < _PAIR:
      lines.append(f'{where}: too few for any distance, which are left out')
    elif count <= _NEIGHBOURS:
      rest = '' if count >= _THREE else '; too few for the kernel distance, which is left out'
      lines.append(f'{where}: {count - 1} of {_NEIGHBOURS} nearest neighbours are counted{rest}')
  return lines


def halves(
  works: Look | None,
  held_out: Look,
  most: int | None = None,
  repeats: int = 8,
  k: int = _NEIGHBOURS,
  seed: int = 0,
) -> dict[str, float]:
  """Measure distances and creativity with equal numbers of works on both sides.

  Frechet distance, density and coverage depend on these numbers, so 1500 imagined works against 360
  real ones cannot be compared with any score of real works. Here the held-out works are split at
  random into halves. One is the reference; as many of `works` are measured against it. With None
  for `works`, the other half is measured: the score of new real works.

  Each measure is a mean over `repeats` splits, with a standard deviation as `name_spread`, which
  shows the effect of the choice of works, not of a run's seed. The splits depend on `seed` only, so
  rows of a table are paired. Where some source has fewer works than a half, set `most` to that.
  What so few works cannot tell is left out.
  """
  cuts = [np.random.default_rng([seed, index]) for index in range(repeats)]
  measured = [_half(works, held_out, most, k, cut) for cut in cuts]
  numbers = {}
  for name in measured[0]:
    values = [each[name] for each in measured]
    numbers[name] = float(np.mean(values))
    numbers[f'{name}_spread'] = float(np.std(values, ddof=1))
  return numbers


def _half(
  works: Look | None, held_out: Look, most: int | None, k: int, rng: np.random.Generator
) -> dict[str, float]:
  """Measure one split; it is drawn before anything else, so that it is the same for all works."""
  cards = _by_label(held_out.label, rng)
  cards = cards[: len(cards) // 2 * 2]
  # Rows sorted by label are dealt in turns, so both halves get equally many of each label (+-1).
  reference, rows = cards[::2], cards[1::2]
  if works is None:
    works = held_out
  else:
    # Stratified by label like the reference. With rows at random, real works of the training split
    # would seem farther away than new real works (digits: Frechet 3.7 instead of 2.7).
    rows = _by_label(works.label, rng)
  count = min(len(reference), len(rows), most or len(rows))
  if count < _PAIR:
    return {}
  real, works = held_out.at(_evenly(reference, count)), works.at(_evenly(rows, count))
  near = min(k, count - 1)
  are = creativity.parts(
    works.features, works.recognised, works.away, real.features, real.away, near
  )
  numbers = _distances(works, real, k) | {name: float(each.mean()) for name, each in are.items()}
  numbers.pop('kernel_error', None)  # the spread over halves tells more
  return numbers


def _distances(works: Look, real: Look, k: int) -> dict[str, float]:
  """Measure how far and how near works are to real ones, as far as so few can tell."""
  fewest = min(len(works.label), len(real.label))
  if fewest < _PAIR:
    return {}
  numbers = {'frechet': frechet.distance(works.features, real.features)}
  if fewest >= _THREE:
    numbers['kernel'], numbers['kernel_error'] = kernel.distance(works.features, real.features)
  near = min(k, fewest - 1)
  return numbers | neighbours.fidelity_and_variety(works.features, real.features, near)


def _by_label(labels, rng: np.random.Generator) -> np.ndarray:
  """Return all rows grouped by label; labels, and rows within a label, are in random order."""
  _, kinds = np.unique(labels, return_inverse=True)
  turns = rng.permutation(kinds.max() + 1)
  return np.lexsort((rng.random(len(kinds)), turns[kinds]))  # the last key is the primary one


def _evenly(rows: np.ndarray, count: int) -> np.ndarray:
  """Pick `count` rows at even steps; of rows grouped by label, the same share of each label."""
  return rows[np.arange(count) * len(rows) // count]
