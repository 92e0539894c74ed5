"""Finds near copies: works that are a training work but for a few cells, moved or mirrored."""

from __future__ import annotations

from collections.abc import Iterator
import itertools

import numpy as np

# A likeness from which on a work counts as a near copy. Among the sprites that this was chosen by,
# held-out ones are at .9 and above if an artist has changed a detail of a training work (4%), and
# from .75 to .9 are new drawings of the same thing; of glyphs and digits none is above .9.
NEAR = 0.9
_SHIFT, _PART = 2, 8  # cells that a work may be moved by, at most this part of its side
_CANDIDATES = 10  # training works that are compared cell by cell, by their coarse likeness
_CELLS = 1 << 24  # compared at once


def nearest(
  works: np.ndarray, values: np.ndarray, training: np.ndarray, known: np.ndarray, also: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
  """Return each work's likeness to the likest training work, and its index: float64 [n], int64 [n].

  Likeness is the share of cells that are equal, of those that are not ground in both; ground is
  the commonest cell of the training works. A training work may be moved by up to two cells (an
  eighth of the side, if that is less) in each direction, and mirrored if it is a picture; cells
  that are moved out do not count.

  Takes works as stored, [n, T] or [n, H, W], and their values, the same of the training works, and
  indices [n, K] of training works that are compared in any case. Compared are these and the ten
  whose averages over blocks of cells are nearest.
  """
  ground = np.bincount(training.ravel()).argmax()
  rows = max(1, _CELLS // max(works[0].size * (_CANDIDATES + also.shape[1]), len(training)))
  coarse, shares, places = _coarse(known), [], []
  for start in range(0, len(works), rows):
    part = slice(start, start + rows)
    found = np.concatenate([also[part], _candidates(values[part], coarse)], 1)  # [r, K]
    share = _likeness(works[part], training[found], ground)  # [r, K]
    best = share.argmax(1)[:, None]
    shares.append(np.take_along_axis(share, best, 1)[:, 0])
    places.append(np.take_along_axis(found, best, 1)[:, 0])
  return np.concatenate(shares), np.concatenate(places)


def _candidates(values: np.ndarray, coarse: np.ndarray) -> np.ndarray:
  """Return the training works whose averages are nearest, moved or mirrored: int64 [n, K]."""
  axes = range(1, values.ndim - 1)
  ways = []
  for axis in axes:
    side = values.shape[axis]
    step = max(1, side // _PART // 2)  # to move by less hardly changes the averages
    most = min(_SHIFT, side // _PART) // step * step
    ways.append([np.clip(np.arange(side) + by, 0, side - 1) for by in range(-most, most + 1, step)])
  squares, least = (coarse**2).sum(1), np.inf
  for seen in (values, values[:, :, ::-1]) if values.ndim > 3 else (values,):
    for way in itertools.product(*ways):
      moved = seen
      for axis, cells in zip(axes, way, strict=True):
        moved = moved.take(cells, axis)
      mine = _coarse(moved)
      least = np.minimum(least, (mine**2).sum(1)[:, None] + squares - 2 * mine @ coarse.T)
  most = min(_CANDIDATES, len(coarse))
  return np.argpartition(least, most - 1, axis=1)[:, :most]


def _coarse(values: np.ndarray) -> np.ndarray:
  """Return averages over blocks, eight along each side, of values [n, ..., C]: float32 [n, F]."""
  for axis in range(1, values.ndim - 1):
    block = max(1, values.shape[axis] // _PART)
    values = np.add.reduceat(values, np.arange(0, values.shape[axis], block), axis) / block
  return values.reshape(len(values), -1).astype(np.float32)


def _likeness(works: np.ndarray, known: np.ndarray, ground: int) -> np.ndarray:
  """Return the highest likeness of works [n, ...] to others [n, K, ...]: float64 [n, K]."""
  best = np.zeros(known.shape[:2])
  for mine, theirs in _moved(works.shape[1:]):
    for seen in (known, known[..., ::-1]) if works.ndim > 2 else (known,):
      one = works[:, None][(..., *mine)]
      equal = one == seen[(..., *theirs)]
      count, plain = _sum(equal), _sum(equal & (one == ground))
      inked = equal[0, 0].size - plain  # cells that are not ground in both
      share = np.where(inked > 0, (count - plain) / np.maximum(inked, 1), 1.0)
      np.maximum(best, share, out=best)
  return best


def _sum(cells: np.ndarray) -> np.ndarray:
  return cells.reshape(*cells.shape[:2], -1).sum(-1, dtype=np.uint32)


def _moved(shape: tuple[int, ...]) -> Iterator[tuple[tuple[slice, ...], tuple[slice, ...]]]:
  """Yield which cells of a work lie over which of another, for each way to move it."""
  ways = []
  for side in shape:
    most = min(_SHIFT, side // _PART)
    ways.append(
      [
        (slice(max(0, by), side + min(0, by)), slice(max(0, -by), side - max(0, by)))
        for by in range(-most, most + 1)
      ]
    )
  for way in itertools.product(*ways):
    mine, theirs = zip(*way, strict=True)
    yield mine, theirs
