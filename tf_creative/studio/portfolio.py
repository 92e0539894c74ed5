"""Works together with the story of how they were made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tf_creative.core import works as works_lib
from tf_creative.learner import creator as creator_lib
from tf_creative.learner import learner as learner_lib

Learner = learner_lib.Learner


class Portfolio(NamedTuple):
  """Works with the story of their making."""

  seed: np.ndarray  # int64 [N]
  concept: works_lib.Works  # what each was to be
  begun: np.ndarray  # uint8 [N, ...], what stood on the easel before
  made: creator_lib.Made
  logit: np.ndarray  # float32 [N], what the critic says of it

  @property
  def works(self) -> works_lib.Works:
    return works_lib.Works(self.made.work, self.concept.label)


def imagined(learner: Learner, labels: Sequence[int], seed: int, count: int) -> Portfolio:
  """Works of the labels in turn, where -1 is any, made as they were imagined."""
  seeds = seed + np.arange(count)
  concept = learner.creator.imagine(seeds, np.resize(labels, count))
  made = learner.creator.make(concept)
  return judged(learner, seeds, concept, learner.creator.blank(concept), made)


def judged(
  learner: Learner,
  seed: np.ndarray,
  concept: works_lib.Works,
  begun: np.ndarray,
  made: creator_lib.Made,
) -> Portfolio:
  logit = learner.creator.score(works_lib.Works(made.work, concept.label))
  return Portfolio(seed, concept, begun, made, logit)
