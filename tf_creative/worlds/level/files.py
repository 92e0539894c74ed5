"""Loads levels from data sets, and reads and writes them as text files."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np
import tensorflow as tf

from tf_creative import worlds
from tf_creative.core import spec
from tf_creative.core.works import Works
from tf_creative.worlds import bounded, folders, images
from tf_creative.worlds.level import tiles

_MOST_BYTES = 1 << 20  # of a text
_MOST_SIDE = 256
_GAP = '?'  # in a text: a cell for the imagination to fill


def works(data: str, split: str) -> tf.data.Dataset:
  """Load all levels of a split, always in the same order."""
  features = _features(data)
  pixels = int(np.prod(features['tiles'].shape))
  found = images.examples(data, split, ['tiles', 'label'], pixels=pixels)
  read = found.map(lambda row: Works(row['tiles'], folders.label(row['label'])))
  labels = features['label'].num_classes
  return folders.whole(data, read, values=len(tiles.NAMES), labels=labels)


def shape(data: str) -> tuple[int, int]:
  """Return height and width of the levels in a data set."""
  return _features(data)['tiles'].shape


def label_names(data: str) -> list[str]:
  """Return the names of the labels: MiniGrid's families of levels."""
  return list(_features(data)['label'].names)


def read(path: str | os.PathLike, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
  """Read a level from text or JSON, as `written` writes it, and which cells are given: bool [H, W].

  A question mark stands for a cell to be imagined. In a text, a blank line ends the level.
  """
  try:
    text = bounded.content(path, _MOST_BYTES).decode()
    if text.lstrip().startswith('{'):
      text = '\n'.join(json.loads(text)['map'])
    rows = text.strip('\n').split('\n')
    if len(rows) > size[0] and not rows[size[0]].strip():
      rows = rows[: size[0]]
    rows = [row.ljust(size[1]) for row in rows]
    given = np.array([[glyph != _GAP for glyph in row] for row in rows])
    level = tiles.from_ascii('\n'.join(rows).replace(_GAP, ' '))
  except (ValueError, KeyError, TypeError, RecursionError) as error:
    raise spec.UserError(
      f"cannot read {path} as a level ({error}): write a line for each row, '{tiles.GLYPHS}' for "
      f"{', '.join(tiles.NAMES)}, '{_GAP}' for what is to be imagined."
    ) from error
  if level.shape != tuple(size):
    raise spec.UserError(f'{path} is a level of {level.shape}, not of {tuple(size)}.')
  return level, given


def written(work: np.ndarray, kind: str, told: dict[str, np.ndarray]) -> bytes:
  """Write the level before play, which `read` reads, and the agent's way in it: text or JSON."""
  level, played = tiles.ascii_map(work % len(tiles.NAMES)), tiles.ascii_map(work)
  if kind == 'txt':
    return f'{level}\n\n{played}\n'.encode()
  numbers = {name: part.item() for name, part in told.items()}
  rows = {'map': level.split('\n'), **numbers, 'played': played.split('\n')}
  return f'{json.dumps(rows, indent=1)}\n'.encode()


def _features(data: str) -> Any:
  """Return the features of a data set; its data need not be on disk."""
  features: Any = images.find(data).info.features
  if not {'tiles', 'label'} <= {*features} or not _are_levels(features['tiles']):
    raise images.DataError(
      f"data set '{data}' has no levels; its features are {', '.join(features)}. There are: "
      f'{", ".join(name for name in worlds.DATA if "levels" in name)}.'
    )
  return features


def _are_levels(feature: Any) -> bool:
  shape = feature.shape
  sound = len(shape) == 2 and all(side and 3 <= side <= _MOST_SIDE for side in shape)
  return sound and feature.dtype == np.uint8
