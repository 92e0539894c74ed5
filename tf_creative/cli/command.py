"""What all commands have in common: reading flags, and answering a user's mistake in one line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
import contextlib
import faulthandler
import os
import pathlib
import shlex
import sys
import traceback
from typing import Any

from absl import logging

from tf_creative.cli import chatter, manual
from tf_creative.cli import flags as flags_lib
from tf_creative.core import spec
from tf_creative.learner import config as config_lib

_HELP = {'--help', '-help', '-h', '--helpshort', '--helpfull'}
_DEBUG = {'--debug', '-debug', '--debug=true'}


def run(command: Callable[[Any], int], usage: str, settings: type = config_lib.Config) -> None:
  """Ends the process with the exit code of `command`, which is given its settings."""
  arguments = sys.argv[1:]
  plain = (_HELP | _DEBUG) & set(arguments)
  with contextlib.nullcontext() if plain else chatter.filtered():
    if sys.stderr:
      faulthandler.enable()  # a crash of native code says where it was
    logging.use_absl_handler()
    code = main(command, usage, settings, arguments)
  sys.exit(code)


def main(
  command: Callable[[Any], int], usage: str, settings: type, arguments: Sequence[str]
) -> int:
  """The exit code: the command's or the error's own, 1 for a fault of ours, 130 for Ctrl-C."""
  if _HELP & set(arguments):
    print(manual.text(usage, settings, ' '.join(arguments)))
    return 0
  name, debug = command.__name__, bool(_DEBUG & set(arguments))
  given = [argument for argument in arguments if argument not in _DEBUG]
  try:
    return command(flags_lib.from_arguments(given, settings))
  except KeyboardInterrupt:
    print('stopped', file=sys.stderr)
    return 130
  except Exception as error:
    words = _words(error)
    if debug or not words:
      traceback.print_exc()
    if words:
      print(f'error: {words}', file=sys.stderr)
      return getattr(error, 'code', spec.UserError.code)
    print(
      '\nThis is a fault of tf_creative, not of yours. Please report what is above, and the '
      f'command: python -m tf_creative.{name} {shlex.join(arguments)}',
      file=sys.stderr,
    )
    return 1


@contextlib.contextmanager
def status(console: Any, text: str) -> Iterator[Callable[[str], None]]:
  """Shows what is being done, on a terminal only, in a line that is gone at the end.

  Yields what changes the text. It is no spinner of rich: that turns in a thread, which now and then
  dies as TFDS loads a part of itself, for TFDS then patches `__import__` in all threads.
  """
  shown = console.is_terminal and not console.is_dumb_terminal

  def clear() -> None:
    if shown:
      console.file.write('\r\x1b[2K')
      console.file.flush()

  def tell(text: str) -> None:
    clear()
    if shown:
      console.print(text, end='', no_wrap=True, overflow='ellipsis')

  tell(text)
  try:
    yield tell
  finally:
    clear()


def cores() -> int:
  """Those that this process may use."""
  if hasattr(os, 'sched_getaffinity'):
    return len(os.sched_getaffinity(0))
  return os.cpu_count() or 1


def threads() -> int:
  """Threads within an op of training: half of the cores, or what the environment says.

  The hand's phase and the imagination's run side by side, each on its half: cutting every small op
  over all cores costs more than it brings.
  """
  told = os.environ.get('TF_NUM_INTRAOP_THREADS', '')
  return int(told) if told.isdigit() and int(told) else max(1, cores() // 2)


def check_writable(path: str | os.PathLike, flag: str) -> None:
  """Refuses at once a folder that could not be made or filled after minutes of work."""
  place = pathlib.Path(path).absolute()
  try:
    while not place.exists():
      place = place.parent
  except OSError as error:  # as a name that is too long
    raise spec.UserError(
      f'cannot write to {path} ({error.strerror}): choose another --{flag}.'
    ) from error
  why = '' if place.is_dir() else f'{place} is not a folder'
  if not why and not os.access(place, os.W_OK | os.X_OK):
    why = f'{place} may not be changed'
  if why:
    raise spec.UserError(f'cannot write to {path} ({why}): choose another --{flag}.')


def _words(error: Exception) -> str:
  """What to say of an error that is not of our making; empty if it is."""
  if isinstance(error, spec.UserError):
    return str(error)
  if isinstance(error, OSError) and error.filename is not None:
    return (
      f'{error.strerror}: {error.filename}. Mend that, or choose another place. '
      '(--debug shows where it came up.)'
    )
  return ''
