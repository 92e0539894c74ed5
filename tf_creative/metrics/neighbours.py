"""Measures from distances between works: fidelity, variety, and novelty."""

from __future__ import annotations

import numpy as np
from scipy.spatial import distance

_ROUNDING = 1e-6  # features that are closer than this count as equal


def fidelity_and_variety(features, reference, k: int = 5) -> dict[str, float]:
  """Compute precision, recall (Kynkaanniemi et al. 2019), density, coverage (Naeem et al. 2020).

  Takes features [n, F] of works and [m, F] of real works. Balls around a row, up to its k-th
  neighbour, include their border, as in both papers: with more than k equal rows the radius is 0,
  and such a ball should still contain those rows.
  """
  features, reference = np.asarray(features), np.asarray(reference)
  # [n, m]. `cdist` is exact; |a|^2 + |b|^2 - 2ab is faster, but equal rows are not exactly 0 apart.
  across = distance.cdist(features, reference)
  in_reference = across <= _radii(reference, k)  # [n, m]
  in_features = across <= _radii(features, k)[:, None]  # [n, m]
  return {
    'precision': float(in_reference.any(1).mean()),
    'recall': float(in_features.any(0).mean()),
    'density': float(in_reference.sum(1).mean() / k),
    'coverage': float(in_reference.any(0).mean()),
  }


def in_distribution(features, reference, k: int = 5) -> np.ndarray:
  """Return which works `precision` counts: bool [n]."""
  return (distance.cdist(features, reference) <= _radii(reference, k)).any(1)  # pyright: ignore[reportReturnType]


def copies(works, training) -> float:
  """Return the share of works that equal a training work exactly."""
  works, training = np.asarray(works), np.asarray(training)
  if works.dtype != training.dtype or works.shape[1:] != training.shape[1:]:
    raise ValueError(
      'works and training must be stored alike, not '
      f'{works.dtype}{list(works.shape[1:])} and {training.dtype}{list(training.shape[1:])}.'
    )
  known = {work.tobytes() for work in training}
  return float(np.mean([work.tobytes() in known for work in works]))


def nearest(features, training) -> tuple[np.ndarray, np.ndarray]:
  """Return the distance to the nearest training row, and its index: float64 [n], int64 [n]."""
  across = distance.cdist(features, training)
  return across.min(1), across.argmin(1)


def novelty(away, held_out_away) -> float:
  """Return the mean distance to the nearest training row, divided by held-out real works' own.

  Below 1: closer to the training data than new real works are; 0: copies. Far above 1: unlike
  anything real, so read novelty together with precision.
  """
  # In a tiny world, held-out works may all repeat training works: then the divisor is 0.
  return float(np.mean(away) / max(np.mean(held_out_away), _ROUNDING))


def authenticity(away, place, training) -> float:
  """Return the share of works that are not variants of a training work (Alaa et al. 2022, 4).

  A variant is at most as far from its nearest training row, at `place`, as that row is from its own
  nearest other row. New real works are not all authentic either: compare with their share.
  """
  training = np.asarray(training)
  # Distances are needed only from training rows that are nearest to some work.
  rows, back = np.unique(place, return_inverse=True)
  others = np.partition(distance.cdist(training[rows], training), 1, axis=1)[:, 1]
  return float(np.mean(away > others[back]))


def diversity(features, labels, reference, reference_labels) -> float:
  """Return the mean distance of two works with one label, divided by held-out real works' own.

  1: as varied as real works; 0: one work for each label. Labels need two works in both sets, others
  are left out; if none is left, all works count as one label.
  """
  features, reference = np.asarray(features), np.asarray(reference)
  labels, reference_labels = np.asarray(labels), np.asarray(reference_labels)
  shared = [
    label
    for label in np.intersect1d(labels, reference_labels)
    if min(np.sum(labels == label), np.sum(reference_labels == label)) > 1
  ]
  if not shared:
    return _mean_pair([features]) / max(_mean_pair([reference]), _ROUNDING)
  real = _mean_pair([reference[reference_labels == label] for label in shared])
  return _mean_pair([features[labels == label] for label in shared]) / max(real, _ROUNDING)


def _mean_pair(groups) -> float:
  """Return the mean distance of two rows in a group, averaged over groups."""
  return float(np.mean([distance.pdist(rows).mean() for rows in groups]))


def _radii(rows, k: int) -> np.ndarray:
  """Return each row's distance to its k-th nearest other row: [n]."""
  if len(rows) <= k:
    raise ValueError(f'{k} neighbours need more than {k} rows, not {len(rows)}.')
  return np.partition(distance.cdist(rows, rows), k, axis=1)[:, k]  # place 0 is the row itself
