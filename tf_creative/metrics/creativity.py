"""Decides which works are creative: new and valuable (Runco & Jaeger 2012), by objective tests."""

from __future__ import annotations

import numpy as np

from tf_creative.metrics import neighbours

_NEW = 10  # percentile of held-out works' distances: 9 of 10 new real works count as novel
# Smallest distance between features that is not rounding: a copy is never novel, even where
# held-out works are copies, too.
_ROUNDING = 1e-4


def parts(
  features, recognised, away, reference, reference_away, k: int = 5
) -> dict[str, np.ndarray]:
  """Classify each work, bool [n] by name; `reference` are features of held-out real works.

  novel: its distance `away` to the nearest training work is larger than that of the nearest 10% of
  the reference (`reference_away`), so copies and near copies are not novel. valued: recognized as
  the label asked for *and* in distribution, which is what `precision` counts. creativity: both.

  One part alone is easy to cheat: noise is novel, copies are valued. A classifier's confidence is
  not used, because it is highest far away from its training data (Hein et al. 2019). New real
  works do not reach 1 either: compare with their share.
  """
  novel = np.asarray(away) > max(np.percentile(reference_away, _NEW), _ROUNDING)
  recognised = np.asarray(recognised, bool)
  in_distribution = neighbours.in_distribution(features, reference, k)
  valued = recognised & in_distribution
  return {
    'novel': novel,
    'recognised': recognised,
    'in_distribution': in_distribution,
    'valued': valued,
    'creativity': novel & valued,
  }
