"""Measures by distances between works: fidelity, variety, and how far they are from the learnt."""

from __future__ import annotations

import numpy as np
from scipy.spatial import distance

_ROUNDING = 1e-6  # below it, a distance between features means that they are the same


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


def in_distribution(features, reference, k: int = 5) -> np.ndarray:
  """The works that `precision` counts: bool [n]."""
  return (distance.cdist(features, reference) <= _radii(reference, k)).any(1)  # pyright: ignore[reportReturnType]


def copies(works, training) -> float:
  """The share of works that equal some training work exactly."""
  works, training = np.asarray(works), np.asarray(training)
  if works.dtype != training.dtype or works.shape[1:] != training.shape[1:]:
    raise ValueError(
      'works and training must be stored alike, not '
      f'{works.dtype}{list(works.shape[1:])} and {training.dtype}{list(training.shape[1:])}.'
    )
  known = {work.tobytes() for work in training}
  return float(np.mean([work.tobytes() in known for work in works]))


def nearest(features, training) -> tuple[np.ndarray, np.ndarray]:
  """How far away the nearest training row is, and which it is: float64 [n], int64 [n]."""
  across = distance.cdist(features, training)
  return across.min(1), across.argmin(1)


def novelty(away, held_out_away) -> float:
  """Mean distance to the nearest training row, relative to that of held-out real works.

  Below 1: closer to what was learnt than new real works are; 0: copies. Far above 1: unlike
  anything real, so novelty means something only beside precision.
  """
  # A world so small that held-out works repeat training ones leaves nothing to be relative to.
  return float(np.mean(away) / max(np.mean(held_out_away), _ROUNDING))


def authenticity(away, place, training) -> float:
  """The share of works that are no variant of one training work (Alaa et al. 2022, section 4).

  Such a variant is no farther from its nearest training row, at `place`, than that row is from
  its own nearest other one. New real works are not all authentic either: compare with theirs.
  """
  training = np.asarray(training)
  rows, back = np.unique(place, return_inverse=True)
  others = np.partition(distance.cdist(training[rows], training), 1, axis=1)[:, 1]
  return float(np.mean(away > others[back]))


def diversity(features, labels, reference, reference_labels) -> float:
  """How far apart two works of one label are on average, relative to held-out real works.

  1: as varied as reality; 0: one work for each label. Labels that only one set has two works of
  are left out; if that leaves none, all works count as of one label.
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
  """The distance of two different rows of one group, averaged over pairs, then over groups."""
  return float(np.mean([distance.pdist(rows).mean() for rows in groups]))


def _radii(rows, k: int) -> np.ndarray:
  """The distance of every row to its k-th nearest other row."""
  if len(rows) <= k:
    raise ValueError(f'{k} neighbours need more than {k} rows, not {len(rows)}.')
  return np.partition(distance.cdist(rows, rows), k, axis=1)[:, k]  # place 0 is the row itself
