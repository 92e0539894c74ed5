"""Draws curves and pictures with block characters, for terminals."""

from __future__ import annotations

from collections.abc import Sequence
import itertools

import numpy as np
import rich.color
import rich.segment
import rich.style

NOTHING = -1  # a transparent pixel: the terminal's background


def sparkline(values: Sequence[float], width: int) -> str:
  """Draw a curve of `values` in at most `width` block characters, each the mean of its share."""
  # Non-finite values are left out; a share without any finite value stays blank.
  shares = np.array_split(np.asarray(values, float), min(width, len(values)))
  means = np.array([_mean(share[np.isfinite(share)]) for share in shares])
  known = means[np.isfinite(means)]
  if not known.size:
    return ' ' * len(means)
  low, span = known.min(), known.max() - known.min()
  heights = (means - low) / span if span else np.where(np.isfinite(means), 0.5, np.nan)
  return ''.join(' ' if np.isnan(h) else '▁▂▃▄▅▆▇█'[round(7 * h)] for h in heights)


def _mean(values: np.ndarray) -> float:
  return values.mean() if values.size else np.nan


def paintings(works: np.ndarray, width: int, height: int) -> rich.segment.Segments | None:
  """Draw targets and works for the terminal; None if not even one pair fits."""
  picture = mount(works, width, height)
  return None if picture is None else half_blocks(picture)


def mount(works: np.ndarray, width: int, height: int) -> np.ndarray | None:
  """Put pairs from [2, N, h, w, RGB] into one picture [h', w', RGB] for `width` x `height` cells.

  Or single pictures, from [1, N, h, w, RGB]. The second of a pair is below the first, or beside it
  where lines are few. Takes as many pairs as fit; returns None if none fits.
  """
  for axis in (1, 2):
    pairs = _with_gap(np.concatenate([_with_gap(part) for part in works], axis))
    # Each pair has a gap of two pixels, which is cut off after the last one. A line of text shows
    # two rows of pixels.
    high, wide = pairs.shape[1:3]
    if wide - 2 <= width and high - 2 <= 2 * height:
      return np.concatenate(pairs[: (width + 2) // wide], axis=1)[:-2, :-2]
  return None


def _with_gap(works: np.ndarray) -> np.ndarray:
  """Add a transparent pixel below and to the right of each work [N, h, w, RGB]."""
  return np.pad(works.astype(int), [(0, 0), (0, 1), (0, 1), (0, 0)], constant_values=NOTHING)


def half_blocks(picture: np.ndarray) -> rich.segment.Segments:
  """Draw a picture [h, w, RGB] as characters; each shows two pixels, one above the other."""
  picture = np.pad(picture, [(0, len(picture) % 2), (0, 0), (0, 0)], constant_values=NOTHING)
  segments = []
  for upper, lower in zip(picture[::2], picture[1::2], strict=True):
    cells = itertools.groupby(map(_cell, upper, lower))
    segments += [
      rich.segment.Segment(glyph * len(list(same)), style) for (glyph, style), same in cells
    ]
    segments.append(rich.segment.Segment.line())
  return rich.segment.Segments(segments)


def _cell(upper: np.ndarray, lower: np.ndarray) -> tuple[str, rich.style.Style]:
  above, below = (
    None if NOTHING in pixel else rich.color.Color.from_rgb(*pixel) for pixel in (upper, lower)
  )
  if above:
    return '▀', rich.style.Style(color=above, bgcolor=below)
  return '▄' if below else ' ', rich.style.Style(color=below)
