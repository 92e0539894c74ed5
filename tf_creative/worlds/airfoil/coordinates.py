"""Reads and writes files of coordinates (.dat), and says of which family an airfoil is."""

from __future__ import annotations

import os
import pathlib
import re

from absl import logging
import numpy as np

from tf_creative.worlds import bounded
from tf_creative.worlds.airfoil import package, section

_MOST_POINTS = 10_000
_NUMBER = r'([-+]?(?:\d+\.?\d*|\.\d+)(?:[eEdD][-+]?\d+)?)'
_PAIR = re.compile(rf'\s*{_NUMBER}[\s,;]+{_NUMBER}\s*$')
_TURNS = {3: 'test', 6: 'test', 8: 'validation'}  # of ten families


def read_one(path: str | os.PathLike) -> np.ndarray:
  """Read the numbers of the form in a file: float64 [NUMBERS]; a ValueError says why it has none.

  Both orders are read: Selig's, around the airfoil, and Lednicer's, each side from the nose on,
  after a line with their numbers of points.
  """
  text = bounded.content(path, package.MOST_DAT).decode('latin-1')
  pairs = [found.groups() for line in text.splitlines() if (found := _PAIR.match(line))]
  if len(pairs) > _MOST_POINTS:
    raise ValueError(f'it has more than {_MOST_POINTS:,} points')
  points = np.array([[_number(part) for part in pair] for pair in pairs]).reshape(-1, 2)
  if len(points) and (points[0] > 1.5).all():  # Lednicer's line
    first = int(points[0, 0])
    upper, lower = points[1 : first + 1], points[first + 1 :]
    points = np.concatenate([upper[::-1], lower[1:]])
  if len(points) < 2 or not np.isfinite(points).all():
    raise ValueError('it has no coordinates')
  return section.fitted(points)


def forms(paths: list[pathlib.Path]) -> tuple[dict[str, np.ndarray], dict[str, str]]:
  """Read many files; return the numbers of each form by its name, and why others have none."""
  read, broken = {}, {}
  for path in paths:
    try:
      read[path.stem] = read_one(path)
    except ValueError as error:
      broken[path.stem] = str(error)
  for name, why in broken.items():
    logging.warning('Airfoil %s is left out: %s.', name, why)
  return read, broken


def written(numbers: np.ndarray, name: str) -> str:
  """Write a form as a file in Selig's order."""
  rows = (f'{x:9.6f} {y:9.6f}' for x, y in section.outline(numbers))
  return '\n'.join([name, *rows]) + '\n'


def family(name: str) -> str:
  """Return the family of an airfoil's name: 'naca' of 'naca2412-il', what stands before digits."""
  known = re.match(r'[a-z]+', name.lower().lstrip('_-. '))
  return known.group() if known else name.lower()


def splits(families: list[str]) -> dict[str, str]:
  """Return the split of each family; ten families in turn give one to `validation`, two to `test`.

  A single family is all for training.
  """
  names = sorted({*families})
  found = {name: _TURNS.get(place % 10, 'train') for place, name in enumerate(names)}
  if 'test' not in found.values() and len(names) > 1:  # two families already give a test
    found[names[-1]] = 'test'
  return found


def files(folder: str) -> list[pathlib.Path]:
  """Return the files of coordinates in a user's folder, or the one that is named."""
  place = pathlib.Path(folder)
  if place.is_dir():
    return sorted(path for path in place.rglob('*') if path.suffix.lower() == '.dat')
  return [place] if place.suffix.lower() == '.dat' else []


def _number(text: str) -> float:
  return float(text.lower().replace('d', 'e'))
