"""Finds traps in a labelled set before anybody trains on it: copies, and what gives labels away."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
from sklearn import metrics, model_selection, tree

from tf_creative.labelled.reading import groups
from tf_creative.labelled.reading.sets import FEWEST, Labelled, listed, plural

_FOLDS = 5  # of the cross-validation
_TELLS, _ALMOST = 0.3, 0.9  # share of the way from chance to all, from which it is said; a trap
_EMPTY = 0.5  # share of missing values, from which it is a trap
_PATTERNS = 20  # forms of file names that are looked at
_MOST_ROWS = 4000  # by which it is measured how well a fact tells the label


class Finding(NamedTuple):
  """What has been found, and what to do about it."""

  trap: bool  # whether a measurement would be wrong, not only worth a look
  text: str
  cure: str


def check(found: Labelled) -> list[Finding]:
  """Look for traps; those that make a measurement wrong come first."""
  seen = [*_classes(found), *_copies(found), *_groups(found), *_told_by(found)]
  if found.kind == 'records':
    seen += _columns(found)
  return sorted(seen, key=lambda finding: not finding.trap)


def shown(found: Labelled, findings: list[Finding]) -> list[str]:
  """Return the report of a check, as lines."""
  traps = sum(finding.trap for finding in findings)
  counts = ', '.join(
    f'{name} {count:,}' for name, count in zip(found.label_names, found.counts, strict=True)
  )
  lines = [*found.lines, f'classes: {counts}', '']
  for finding in findings:
    lines += [f'{"TRAP" if finding.trap else "note"}  {finding.text}', f'      {finding.cure}']
  notes = len(findings) - traps
  lines += [''] if findings else []
  lines.append(f'{plural(traps, "trap")}, {plural(notes, "note")}')
  return lines


def _classes(found: Labelled) -> list[Finding]:
  counts, names = found.counts, found.label_names
  seen = []
  if found.classes < 2:
    seen.append(
      Finding(True, 'there is one class only', 'put each class into a folder of its name')
    )
  few = [f'{name} ({count})' for name, count in zip(names, counts, strict=True) if count < FEWEST]
  if few:
    text = f'classes of fewer than {FEWEST} examples: {listed(few)}'
    seen.append(Finding(True, text, 'add examples, or leave these classes out'))
  elif counts.max() > 3 * counts.min():
    text = f'the largest class has {counts.max() / counts.min():.1f} times as many as the smallest'
    seen.append(Finding(False, text, 'judge by balanced accuracy: plain accuracy would flatter'))
  plain: dict[str, list[str]] = {}
  for name in names:
    plain.setdefault(re.sub(r'[\W_]+', '', name).lower(), []).append(name)
  for same in plain.values():
    if len(same) > 1:
      text = f'classes that differ in spelling only: {listed([repr(name) for name in same])}'
      seen.append(Finding(True, text, 'give them one name'))
  return seen


def _copies(found: Labelled) -> list[Finding]:
  """Look for exact and near copies: within a class, across classes, across splits."""
  rows = groups.thumbnails(found)
  exact = np.unique(rows, axis=0, return_inverse=True)[1].ravel()
  kinds = [('equal', exact)]
  if found.kind == 'pictures':
    kinds.append(('nearly equal', groups.grouped(found)))
  seen = []
  for kind, group in kinds:
    sizes = np.bincount(group)
    copies = int((sizes - 1).sum())
    if not copies:
      continue
    what = f'{copies:,} of {len(rows):,} {found.kind} are {kind} to another'
    large = copies > len(rows) / 50
    seen.append(
      Finding(large, f'{what} ({copies / len(rows):.0%})',
              'split by group: else copies of what was learnt are tested on')
    )  # fmt: skip
    for across, value, cure in (
      ('classes', found.labels, 'their labels contradict each other: look at them, leave them out'),
      (
        'splits',
        np.unique(found.splits, return_inverse=True)[1],
        'a test would ask what was learnt',
      ),
    ):
      low, high = np.full(len(sizes), len(rows)), np.full(len(sizes), -1)
      np.minimum.at(low, group, value)
      np.maximum.at(high, group, value)
      mixed = np.flatnonzero(low < high)
      if len(mixed):
        pair = found.names[np.flatnonzero(group == mixed[0])[:2]]
        of = f'{pair[0]} and {pair[-1]}'
        text = f'{plural(len(mixed), "group")} of {kind} ones in several {across}, as {of}'
        seen.append(Finding(True, text, cure))
  return seen


def _groups(found: Labelled) -> list[Finding]:
  """Look for groups, such as patients, of which some examples are in one split, some in another."""
  if found.groups is None:
    return []
  pairs = {*zip(found.groups.tolist(), found.splits.tolist(), strict=True)}
  several = np.flatnonzero(np.bincount([group for group, _ in pairs]) > 1)
  if not len(several):
    return []
  names = found.names[found.groups == several[0]]
  text = f'{plural(len(several), "group")} in several splits, as that of {names[0]} and {names[-1]}'
  return [Finding(True, text, 'a test would ask of whom was learnt: split by group')]


def _told_by(found: Labelled) -> list[Finding]:
  """Look for facts beside the examples' content from which the label can be told."""
  if found.classes < 2 or found.counts.min() < FEWEST:
    return []
  asked: dict[str, tuple[np.ndarray, str]] = {}
  if 'width' in found.facts:
    size = np.stack([found.facts['width'], found.facts['height']], 1)
    asked['the size of the pictures'] = (
      size,
      'the classes come of different sources: resize all alike',
    )
    for name in ('brightness', 'contrast', 'size of the file'):
      if name in found.facts:
        cure = 'normalise it, as is done here, or know that a model may go by it'
        asked[f'the {name}' if ' ' in name else f'the mean {name}'] = (
          found.facts[name][:, None],
          cure,
        )
    asked['the form of the file name'] = _forms(found), 'harmless as long as no model sees names'
  elif found.kind == 'records':
    place = np.arange(len(found.labels))[:, None]
    asked['the order of the rows'] = place, 'shuffle before you split, by group if there are groups'
    blank = np.isnan(found.values)
    if blank.any():
      asked['which values are missing'] = blank, 'ask why: what is missing was decided by somebody'
  seen = []
  for name, (values, cure) in asked.items():
    share, rate = telling(values, found.labels)
    if share >= _TELLS:
      of = f'balanced accuracy {rate:.0%}, by chance {1 / found.classes:.0%}'
      trap = 'name' not in name.split()
      seen.append(Finding(trap, f'{name} alone tells the label: {of}', cure))
  return seen


def _forms(found: Labelled) -> np.ndarray:
  """Return what file names look like: which form they have, and the first number in them."""
  stems = [name.rpartition('/')[2].rpartition('.')[0] or name for name in found.names.tolist()]
  forms = [re.sub(r'\d+', '#', stem) for stem in stems]
  known = sorted(set(forms), key=lambda form: (-forms.count(form), form))[:_PATTERNS]
  numbers = [re.search(r'\d+', stem) for stem in stems]
  return np.array(
    [
      [*(form == one for one in known), float(number[0][:9]) if number else -1]
      for form, number in zip(forms, numbers, strict=True)
    ]
  )


def telling(values: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
  """Measure how well values [N, D] tell labels: the share of the way from chance, and the accuracy.

  By a small tree, cross-validated; 0 where it lies within three standard errors of chance.
  """
  if len(labels) > _MOST_ROWS:
    rows = np.random.default_rng(0).choice(len(labels), _MOST_ROWS, replace=False)
    values, labels = values[rows], labels[rows]
  counts = np.unique(labels, return_counts=True)[1]
  if counts.min() < _FOLDS:
    return 0.0, 0.0
  rate = _accuracy(values, labels)
  chance, sizes = 1 / len(counts), counts.astype(float)
  error = chance * np.sqrt((chance * (1 - chance) / sizes).sum())
  return (0.0 if rate <= chance + 3 * error else (rate - chance) / (1 - chance)), rate


def _accuracy(values: np.ndarray, labels: np.ndarray) -> float:
  small = tree.DecisionTreeClassifier(
    max_depth=10, min_samples_leaf=2, class_weight='balanced', random_state=0
  )
  parts = model_selection.StratifiedKFold(_FOLDS, shuffle=True, random_state=0)
  said = model_selection.cross_val_predict(small, values, labels, cv=parts)
  return float(metrics.balanced_accuracy_score(labels, said))


def _columns(found: Labelled) -> list[Finding]:
  """Look at each column of a table: constant, empty, an identifier, or the label in other words."""
  seen = []
  names = [column.name for column in found.columns]
  blank = np.isnan(found.values).mean(0)
  seen += _some(names, blank == 1, True, 'columns without any value', 'leave them out by --ignore')
  mostly = (blank >= _EMPTY) & (blank < 1)
  seen += _some(names, mostly, True, 'columns of which half or more is missing',
                'leave them out by --ignore, or find the values')  # fmt: skip
  seen += _some(names, (blank > 0) & (blank < _EMPTY), False, 'columns with missing values',
                'trees can cope with them; else the median is taken')  # fmt: skip
  constant = [len(np.unique(one[~np.isnan(one)])) == 1 for one in found.values.T]
  seen += _some(names, np.array(constant), False, 'columns with one value only',
                'nothing can be learnt of them')  # fmt: skip
  counting = [
    not column.words and len(one) > 20 and len(np.unique(one)) == len(one)
    and bool((np.abs(np.diff(np.sort(one))) == 1).all())
    for column, one in zip(found.columns, found.values.T, strict=True)
  ]  # fmt: skip
  seen += _some(names, np.array(counting), True, 'columns that count the rows',
                'a model may learn the order of the file: leave them out by --ignore')  # fmt: skip
  if found.classes > 1 and found.counts.min() >= FEWEST:
    told = np.array([telling(_filled(one), found.labels)[0] for one in found.values.T])
    seen += _some(names, told >= _ALMOST, True, 'columns that tell the label alone',
                  'they may be the label in other words, or known only after it')  # fmt: skip
  return seen


def _filled(column: np.ndarray) -> np.ndarray:
  return np.nan_to_num(column, nan=-1e9)[:, None]


def _some(names: list[str], where: np.ndarray, trap: bool, what: str, cure: str) -> list[Finding]:
  chosen = [name for name, here in zip(names, where, strict=True) if here]
  return [Finding(trap, f'{what}: {listed(chosen)}', cure)] if chosen else []
