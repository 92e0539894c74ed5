"""Splits pictures so that none moves when others come, and no copy is on both sides."""

from __future__ import annotations

import hashlib

import numpy as np

_SIDE, _NEAR = 16, 0.05  # pixels of what is compared; share of the range of colours
_ROWS = 1024  # compared at once
_FIFTH = 5


def digest(pixels: np.ndarray) -> str:
  """Return a hash of a picture uint8 [h, w, 4]; what clear pixels hide is not seen."""
  whole = hashlib.sha256(str(pixels.shape).encode())
  whole.update(np.where(pixels[..., 3:] > 0, pixels, np.uint8(0)).data)
  return whole.hexdigest()[:32]


def side_of(hashed: str) -> str:
  """Return the split of a picture by its hash alone: a fifth are for tests."""
  return 'train' if int(hashed[:8], 16) % _FIFTH else 'test'


def thumbnail(pixels: np.ndarray) -> np.ndarray:
  """Shrink a picture uint8 [H, W, 4] to what is compared: float32 [16, 16, 4], times its alpha."""
  values = pixels.astype(np.float32) / 255
  values[..., :3] *= values[..., 3:]
  for axis in (0, 1):
    edges = np.linspace(0, values.shape[axis], _SIDE + 1)
    sums = np.insert(np.cumsum(values, axis), 0, 0, axis)
    # The area under each part, also where a pixel lies in two of them.
    low = np.floor(edges).astype(int)
    share = (edges - low).reshape([-1 if i == axis else 1 for i in range(3)])
    at = np.take(sums, low, axis)
    up = np.take(sums, np.minimum(low + 1, values.shape[axis]), axis)
    values = np.diff(at + share * (up - at), axis=axis) * (_SIDE / values.shape[axis])
  return values.astype(np.float32)


def near(some: np.ndarray, others: np.ndarray) -> np.ndarray:
  """Tell which of some thumbnails [N, 16, 16, 4] is nearly one of the others, or its mirror image.

  Near are pictures whose colours differ by 5% of their range, in the root mean square over what is
  not clear.
  """
  if not len(some) or not len(others):
    return np.zeros(len(some), bool)
  flat, sizes = _flat(others)
  found = []
  for start in range(0, len(some), _ROWS):
    part = some[start : start + _ROWS]
    found.append(np.zeros(len(part), bool))
    for seen in (part, part[:, :, ::-1]):
      mine, size = _flat(seen)
      for first in range(0, len(flat), _ROWS):
        rest = slice(first, first + _ROWS)
        between = (mine**2).sum(1)[:, None] + (flat[rest] ** 2).sum(1) - 2 * mine @ flat[rest].T
        most = 4 * _NEAR**2 * np.maximum((size[:, None] + sizes[rest]) / 2, 1)
        found[-1] |= (between <= most).any(1)
  return np.concatenate(found)


def _flat(thumbnails: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
  """Return thumbnails as rows, and how many of their pixels are not clear."""
  return thumbnails.reshape(len(thumbnails), -1), thumbnails[..., 3].sum((1, 2))
