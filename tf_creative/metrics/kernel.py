"""Kernel distance (KID): the unbiased squared MMD under a cubic kernel (Binkowski et al. 2018)."""

from __future__ import annotations

import numpy as np


def distance(features, reference) -> tuple[float, float]:
  """Return the estimate, which may be negative, and its standard error.

  The paper averages over random subsets. We use all rows at once, and the delete-one jackknife for
  the error: it needs no random draws, and overestimates the error where the two sets are similar.
  """
  x, y = np.asarray(features, np.float64), np.asarray(reference, np.float64)
  n, m = len(x), len(y)
  if min(n, m) < 3:
    raise ValueError(f'the kernel distance needs at least 3 rows in each set, not {n} and {m}.')
  within_x = _rows_without_diagonal(_kernel(x, x))  # [n]
  within_y = _rows_without_diagonal(_kernel(y, y))  # [m]
  across = _kernel(x, y)  # [n, m]

  def estimate(sum_x, n, sum_y, m, sum_across):
    return sum_x / (n * (n - 1)) + sum_y / (m * (m - 1)) - 2 * sum_across / (n * m)

  xx, yy, xy = within_x.sum(), within_y.sum(), across.sum()
  without_x = estimate(xx - 2 * within_x, n - 1, yy, m, xy - across.sum(1))  # [n]
  without_y = estimate(xx, n, yy - 2 * within_y, m - 1, xy - across.sum(0))  # [m]
  variance = (n - 1) * without_x.var() + (m - 1) * without_y.var()
  return float(estimate(xx, n, yy, m, xy)), float(np.sqrt(variance))


def _kernel(x, y):
  return (x @ y.T / x.shape[1] + 1) ** 3


def _rows_without_diagonal(kernel):
  return kernel.sum(1) - np.diagonal(kernel)
