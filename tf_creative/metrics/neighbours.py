"""Measures by nearest neighbours: fidelity, variety, and distance from what was learnt from."""

from __future__ import annotations

import numpy as np
from scipy.spatial import distance


def fidelity_and_variety(features, reference, k: int = 5) -> dict[str, float]:
  """Precision, recall (Kynkaanniemi et al. 2019), density and coverage (Naeem et al. 2020).

  Balls are closed, as in both papers, so that a reference with more than k equal rows still has
  balls that hold something.
  """
  features, reference = np.asarray(features), np.asarray(reference)
  across = distance.cdist(features, reference)  # [n, m]: exact, the dot product trick is not
  in_reference = across <= _radii(reference, k)  # [n, m]
  in_features = across <= _radii(features, k)[:, None]  # [n, m]
  return {
    'precision': float(in_reference.any(1).mean()),
    'recall': float(in_features.any(0).mean()),
    'density': float(in_reference.sum(1).mean() / k),
    'coverage': float(in_reference.any(0).mean()),
  }


def copies(works, training) -> float:
  """The share of stored works that equal some training work exactly."""
  works, training = np.asarray(works), np.asarray(training)
  if works.dtype != training.dtype or works.shape[1:] != training.shape[1:]:
    raise ValueError(
      'works and training must be stored alike, not '
      f'{works.dtype}{list(works.shape[1:])} and {training.dtype}{list(training.shape[1:])}.'
    )
  known = {work.tobytes() for work in training}
  return float(np.mean([work.tobytes() in known for work in works]))


def novelty(features, training, held_out) -> float:
  """Mean distance to the nearest training row, relative to that of held-out real works.

  Below 1: closer to what was learnt than new real works are; 0: copies. Far above 1: unlike
  anything real, so novelty means something only beside precision.
  """
  real = _to_nearest(held_out, training).mean()
  # A world so small that held-out works repeat training ones leaves nothing to be relative to.
  return float(_to_nearest(features, training).mean() / max(real, 1e-6))


def _radii(rows, k: int) -> np.ndarray:
  """The distance of every row to its k-th nearest other row."""
  if len(rows) <= k:
    raise ValueError(f'{k} neighbours need more than {k} rows, not {len(rows)}.')
  return np.partition(distance.cdist(rows, rows), k, axis=1)[:, k]  # place 0 is the row itself


def _to_nearest(rows, others) -> np.ndarray:
  return distance.cdist(np.asarray(rows), np.asarray(others)).min(1)
