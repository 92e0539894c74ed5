"""Colours as the eye tells them apart: OKLab (Ottosson 2020), whose distances are differences."""

from __future__ import annotations

import numpy as np

# From linear sRGB to cone responses, and from their cube roots to lightness and two opponents.
_TO_CONES = np.array(
  [
    [0.4122214708, 0.5363325363, 0.0514459929],
    [0.2119034982, 0.6806995451, 0.1073969566],
    [0.0883024619, 0.2817188376, 0.6299787005],
  ]
)
_TO_LAB = np.array(
  [
    [0.2104542553, 0.7936177850, -0.0040720468],
    [1.9779984951, -2.4285922050, 0.4505937099],
    [0.0259040371, 0.7827717662, -0.8086757660],
  ]
)
_ROWS = 1 << 16  # colours that are compared at once


def from_rgb(rgb: np.ndarray) -> np.ndarray:
  """Convert colours uint8 [..., 3] of a screen to OKLab: float64 [..., 3]."""
  share = np.asarray(rgb) / 255
  linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
  return np.cbrt(linear @ _TO_CONES.T) @ _TO_LAB.T


def to_rgb(lab: np.ndarray) -> np.ndarray:
  """Convert OKLab [..., 3] to the colours of a screen: uint8 [..., 3]."""
  linear = (lab @ np.linalg.inv(_TO_LAB).T) ** 3 @ np.linalg.inv(_TO_CONES).T
  linear = np.clip(linear, 0, 1)
  share = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
  return np.round(255 * share).astype(np.uint8)


def nearest(rgb: np.ndarray, palette: np.ndarray) -> np.ndarray:
  """Return which colour of a palette uint8 [P, 3] is nearest to each of uint8 [N, 3]: int [N]."""
  known, found = from_rgb(palette), []
  for start in range(0, len(rgb), _ROWS):
    some = from_rgb(rgb[start : start + _ROWS])
    found.append(np.square(some[:, None] - known).sum(-1).argmin(1))
  return np.concatenate(found) if found else np.zeros(0, int)
