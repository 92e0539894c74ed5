"""Which works are creative: new and of value (Runco & Jaeger 2012), each told without opinion."""

from __future__ import annotations

import numpy as np

from tf_creative.metrics import neighbours

_NEW = 10  # percentile of real novelty: nine in ten real new works pass
_ROUNDING = 1e-4  # of features: a copy is not novel, even where held-out works are copies too


def parts(
  features, recognised, away, reference, reference_away, k: int = 5
) -> dict[str, np.ndarray]:
  """What each work is, bool [n]; `reference` are features of held-out real works.

  novel: farther `away` from its nearest training row than the nearest tenth of the reference is
  (`reference_away`); copies and near copies are not. valued: recognised as what was asked for
  *and* in distribution, which is what `precision` counts. creativity: both.

  Each part alone is won by cheating: novelty by noise, value by copies. How sure a classifier is
  says nothing here, for it is surest of what is far from all that it knows (Hein et al. 2019).
  New real works themselves do not reach 1: compare with their share.
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
