"""Frechet distance of two sets of features, each seen as one Gaussian (Heusel et al. 2017)."""

from __future__ import annotations

import numpy as np


def distance(features, reference) -> float:
  """|m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^1/2), with the two Gaussians fitted to rows of features.

  It is biased upwards, roughly as 1/n + 1/m: compare only values measured at the same n and m.
  """
  mean1, root1 = _gaussian(features)
  mean2, root2 = _gaussian(reference)
  # With C = R'R, the eigenvalues of C1 C2 are the squared singular values of R1 R2'. So the trace
  # of its root is a sum of singular values: real, never negative, and no covariance is ever
  # squared or inverted, so that few samples or dead features do no harm (sqrtm of C1 C2 does none
  # of this).
  cross = np.linalg.svd(root1 @ root2.T, compute_uv=False).sum()
  squares = np.sum((mean1 - mean2) ** 2) + np.sum(root1**2) + np.sum(root2**2)
  return float(max(squares - 2 * cross, 0.0))  # below zero by rounding only


def _gaussian(features) -> tuple[np.ndarray, np.ndarray]:
  """Mean and a root R of the covariance (R'R = C) of the rows."""
  features = np.asarray(features, np.float64)
  if features.ndim != 2 or len(features) < 2:
    raise ValueError(f'features must be [N >= 2, F], not {list(features.shape)}.')
  mean = features.mean(0)
  return mean, np.linalg.qr(features - mean, mode='r') / np.sqrt(len(features) - 1)
