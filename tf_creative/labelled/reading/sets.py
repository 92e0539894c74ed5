"""Labelled sets as arrays: pictures or records, with their labels and what is known of each row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tf_creative.core import spec

FEWEST = 6  # examples of a class that can be split into parts to learn from and to test on
_LISTED = 5  # names in a message


class DataError(spec.UserError):
  """A labelled set that cannot be read or learnt from."""


class Column(NamedTuple):
  """A column of a table; of categories, values are places in `words`."""

  name: str
  words: tuple[str, ...]  # the categories; none of a column of numbers


class Labelled(NamedTuple):
  """A labelled set, whole or in part."""

  kind: str  # 'pictures' or 'records'
  values: np.ndarray  # float32 [N, H, W, C] in 0..1, or [N, columns] with NaN where nothing stands
  labels: np.ndarray  # int64 [N]
  label_names: tuple[str, ...]
  names: np.ndarray  # str [N], of a file, or of a row
  splits: np.ndarray  # str [N], as the folders say; '' where they do not
  facts: dict[str, np.ndarray]  # float [N]: what a file betrays besides its picture
  columns: tuple[Column, ...]  # of records
  lines: tuple[str, ...]  # what is said of the reading
  groups: np.ndarray | None = None  # int64 [N], as patients: none is on two sides; None: all differ

  @property
  def classes(self) -> int:
    return len(self.label_names)

  @property
  def counts(self) -> np.ndarray:
    """Count the examples of each class."""
    return np.bincount(self.labels, minlength=self.classes)

  @property
  def grouped(self) -> np.ndarray:
    """Count the groups of each class."""
    if self.groups is None:
      return self.counts
    pairs = np.unique(np.stack([self.groups, self.labels]), axis=1)
    return np.bincount(pairs[1], minlength=self.classes)

  def part(self, rows: np.ndarray) -> Labelled:
    """Return these rows, in this order."""
    return self._replace(
      values=self.values[rows],
      labels=self.labels[rows],
      names=self.names[rows],
      splits=self.splits[rows],
      facts={name: fact[rows] for name, fact in self.facts.items()},
      groups=None if self.groups is None else self.groups[rows],
    )


def learnable(found: Labelled) -> None:
  """Raise a DataError for a set in which no classifier can be compared with another."""
  if found.classes < 2:
    raise DataError(
      'all examples are of one class: put each class into a folder of its name, or name the '
      'column of the classes by --label.'
    )
  few = [
    f"'{name}' has {count}"
    for name, count in zip(found.label_names, found.grouped, strict=True)
    if count < FEWEST
  ]
  what = 'examples' if found.groups is None else 'groups'
  if few:
    raise DataError(
      f'of a class, {FEWEST} {what} are needed at least, to learn from some and test on others: '
      f'{listed(few)}. Add some, or leave the class out.'
    )


def numbered(names: Sequence[str]) -> tuple[np.ndarray, int]:
  """Give groups [N] numbers by their names, and count them; without a name, each is its own."""
  own = [name or f'\0{place}' for place, name in enumerate(names)]
  known, groups = np.unique(own, return_inverse=True)
  return groups.ravel(), len(known)


def plural(count: int, what: str) -> str:
  """Count things: 1 group, 2,000 groups."""
  return f'{count:,} {what}{"s" * (count != 1)}'


def listed(names: Sequence[str]) -> str:
  """Name the first few, and count the rest."""
  rest = len(names) - _LISTED
  return ', '.join(names[:_LISTED]) + (f', and {rest:,} more' if rest > 0 else '')
