"""What lies in the folder of a version: what tells it from what lay there before, what is odd."""

from __future__ import annotations

from collections.abc import Iterator
import os
import pathlib
import stat

_MOST_FILES = 2000  # more is perhaps a link to a folder above


def identity(folder: pathlib.Path) -> frozenset[tuple]:
  """Return the names, sizes and times of all files, which change while they are copied."""
  return frozenset(
    (name, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    for name, status in _all(folder)
  )


def irregular(folder: pathlib.Path) -> list[str]:
  """Return what is neither a file nor a folder: to read a pipe or a device may take for ever."""
  found = dict(_all(folder))
  if len(found) >= _MOST_FILES:
    return [f'more than {_MOST_FILES} files']
  return [
    name
    for name, status in found.items()
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode))
  ]


def _all(folder: pathlib.Path) -> Iterator[tuple[str, os.stat_result]]:
  """Give the names and states of all that is in a folder; links are followed."""
  names, count = [''], 0
  while names and count < _MOST_FILES:
    name = names.pop()
    try:
      status = (folder / name).stat()
      if stat.S_ISDIR(status.st_mode):
        names += [os.path.join(name, below) for below in os.listdir(folder / name)]
    except OSError:  # it has just been taken away, or is a link to nowhere
      continue
    yield name, status
    count += 1
