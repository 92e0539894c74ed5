"""What can be said of a set of works: all measures at once, under one judge."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tf_creative import types
from tf_creative.metrics import frechet, judge, kernel, neighbours


def imagination(
  works: types.Works,
  held_out: types.Works,
  training: types.Works,
  to_values: Callable,
  eyes: judge.Judge,
  k: int = 5,
) -> dict[str, float]:
  """How real, varied, well named and new `works` are; all three sets as stored, with labels.

  Distances are taken to held-out real works: to the training split a memoriser would win. They
  are biased by the sizes n of `works` and m of `held_out`, so every row of a table needs about
  the same n and m (n = 1500 against m = 360 is fine) and a yardstick: the training split passed
  as `works`. Its `copies` is 1 and its `novelty` 0 by construction; for those two the yardsticks
  are `copies` of the held-out works, and 1. Labels as frequent as the real ones, as in a
  stratified split, pull `kernel` below zero, for its estimate expects independent draws.
  """
  works_features, real, learnt = (
    eyes.features(to_values(part.work)) for part in (works, held_out, training)
  )
  named = eyes.labels(to_values(works.work)) == np.asarray(works.label)
  kernel_distance, kernel_error = kernel.distance(works_features, real)
  return {
    'frechet': frechet.distance(works_features, real),
    'kernel': kernel_distance,
    'kernel_error': kernel_error,
    **neighbours.fidelity_and_variety(works_features, real, k),
    'label_accuracy': float(named.mean()),
    'copies': neighbours.copies(works.work, training.work),
    'novelty': neighbours.novelty(works_features, learnt, real),
  }
