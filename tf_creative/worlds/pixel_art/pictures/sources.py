"""Finds pictures in folders, archives and arrays, and says which class and split each is of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
import contextlib
import functools
import hashlib
import os
import pathlib
from typing import Any, NamedTuple

import numpy as np

from tf_creative.worlds import bounded, files
from tf_creative.worlds.pixel_art.pictures import archives

KINDS = ('.png', '.jpg', '.jpeg', '.webp', '.gif', '.bmp')
_SPLITS = {'train', 'test', 'val', 'valid', 'validation', 'unseen'}
_MOST_FILES = 1_000_000
UNSORTED = 'unsorted'  # the class of pictures that lie beside the folders of classes


class Entry(NamedTuple):
  """A picture file, or a picture of an array, that has not been read yet."""

  name: str  # its path, for messages
  split: str  # '' where nothing is said
  label: str  # '' where there are no classes
  mark: str  # what changes when the file does
  load: Callable[[], bytes | np.ndarray]


class Found(NamedTuple):
  """All pictures of a source, in the order of their names, and how many other files there are."""

  entries: list[Entry]
  others: int


@contextlib.contextmanager
def opened(data: str) -> Iterator[Found]:
  """Find the pictures of a folder, a .zip, an .npz or a picture file, which stays open."""
  path = pathlib.Path(data)
  if path.is_dir():
    yield _folder(path)
  elif path.suffix.lower() == '.zip':
    with archives.opened(path) as archive:
      yield _zip(archive, _mark(path))
  elif path.suffix.lower() == '.npz':
    with archives.opened(path) as archive:
      yield Found(_arrays(archive, _mark(path)), 0)
  elif path.suffix.lower() in KINDS:
    yield Found([Entry(path.name, '', '', _mark(path), _reader(path))], 0)
  else:
    raise ValueError(f'it is no folder and none of .zip, .npz, {", ".join(KINDS)}')


def fingerprint(found: Found, *told: Any) -> str:
  """Return a digest of names, sizes and times, and of how the pictures are read."""
  lines = [f'{entry.name}\0{entry.split}\0{entry.label}\0{entry.mark}' for entry in found.entries]
  text = '\n'.join([repr(told), *lines])
  return hashlib.sha256(text.encode(errors='surrogateescape')).hexdigest()[:24]


def plain(name: str) -> str:
  """Return a name that can be shown and stored: of printable signs that every system has."""
  shown = name.encode(errors='replace').decode()
  return ''.join(sign if sign.isprintable() else '?' for sign in shown)


def sort_out(paths: Sequence[tuple[str, ...]]) -> list[tuple[str, str]]:
  """Say the split and the class of each path, '' where there is none.

  Folders around everything say nothing. Next come `train` and `test`, if all lie in those; then the
  classes. What lies deeper belongs to its class.
  """
  around = 0
  while paths and all(path[around + 1 :] and path[around] == paths[0][around] for path in paths):
    around += 1
  rest = [path[around:] for path in paths]
  tops = {path[0] if len(path) > 1 else '' for path in rest}
  split = tops <= _SPLITS and 'train' in tops
  labels = [path[split] if len(path) > split + 1 else '' for path in rest]
  beside = UNSORTED if any(labels) else ''
  return [
    (path[0] if split else '', plain(label) or beside)
    for path, label in zip(rest, labels, strict=True)
  ]


def _folder(top: pathlib.Path) -> Found:
  paths, others = [], 0
  for folder, inner, names in os.walk(top):
    inner[:] = [name for name in inner if not _hidden(name)]
    at = pathlib.Path(folder)
    chosen = [name for name in names if not _hidden(name)]
    mine = [at / name for name in chosen if name.lower().endswith(KINDS)]
    others += len(chosen) - len(mine)
    paths += mine
    if len(paths) > _MOST_FILES:
      raise ValueError(f'it has more than {_MOST_FILES:,} pictures')
  parts = sorted(path.relative_to(top).parts for path in paths)
  return Found(
    [
      Entry(plain('/'.join(part)), split, label, _mark(top.joinpath(*part)), _reader(top, *part))
      for part, (split, label) in zip(parts, sort_out(parts), strict=True)
    ],
    others,
  )


def _zip(archive: Any, mark: str) -> Found:
  names = sorted({name for name in archive.namelist() if not name.endswith('/')})
  parts = {name: tuple(part for part in name.split('/') if part) for name in names}
  seen = [name for name in names if not any(map(_hidden, parts[name]))]
  mine = [name for name in seen if name.lower().endswith(KINDS)]
  return Found(
    [
      Entry(
        plain(name),
        split,
        label,
        mark,
        functools.partial(archives.member, archive, name, files.MOST_BYTES),
      )
      for name, (split, label) in zip(mine, sort_out([parts[name] for name in mine]), strict=True)
    ],
    len(seen) - len(mine),
  )


def _arrays(archive: Any, mark: str) -> list[Entry]:
  """Read `images` uint8 [N, H, W] or [N, H, W, 1, 3 or 4], and `labels` [N], if there are any."""
  images = archives.array(archive, 'images')
  images = images[..., None] if images.ndim == 3 else images
  if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] not in (1, 3, 4):
    raise ValueError(
      f"its 'images' are {images.dtype} {images.shape}, and uint8 [N, H, W, 1, 3 or 4] is wanted"
    )
  labels = [''] * len(images)
  if 'labels.npy' in archive.namelist():
    given = archives.array(archive, 'labels')
    if given.shape != (len(images),) or given.dtype.kind not in 'iuUS':
      raise ValueError(f"its 'labels' are {given.dtype} {given.shape}, and one is wanted of each")
    labels = [plain(x.decode(errors='replace') if isinstance(x, bytes) else str(x)) for x in given]
  return [
    Entry(f'images[{place}]', '', label, mark, lambda picture=picture: picture)
    for place, (picture, label) in enumerate(zip(images, labels, strict=True))
  ]


def _hidden(name: str) -> bool:
  return name.startswith('.') or name == '__MACOSX'


def _reader(top: pathlib.Path, *parts: str) -> Callable[[], bytes]:
  return functools.partial(bounded.content, top.joinpath(*parts), files.MOST_BYTES)


def _mark(path: pathlib.Path) -> str:
  try:
    known = path.stat()
  except OSError:  # such as a link to nowhere
    return ''
  return f'{known.st_size} {known.st_mtime_ns}'
