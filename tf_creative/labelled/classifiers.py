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
_SURE = 2.0  # standard errors


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
    known = ~np.isnan(real).all(0)  # the trees of scikit-learn cannot bin an empty column
    return lambda values: np.where(known, values, 0.0)
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


class Validated(NamedTuple):
  """How each of the n examples was judged by a classifier that had not learnt from it."""

  lost: np.ndarray  # float [n], the log loss
  right: np.ndarray  # float [n], 0 or 1

  def part(self, rows: Any) -> Validated:
    return Validated(self.lost[rows], self.right[rows])


class Task(NamedTuple):
  """The n labels of each class, and the parts in which they are validated."""

  values: np.ndarray
  labels: np.ndarray
  columns: tuple[Column, ...]
  classes: int
  seed: int
  groups: np.ndarray | None = None  # [n], of which none is in two parts

  def parts(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield (learnt, validated) rows; no label beyond the n is in them."""
    yield from groups.folds(self.labels, PARTS, self.seed, self.groups)

  def validated(self, recipe: Recipe, extras: Sequence[Rows] | None = None) -> Validated:
    """Judge each of the n examples, by two thirds of the others and the extras of its part."""
    lost, right = np.zeros([2, len(self.labels)])
    for place, (rest, part) in enumerate(self.parts()):
      more = extras[place] if extras else None
      real = classical.weighed(self.values[rest], self.labels[rest])
      predict = fit(recipe, self.columns, self.classes, real, *([more] if more else []))
      said, labels = predict(self.values[part]), self.labels[part]
      lost[part] = -np.log(np.clip(said[np.arange(len(part)), labels], _LEAST, 1))
      right[part] = said.argmax(1) == labels
    return Validated(lost, right)

  def taught(self) -> np.ndarray:
    """Return which of the n examples a hand may be rewarded by: bool [n], every second of a class.

    Whether its choice is of use is then asked of the others. Of groups, it is every second group.
    """
    order = np.concatenate([part for _, part in self.parts()])
    if self.groups is not None:
      known = list(dict.fromkeys(self.groups[order].tolist()))
      return np.isin(self.groups, known[::2])
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
  base = task.validated(plain)
  if _gain(base, of_other := task.validated(other)):
    plain, base = other, of_other
  chosen, most = plain, 0.0
  # Copies allow a weaker penalty.
  near = [one for one in _STRENGTHS if one >= plain.strength][:2]
  for way, strength in itertools.product(classical.WAYS[1:], near):
    recipe = plain._replace(way=way, strength=strength)
    if (gain := _gain(base, task.validated(recipe))) > most:
      chosen, most = recipe, gain
  return plain, chosen


def _gain(before: Validated, after: Validated) -> float:
  """Return how far the mean loss falls, or 0 where that is not sure.

  Sure is a fall of more than two standard errors, while no fewer examples are named rightly: a
  classifier that is only less sure of itself loses less, too.
  """
  fall = before.lost - after.lost
  sure = fall.mean() > _SURE * fall.std(ddof=1) / len(fall) ** 0.5
  return float(fall.mean()) if sure and after.right.sum() >= before.right.sum() else 0.0


def _best(task: Task, recipes: Sequence[Recipe]) -> Recipe:
  return min(recipes, key=lambda recipe: task.validated(recipe).lost.mean())


def share(
  task: Task, recipe: Recipe, extras: Sequence[Rows], asked: np.ndarray | None = None
) -> float:
  """Choose the weight of extra examples for that of the real ones: 0 where they are no help.

  `extras` are those of each part, made without its validated rows; `asked` [n] says which rows
  decide, if not all. What is no sure gain gets no weight; so it is with classical augmentation.
  """
  rows = slice(None) if asked is None else asked
  base = task.validated(recipe).part(rows)
  chosen, most = 0.0, 0.0
  for one in SHARES:
    pairs = zip(extras, task.parts(), strict=True)
    scaled = [scale(extra, one, len(rest)) for extra, (rest, _) in pairs]
    if (gain := _gain(base, task.validated(recipe, scaled).part(rows))) > most:
      chosen, most = one, gain
  return chosen


def scale(extra: Rows, part: float, real: int) -> Rows:
  """Scale the weights of extra examples so that they sum to a part of that of the real ones."""
  total = extra.weights.sum()
  return extra._replace(weights=extra.weights * (part * real / total if total else 0.0))
