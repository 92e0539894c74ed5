"""Works together with how they were made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.learner import creator as creator_lib
from tf_creative.learner import learner as learner_lib

Learner = learner_lib.Learner


class Portfolio(NamedTuple):
  """N works, what they were made from, and how."""

  seed: np.ndarray  # int64 [N]
  concept: works_lib.Works  # the works that were to be made
  begun: np.ndarray  # uint8 [N, ...], the works before the first action
  made: creator_lib.Made
  logit: np.ndarray  # float32 [N], the critic's, of the made works
  picture: Any = ()  # uint8 [N, ...], what they are to be like, where a picture was given

  @property
  def size(self) -> int:
    """How many works there are."""
    return len(self.seed)

  def at(self, places: slice) -> Portfolio:
    """Return some of the works."""
    return tf.nest.map_structure(lambda part: part[places], self)

  def strokes(self, world: world_lib.World) -> np.ndarray:
    """Return the actions as the world tells them: int32 [N, T, ...], -1 after the last one."""
    happened = np.arange(self.made.actions.shape[1]) < self.made.steps[:, None]  # [N, T]
    return world.media.strokes(tf.where(happened, self.made.actions, -1)).numpy()

  def nearness(self, world: world_lib.World) -> dict[str, np.ndarray]:
    """Measure how like to a given picture, if any, the imagined works are: numbers [N] by name."""
    if not len(self.picture):
      return {}
    both = np.asarray(self.concept.work), np.asarray(self.picture)
    values, wanted = (world.works.to_values(tf.constant(works)).numpy() for works in both)
    flat = lambda part: part.reshape(self.size, -1)  # noqa: E731
    return {
      'picture_equal': flat(both[0] == both[1]).mean(1),  # of pixels, steps or tiles
      'picture_error': flat(np.square(values - wanted)).sum(1),
    }

  @property
  def works(self) -> works_lib.Works:
    """The made works with their labels."""
    return works_lib.Works(self.made.work, self.concept.label)


def imagined(learner: Learner, labels: Sequence[int], seed: int, count: int) -> Portfolio:
  """Imagine `count` works of the labels in turn (-1: any) and let the hand make them."""
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
  """Build a portfolio, with the critic's logits of the made works."""
  logit = learner.creator.score(works_lib.Works(made.work, concept.label))
  return Portfolio(seed, concept, begun, made, logit)
