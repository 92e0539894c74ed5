"""What classifiers read: histograms of gradients or pixels of pictures, encoded rows of tables."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tf_creative.labelled.reading.sets import Column

_ANGLES, _CELLS, _CUT, _TINY = 9, 4, 0.2, 1e-3
KINDS = ('hog', 'pixels')


def of_pictures(values: np.ndarray, kind: str) -> np.ndarray:
  """Return features [N, D] of pictures [N, H, W, C]."""
  return hog(values) if kind == 'hog' else values.reshape(len(values), -1) - 0.5


def hog(values: np.ndarray) -> np.ndarray:
  """Return histograms of oriented gradients (Dalal & Triggs 2005): [N, 324] of square pictures.

  A picture has 4 x 4 cells of 9 orientations; blocks of 2 x 2 cells are normalised, cut at .2, and
  normalised again. A gradient is shared by the two orientations nearest to it, but not by cells.
  """
  grey = values.mean(-1)
  count, side = grey.shape[:2]
  padded = np.pad(grey, ((0, 0), (1, 1), (1, 1)), 'edge')
  down = padded[:, 2:, 1:-1] - padded[:, :-2, 1:-1]
  right = padded[:, 1:-1, 2:] - padded[:, 1:-1, :-2]
  place = np.arctan2(down, right) % np.pi / np.pi * _ANGLES
  low = np.floor(place).astype(int)
  share = place - low
  size = np.hypot(down, right)
  cell = np.minimum(np.arange(side) * _CELLS // side, _CELLS - 1)
  at = (np.arange(count)[:, None, None] * _CELLS + cell[:, None]) * _CELLS + cell
  found = np.zeros(count * _CELLS * _CELLS * _ANGLES)
  for angle, weight in ((low % _ANGLES, 1 - share), ((low + 1) % _ANGLES, share)):
    found += np.bincount((at * _ANGLES + angle).ravel(), (size * weight).ravel(), len(found))
  cells = found.reshape(count, _CELLS, _CELLS, _ANGLES)
  blocks = [
    cells[:, row : row + 2, column : column + 2].reshape(count, -1)
    for row in range(_CELLS - 1)
    for column in range(_CELLS - 1)
  ]
  once = np.minimum(_normed(np.stack(blocks, 1)), _CUT)
  return _normed(once).reshape(count, -1).astype(np.float32)


def _normed(blocks: np.ndarray) -> np.ndarray:
  return blocks / np.sqrt((blocks**2).sum(-1, keepdims=True) + _TINY)


class Encoding(NamedTuple):
  """How rows of a table are encoded, as learnt from some of them."""

  columns: tuple[Column, ...]
  middle: np.ndarray  # [columns], medians; of categories, the most frequent
  mean: np.ndarray  # [columns] of numbers
  spread: np.ndarray

  @classmethod
  def of(cls, columns: tuple[Column, ...], values: np.ndarray) -> Encoding:
    """Learn an encoding from rows [N, columns]."""
    middle = np.zeros(len(columns))
    for place, column in enumerate(columns):
      given = values[:, place][~np.isnan(values[:, place])]
      if len(given):
        known = np.bincount(given.astype(int)).argmax() if column.words else np.median(given)
        middle[place] = known
    filled = np.where(np.isnan(values), middle, values)
    spread = filled.std(0)
    return cls(columns, middle, filled.mean(0), np.where(spread > 0, spread, 1.0))

  @property
  def width(self) -> int:
    return sum(max(len(column.words), 1) for column in self.columns)

  def encoded(self, values: np.ndarray) -> np.ndarray:
    """Encode rows: numbers with a mean of 0 and a variance of 1, categories one-hot."""
    filled = np.where(np.isnan(values), self.middle, values)
    parts = []
    for place, column in enumerate(self.columns):
      one = filled[:, place]
      if column.words:
        parts.append(one[:, None] == np.arange(len(column.words)))
      else:
        parts.append((one[:, None] - self.mean[place]) / self.spread[place])
    return np.concatenate(parts, 1).astype(np.float32)

  def decoded(self, encoded: np.ndarray) -> np.ndarray:
    """Undo `encoded`: the likeliest category, and numbers on their own scale."""
    values, at = np.zeros([len(encoded), len(self.columns)], np.float32), 0
    for place, column in enumerate(self.columns):
      width = max(len(column.words), 1)
      part = encoded[:, at : at + width]
      at += width
      number = part[:, 0] * self.spread[place] + self.mean[place]
      values[:, place] = part.argmax(1) if column.words else number
    return values
