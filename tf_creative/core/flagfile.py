"""Arguments from flagfiles, each with the place where it stands, for messages.

absl reads them too, but follows circles, stumbles over bytes and forgets the lines.
"""

from __future__ import annotations

from collections.abc import Iterable
import os
import pathlib
from typing import NamedTuple

from tf_creative.core import spec

_MOST_BYTES = 1 << 20  # of a file
_MOST_ARGUMENTS = 10_000  # of all files together
_NAMES = ('--flagfile', '-flagfile')


class Argument(NamedTuple):
  text: str
  where: str = ''  # the file and its line; empty: the command line


def expand(arguments: Iterable[str | Argument], within: tuple[str, ...] = ()) -> list[Argument]:
  """All arguments, those of flagfiles in the place of the flag that names the file.

  As with absl, a nested file is looked for from the working directory, and what comes later wins.
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
    found += _of_file(path.strip(), argument, within)
    if len(found) > _MOST_ARGUMENTS:
      raise spec.UserError(f'{path} holds more than {_MOST_ARGUMENTS} flags with all it includes.')
  return found


def said(argument: Argument) -> str:
  """Where an argument stands, to be put into a message."""
  return f' ({argument.where})' if argument.where else ''


def text_of(path: str | os.PathLike, advice: str) -> str:
  """A small text file, or an error in words that ends with the advice."""
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


def _of_file(path: str, argument: Argument, within: tuple[str, ...]) -> list[Argument]:
  real = os.path.realpath(path)
  if real in within:
    raise spec.UserError(f'{path} includes itself: take out {argument.text}{said(argument)}.')
  text = text_of(path, f'name a flagfile by --flagfile=FILE{said(argument)}')
  lines = enumerate(text.split('\n'), 1)
  own = [Argument(line.strip(), f'{path}, line {number}') for number, line in lines]
  own = [line for line in own if line.text and not line.text.startswith(('#', '//'))]
  if not own:
    raise spec.UserError(f'{path} holds no flags: write one per line, as --rounds=100.')
  for line in own:
    if not line.text.startswith('-'):
      raise spec.UserError(f"'{line.text}' is no flag{said(line)}: write --name=value.")
  return expand(own, (*within, real))
