"""Frechet distance of two sets of features, each fitted by a Gaussian (Heusel et al. 2017)."""

from __future__ import annotations

import numpy as np


def distance(features, reference) -> float:
  """Compute |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^1/2) of Gaussians fitted to rows [n, F], [m, F].

  It is biased upwards, roughly as 1/n + 1/m: compare only values measured at the same n and m.
  """
  mean1, root1 = _gaussian(features)
  mean2, root2 = _gaussian(reference)
  # With C = R'R, the eigenvalues of C1 C2 are the squared singular values of R1 R2'. So the trace
  # of its root is a sum of singular values: real and never negative. No covariance is squared or
  # inverted, so few samples or constant features do no harm. A sqrtm of C1 C2 has none of these
  # properties.
  cross = np.linalg.svd(root1 @ root2.T, compute_uv=False).sum()
  squares = np.sum((mean1 - mean2) ** 2) + np.sum(root1**2) + np.sum(root2**2)
  return float(max(squares - 2 * cross, 0.0))  # only rounding errors can make it negative


def _gaussian(features) -> tuple[np.ndarray, np.ndarray]:
  """Return the mean [F] and a root R of the covariance of the rows, R'R = C."""
  features = np.asarray(features, np.float64)
  if features.ndim != 2 or len(features) < 2:
    raise ValueError(f'features must be [N >= 2, F], not {list(features.shape)}.')
  mean = features.mean(0)
  return mean, np.linalg.qr(features - mean, mode='r') / np.sqrt(len(features) - 1)
