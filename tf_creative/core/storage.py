"""Atomic writes, locks on folders, and errors of the disk in words that users can act on."""

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
# TensorFlow's errors carry no errno: the reason is found by its text in the message.
_REASONS = (
  *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO),
  *(errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENOENT),
)


class StorageError(spec.UserError):
  """The disk is full, read-only, or gone; what had been saved before is still good."""

  code = 4


def sync(path: pathlib.Path) -> None:
  """Flush a file, or the entries of a folder, to the disk."""
  handle = os.open(path, os.O_RDONLY)
  try:
    os.fsync(handle)
  finally:
    os.close(handle)


def write(path: pathlib.Path, text: str) -> None:
  """Write a text file atomically and flush it: readers see the old file or the new one."""
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
  """Turn a failed write within the block into a StorageError that ends with `advice`."""
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
  """Lock a file for this process until it is closed, or raise a UserError if another holds it.

  The operating system releases the lock however the process ends, so no lock is ever stale.
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
  """Return the free space on the disk of a path, in words; the path need not exist."""
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
