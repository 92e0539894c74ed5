"""Paired scores over splits: intervals, and gains in labels that would have had to be collected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats
from sklearn import isotonic

_DRAWS, _LEVEL = 2000, 0.95
_TINY = 1e-9


class Interval(NamedTuple):
  """A mean over splits, with its 95% interval."""

  mean: float
  low: float
  high: float


def interval(values: Sequence[float]) -> Interval:
  """Bootstrap the mean of paired differences over splits.

  With few splits a percentile interval is too narrow: it is widened as Student's t is wider than
  the normal distribution.
  """
  given = np.asarray(values, float)
  count = len(given)
  if count < 2:
    return Interval(float(given.mean()), float('-inf'), float('inf'))
  picks = np.random.default_rng(0).integers(0, count, [_DRAWS, count])
  tail = (1 - _LEVEL) / 2
  mean = given.mean()
  ends = np.quantile(given[picks].mean(1), [tail, 1 - tail]) - mean
  wide = stats.t.ppf(1 - tail, count - 1) / stats.norm.ppf(1 - tail) * (count / (count - 1)) ** 0.5
  low, high = mean + wide * ends
  return Interval(float(mean), float(low), float(high))


class Labels(NamedTuple):
  """A number of labels of each class; `beyond` if it lies outside of what was measured."""

  count: float
  beyond: bool


def equivalent(sizes: Sequence[int], means: Sequence[float], count: int, gain: float) -> Labels:
  """Return the labels a class with which real ones alone would gain so much over `count` of them.

  The curve is made monotone (isotonic regression) and interpolated over the labels' logarithm. On a
  plateau, any gain leads to its right end, and any loss to its left one.
  """
  order = np.argsort(sizes)
  places = np.log(np.asarray(sizes, float)[order])
  rising = isotonic.IsotonicRegression().fit_transform(places, np.asarray(means, float)[order])
  now = rising[list(np.asarray(sizes)[order]).index(count)]
  score = now + gain
  if abs(gain) < _TINY:
    return Labels(float(count), False)
  if not rising[0] <= score <= rising[-1]:
    return Labels(float(np.exp(places[-1 if gain > 0 else 0])), True)
  after = int(np.searchsorted(rising, score, 'right' if gain > 0 else 'left'))
  after = min(max(after, 1), len(rising) - 1)
  low, high = rising[after - 1], rising[after]
  share = (score - low) / (high - low) if high > low else 0.0
  return Labels(
    float(np.exp(places[after - 1] + share * (places[after] - places[after - 1]))), False
  )
