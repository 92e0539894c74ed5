"""Makes the examples that are handed out: imagined from all labels, chosen by the hand."""

from __future__ import annotations

import csv
import io
import pathlib
from typing import NamedTuple

import numpy as np
from PIL import Image

from tf_creative.core import storage
from tf_creative.labelled import classifiers, privacy, trials
from tf_creative.labelled.classifiers import Recipe
from tf_creative.labelled.reading.sets import Labelled

_ROUNDS = 8  # of imagining candidates, until the hand has taken enough
_SHOWN, _SCALE = 6, 3  # works of a class in the gallery; times by which it is enlarged
_GAP = 4  # pixels
TABLE, GALLERY = 'imagined.csv', 'gallery.png'


class Made(NamedTuple):
  """What was made, and how it came about."""

  values: np.ndarray
  labels: np.ndarray
  offered: int  # candidates of which it was taken
  recipe: Recipe
  share: float  # the weight at which the validation found it of use; 0: at none


def make(bench: trials.Bench, per_class: int) -> Made:
  """Imagine from all labels; let the hand choose until it has `per_class`, or has seen enough."""
  found = bench.found
  task = bench.task(np.arange(len(found.labels)), seed=0)
  _, recipe = classifiers.tuned(task)
  values, labels, offered, share = [], [], 0, 0.0
  counts = np.zeros(found.classes, int)
  for number in range(_ROUNDS):
    pools = bench.pools(task, recipe, seed=1 + number)
    choice = bench.choice(task, recipe, pools)
    if not number:
      share = trials.share_of_hand(task, recipe, pools, choice)
    for pool, taken in zip(pools, choice, strict=True):
      offered += len(taken)
      for row in np.flatnonzero(taken):
        label = pool.labels[row]
        if counts[label] < per_class:
          counts[label] += 1
          values.append(pool.values[row])
          labels.append(label)
    if counts.min() >= per_class or not choice.any():
      break
  shape = found.values.shape[1:]
  return Made(
    np.array(values, np.float32).reshape(-1, *shape), np.array(labels, int), offered, recipe, share
  )


def write(found: Labelled, made: Made, out: pathlib.Path) -> list[str]:
  """Write what was made: pictures in a folder a class, or one CSV; return the names of files."""
  if found.kind == 'records':
    storage.write(out / TABLE, table(found, made))
    return [TABLE]
  for label, name in enumerate(found.label_names):
    folder = out / storage.file_name(name)
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob('imagined_*.png'):  # of an earlier run
      old.unlink()
    for place, values in enumerate(made.values[made.labels == label]):
      storage.write(folder / f'imagined_{place:04d}.png', _png(values))
  gallery(found, made).save(out / GALLERY)
  return [f'{storage.file_name(name)}/' for name in found.label_names] + [GALLERY]


def table(found: Labelled, made: Made) -> str:
  """Return what was made as a CSV with the columns that were read, and `label`."""
  text = io.StringIO()
  lines = csv.writer(text, lineterminator='\n')
  lines.writerow([*(column.name for column in found.columns), 'label'])
  whole = [bool((one[~np.isnan(one)] % 1 == 0).all()) for one in found.values.T]
  for row, label in zip(made.values, made.labels, strict=True):
    cells = []
    for column, value, is_whole in zip(found.columns, row, whole, strict=True):
      cells.append(
        column.words[int(value)] if column.words else f'{value:.{0 if is_whole else 6}g}'
      )
      if is_whole and not column.words:
        cells[-1] = str(round(float(value)))
    lines.writerow([*cells, found.label_names[label]])
  return text.getvalue()


def gallery(found: Labelled, made: Made) -> Image.Image:
  """Draw some works of each class, each with the nearest real picture at its right."""
  side = found.values.shape[1] * _SCALE
  rows = []
  for label in range(found.classes):
    works = made.values[made.labels == label][:_SHOWN]
    near = found.values[privacy.nearest(works, found.values, ())[1]] if len(works) else works
    rows.append([picture for pair in zip(works, near, strict=True) for picture in pair])
  sheet = Image.new('RGB', (2 * _SHOWN * (side + _GAP) + _GAP, len(rows) * (side + _GAP) + _GAP))
  for down, row in enumerate(rows):
    for right, values in enumerate(row):
      picture = Image.open(io.BytesIO(_png(values))).convert('RGB')
      at = _GAP + right * (side + _GAP), _GAP + down * (side + _GAP)
      sheet.paste(picture.resize((side, side), Image.Resampling.NEAREST), at)
  return sheet


def _png(values: np.ndarray) -> bytes:
  """Return a picture float32 [h, w, 1 or 3] as a PNG."""
  pixels = np.round(255 * np.clip(values, 0, 1)).astype(np.uint8)
  file = io.BytesIO()
  Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(file, 'PNG')
  return file.getvalue()
