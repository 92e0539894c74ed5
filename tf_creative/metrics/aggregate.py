"""Many scores as one, and how sure that one is (Agarwal et al. 2021, 'rliable')."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import stats


def interquartile_mean(scores, axis: int | None = None):
  """The mean of the middle half: unlike the mean, no outlier moves it far."""
  return stats.trim_mean(scores, 0.25, axis=axis)


def interval(
  scores,
  strata=None,
  statistic: Callable = np.mean,
  repeats: int = 2000,
  level: float = 0.95,
  seed: int = 0,
) -> tuple[float, float]:
  """Where `statistic` of the scores [N] lies: the stratified bootstrap's percentiles.

  Scores are drawn anew, with replacement, within each of the `strata` [N]: tasks, whose runs are
  drawn, or the labels of one run, whose episodes are. One run says nothing about other seeds.
  """
  scores, rng = np.asarray(scores, np.float64), np.random.default_rng(seed)
  strata = np.zeros(len(scores)) if strata is None else np.asarray(strata)
  groups = [scores[strata == stratum] for stratum in np.unique(strata)]
  drawn = np.concatenate([rng.choice(group, (repeats, len(group))) for group in groups], axis=1)
  tail = (1 - level) / 2
  low, high = np.quantile(statistic(drawn, axis=-1), [tail, 1 - tail])
  return float(low), float(high)
