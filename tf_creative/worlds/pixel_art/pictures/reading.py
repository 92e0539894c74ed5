"""Reads the pictures of a source: decoded, of one size, split, and what is to be said of them."""

from __future__ import annotations

import collections
from collections.abc import Iterable, Iterator
import sys
import time
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from tf_creative.worlds import bare, files, folders
from tf_creative.worlds.pixel_art.pictures import copies, fitting, sources

_MOST_FRAMES = 500  # of a GIF
_MOST_PIXELS = 1 << 28  # of all pictures, when they are of one size
_FEWEST, _LISTED = 8, 5  # pictures of a class that can be learnt; names in a message
_LEAST, _ENOUGH = 2, 12  # pictures for tests: of which there must be, and that measures want
_FIFTHS = 10  # pictures of which a fifth are as many as there must be for tests
_PATIENCE = 5  # seconds between two lines of progress


class Row(NamedTuple):
  """A picture of the data set."""

  hashed: str
  split: str
  label: str
  pixels: np.ndarray  # uint8 [H, W, 4]


class Read(NamedTuple):
  """What has been read, and the lines that are said of it."""

  rows: list[Row]
  labels: list[str]  # names in their order; none where there are no classes
  lines: list[str]


def read(data: str, found: sources.Found, told: Any) -> Read:
  """Read all pictures as `told`, options of pixel_art, says; raise a DataError if none is left."""
  if not found.entries:
    raise folders.DataError(
      f"'{data}' has no pictures: read are {', '.join(sources.KINDS)}, and it has {found.others} "
      f'other file{"s" * (found.others != 1)}.'
    )
  rows, broken = [], []
  for entry in _telling(data, found.entries):
    try:
      rows += _rows(entry, told)
    except ValueError as error:
      broken.append(f'{entry.name} ({error})')
    if len(rows) * told.size * told.width > _MOST_PIXELS:
      raise folders.DataError(
        f"'{data}' has more than {_MOST_PIXELS >> 20} million pixels in pictures of {told.width} x "
        f'{told.size}: choose a smaller size=, or fewer pictures.'
      )
  if not rows:
    raise folders.DataError(f"'{data}': no picture can be used: {_some(broken)}.")
  given = any(row.split == 'test' for row in rows)
  rows, lines = _kept(rows, given)
  counts = collections.Counter(row.split for row in rows)
  if min(counts['train'], counts['test']) < _LEAST:
    sheet = '' if told.tile or len(rows) > 1 else ' If it is a sprite sheet, give tile=.'
    raise folders.DataError(
      f"'{data}' has {len(rows)} different picture{'s' * (len(rows) > 1)}, {counts['train']} to "
      f'train on and {counts["test"]} for tests: some are wanted of both. Add pictures (20 are '
      f'few; a fifth, by their pixels, are for tests), or sort them as train/ and test/.{sheet}'
    )
  labels = sorted({row.label for row in rows if row.label}, key=_natural)
  classes = f' of {len(labels)} class{"es" * (len(labels) > 1)}' if labels else ''
  sides = ', '.join(f'{count:,} {split}' for split, count in sorted(counts.items(), reverse=True))
  lines = [f'{data}: {len(rows):,} pictures{classes} ({sides})', *lines]
  sizes = collections.Counter(row.label for row in rows if row.label)
  if counts['test'] < _ENOUGH:
    lines.append(
      f'{counts["test"]} pictures for tests are few: what is measured by them says little'
    )
  few = [f'{label} ({count})' for label, count in sorted(sizes.items()) if count < _FEWEST]
  if few:
    lines.append(f'classes of fewer than {_FEWEST} are hardly learnt: {_some(few)}')
  if broken:
    lines.append(f'{len(broken):,} left out: {_some(broken)}')
  return Read(rows, labels, lines)


def one(path: Any, told: Any) -> np.ndarray:
  """Read one picture file in the same way: uint8 [H, W, 4]."""
  return fitting.fitted(files.open_rgba(path), told.size, told.width, _soft(told.fit))


def _soft(fit: str) -> str:
  """Return how a single picture is made to fit, that need not be of the size of all others."""
  return 'pad' if fit == 'exact' else fit


def _rows(entry: sources.Entry, told: Any) -> Iterator[Row]:
  """Yield the pictures of an entry: one, or its frames, or its tiles."""
  content = entry.load()
  if isinstance(content, bytes):
    whole = files.decoded(content, _MOST_FRAMES if told.frames else 1)
  else:
    bare.check_size(content.shape[1], content.shape[0])
    if not content.size:
      raise ValueError('it is empty')
    whole = [Image.fromarray(content[..., 0] if content.shape[2] == 1 else content).convert('RGBA')]
  for page in whole:
    for picture in fitting.tiles(page, told.tile) if told.tile else [page]:
      hashed = copies.digest(np.asarray(picture))
      pixels = fitting.fitted(picture, told.size, told.width, told.fit)
      yield Row(hashed, entry.split, entry.label, pixels)


def _kept(rows: list[Row], given: bool) -> tuple[list[Row], list[str]]:
  """Split the pictures, unless their splits are `given`, and leave out copies; say how many."""
  unique = {(row.split, row.label, row.hashed): row for row in rows}
  lines, again = [], len(rows) - len(unique)
  if again:
    lines.append(f'{again:,} exact cop{"ies" if again > 1 else "y"} left out')
  kept = [unique[key] for key in sorted(unique)]
  if not given:
    # Where there are other splits than `test`, only `train` is split.
    kept = [
      row._replace(split=copies.side_of(row.hashed)) if row.split in ('', 'train') else row
      for row in kept
    ]
    missing = _LEAST - sum(row.split == 'test' for row in kept)
    if missing > 0 and len(kept) >= _FIFTHS:  # chance has it so with one folder of twenty in 14
      learnt = sorted((row for row in kept if row.split == 'train'), key=lambda row: row.hashed)
      moved = {id(row) for row in learnt[:missing]}
      kept = [row._replace(split='test') if id(row) in moved else row for row in kept]
  others = [row for row in kept if row.split != 'train']
  seen, learnt = (
    np.array([copies.thumbnail(row.pixels) for row in some])
    for some in (others, [row for row in kept if row.split == 'train'])
  )
  close = copies.near(seen, learnt)
  gone = {
    id(row)
    for row, is_close in zip(others, close, strict=True)
    if is_close and row.split == 'test' and not given
  }
  whose = 'are nearly one to train on, or its mirror image'
  if gone:
    lines.append(f'{len(gone):,} left out of the tests: they {whose}')
  if rest := close.sum() - len(gone):
    lines.append(f'warning: {rest:,} of the pictures of other splits {whose}')
  return [row for row in kept if id(row) not in gone], lines


def _telling(data: str, entries: Iterable[sources.Entry]) -> Iterator[sources.Entry]:
  """Yield all entries; say on stderr how many are read, if it takes long."""
  entries = list(entries)
  last = time.monotonic()
  for done, entry in enumerate(entries):
    if time.monotonic() - last > _PATIENCE:
      last = time.monotonic()
      print(f'reading {data}: {done:,} of {len(entries):,} pictures', file=sys.stderr)
    yield entry


def _some(names: list[str]) -> str:
  """Name the first few, and count the rest."""
  rest = len(names) - _LISTED
  return ', '.join(names[:_LISTED]) + (f', and {rest:,} more' if rest > 0 else '')


def _natural(label: str) -> tuple[bool, int, str]:
  """Sort numbers by their size, and before words."""
  number = label.isascii() and label.isdecimal() and len(label) < 19
  return not number, int(label) if number else 0, label
