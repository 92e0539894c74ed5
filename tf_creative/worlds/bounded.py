"""Reads files that strangers made: regular ones only, and no more bytes than are expected."""

from __future__ import annotations

import os
import stat


def content(path: str | os.PathLike, most: int) -> bytes:
  """Read a file of at most so many bytes, or raise a ValueError that says why not."""
  try:
    # Not to block: to open a pipe would wait for somebody who writes into it.
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), 'rb') as file:
      known = os.fstat(file.fileno())
      if not stat.S_ISREG(known.st_mode):
        raise ValueError('it is no file of data')
      if known.st_size > most:
        raise ValueError(f'it has {known.st_size / 2**20:.3g} MB, more than {most >> 20}')
      return file.read(most)
  except OSError as error:
    raise ValueError(error.strerror or str(error)) from error
