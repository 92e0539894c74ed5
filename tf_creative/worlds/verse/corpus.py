"""Loads lines of verse from a data set or from a user's texts."""

from __future__ import annotations

import functools
import os
import pathlib
from typing import Any, NamedTuple

from absl import logging
import numpy as np
import tensorflow_datasets as tfds

from tf_creative.core import spec
from tf_creative.core.works import Works
from tf_creative.worlds import folders, images
from tf_creative.worlds.verse import package, texts, vocabulary

OURS = 'verse'  # the name of the data set of the package
_SPLITS = ('train', 'validation', 'test')
_MOST_LABELS = 100  # texts of a folder that are labels

Rows = dict[str, list[tuple[list[str], int]]]  # words and label of each line, by split


class Corpus(NamedTuple):
  """The lines of a data set by the numbers of their words."""

  words: vocabulary.Vocabulary
  labels: list[str]
  real: dict[str, Works]  # by split, lines of which all words are known: int32 [N, MOST]
  every: dict[str, np.ndarray]  # by split, all lines

  def works(self, data: str, split: str) -> Works:
    """Return the real works of a split, or raise a DataError."""
    if split not in self.real:
      raise images.DataError(f"{data} has no split '{split}'.{spec.nearest(split, self.real)}")
    return self.real[split]


def load(data: str, most: int) -> Corpus:
  """Load the lines of `data`, and number its `most` most frequent words."""
  own = [path.resolve() for path in texts.files(data)]
  stamp = tuple((path, path.stat().st_mtime_ns) for path in own if path.exists())
  return _load(data, most, stamp, os.environ.get('TFDS_DATA_DIR'))


@functools.lru_cache(8)
def _load(data: str, most: int, *changed: Any) -> Corpus:
  del changed  # what else the lines depend on
  files = texts.files(data)
  rows, labels = _own(files) if files else _stored(data)
  train = (word for line, _ in rows['train'] for word in line)
  # In the poems of the package every word that is numbered has a pronunciation.
  known = package.readings() if data == OURS else None
  words = vocabulary.Vocabulary((w for w in train if known is None or w in known), most)
  real, every = {}, {}
  for split, lines in rows.items():
    numbers = np.array([words.numbers(line) for line, _ in lines]).reshape(-1, texts.MOST)
    every[split] = numbers.astype(np.int32)
    whole = ~(numbers == vocabulary.REST).any(1)
    label = np.array([label for _, label in lines], np.int32)
    real[split] = Works(every[split][whole], label[whole])
    logging.info('%s has %d lines of known words, of %d.', split, whole.sum(), len(lines))
  few = [split for split in ('train', 'test') if split not in real or not len(real[split].work)]
  if few:
    raise images.DataError(
      f"{data} has no lines of known words for '{few[0]}': wanted are texts with lines of "
      f'{texts.LEAST} to {texts.MOST} words, in two poems (with a blank line between) or more, or '
      'a larger vocabulary=.'
    )
  return Corpus(words, labels, {name: part for name, part in real.items() if len(part.work)}, every)


def _own(files: list[pathlib.Path]) -> tuple[Rows, list[str]]:
  """Read a user's texts; each is a label, if there are several, and not too many."""
  several = 1 < len(files) <= _MOST_LABELS
  rows: Rows = {split: [] for split in _SPLITS}
  known, turn = set(), 0
  for label, path in enumerate(files):
    for poem in texts.of_file(path):
      found = {tuple(line): None for line in poem if texts.fits(line)}
      new = [line for line in found if line not in known]
      known.update(new)
      rows[texts.split(turn)] += [(list(line), label if several else 0) for line in new]
      turn += bool(new)
  return rows, [path.stem for path in files] if several else ['']


def _stored(data: str) -> tuple[Rows, list[str]]:
  """Read a data set of TFDS whose examples have a `line`."""
  if data == OURS:
    package.readings()  # so that a missing package is told in its own words
  features: Any = images.find(data).info.features
  if 'line' not in features or not isinstance(features['line'], tfds.features.Text):
    raise images.DataError(
      f"data set '{data}' has no lines of verse; its features are {', '.join(features)}. There "
      f'are: {OURS}, a .txt file, or a folder of them.'
    )
  labels = images.label_names(data)
  keys = ['line', *(['label'] if labels != [''] else [])]
  rows: Rows = {}
  for split in _SPLITS:
    if split == 'validation' and split not in images.splits(data):
      continue
    with folders.read(data):
      read: Any = images.examples(data, split, keys, pixels=texts.MOST * 4).as_numpy_iterator()
      lines = [(texts.words(row['line'].decode()), int(row.get('label', 0))) for row in read]
      if any(not 0 <= label < len(labels) for _, label in lines):
        raise ValueError('a label has no name')
    rows[split] = [(line, label) for line, label in lines if texts.fits(line)]
  return rows, labels
