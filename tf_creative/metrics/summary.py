"""What can be said of a set of works: all measures at once, under one judge."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from tf_creative.core import works as works_lib
from tf_creative.metrics import creativity, frechet, judge, kernel, neighbours, usefulness


class Look(NamedTuple):
  """Works, what the judge sees in them and what they are near to: made once, measured often."""

  values: np.ndarray  # float32 [N, ...]
  label: np.ndarray  # int32 [N], what was asked for
  seen: np.ndarray  # int32 [N], what the judge takes them for
  features: np.ndarray  # float32 [N, F]
  away: np.ndarray  # float64 [N], how far the nearest training work is
  place: np.ndarray  # int64 [N], and which one it is

  @property
  def recognised(self) -> np.ndarray:
    return self.seen == self.label

  def at(self, rows) -> Look:
    """Some of the works."""
    return Look(*(part[rows] for part in self))


def look(
  works: works_lib.Works, to_values: Callable, eyes: judge.Judge, training: Look | None = None
) -> Look:
  """What the judge sees in `works`; of the training split itself, leave `training` out."""
  values = np.asarray(to_values(works.work))
  features, label = eyes.features(values), np.asarray(works.label)
  if training is None:
    away, place = np.zeros(len(label)), np.arange(len(label))
  else:
    away, place = neighbours.nearest(features, training.features)
  return Look(values, label, eyes.labels(values), features, away, place)


def imagination(works: Look, held_out: Look, training: Look, k: int = 5) -> dict[str, float]:
  """How real, varied, well named, new and useful `works` are.

  Distances are taken to held-out real works: to the training split a memoriser would win. They
  are biased by the sizes n of `works` and m of `held_out`, so every row of a table needs about
  the same n and m (n = 1500 against m = 360 is fine; `halves` takes them equal) and a yardstick:
  the training split passed as `works`. Its `copies` is 1, its `novelty` and `authenticity` 0 by
  construction; for those the yardsticks are the `copies` and `authenticity` of the held-out works,
  and 1. Labels as frequent as the real ones, as in a stratified split, pull `kernel` below zero,
  for its estimate expects independent draws.
  """
  kernel_distance, kernel_error = kernel.distance(works.features, held_out.features)
  return {
    'frechet': frechet.distance(works.features, held_out.features),
    'kernel': kernel_distance,
    'kernel_error': kernel_error,
    **neighbours.fidelity_and_variety(works.features, held_out.features, k),
    'diversity': neighbours.diversity(
      works.features, works.label, held_out.features, held_out.label
    ),
    'label_accuracy': float(works.recognised.mean()),
    'train_on_synthetic': usefulness.train_on_synthetic(
      works.values, works.label, held_out.values, held_out.label
    ),
    'copies': neighbours.copies(works.values, training.values),
    'novelty': neighbours.novelty(works.away, held_out.away),
    'authenticity': neighbours.authenticity(works.away, works.place, training.features),
  }


def halves(
  works: Look | None,
  held_out: Look,
  most: int | None = None,
  repeats: int = 8,
  k: int = 5,
  seed: int = 0,
) -> dict[str, float]:
  """Distances and creativity where all rows of a table, its floor too, have the same n = m.

  Frechet distance, density and coverage depend on how many works are compared with how many, so
  that 1500 imagined works against 360 real ones have no real works to be held against. Here the
  held-out works are cut at random into halves. One is the reference; as many of `works` as it
  holds are measured against it, or, for None, the other half: what new real works score.

  Each name has its mean over `repeats` cuts, and as `name_spread` its standard deviation: what
  the choice of works does, not what a run's seed does. The cuts depend on `seed` alone, so rows
  of a table are paired. Where some source has fewer works than a half, `most` keeps all to that.
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
  """One cut, which draws first, so that it is the same for all works."""
  cards = _by_label(held_out.label, rng)
  cards = cards[: len(cards) // 2 * 2]
  # Dealt like cards: either half gets as many of each label as the other, give or take one.
  reference, rows = cards[::2], cards[1::2]
  if works is None:
    works = held_out
  else:
    # With labels at random, instead of as even as those of the reference, real works of the
    # training split would be farther away than the floor (digits: Frechet 3.7, not 2.7).
    rows = _by_label(works.label, rng)
  count = min(len(reference), len(rows), most or len(rows))
  real, works = held_out.at(_evenly(reference, count)), works.at(_evenly(rows, count))
  are = creativity.parts(works.features, works.recognised, works.away, real.features, real.away, k)
  return {
    'frechet': frechet.distance(works.features, real.features),
    'kernel': kernel.distance(works.features, real.features)[0],
    **neighbours.fidelity_and_variety(works.features, real.features, k),
    **{name: float(each.mean()) for name, each in are.items()},
  }


def _by_label(labels, rng: np.random.Generator) -> np.ndarray:
  """All rows in random order, label after label; the labels are in random order too."""
  _, kinds = np.unique(labels, return_inverse=True)
  turns = rng.permutation(kinds.max() + 1)
  return np.lexsort((rng.random(len(kinds)), turns[kinds]))  # the last key comes first


def _evenly(rows: np.ndarray, count: int) -> np.ndarray:
  """So many of the rows at even steps: of rows by label, the same share of each label."""
  return rows[np.arange(count) * len(rows) // count]
