"""Palettes: the colours of strokes; the first one is that of the blank canvas.

They are float32 [colours, channels] in 0..1, with one channel for greys, three for colours, and
four where the first colour is clear: transparent, and a colour of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from sklearn import cluster
import tensorflow as tf
import threadpoolctl

from tf_creative.core import spec
from tf_creative.worlds.pixel_art import oklab, palette_files

NAMED = {
  'gameboy': ['0f380f', '306230', '8bac0f', '9bbc0f'],
  'cga': ['000000', '55ffff', 'ff55ff', 'ffffff'],
  'primary': ['000000', 'ff0000', '00ff00', '0000ff', 'ffff00', 'ff00ff', '00ffff', 'ffffff'],
  'pico8': (
    '000000 1d2b53 7e2553 008751 ab5236 5f574f c2c3c7 fff1e8 '
    'ff004d ffa300 ffec27 00e436 29adff 83769c ff77a8 ffccaa'
  ).split(),
}
OPAQUE = 128  # least alpha of a pixel that is not clear
_MOST_DIFFERENT = 1 << 15  # colours among which groups are sought; more are rounded before
_PIXELS = 1 << 20  # that are sorted at once
_MOST_COLOURS = 65  # the 64 of a file, and a clear one


def is_named(name: str) -> bool:
  """Return whether a palette is known by its name alone."""
  return name == 'grey' or name in NAMED


def load(name: str, colors: int) -> np.ndarray:
  """Load a palette by its name."""
  if name == 'grey':
    return np.linspace(0, 1, colors, dtype=np.float32)[:, None]
  return np.array([list(bytes.fromhex(code)) for code in NAMED[name]], np.float32) / 255


def of_pictures(name: str, colors: int, pictures: np.ndarray) -> np.ndarray:
  """Make the palette for pictures RGBA uint8 [N, H, W, 4]: with a clear colour if they show one."""
  clear = bool((pictures[..., 3] < OPAQUE).any())
  if name == 'auto':
    known, counts = _counted(pictures)
    opaque = known[:, 3] >= OPAQUE
    codes = learn(known[opaque, :3], counts[opaque], colors - clear)
    # What is clear comes first; where nothing is, the commonest colour.
    codes = codes[np.argsort(oklab.from_rgb(codes)[:, 0], kind='stable')] if clear else codes
  else:
    codes = rgb(load(name, colors)) if is_named(name) else palette_files.read(name)
  return _with_clear(codes) if clear else codes.astype(np.float32) / 255


def learn(known: np.ndarray, counts: np.ndarray, colors: int) -> np.ndarray:
  """Find at most so many colours for colours uint8 [N, 3], the commonest first: uint8 [P, 3].

  Those that there are, if they are few; else the means of groups (k-means in OKLab). `counts` says
  of how many pixels each is; the same one may come several times.
  """
  known, place = np.unique(known, axis=0, return_inverse=True)
  counts = np.bincount(place.ravel(), counts, len(known))
  if not len(known):
    return np.zeros((1, 3), np.uint8)  # all is clear
  if len(known) > colors:
    points, weights = _fewer(known, counts)
    # Sums are added in one order, so that equal pictures always have equal palettes.
    with threadpoolctl.threadpool_limits(1):
      groups = cluster.KMeans(colors, n_init=4, random_state=0).fit(points, sample_weight=weights)
    centres = np.unique(oklab.to_rgb(groups.cluster_centers_), axis=0)
    counts = np.bincount(oklab.nearest(known, centres), counts, len(centres))
    known = centres
  return known[np.argsort(-counts, kind='stable')]


def _fewer(known: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
  """Return points in OKLab and their weights; those of very many colours are means of near ones."""
  points, weights = oklab.from_rgb(known), counts.astype(np.float64)
  if len(known) <= _MOST_DIFFERENT:
    return points, weights
  _, place = np.unique(known >> 3, axis=0, return_inverse=True)
  total = np.bincount(place, weights)
  sums = [np.bincount(place, weights * part) for part in points.T]
  return np.stack(sums, 1) / total[:, None], total


def swapped(own: np.ndarray, path: str) -> list[list[int]]:
  """Return a palette uint8 [P, 3 or 4] in the colours of a file; what is clear stays so.

  If there are as many, each takes the place of the one in its line; else the nearest to the eye.
  """
  clear = own.shape[1] == 4
  opaque, codes = own[int(clear) :, :3], palette_files.read(path)
  if len(codes) != len(opaque):
    codes = codes[oklab.nearest(opaque, codes)]
  return rgb(_with_clear(codes) if clear else codes / 255).tolist()


def told(given: Any) -> np.ndarray:
  """Load a palette that was kept as a list of colours; raise a UserError for anything else."""
  good = isinstance(given, Sequence) and 2 <= len(given) <= _MOST_COLOURS
  good = good and all(
    isinstance(colour, Sequence)
    and len(colour) == len(given[0]) in (3, 4)
    and all(isinstance(part, int) and 0 <= part <= 255 for part in colour)
    for colour in given
  )
  if not good:
    raise spec.UserError('the palette that was kept is none: colours of 3 or 4 numbers to 255.')
  return np.array(given, np.float32) / 255


def indices(pictures: np.ndarray, colours: np.ndarray) -> np.ndarray:
  """Return the nearest colour of each pixel, to the eye, of RGBA uint8 [..., 4]: uint8 [...]."""
  some = [_indices(part, colours) for part in _parts(pictures)]
  return np.concatenate(some).reshape(pictures.shape[:-1])


def _indices(pixels: np.ndarray, colours: np.ndarray) -> np.ndarray:
  codes, place = np.unique(pixels, return_inverse=True)
  known = codes.view(np.uint8).reshape(-1, 4)
  palette = rgb(colours)
  first = int(is_clear(colours))
  seen = known[:, :3]
  if not first:  # what is clear shows the blank canvas
    alpha = known[:, 3:] / 255
    seen = np.round(alpha * seen + (1 - alpha) * palette[0]).astype(np.uint8)
  found = first + oklab.nearest(seen, palette[first:, :3])
  if first:
    found[known[:, 3] < OPAQUE] = 0
  return found.astype(np.uint8)[place]


def _counted(pictures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
  """Count the colours of pictures: uint8 [C, 4] and int [C]."""
  parts = [np.unique(part, return_counts=True) for part in _parts(pictures)]
  codes, place = np.unique(np.concatenate([codes for codes, _ in parts]), return_inverse=True)
  counts = np.bincount(place, np.concatenate([counts for _, counts in parts]))
  return codes.view(np.uint8).reshape(-1, 4), counts


def _parts(pictures: np.ndarray) -> Iterator[np.ndarray]:
  """Yield pixels RGBA as single numbers uint32 [n]; not all at once, for sorting takes memory."""
  flat = np.ascontiguousarray(pictures).reshape(-1, 4).view(np.uint32).ravel()
  for start in range(0, len(flat), _PIXELS):
    yield flat[start : start + _PIXELS]


def is_clear(colours: np.ndarray) -> bool:
  """Return whether the first colour is a clear one."""
  return colours.shape[1] == 4 and not colours[0, 3]


def places(values: tf.Tensor, colours: np.ndarray) -> tf.Tensor:
  """Return the index of the nearest colour for each value [..., channels]: uint8 [...]."""
  if colours.shape[1] == 1:  # greys are evenly spaced
    return tf.cast(tf.round(values[..., 0] * (len(colours) - 1)), tf.uint8)
  # |v - c|^2 without |v|^2, which is the same for every colour: [..., palette]
  distance = np.square(colours).sum(-1) - 2 * tf.tensordot(values, colours.T, 1)
  return tf.cast(tf.argmin(distance, -1), tf.uint8)


def rgb(colours: np.ndarray) -> np.ndarray:
  """Convert colours for a screen: uint8 [palette, 3], or 4 where one is clear."""
  channels = max(3, colours.shape[1])
  return np.round(np.broadcast_to(colours, (len(colours), channels)) * 255).astype(np.uint8)


def _with_clear(codes: np.ndarray) -> np.ndarray:
  opaque = np.pad(codes, [(0, 0), (0, 1)], constant_values=255)
  return np.concatenate([np.zeros((1, 4)), opaque]).astype(np.float32) / 255
