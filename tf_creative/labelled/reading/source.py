"""Reads any labelled set that a user names, and prepares it so that a measurement is fair."""

from __future__ import annotations

import pathlib

import numpy as np

from tf_creative.labelled.reading import groups, named, pictures, records, sets
from tf_creative.labelled.reading.sets import DataError, Labelled

_LEAST = 3  # labels of a class: each part of the validation wants one


def read(
  data: str, size: int, label: str = '', ignore: tuple[str, ...] = (), group: str = ''
) -> Labelled:
  """Read a folder, an archive, a CSV, or a set by its name, whatever it is."""
  path = pathlib.Path(data)
  is_table = path.is_file() and path.suffix.lower() not in ('.zip', '.npz')
  if (label or ignore) and not is_table:
    raise DataError(f"--label and --ignore are for columns of a CSV, and '{data}' is none.")
  if path.is_dir() or (path.is_file() and not is_table):
    return pictures.read(data, size, group)
  if is_table:
    return records.read(data, label, ignore, group)
  if group:
    raise DataError(f"--group is for folders and tables, and '{data}' is a set by name.")
  return named.read(data, size)


def unlabelled(data: str, found: Labelled) -> tuple[np.ndarray, list[str]]:
  """Read unlabelled pictures and their names, without near copies of any labelled one."""
  if found.kind != 'pictures':
    raise DataError('--unlabelled is for pictures, and --data has records.')
  size, channels = found.values.shape[2:]
  values, names = pictures.unlabelled(data, size, channels)
  both = found._replace(values=np.concatenate([found.values, values]))
  copies = groups.near_pairs(groups.thumbnails(both))[:, 1] - len(found.values)
  kept = np.setdiff1d(np.arange(len(values)), copies)
  if not len(kept):
    raise DataError(f"--unlabelled: all pictures of '{data}' are near copies of labelled ones.")
  return values[kept], [names[row] for row in kept]


def prepared(found: Labelled) -> tuple[Labelled, list[str]]:
  """Keep one example of each group; raise a DataError if then too few are left."""
  sets.learnable(found)
  kept, lines = groups.unique(found)
  try:
    sets.learnable(kept)
  except DataError as error:
    raise DataError(f'{"; ".join(lines)}. Then {error}') from error
  return kept, lines


def count(found: Labelled, asked: int) -> int:
  """Return the labels of each class to learn from: as asked, or a third of the smallest class."""
  smallest = int(found.counts.min())
  chosen = asked or max(_LEAST, int(found.grouped.min()) // 3)
  most = smallest - max(1, smallest // 3)
  if not _LEAST <= chosen <= most:
    raise DataError(
      f'--labels must be {_LEAST} to {most}, not {asked}: the smallest class has {smallest}, of '
      'which a third are for tests.'
    )
  return chosen
