"""Loads melodies from a data set or from a folder of MIDI files."""

from __future__ import annotations

import functools
import os
import pathlib
from typing import Any

from absl import logging
import numpy as np
import tensorflow as tf

from tf_creative.core import spec
from tf_creative.core.works import Works
from tf_creative.worlds import folders, images
from tf_creative.worlds.melody import midi, scores


def works(data: str, split: str, *, data_dir: str | None = None) -> tf.data.Dataset:
  """Load all melodies of a split, always in the same order: uint8 [STEPS] with their modes."""
  if pathlib.Path(data).is_dir() and not folders.is_one(data):
    found = _folder(str(pathlib.Path(data).resolve()))
    if split not in found:
      raise images.DataError(f"{data} has no split '{split}'.{spec.nearest(split, found)}")
    return tf.data.Dataset.from_tensor_slices(found[split])
  features: Any = images.find(data, data_dir).info.features
  keys = ('melody', 'label')
  if not {*keys} <= {*features} or not _are_melodies(features['melody']):
    raise images.DataError(
      f"data set '{data}' has no melodies of {scores.STEPS} steps; its features are "
      f'{", ".join(features)}. There are: chorales, or any folder of MIDI files.'
    )
  found = images.examples(data, split, [*keys], pixels=scores.STEPS, data_dir=data_dir)
  read = found.map(lambda row: Works(row['melody'], folders.label(row['label'])))
  return folders.whole(data, read, values=scores.CLASSES, labels=len(scores.MODES))


def _are_melodies(feature: Any) -> bool:
  return feature.shape == (scores.STEPS,) and feature.dtype == np.uint8


@functools.cache
def _folder(path: str) -> dict[str, Works]:
  """Read a folder of MIDI files, in the same way as the chorales; return works by split."""
  files = sorted(
    file for file in pathlib.Path(path).rglob('*') if file.suffix.lower() in ('.mid', '.midi')
  )
  if not files:
    raise images.DataError(
      f'{path} holds neither a data set of TFDS nor any .mid or .midi file. {images.READ}'
    )
  pieces, modes = [], []
  for file in files:
    mode, windows = _piece(file)
    if windows:
      pieces.append(windows)
      modes.append(mode)
  logging.info('%d of %d MIDI files have four bars in four quarters.', len(pieces), len(files))
  splits: dict[str, dict[bytes, tuple[np.ndarray, int]]] = {}
  for split, mode, windows in zip(scores.shares(pieces, modes), modes, pieces, strict=True):
    splits.setdefault(split, {}).update({w.tobytes(): (w, mode) for w in windows})
  if not {'train', 'test'} <= splits.keys():
    raise images.DataError(
      f'{path} has {len(pieces)} MIDI files that can be used: at least two tunes of one mode are '
      'wanted, in 4/4 and of four bars or more.'
    )
  return {split: _works(list(found.values())) for split, found in splits.items()}


def _piece(file: str | os.PathLike) -> tuple[int, list[np.ndarray]]:
  """Return a file's mode and windows; no windows if it is not in 4/4."""
  highest, notes, meters = midi.lines(file)
  if meters - {'4/4'}:
    return 0, []
  tonic, mode = scores.key(notes)
  return mode, scores.windows(scores.transposed(highest, tonic, mode))


def _works(found: list[tuple[np.ndarray, int]]) -> Works:
  melodies, modes = zip(*found, strict=True)
  return Works(np.stack(melodies), np.array(modes, np.int32))
