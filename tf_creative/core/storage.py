"""Files that are whole or not there, who may write them, and what to say when a disk will not."""

from __future__ import annotations

from collections.abc import Iterator
import contextlib
import errno
import fcntl
import os
import pathlib
import shutil
import socket
from typing import IO

import tensorflow as tf

from tf_creative.core import spec

_PARTIAL = '.partial-'
# Why a disk refuses; TensorFlow tells it in words only.
_REASONS = (
  *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO),
  *(errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENOENT),
)


class StorageError(spec.UserError):
  """The disk is full, read-only, or gone; what had been saved before is still good."""

  code = 4


def sync(path: pathlib.Path) -> None:
  """Brings a file, or the names in a folder, to the disk."""
  handle = os.open(path, os.O_RDONLY)
  try:
    os.fsync(handle)
  finally:
    os.close(handle)


def write(path: pathlib.Path, text: str) -> None:
  """A text file that replaces the one of its name at once, and is on the disk."""
  partial = path.with_name(f'{_PARTIAL}{path.name}')
  try:
    partial.write_text(text)
    sync(partial)
    partial.replace(path)
  except OSError:
    partial.unlink(missing_ok=True)
    raise
  sync(path.parent)


@contextlib.contextmanager
def kept(path: pathlib.Path, advice: str) -> Iterator[None]:
  """Tells what fails to be written at a path as an error that says what to do."""
  try:
    yield
  except OSError as error:
    raise _failed(error.filename or path, error.strerror or str(error), advice) from error
  except tf.errors.OpError as error:
    for reason in map(os.strerror, _REASONS):
      if reason in error.message:
        raise _failed(path, reason, advice) from error
    raise


def _failed(path: str | os.PathLike, reason: str, advice: str) -> StorageError:
  return StorageError(f'cannot write {os.fspath(path)} ({reason}; {_free(path)}). {advice}')


def lock(path: pathlib.Path, by: str, advice: str) -> IO[str]:
  """Makes this process the only one to hold a file, until it is closed or the process ends.

  The system lets go of it however the process ends, so that no lock is ever stale.
  """
  file = path.open('a+', errors='replace')
  try:
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
  except BlockingIOError:
    with file:
      file.seek(0)
      who = file.readline(200).strip()
    raise spec.UserError(
      f'{path.parent} is being written to by another {by}{who and f" ({who})"}: {advice}'
    ) from None
  file.truncate(0)
  print(f'process {os.getpid()} on {socket.gethostname()}', file=file, flush=True)
  return file


def _free(path: str | os.PathLike) -> str:
  """How much room there is on the disk of a path, which itself may not exist."""
  place = pathlib.Path(path).absolute()
  while not place.exists():
    place = place.parent
  return f'{shutil.disk_usage(place).free:,} bytes free there'


@contextlib.contextmanager
def whole(path: pathlib.Path) -> Iterator[pathlib.Path]:
  """Another name to write under, so that a file appears whole or not at all."""
  partial = path.with_name(f'.partial-{path.name}')
  try:
    yield partial
    partial.replace(path)
  finally:
    partial.unlink(missing_ok=True)
