"""Groups of near copies, splits that keep a group on one side, and samples of n labels a class."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from tf_creative.labelled.reading import pictures
from tf_creative.labelled.reading.sets import DataError, Labelled, plural

NEAR, _SIDE = 0.05, 32  # root mean square of differences, of the range; pixels of what is compared
_ROWS = 512  # compared at once
_SPREAD = 6  # groups of which the labels of a class must come, at least


class Split(NamedTuple):
  """Rows of a labelled set, by what they are used for; no group is in two of them."""

  learn: np.ndarray  # the n labels of each class
  more: np.ndarray  # further labels, for the ceiling: shuffled
  test: np.ndarray


def thumbnails(found: Labelled) -> np.ndarray:
  """Return what is compared, as rows: pictures of 32 x 32 with equal contrast, or records."""
  if found.kind == 'records':
    return np.nan_to_num(found.values, nan=-1e30)
  if found.values.shape[1] <= _SIDE:
    return found.values.reshape(len(found.values), -1)
  small = [pictures.normalised(pictures.resized(one, _SIDE)) for one in found.values]
  return np.stack(small).reshape(len(small), -1)


def near_pairs(rows: np.ndarray, near: float = NEAR) -> np.ndarray:
  """Find all pairs of rows [N, D] whose root mean square difference is `near` at most: [P, 2]."""
  size, pairs = (rows**2).sum(1), []
  for start in range(0, len(rows), _ROWS):
    part = rows[start : start + _ROWS]
    apart = size[start : start + _ROWS, None] + size - 2 * part @ rows.T
    first, second = np.nonzero(apart <= near**2 * rows.shape[1])
    later = second > first + start
    pairs.append(np.stack([first[later] + start, second[later]], 1))
  return np.concatenate(pairs) if pairs else np.zeros([0, 2], int)


def grouped(found: Labelled) -> np.ndarray:
  """Return the number of each row's group: near copies, or records equal in all columns."""
  rows = thumbnails(found)
  if found.kind == 'records':
    return np.unique(rows, axis=0, return_inverse=True)[1].ravel()
  pairs = near_pairs(rows)
  links = sparse.coo_matrix((np.ones(len(pairs)), pairs.T), [len(rows)] * 2)
  return csgraph.connected_components(links, directed=False)[1]


def unique(found: Labelled) -> tuple[Labelled, list[str]]:
  """Keep one example of each group, and none of those whose labels differ; say how many."""
  groups = grouped(found)
  first = np.sort(np.unique(groups, return_index=True)[1])
  low, high = (np.full(len(groups), value) for value in (found.classes, -1))
  np.minimum.at(low, groups, found.labels)
  np.maximum.at(high, groups, found.labels)
  kept = first[(low == high)[groups[first]]]
  lines = []
  if len(kept) < len(groups):
    what = 'near copies' if found.kind == 'pictures' else 'equal rows'
    lines.append(
      f'one of each group of {what} is kept: {len(kept):,} of {len(groups):,}'
      + (
        f'; left out: {plural(len(first) - len(kept), "group")} of several labels'
        * (len(kept) < len(first))
      )
    )
  return found.part(kept), lines


def split(labels: np.ndarray, count: int, seed: int, of: np.ndarray | None = None) -> Split:
  """Split rows: `count` of each class to learn from, a third for tests, the rest for the ceiling.

  No group, `of` [N], is in two of these; of near copies, `unique` has left one.
  """
  random = np.random.default_rng([seed, 1])
  if of is not None:
    return _by_group(labels, count, of, random)
  learn, more, test = [], [], []
  for label in np.unique(labels):
    rows = random.permutation(np.flatnonzero(labels == label))
    tested = max(1, min(len(rows) // 3, len(rows) - count))
    test.append(rows[:tested])
    learn.append(rows[tested : tested + count])
    more.append(rows[tested + count :])
  parts = (np.concatenate(rows) for rows in (learn, more, test))
  chosen, spare, tests = (random.permutation(rows) for rows in parts)
  return Split(chosen, spare, tests)


def _by_group(labels: np.ndarray, count: int, of: np.ndarray, random: np.random.Generator) -> Split:
  """Deal out whole groups: first to the tests, then to what is learnt from, until all have enough.

  A group gives a sixth of a class's labels at most; what it has beyond that is in no part.
  """
  wanted = np.maximum(np.bincount(labels) // 3, 1)
  tested, learnt = np.zeros([2, len(wanted)], int)
  learn, more, test = [np.zeros(0, int)], [np.zeros(0, int)], []
  for group in random.permutation(np.unique(of)):
    rows = random.permutation(np.flatnonzero(of == group))
    held = np.bincount(labels[rows], minlength=len(wanted))
    if ((held > 0) & (tested < wanted)).any():
      test.append(rows)
      tested += held
    elif ((held > 0) & (learnt < count)).any():
      most = np.minimum(max(1, count // _SPREAD), count - learnt)
      parts = [rows[labels[rows] == label][:some] for label, some in enumerate(most)]
      learn.append(np.concatenate(parts))
      learnt += np.minimum(held, most)
    else:
      more.append(rows)
  if (learnt < count).any():
    raise DataError(
      f'--labels={count} of each class are more than the groups allow, none of which may be on two '
      f'sides: in a split there are {learnt.min()} of a class. Ask for fewer.'
    )
  chosen, spare, tests = (random.permutation(np.concatenate(rows)) for rows in (learn, more, test))
  return Split(chosen, spare, tests)


def folds(
  labels: np.ndarray, count: int, seed: int, of: np.ndarray | None = None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
  """Yield (rest, part) of `count` parts with a share of each class; no two have a group."""
  random = np.random.default_rng([seed, 2])
  place = np.zeros(len(labels), int)
  if of is not None:
    held = np.zeros([count, labels.max() + 1])
    for group in random.permutation(np.unique(of)):
      rows = of == group
      own = np.bincount(labels[rows], minlength=held.shape[1])
      place[rows] = chosen = held[:, own > 0].sum(1).argmin()
      held[chosen] += own
  for label in np.unique(labels) if of is None else ():
    rows = random.permutation(np.flatnonzero(labels == label))
    place[rows] = np.arange(len(rows)) % count
  for number in range(count):
    yield np.flatnonzero(place != number), np.flatnonzero(place == number)
