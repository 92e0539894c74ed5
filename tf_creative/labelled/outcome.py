"""What all splits say together: scores, gains, and labels that would do the same."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tf_creative.labelled import privacy, scores
from tf_creative.labelled.classifiers import Recipe

CHOSEN = {
  'random': 'imagined, a random choice',
  'critic': "imagined, the critic's choice",
  'hand': "imagined, the hand's choice",
}
REAL = {
  'nothing': 'real labels alone',
  'classical': 'flips and shifts',
  'mixup': 'mixup',
  'smote': 'SMOTE',
}
# What is real, but not to be had from the labels alone.
UNLABELLED = {'pseudo': 'pseudo-labels of unlabelled ones'}
TITLES = {**REAL, **UNLABELLED, **CHOSEN}


class Trial(NamedTuple):
  """The outcome of one split."""

  scores: dict[str, float]  # balanced accuracy on the tests, by the way in which labels were used
  shares: dict[str, float]  # weight of the extra examples for that of the real ones; 0: left alone
  taken: int  # candidates that the hand took
  curve: dict[int, float]  # balanced accuracy by real labels a class
  advantage: privacy.Advantage  # of guessing which examples were learnt from
  recipe: Recipe
  choice: np.ndarray  # bool [parts, candidates]


class Outcome(NamedTuple):
  """What all splits say together."""

  trials: list[Trial]
  count: int  # labels a class
  unlabelled: bool = False  # whether unlabelled examples can be had

  @property
  def rivals(self) -> list[str]:
    """Return the ways that can be had without imagining."""
    known = {**REAL, **UNLABELLED} if self.unlabelled else REAL
    return [name for name in self.names() if name in known]

  def gain(self, over: str, of: str = 'hand') -> scores.Interval:
    """Return the paired gain in balanced accuracy; what was not used gains nothing."""
    return scores.interval([self._of(one, of) - self._of(one, over) for one in self.trials])

  def score(self, name: str) -> scores.Interval:
    return scores.interval([self._of(one, name) for one in self.trials])

  def names(self) -> list[str]:
    """Return the ways that competed, in their order."""
    known = {name for one in self.trials for name in one.scores} | set(CHOSEN)
    return [name for name in TITLES if name in known]

  @property
  def gained(self) -> bool:
    """Whether the hand's choice beats all that can be had without imagining."""
    return all(self.gain(name).low > 0 for name in self.rivals)

  def labels(self, name: str) -> scores.Labels:
    """Return how many real labels a class would score as this does."""
    sizes = sorted(set.intersection(*(set(one.curve) for one in self.trials)))
    means = [float(np.mean([one.curve[size] for one in self.trials])) for size in sizes]
    base = float(np.mean([one.curve[self.count] for one in self.trials]))
    return scores.equivalent(sizes, means, self.count, self.score(name).mean - base)

  @staticmethod
  def _of(one: Trial, name: str) -> float:
    return one.scores.get(name, one.scores.get('classical', one.scores['nothing']))
