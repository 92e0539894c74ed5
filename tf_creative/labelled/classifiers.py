"""The classifiers that are to be helped: tuned on real labels, classical augmentation first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
import itertools
from typing import Any, NamedTuple
import warnings

import numpy as np
from sklearn import ensemble, exceptions, linear_model, metrics

from tf_creative.labelled import classical, features
from tf_creative.labelled.classical import Rows
from tf_creative.labelled.reading import groups
from tf_creative.labelled.reading.sets import Column

PARTS = 3  # of the n labels: two are learnt from, one is validated on
_STRENGTHS = (0.01, 0.1, 1.0)  # of logistic regression, C: the inverse of its penalty
_LEAVES = (5, 20)  # rows in a leaf of a tree, at least
_ROUNDS = 60  # trees
SHARES = (0.25, 1.0)  # weight of all imagined examples for that of all real ones
_LEAST = 1e-6  # of a probability


class Recipe(NamedTuple):
  """A classifier, as it has been tuned."""

  reads: str  # 'hog' or 'pixels'; 'rows', linear, or 'trees'
  strength: float  # C, or the rows in a leaf
  way: str = 'none'  # of classical augmentation

  def __str__(self) -> str:
    if self.reads == 'trees':
      return f'boosted trees of {self.strength:.0f} rows a leaf'
    return f'logistic on {self.reads}, C {self.strength:g}, {self.way}'


Predictor = Callable[[np.ndarray], np.ndarray]  # values -> probabilities [N, classes]


def fit(recipe: Recipe, columns: tuple[Column, ...], classes: int, *parts: Rows) -> Predictor:
  """Fit a classifier to weighed examples, of which the first part are the real ones."""
  real = classical.copies(parts[0], recipe.way) if recipe.way != 'none' else parts[0]
  rows = classical.joined(real, *parts[1:])
  encode = _encoder(recipe, columns, parts[0].values)
  with warnings.catch_warnings():
    warnings.simplefilter('ignore', exceptions.ConvergenceWarning)
    model = _model(recipe, columns).fit(encode(rows.values), rows.labels, rows.weights)

  def probabilities(values: np.ndarray) -> np.ndarray:
    said = np.zeros([len(values), classes])  # a class may be missing in a part
    said[:, model.classes_] = model.predict_proba(encode(values))
    return said

  return probabilities


def _encoder(
  recipe: Recipe, columns: tuple[Column, ...], real: np.ndarray
) -> Callable[[np.ndarray], np.ndarray]:
  if recipe.reads == 'trees':
    return lambda values: values
  if recipe.reads == 'rows':
    return features.Encoding.of(columns, real).encoded
  seen = features.of_pictures(real, recipe.reads)
  mean, spread = seen.mean(0), seen.std() + 1e-6
  return lambda values: (features.of_pictures(values, recipe.reads) - mean) / spread


def _model(recipe: Recipe, columns: tuple[Column, ...]) -> Any:
  if recipe.reads != 'trees':
    return linear_model.LogisticRegression(C=recipe.strength, max_iter=200, tol=1e-3)
  return ensemble.HistGradientBoostingClassifier(
    max_iter=_ROUNDS, min_samples_leaf=int(recipe.strength), early_stopping=False, random_state=0,
    categorical_features=[bool(one.words) for one in columns],
  )  # fmt: skip


def score(predict: Predictor, values: np.ndarray, labels: np.ndarray) -> float:
  """Return the balanced accuracy: the mean over classes of the share that is named rightly."""
  return float(metrics.balanced_accuracy_score(labels, predict(values).argmax(1)))


def surprise(predict: Predictor, values: np.ndarray, labels: np.ndarray) -> np.ndarray:
  """Return the log loss of each example."""
  said = predict(values)[np.arange(len(labels)), labels]
  return -np.log(np.clip(said, _LEAST, 1))


class Task(NamedTuple):
  """The n labels of each class, and the parts in which they are validated."""

  values: np.ndarray
  labels: np.ndarray
  columns: tuple[Column, ...]
  classes: int
  seed: int

  def parts(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield (learnt, validated) rows; no label beyond the n is in them."""
    yield from groups.folds(self.labels, PARTS, self.seed)

  def loss(self, recipe: Recipe, extras: Sequence[Rows | None] | None = None) -> np.ndarray:
    """Return the log loss of each of the n examples, when it was not learnt from."""
    lost = np.zeros(len(self.labels))
    for place, (rest, part) in enumerate(self.parts()):
      more = extras[place] if extras else None
      real = classical.weighed(self.values[rest], self.labels[rest])
      predict = fit(recipe, self.columns, self.classes, real, *([more] if more else []))
      lost[part] = surprise(predict, self.values[part], self.labels[part])
    return lost

  def taught(self) -> np.ndarray:
    """Return which of the n examples a hand may be rewarded by: bool [n], every second of a class.

    Whether its choice is of use is then asked of the others.
    """
    order = np.concatenate([part for _, part in self.parts()])
    chosen = np.zeros(len(self.labels), bool)
    for label in range(self.classes):
      chosen[order[self.labels[order] == label][::2]] = True
    return chosen

  def fit(self, recipe: Recipe, *extra: Rows) -> Predictor:
    """Fit a classifier to all of the n labels."""
    real = classical.weighed(self.values, self.labels)
    return fit(recipe, self.columns, self.classes, real, *extra)


def tuned(task: Task) -> tuple[Recipe, Recipe]:
  """Tune without and with classical augmentation, by the validated loss; tables have none."""
  if task.columns:
    grid = [Recipe('rows', strength) for strength in _STRENGTHS]
    grid += [Recipe('trees', leaf) for leaf in _LEAVES]
    best = _best(task, grid)
    return best, best
  plain, other = (
    _best(task, [Recipe(kind, strength) for strength in _STRENGTHS]) for kind in features.KINDS
  )
  base = task.loss(plain)
  if _fall(base, task.loss(other))[1] > 0:
    plain, base = other, task.loss(other)
  chosen, most = plain, 0.0
  # Copies allow a weaker penalty.
  near = [one for one in _STRENGTHS if one >= plain.strength][:2]
  for way, strength in itertools.product(classical.WAYS[1:], near):
    recipe = plain._replace(way=way, strength=strength)
    mean, sure = _fall(base, task.loss(recipe))
    if sure > 0 and mean > most:
      chosen, most = recipe, mean
  return plain, chosen


def _fall(before: np.ndarray, after: np.ndarray) -> tuple[float, float]:
  """Return how far the mean loss falls, and that less the standard error of the fall."""
  fall = before - after
  return float(fall.mean()), float(fall.mean() - fall.std(ddof=1) / len(fall) ** 0.5)


def _best(task: Task, recipes: Sequence[Recipe]) -> Recipe:
  return min(recipes, key=lambda recipe: task.loss(recipe).mean())


def share(
  task: Task, recipe: Recipe, extras: Sequence[Rows], asked: np.ndarray | None = None
) -> float:
  """Choose the weight of extra examples for that of the real ones: 0 where they are no help.

  `extras` are those of each part, made without its validated rows; `asked` [n] says which rows
  decide, if not all. Help is a mean validated loss that falls by more than the standard error of
  the fall; so it is for classical augmentation, too.
  """
  rows = slice(None) if asked is None else asked
  base = task.loss(recipe)[rows]
  chosen, most = 0.0, 0.0
  for one in SHARES:
    pairs = zip(extras, task.parts(), strict=True)
    scaled = [scale(extra, one, len(rest)) for extra, (rest, _) in pairs]
    mean, sure = _fall(base, task.loss(recipe, scaled)[rows])
    if sure > 0 and mean > most:
      chosen, most = one, mean
  return chosen


def scale(extra: Rows, part: float, real: int) -> Rows:
  """Scale the weights of extra examples so that they sum to a part of that of the real ones."""
  total = extra.weights.sum()
  return extra._replace(weights=extra.weights * (part * real / total if total else 0.0))
