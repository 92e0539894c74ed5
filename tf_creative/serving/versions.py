"""Versions of models in a folder: numbered, visible at once and whole, and never written twice.

  EXPORTS/NAME/<number>/saved_model.pb ...

A server takes a folder as soon as it sees it. So a version is made in a hidden one beside it,
brought to the disk, and then renamed.
"""

from __future__ import annotations

from collections.abc import Iterator
import contextlib
import fcntl
import os
import pathlib
import shutil

from tf_creative import spec

_STAGE, _LOCK = '.staged-', '.lock'


def numbers(base: pathlib.Path) -> list[int]:
  """The versions that a server sees of a model, the oldest first."""
  if not base.is_dir():
    return []
  return sorted(int(path.name) for path in base.iterdir() if path.name.isdecimal())


@contextlib.contextmanager
def staging(exports: pathlib.Path, names: list[str]) -> Iterator[Stage]:
  """A stage for one version of each model, which nobody else has at the same time.

  What is not published when it ends is gone; so is what a killed one has left behind.
  """
  try:
    exports.mkdir(parents=True, exist_ok=True)
    lock = (exports / _LOCK).open('w')
  except OSError as error:
    raise spec.UserError(
      f'cannot write to {exports} ({error.strerror}): choose another --export_dir.'
    ) from error
  with lock:
    try:
      fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
      raise spec.UserError(
        f'another process is publishing to {exports}: wait for it, or choose another --export_dir.'
      ) from None
    _clean(exports)
    try:
      yield Stage(exports, names)
    finally:
      _clean(exports)


class Stage:
  """Where versions of one number are made, before anybody sees them."""

  def __init__(self, exports: pathlib.Path, names: list[str]):
    self._exports = exports
    known = [number for name in names for number in numbers(exports / name)]
    self.number = max(known, default=0) + 1
    self.paths = {name: exports / name / f'{_STAGE}{self.number}' for name in names}
    for path in self.paths.values():
      path.mkdir(parents=True)

  def publish(self) -> dict[str, pathlib.Path]:
    """Makes all of them visible, one after the other; where they are now."""
    published = {name: path.with_name(str(self.number)) for name, path in self.paths.items()}
    for path in self.paths.values():
      _to_disk(path)
    for name, path in self.paths.items():
      path.rename(published[name])  # fails rather than replace what is there
      _sync(published[name].parent)
    return published


def prune(exports: pathlib.Path, names: list[str], keep: int) -> None:
  """Removes all but the newest versions; each disappears at once."""
  for name in names:
    for number in numbers(exports / name)[:-keep]:
      gone = exports / name / f'{_STAGE}gone-{number}'
      (exports / name / str(number)).rename(gone)
      shutil.rmtree(gone)


def write(path: pathlib.Path, text: str) -> None:
  """A text file that is whole or not there."""
  partial = path.with_name(f'{_STAGE}{path.name}')
  partial.write_text(text)
  _sync(partial)
  partial.replace(path)


def _clean(exports: pathlib.Path) -> None:
  for path in [*exports.glob(f'{_STAGE}*'), *exports.glob(f'*/{_STAGE}*')]:
    shutil.rmtree(path) if path.is_dir() else path.unlink()


def _to_disk(folder: pathlib.Path) -> None:
  for path in [*folder.rglob('*'), folder]:
    _sync(path)


def _sync(path: pathlib.Path) -> None:
  handle = os.open(path, os.O_RDONLY)
  try:
    os.fsync(handle)
  finally:
    os.close(handle)
