"""Atomic writes, locks on folders, and errors of the disk in words that users can act on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
import contextlib
import errno
import fcntl
import io
import itertools
import os
import pathlib
import re
import shutil
import socket
import stat
import sys
from typing import IO
import zipfile

import numpy as np

from tf_creative.core import spec

_PARTIAL = '.partial-'
_HEAD = 1000  # bytes that an array in an .npz may have besides its own
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


def read(path: pathlib.Path, most: int) -> bytes:
  """Read a file of at most `most` bytes; raise an OSError for one that is larger, or no file.

  A FIFO or a device would never end.
  """
  handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
  with os.fdopen(handle, 'rb') as file:
    if not stat.S_ISREG(os.fstat(handle).st_mode):
      raise OSError(errno.EINVAL, 'it is no file', os.fspath(path))
    if len(content := file.read(most + 1)) > most:
      raise OSError(errno.EFBIG, f'it has more than {most:,} bytes', os.fspath(path))
  return content


def read_arrays(path: pathlib.Path, like: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
  """Read an .npz with arrays of just these names, shapes and dtypes, and no more than these hold.

  What is wrong with it is an OSError or ValueError, or whatever error `zipfile` has for it.
  """
  most = sum(array.nbytes + _HEAD for array in like.values()) + _HEAD
  found = {}
  with zipfile.ZipFile(io.BytesIO(read(path, most))) as archive:
    if sorted(archive.namelist()) != sorted(f'{name}.npy' for name in like):
      raise ValueError('it holds other arrays')
    for name, expected in like.items():
      with archive.open(f'{name}.npy') as member:
        content = io.BytesIO(member.read(expected.nbytes + _HEAD + 1))
      np.lib.format.read_magic(content)
      shape, by_column, dtype = np.lib.format.read_array_header_1_0(content)
      if (shape, dtype) != (expected.shape, expected.dtype):
        raise ValueError(f'{name} is {dtype} {shape}, not {expected.dtype} {expected.shape}')
      values = np.frombuffer(content.read(), dtype)
      found[name] = values.reshape(shape, order='F' if by_column else 'C')
  return found


def write(path: pathlib.Path, content: str | bytes) -> None:
  """Write a file atomically and flush it: readers see the old file or the new one."""
  partial = _partial(path)
  try:
    partial.write_bytes(content.encode() if isinstance(content, str) else content)
    sync(partial)
    partial.replace(path)
  except OSError:
    partial.unlink(missing_ok=True)
    raise
  sync(path.parent)


def _partial(path: pathlib.Path) -> pathlib.Path:
  """Return the name to write under until a file is whole; nothing is there, nor a link."""
  partial = path.with_name(f'{_PARTIAL}{path.name}')
  partial.unlink(missing_ok=True)
  return partial


def check_links(folder: pathlib.Path, names: Iterable[str]) -> None:
  """Raise a UserError if one of these in a folder, or anything below it, is a link.

  A folder may come from a stranger: what is written through a link would land elsewhere.
  """
  for name in names:
    top = os.path.join(folder, name)
    below = (os.path.join(at, n) for at, *inner in os.walk(top) for n in itertools.chain(*inner))
    for path in itertools.chain([top], below):
      if os.path.islink(path):
        raise spec.UserError(
          f'{path} is a link, and through links nothing is written: put there what it points to, '
          'or remove it.'
        )


@contextlib.contextmanager
def kept(path: pathlib.Path, advice: str) -> Iterator[None]:
  """Turn a failed write within the block into a StorageError that ends with `advice`."""
  try:
    yield
  except OSError as error:
    raise _failed(error.filename or path, error.strerror or str(error), advice) from error
  except Exception as error:
    tf = sys.modules.get('tensorflow')  # whose errors come only where it is imported already
    if not tf or not isinstance(error, tf.errors.OpError):
      raise
    for reason in map(os.strerror, _REASONS):
      if reason in str(error):
        raise _failed(path, reason, advice) from error
    raise


def _failed(path: str | os.PathLike, reason: str, advice: str) -> StorageError:
  return StorageError(f'cannot write {os.fspath(path)} ({reason}; {_free(path)}). {advice}')


def lock(path: pathlib.Path, by: str, advice: str) -> IO[str]:
  """Lock a file for this process until it is closed, or raise a UserError if another holds it.

  The operating system releases the lock however the process ends, so no lock is ever stale.
  """
  flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
  file = os.fdopen(os.open(path, flags, 0o666), 'a+', errors='replace')
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
  partial = _partial(path)
  try:
    yield partial
    partial.replace(path)
  finally:
    partial.unlink(missing_ok=True)


def file_name(text: str) -> str:
  """Make a text safe for file names on every system, for shells and for specs."""
  return re.sub(r'[^\w.+-]+', '_', text)
