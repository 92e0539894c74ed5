"""Reads flagfiles and keeps file and line of each argument, for error messages.

absl can read them, too, but recurses without end where files include each other, fails on binary
files, and forgets the line numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
import os
import pathlib
import re
from typing import NamedTuple

from tf_creative.core import spec

# Limits that no sane flagfile reaches; they keep a wrong path (a device, a data file) harmless.
_MOST_BYTES = 1 << 20  # of a file
_MOST_ARGUMENTS = 10_000  # of all files together
_NAMES = ('--flagfile', '-flagfile')
# A wheel has the pipelines within the package, a checkout beside it.
_PACKAGE = pathlib.Path(__file__).parents[1]
_PIPELINES = (_PACKAGE / 'pipelines', _PACKAGE.parent / 'pipelines')


class Argument(NamedTuple):
  text: str
  where: str = ''  # file and line, for messages; empty: from the command line


def expand(arguments: Iterable[str | Argument], within: tuple[str, ...] = ()) -> list[Argument]:
  """Replace each `--flagfile=FILE` by the arguments in that file, also in nested files.

  `within` holds the files that are being read, to detect cycles. As with absl, the path of a
  nested file is relative to the working directory, and of equal flags the last one wins. Where
  there is no pipelines/NAME.flags, ours of that name is read.
  """
  found, waiting = [], [Argument(a) if isinstance(a, str) else a for a in arguments]
  while waiting:
    argument = waiting.pop(0)
    name, equals, path = argument.text.partition('=')
    if name not in _NAMES:
      found.append(argument)
      continue
    if not equals and waiting:
      path = waiting.pop(0).text
    if not path.strip():
      raise spec.UserError(f'--flagfile names no file{said(argument)}: write --flagfile=FILE.')
    if '\0' in path:
      raise spec.UserError(f'--flagfile names no file{said(argument)}: {path!r} holds a NUL.')
    found += _of_file(path.strip(), argument, within)
    if len(found) > _MOST_ARGUMENTS:
      raise spec.UserError(f'{path} holds more than {_MOST_ARGUMENTS} flags with all it includes.')
  return found


def said(argument: Argument) -> str:
  """Return ' (FILE, line N)' for a message, or '' for an argument of the command line."""
  return f' ({argument.where})' if argument.where else ''


def folders() -> list[pathlib.Path]:
  """Return the folders of pipelines: the user's own before those of this program."""
  return [path for path in (pathlib.Path('pipelines'), *_PIPELINES) if path.is_dir()]


def pipelines() -> list[str]:
  """Return all paths pipelines/NAME.flags that can be read from here."""
  names = {own.name for folder in folders() for own in folder.glob('*.flags')}
  return sorted(f'pipelines/{name}' for name in names)


def text_of(path: str | os.PathLike, advice: str) -> str:
  """Read a small UTF-8 text file, or raise a UserError that ends with `advice`."""
  try:
    with pathlib.Path(path).open('rb') as file:
      content = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
      raise spec.UserError(f'{path} is larger than {_MOST_BYTES} bytes, so no flagfile: {advice}.')
    return content.decode('utf-8-sig')
  except OSError as error:
    raise spec.UserError(f'cannot read {path} ({error.strerror}): {advice}.') from error
  except ValueError as error:
    if isinstance(error, spec.UserError):
      raise
    raise spec.UserError(f'{path} is not text in UTF-8, so no flagfile: {advice}.') from error


def _ours(path: str) -> str:
  """Return the path of our own pipelines/NAME.flags, if there is none from here; else the same."""
  if os.path.lexists(path) or not re.fullmatch(r'pipelines/[\w-]+\.flags', path):
    return path
  ours = (folder / path.partition('/')[2] for folder in _PIPELINES)
  return str(next((own for own in ours if own.is_file()), path))


def _of_file(path: str, argument: Argument, within: tuple[str, ...]) -> list[Argument]:
  path = _ours(path)
  advice = f'name a flagfile by --flagfile=FILE{said(argument)}'
  if path.startswith('pipelines/'):
    advice += f'.{spec.closest(path, pipelines())}'.rstrip('.')
  text = text_of(path, advice)
  real = os.path.realpath(path)
  if real in within:
    raise spec.UserError(f'{path} includes itself: take out {argument.text}{said(argument)}.')
  lines = enumerate(text.split('\n'), 1)
  own = [Argument(line.strip(), f'{path}, line {number}') for number, line in lines]
  own = [line for line in own if line.text and not line.text.startswith(('#', '//'))]
  if not own:
    raise spec.UserError(f'{path} holds no flags: write one per line, as --rounds=100.')
  for line in own:
    if not line.text.startswith('-'):
      raise spec.UserError(f"'{line.text}' is no flag{said(line)}: write --name=value.")
  return expand(own, (*within, real))
