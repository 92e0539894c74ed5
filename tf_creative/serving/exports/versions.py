"""Publishes numbered versions of models atomically; a version is never overwritten.

  EXPORTS/NAME/<number>/saved_model.pb ...

A server loads a folder as soon as it sees it. So a version is written to a hidden folder next to
it, flushed to disk, and then renamed.
"""

from __future__ import annotations

from collections.abc import Iterator
import contextlib
import pathlib
import shutil

from tf_creative.core import storage

_STAGE, _LOCK = '.staged-', '.lock'


def numbers(base: pathlib.Path) -> list[int]:
  """Return the versions of a model that a server sees, ascending."""
  if not base.is_dir():
    return []
  return sorted(int(path.name) for path in base.iterdir() if path.name.isdecimal())


@contextlib.contextmanager
def staging(exports: pathlib.Path, names: list[str]) -> Iterator[Stage]:
  """Lock the exports and yield a stage for one new version of each model.

  At the end, unpublished versions are removed, and so are the remains of killed exports.
  """
  with storage.kept(exports, 'Make room, or choose another --export_dir.'):
    exports.mkdir(parents=True, exist_ok=True)
    lock = storage.lock(exports / _LOCK, 'export', 'wait for it, or choose another --export_dir.')
  with lock:
    _clean(exports)
    try:
      yield Stage(exports, names)
    finally:
      _clean(exports)


class Stage:
  """Hidden folders, by model, in which the versions of one number are written."""

  def __init__(self, exports: pathlib.Path, names: list[str]):
    self._exports = exports
    known = [number for name in names for number in numbers(exports / name)]
    self.number = max(known, default=0) + 1
    self.paths = {name: exports / name / f'{_STAGE}{self.number}' for name in names}
    for path in self.paths.values():
      path.mkdir(parents=True)

  def publish(self) -> dict[str, pathlib.Path]:
    """Make all versions visible, one after the other; return their folders."""
    published = {name: path.with_name(str(self.number)) for name, path in self.paths.items()}
    for path in self.paths.values():
      for file in [*path.rglob('*'), path]:
        storage.sync(file)
    for name, path in self.paths.items():
      path.rename(published[name])  # fails if the version exists already
      storage.sync(published[name].parent)
    return published


def prune(exports: pathlib.Path, names: list[str], keep: int) -> None:
  """Remove all but the newest `keep` versions; each disappears at once, by a rename."""
  for name in names:
    for number in numbers(exports / name)[:-keep]:
      gone = exports / name / f'{_STAGE}gone-{number}'
      (exports / name / str(number)).rename(gone)
      shutil.rmtree(gone)


def _clean(exports: pathlib.Path) -> None:
  for path in [*exports.glob(f'{_STAGE}*'), *exports.glob(f'*/{_STAGE}*')]:
    shutil.rmtree(path) if path.is_dir() else path.unlink()
