"""Aggregate scores with confidence intervals (Agarwal et al. 2021, 'rliable')."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import stats


def interquartile_mean(scores, axis: int | None = None):
  """Return the mean of the middle half of the scores, which is robust to outliers."""
  return stats.trim_mean(scores, 0.25, axis=axis)


def interval(
  scores,
  strata=None,
  statistic: Callable = np.mean,
  repeats: int = 2000,
  level: float = 0.95,
  seed: int = 0,
) -> tuple[float, float]:
  """Return a confidence interval for `statistic` of the scores [N] by a stratified bootstrap.

  Scores are redrawn with replacement within each stratum of `strata` [N]: within a task, over its
  runs; or within a label of one run, over its episodes. An interval from one run does not cover the
  variation between seeds.
  """
  scores, rng = np.asarray(scores, np.float64), np.random.default_rng(seed)
  strata = np.zeros(len(scores)) if strata is None else np.asarray(strata)
  groups = [scores[strata == stratum] for stratum in np.unique(strata)]
  drawn = np.concatenate([rng.choice(group, (repeats, len(group))) for group in groups], axis=1)
  tail = (1 - level) / 2
  low, high = np.quantile(statistic(drawn, axis=-1), [tail, 1 - tail])
  return float(low), float(high)


def ratio(totals, sizes, seed: int = 0) -> tuple[float, float, float]:
  """Return a mean over parts of different sizes, with an interval that redraws whole parts.

  `totals` [N] are sums over parts, such as episodes, of `sizes` [N] steps. With totals [N, K], each
  of K kinds is summed up over the parts first, and then the absolute values of these sums.
  """
  totals, sizes = np.asarray(totals, np.float64), np.asarray(sizes, np.float64)
  totals = totals.reshape(len(sizes), -1)

  def statistic(places, axis=None):
    del axis
    places = places.astype(int)
    return np.abs(totals[places].sum(-2)).sum(-1) / sizes[places].sum(-1)

  everything = np.arange(len(sizes))
  return float(statistic(everything)), *interval(everything, statistic=statistic, seed=seed)
