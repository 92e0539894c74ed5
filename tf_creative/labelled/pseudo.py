"""Pseudo-labels: a classifier names unlabelled examples, and learns from the surest of them.

They are the control of all imagined examples: what is real but unlabelled may be worth more than
what is labelled but imagined.
"""

from __future__ import annotations

from collections.abc import Sequence
import csv
import io

import numpy as np

from tf_creative.labelled import classical, classifiers
from tf_creative.labelled.classical import Rows
from tf_creative.labelled.classifiers import Predictor, Recipe, Task

TABLE = 'pseudo_labels.csv'
_KEPT = 0.5  # of those that get a name, the surest


def surest(predict: Predictor, values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
  """Return the rows that are named most surely, half of each class, their names, how sure."""
  said = predict(values)
  names, sure = said.argmax(1), said.max(1)
  rows = []
  for name in np.unique(names):
    of_name = np.flatnonzero(names == name)
    count = max(1, round(_KEPT * len(of_name)))
    rows.append(of_name[np.argsort(-sure[of_name], kind='stable')[:count]])
  kept = np.sort(np.concatenate(rows))
  return kept, names[kept], sure[kept]


def extras(task: Task, recipe: Recipe, unlabelled: np.ndarray) -> tuple[list[Rows], Rows]:
  """Name unlabelled examples: for each part by the other labels of the n, then by all of them."""

  def named(predict: Predictor) -> Rows:
    rows, labels, _ = surest(predict, unlabelled)
    return classical.weighed(unlabelled[rows], labels)

  of_parts = []
  for rest, _ in task.parts():
    real = classical.weighed(task.values[rest], task.labels[rest])
    of_parts.append(named(classifiers.fit(recipe, task.columns, task.classes, real)))
  return of_parts, named(task.fit(recipe))


def table(
  task: Task, unlabelled: np.ndarray, names: Sequence[str], label_names: Sequence[str]
) -> str:
  """Name unlabelled examples by all labels; return a CSV of the surest."""
  rows, labels, sure = surest(task.fit(classifiers.tuned(task)[1]), unlabelled)
  text = io.StringIO()
  lines = csv.writer(text, lineterminator='\n')
  lines.writerow(['file', 'label', 'probability'])
  for row, label, one in zip(rows, labels, sure, strict=True):
    lines.writerow([names[row], label_names[label], f'{one:.3f}'])
  return text.getvalue()
