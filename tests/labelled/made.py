"""Labelled folders and tables that tests write: small, with known traps."""

from __future__ import annotations

import pathlib

import numpy as np
from PIL import Image


def blobs(count: int, seed: int = 0, side: int = 12) -> tuple[np.ndarray, np.ndarray]:
  """Pictures uint8 [N, side, side] of a light bar that lies (0) or stands (1), and the labels."""
  random = np.random.default_rng(seed)
  pictures = random.integers(0, 60, [count, side, side])
  labels = np.arange(count) % 2
  for picture, label in zip(pictures, labels, strict=True):
    place, begin = random.integers(2, side - 2), random.integers(0, 4)
    bar = (place, slice(begin, begin + 7))
    picture[bar if label == 0 else bar[::-1]] = random.integers(180, 255)
  return pictures.astype(np.uint8), labels


def folder(top: pathlib.Path, count: int = 24, side: int = 12) -> pathlib.Path:
  """Write pictures by class, in the folders `lies` and `stands`."""
  pictures, labels = blobs(count, side=side)
  for place, (picture, label) in enumerate(zip(pictures, labels, strict=True)):
    save(top / ('lies', 'stands')[label] / f'{place}.png', picture)
  return top


def save(path: pathlib.Path, pixels: np.ndarray) -> None:
  path.parent.mkdir(parents=True, exist_ok=True)
  Image.fromarray(pixels).save(path)


def table(path: pathlib.Path, rows: list[list], separator: str = ',') -> pathlib.Path:
  """Write a CSV."""
  path.parent.mkdir(parents=True, exist_ok=True)
  path.write_text('\n'.join(separator.join(map(str, row)) for row in rows) + '\n')
  return path


def people(count: int = 40, seed: int = 0) -> list[list]:
  """Rows of a table with a head: two numbers and a category, of which one number tells a little."""
  random = np.random.default_rng(seed)
  rows: list[list] = [['age', 'size', 'kind', 'outcome']]
  for _ in range(count):
    sick = int(random.integers(2))
    age, size = random.normal(50 + 8 * sick, 10), random.normal(20, 5)
    rows.append([f'{age:.1f}', f'{size:.2f}', 'ab'[int(random.integers(2))], ('no', 'yes')[sick]])
  return rows
