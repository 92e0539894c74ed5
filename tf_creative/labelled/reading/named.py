"""Reads sets by name: of scikit-learn and lifelines as they are installed, and pictures of TFDS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn import datasets
import tensorflow as tf

from tf_creative.core import spec
from tf_creative.labelled.reading import pictures, records
from tf_creative.labelled.reading.sets import Column, DataError, Labelled, plural
from tf_creative.worlds import bounded, images

OF_SKLEARN = ('breast_cancer', 'digits', 'iris', 'wine')
# Tables of lifelines: columns of days and of whether something recurred, and those to learn from.
OF_LIFELINES = {
  'gbsg2': ('time', 'cens', 'horTh age menostat tsize tgrade pnodes progrec estrec'),
  'lymph_node': (
    'rectime',
    'censrec',
    'age menopause hormone size grade nodes prog_recp estrg_recp',
  ),
}
NAMED = (*OF_SKLEARN, *OF_LIFELINES)
OF_TFDS = 'tfds:'  # before the name
_DAYS = 730  # within which something recurs, or does not
_MOST = 5000  # pictures of a split of TFDS
_MOST_BYTES = 1 << 20


def read(name: str, size: int) -> Labelled:
  """Read a set by its name; a DataError names the nearest ones."""
  if name in OF_SKLEARN:
    return _of_sklearn(name, size)
  if name in OF_LIFELINES:
    return _of_lifelines(name)
  if name.startswith(OF_TFDS):
    return _of_tfds(name.removeprefix(OF_TFDS), size)
  raise DataError(
    f"there is no '{name}': name a folder of pictures by class, a CSV, {OF_TFDS}NAME of a set of "
    f'TFDS, or one of {", ".join(NAMED)}.{spec.closest(name, NAMED)}'
  )


def _of_sklearn(name: str, size: int) -> Labelled:
  """Read a set of scikit-learn: digits as pictures of their own size, the others as records."""
  found: Any = getattr(datasets, f'load_{name}')()
  labels = found.target.astype(np.int64)
  count, words = len(labels), tuple(map(str, found.target_names))
  pixels = name == 'digits'
  side = min(size, 8)
  values = found.data.astype(np.float32)
  if pixels:
    shown = found.images[..., None].astype(np.float32) / 16
    values = np.stack([pictures.resized(one, side) for one in shown])
  columns = () if pixels else tuple(Column(str(word), ()) for word in found.feature_names)
  what = f'pictures of {side} x {side}' if pixels else f'records of {len(columns)} columns'
  return Labelled(
    kind='pictures' if pixels else 'records',
    values=values,
    labels=labels,
    label_names=words,
    names=np.array([str(row) for row in range(count)]),
    splits=np.full(count, ''),
    facts={},
    columns=columns,
    lines=(f'{name} of scikit-learn: {count:,} {what}, {len(words)} classes',),
  )


def _of_lifelines(name: str) -> Labelled:
  """Read a table of the package lifelines: what recurs within two years is to be foretold.

  Who left before, without a recurrence, has no label; the days themselves are not learnt from.
  """
  lacking = f'--data={name} is of the package lifelines: pip install --no-deps lifelines.'
  path = bounded.installed('lifelines', f'lifelines/datasets/{name}.csv', lacking)
  days, event, known = OF_LIFELINES[name]
  try:
    head, rows, _ = records.table(name, bounded.content(path, _MOST_BYTES))
    at, of, *places = (head.index(column) for column in (days, event, *known.split()))
    told = [(row, float(row[at]), float(row[of]) > 0) for row in rows]
  except ValueError as error:
    raise DataError(f"'{name}' of lifelines cannot be read: {error}. {lacking}") from error
  kept = [
    [*(row[place] for place in places), 'within' if recurs and day <= _DAYS else 'not within']
    for row, day, recurs in told
    if recurs or day > _DAYS
  ]
  label = f'a recurrence within {_DAYS} days'
  lines = [f'{plural(len(rows) - len(kept), "row")} left out: not followed for so long']
  head = [*known.split(), label]
  return records.labelled(f'{name} of lifelines', head, kept, label, (), '', lines)


def _of_tfds(name: str, size: int) -> Labelled:
  """Read the pictures of a set of TFDS, of each split at most so many."""
  words = images.label_names(name)
  if len(words) < 2:
    raise DataError(f"'{name}' of TFDS has no labels of several classes: name another set.")
  values, labels, splits = [], [], []
  for split in images.splits(name):
    rows = images.read(name, split, _square(size), size * size * 3, 256).take(_MOST)
    for row in rows:
      values.append(row.work.numpy())
      labels.append(int(row.label))
      splits.append(split)
  held = np.array([np.abs(one - one.mean(-1, keepdims=True)).mean() for one in values])
  colour = (held / 255 >= pictures.GREY).mean() > 0.5
  shown = [one / 255 if colour else one.mean(-1, keepdims=True) / 255 for one in values]
  used = np.unique(labels)
  return Labelled(
    kind='pictures',
    values=np.stack([pictures.normalised(one) for one in shown]),
    labels=np.searchsorted(used, labels),
    label_names=tuple(words[label] for label in used),
    names=np.array([f'{split}[{place}]' for place, split in enumerate(splits)]),
    splits=np.array(splits),
    facts={},
    columns=(),
    lines=(
      f'{name} of TFDS: {len(labels):,} pictures of {len(used)} classes, '
      f'{"in colour" if colour else "grey"}, resized to {size} x {size}, contrast-normalised; '
      f'of each split the first {_MOST:,} at most',
    ),
  )


def _square(size: int) -> Callable[[tf.Tensor], tf.Tensor]:
  """Return what makes a picture a square: uint8 [size, size, 3]."""
  colours = tf.zeros([1, 3])  # transparent pixels become black

  def convert(picture: tf.Tensor) -> tf.Tensor:
    square = images.resize(images.recolour(picture, colours), size, size)
    return tf.cast(tf.round(255 * square), tf.uint8)

  return convert
