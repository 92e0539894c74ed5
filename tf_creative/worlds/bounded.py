"""Finds and reads files that strangers made: regular ones, of no more bytes than are expected."""

from __future__ import annotations

from importlib import metadata
import os
import pathlib
import stat

from tf_creative.core import spec


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


def installed(package: str, place: str, lacking: str) -> pathlib.Path:
  """Return where a file lies of a package that the user installs, none of whose code is run.

  Raise a UserError that says what is `lacking` if it is not there.
  """
  try:
    found = metadata.distribution(package)
  except metadata.PackageNotFoundError as error:
    raise spec.UserError(lacking) from error
  return pathlib.Path(str(found.locate_file(place)))
