"""Runs a command: reads its flags, and turns users' mistakes into one-line errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
import contextlib
import errno
import faulthandler
import os
import pathlib
import resource
import shlex
import sys
import traceback
from typing import Any

from absl import logging

import tf_creative
from tf_creative.cli import chatter, manual
from tf_creative.cli import flags as flags_lib
from tf_creative.core import spec
from tf_creative.learner import config as config_lib

_VERSION = {'--version', '-version'}
_ASKING = _VERSION | {'--help', '-help', '-h', '--helpshort', '--helpfull'}
_PATTERN = set('*?[\\')  # what TensorFlow's GetMatchingPaths does not take as it stands
_LEAST_MEMORY = 4 << 30  # bytes of addresses, of which TensorFlow takes two by being imported
_REFUSED = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EPIPE)  # by a file or pipe
_DEBUG = {'--debug', '-debug', '--debug=true'}


def run(command: Callable[[Any], int], usage: str, settings: type = config_lib.Config) -> None:
  """Run `command` with its settings from the flags, and exit with its exit code."""
  arguments = sys.argv[1:]
  debug = _DEBUG & set(arguments)
  with contextlib.nullcontext(lambda: None) if debug else chatter.filtered() as recall:
    if sys.stderr:
      faulthandler.enable(2)  # prints a traceback if native code crashes, where chatter sees it
    logging.use_absl_handler()
    code = _flushed(main(command, usage, settings, arguments, recall))
  sys.exit(code)


def _flushed(code: int) -> int:
  """Flush what was printed, and return the exit code; another one if that is lost."""
  try:
    if sys.stdout:
      sys.stdout.flush()
  except OSError as error:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # for Python tries once more at its end
    if not code:
      print(f'error: {_words(error)}', file=sys.stderr)
    return code or spec.UserError.code
  return code


def main(
  command: Callable[[Any], int],
  usage: str,
  settings: type,
  arguments: Sequence[str],
  recall: Callable[[], object] = lambda: None,
) -> int:
  """Run a command and return its exit code, or an error's: 1 for our bugs, 130 for Ctrl-C.

  `recall` shows what native code has said so far; it is called after a traceback.
  """
  name, debug = command.__name__, bool(_DEBUG & set(arguments))
  given = [argument for argument in arguments if argument not in _DEBUG]
  try:
    if sys.flags.optimize > 1:
      raise spec.UserError('the texts of --help are docstrings: run Python without -OO.')
    if _asks(arguments):
      print(_answer(usage, settings, arguments))
      return 0
    check_memory()
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
    recall()
    print(
      '\nThis is a bug in tf_creative, not your mistake. Please report the traceback above and the '
      f'command: python -m tf_creative.{name} {shlex.join(arguments)}',
      file=sys.stderr,
    )
    return 1


def _asks(arguments: Sequence[str]) -> list[str]:
  """Return the arguments that ask for the version or for help, also on a name: --help=NAME."""
  return [argument for argument in arguments if argument.partition('=')[0] in _ASKING]


def _answer(usage: str, settings: type, arguments: Sequence[str]) -> str:
  """Return the text that the first of these arguments asks for."""
  question, _, name = _asks(arguments)[0].partition('=')
  if question in _VERSION:
    return f'tf_creative {tf_creative.__version__}'
  if name:
    return manual.about(name, settings)
  return manual.text(usage, settings, ' '.join(arguments), full=question == '--helpfull')


@contextlib.contextmanager
def status(console: Any, text: str) -> Iterator[Callable[[str], None]]:
  """Show `text` on a line of the terminal until the block ends; yields a function to change it.

  This is not a spinner of rich, because that runs in a thread, and TFDS patches `__import__` for
  all threads while it loads a part of itself: now and then that kills the spinner.
  """
  shown = console.is_terminal and not console.is_dumb_terminal
  told = False

  def clear() -> None:
    nonlocal told
    if told:
      console.file.write('\r\x1b[2K')
      console.file.flush()
    told = False

  def tell(text: str) -> None:
    nonlocal told
    told = shown
    clear()
    if shown:
      console.print(text, end='', no_wrap=True, overflow='ellipsis')
    told = shown

  tell(text)
  try:
    with (
      contextlib.redirect_stderr(_Above(sys.stderr, clear)) if shown else contextlib.nullcontext()
    ):
      yield tell
  finally:
    clear()


class _Above:
  """Another stderr, which empties the line of a status before a warning breaks into it."""

  def __init__(self, stream: Any, clear: Callable[[], None]):
    self._stream, self._clear = stream, clear

  def write(self, text: str) -> int:
    self._clear()
    return self._stream.write(text)

  def __getattr__(self, name: str) -> Any:
    return getattr(self._stream, name)


def cores() -> int:
  """Return the number of CPU cores that this process may use."""
  if hasattr(os, 'sched_getaffinity'):
    return len(os.sched_getaffinity(0))
  return os.cpu_count() or 1


def threads() -> int:
  """Return the threads within an op in training: half of the cores, or as the environment says.

  The hand's phase and the imagination's run in parallel, each on its half of the cores. Splitting
  the many small ops over all cores would cost more than it gains.
  """
  told = os.environ.get('TF_NUM_INTRAOP_THREADS', '')
  return int(told) if told.isdigit() and int(told) else max(1, cores() // 2)


def check_writable(path: str | os.PathLike, flag: str) -> None:
  """Raise a UserError now if the folder cannot be written, rather than after minutes of work."""
  place = pathlib.Path(path).absolute()
  try:
    while not place.exists():
      place = place.parent
  except OSError as error:  # e.g. the name is too long
    raise spec.UserError(
      f'cannot write to {path} ({error.strerror}): choose another --{flag}.'
    ) from error
  why = '' if place.is_dir() else f'{place} is not a folder'
  if not why and not os.access(place, os.W_OK | os.X_OK):
    why = f'{place} may not be changed'
  if why:
    raise spec.UserError(f'cannot write to {path} ({why}): choose another --{flag}.')


def check_prefix(path: str | os.PathLike) -> None:
  """Raise a UserError for a folder that TensorFlow would take for a pattern of many names."""
  if found := _PATTERN & set(os.fspath(path)):
    raise spec.UserError(
      f"TensorFlow takes '{min(found)}' in {path} for a pattern, not a name: name the folder "
      'without it.'
    )


def check_memory() -> None:
  """Raise a UserError where TensorFlow would hang or abort for want of addresses."""
  allowed, _ = resource.getrlimit(resource.RLIMIT_AS)
  if 0 <= allowed < _LEAST_MEMORY:
    raise spec.UserError(
      f'this process may have {allowed >> 20:,} MB of memory (ulimit -v), and TensorFlow needs '
      f'{_LEAST_MEMORY >> 20:,} MB at least: raise that limit.'
    )


def _words(error: Exception) -> str:
  """Return the message for an error that users can fix; empty for a bug of ours."""
  if isinstance(error, spec.UserError):
    return str(error)
  if isinstance(error, OSError) and error.errno in _REFUSED and error.filename is None:
    return f'what was to be printed or written is not whole ({error.strerror}): make room there.'
  if isinstance(error, OSError) and error.filename is not None:
    return (
      f'{error.strerror}: {error.filename}. Mend that, or choose another place. '
      '(--debug shows where it came up.)'
    )
  return ''
