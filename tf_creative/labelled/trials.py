"""What imagined examples are worth: splits by group, in which all ways to use n labels compete."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tf_creative.labelled import (
  choosing,
  classical,
  classifiers,
  features,
  imagining,
  privacy,
  pseudo,
)
from tf_creative.labelled.classical import Rows
from tf_creative.labelled.classifiers import Recipe, Task
from tf_creative.labelled.imagining import Imagined
from tf_creative.labelled.outcome import Outcome, Trial
from tf_creative.labelled.reading import groups
from tf_creative.labelled.reading.sets import Labelled

POOL = 64  # candidates of each class in each part
_STEPS = {'pictures': 600, 'records': 400}  # updates of the imagination


class Bench:
  """Holds what is traced once and learns anew in each split: the imagination and the chooser."""

  def __init__(self, found: Labelled, seed: int = 0, unlabelled: np.ndarray | None = None):
    """Take a set, and unlabelled pictures; without them, the labels of the rest are hidden."""
    self.found, self._seed = found, seed
    self.unlabelled = unlabelled
    pictures = found.kind == 'pictures'
    self._shape = found.values.shape[1:]
    if not pictures:
      self._shape = (features.Encoding.of(found.columns, found.values).width,)
    self._imagination = imagining.Imagination(
      self._shape, found.classes, found.columns, _STEPS[found.kind], seed
    )
    self._chooser: choosing.Chooser | None = None

  def task(self, rows: np.ndarray, seed: int) -> Task:
    """Make the task of learning from these rows alone."""
    found = self.found
    of = None if found.groups is None else found.groups[rows]
    return Task(found.values[rows], found.labels[rows], found.columns, found.classes, seed, of)

  def split(self, count: int, number: int) -> groups.Split:
    """Split the examples for one trial."""
    return groups.split(self.found.labels, count, 1000 * self._seed + number, self.found.groups)

  def pools(self, task: Task, recipe: Recipe, seed: int = 0) -> list[Imagined]:
    """Imagine candidates for each part, from the other labels of the n."""
    made = []
    for place, (rest, _) in enumerate(task.parts()):
      number = (self._seed + 1) * 1_000_003 + 1009 * task.seed + 31 * seed + place
      values, labels = task.values[rest], task.labels[rest]
      encoding = features.Encoding.of(task.columns, values) if task.columns else None
      if encoding:
        learnt = classical.weighed(encoding.encoded(values), labels)
      else:
        learnt = classical.copies(classical.weighed(values, labels), recipe.way)
      self._imagination.learn(learnt.values, learnt.labels, number)
      pool = self._imagination.imagine(POOL, number)
      if encoding:
        pool = pool._replace(values=encoding.decoded(pool.values))
      made.append(pool)
    return made

  def choice(self, task: Task, recipe: Recipe, pools: list[Imagined]) -> np.ndarray:
    """Let the hand learn to choose, and return what it takes: bool [parts, candidates]."""
    known = choosing.facts(task, recipe, pools)
    if self._chooser is None or self._chooser.shapes != [fact.shape for fact in known]:
      self._chooser = choosing.Chooser(known, self._seed)
    self._chooser.learn(known)
    return self._chooser.choose(known)

  def trial(self, count: int, number: int) -> Trial:
    """Compare all ways to use `count` labels a class in one split."""
    found = self.found
    parts = self.split(count, number)
    task = self.task(parts.learn, number)
    plain, recipe = classifiers.tuned(task)
    pools = self.pools(task, recipe)
    choice = self.choice(task, recipe, pools)
    extras = {**_mixed(task), **_chosen(pools, choice, number)}
    spare = found.values[parts.more] if self.unlabelled is None else self.unlabelled
    if len(spare):
      extras['pseudo'] = pseudo.extras(task, recipe, spare)
    tests = found.values[parts.test], found.labels[parts.test]
    got = {'nothing': classifiers.score(task.fit(plain), *tests)}
    if found.kind == 'pictures':
      got['classical'] = classifiers.score(task.fit(recipe), *tests)
    shares = {}
    for name, (of_parts, whole) in extras.items():
      asked = ~task.taught() if name == 'hand' else None
      shares[name] = classifiers.share(task, recipe, of_parts, asked)
      more = [classifiers.scale(whole, shares[name], len(task.labels))] if shares[name] else []
      got[name] = classifiers.score(task.fit(recipe, *more), *tests)
    works = np.concatenate([pool.values[taken] for pool, taken in zip(pools, choice, strict=True)])
    return Trial(
      scores=got,
      shares=shares,
      taken=int(choice.sum()),
      curve=self._curve(parts, count, number, got.get('classical', got['nothing'])),
      advantage=privacy.advantage(task.values, tests[0], works, self.found.columns),
      recipe=recipe,
      choice=choice,
    )

  def _curve(self, parts: groups.Split, count: int, number: int, known: float) -> dict[int, float]:
    """Score the tuned classifier with fewer and with more real labels."""
    labels = self.found.labels
    spare = min(np.bincount(labels[parts.more], minlength=self.found.classes))
    fewer = max(count // 2, classifiers.PARTS)
    sizes = {fewer, *(min(count * times, count + spare) for times in (2, 4))} - {count}
    tests = self.found.values[parts.test], labels[parts.test]
    curve = {count: known}
    for size in sorted(sizes):
      # In the order of the split, so that a larger part holds the smaller ones.
      rows = np.concatenate([parts.learn, parts.more])
      kept = [rows[labels[rows] == label][:size] for label in range(self.found.classes)]
      task = self.task(np.concatenate(kept), number)
      curve[size] = classifiers.score(task.fit(classifiers.tuned(task)[1]), *tests)
    return curve


def share_of_hand(task: Task, recipe: Recipe, pools: list[Imagined], choice: np.ndarray) -> float:
  """Return the weight at which what the hand took is validated to be of use; 0: at none."""
  if not choice.any():
    return 0.0
  return classifiers.share(task, recipe, _chosen(pools, choice, 0)['hand'][0], ~task.taught())


def _mixed(task: Task) -> dict[str, tuple[list[Rows], Rows]]:
  """Make as many mixtures, or rows by SMOTE, as there are real ones: of each part, and of all."""
  name = 'smote' if task.columns else 'mixup'

  def make(rows: np.ndarray, seed: int) -> Rows:
    values, labels = task.values[rows], task.labels[rows]
    if task.columns:
      return classical.smote(values, labels, task.columns, max(1, len(rows) // task.classes), seed)
    return classical.mixed(values, labels, len(rows), seed)

  of_parts = [make(rest, task.seed + place) for place, (rest, _) in enumerate(task.parts())]
  return {name: (of_parts, make(np.arange(len(task.labels)), task.seed))}


def _chosen(
  pools: list[Imagined], choice: np.ndarray, seed: int
) -> dict[str, tuple[list[Rows], Rows]]:
  """Return what the hand, the critic and chance choose: as many of each class in each part."""
  if not choice.any():
    return {}
  random = np.random.default_rng([seed, 5])
  orders = {
    'random': [random.random(len(pool.labels)) for pool in pools],
    'critic': [-pool.logits for pool in pools],
    'hand': [1.0 - taken for taken in choice],
  }
  found = {}
  for name, ranks in orders.items():
    of_parts = []
    for pool, taken, rank in zip(pools, choice, ranks, strict=True):
      rows = first(pool.labels, np.bincount(pool.labels[taken], minlength=1), rank)
      of_parts.append(classical.weighed(pool.values[rows], pool.labels[rows]))
    found[name] = of_parts, classical.joined(*of_parts)
  return found


def first(labels: np.ndarray, counts: np.ndarray, rank: np.ndarray) -> np.ndarray:
  """Return the rows that come first by their rank, so many of each label."""
  kept = []
  for label, count in enumerate(counts):
    rows = np.flatnonzero(labels == label)
    kept.append(rows[np.argsort(rank[rows], kind='stable')[:count]])
  return np.sort(np.concatenate(kept)) if kept else np.zeros(0, int)


def run(
  bench: Bench, count: int, splits: int, tell: Callable[[str], object] = lambda text: None
) -> Outcome:
  """Run all splits."""
  for number in range(splits):  # groups may forbid one: better said now than after minutes
    bench.split(count, number)
  done = []
  for number in range(splits):
    tell(f'split {number + 1} of {splits}')
    done.append(bench.trial(count, number))
  return Outcome(done, count, bench.unlabelled is not None)
