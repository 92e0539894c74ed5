"""Keeps the chatter of TensorFlow's C++ off the terminal, and lets all else of it through.

It logs by Abseil, which it never sets up, so that TF_CPP_MIN_LOG_LEVEL has no say. All that the
process writes to stderr by itself, not by Python, goes through another process, a filter that
outlives a crash: this file, started on its own.
"""

from __future__ import annotations

from collections.abc import Iterator
import contextlib
import os
import re
import subprocess
import sys

_QUIET = '2'  # the value of TF_CPP_MIN_LOG_LEVEL from which on there are only errors
_PATIENCE = 2  # seconds for the last lines to pass
_HEAD = r'0000 00:00:\d+\.\d+ +\d+ '
CHATTER = re.compile(
  '|'.join(
    [
      r'WARNING: All log messages before absl::InitializeLog\(\) is called are written to STDERR$',
      rf'[IW]{_HEAD}',  # information and warnings
      r'To enable the following instructions: .*, rebuild TensorFlow with',  # goes on with one
      # Errors that are none: no GPU is there, a graph is left as it is, another kernel is taken.
      rf'E{_HEAD}cuda_platform\.cc:\d+\] failed call to cuInit: .*(\(303\)|NO_DEVICE)',
      rf'E{_HEAD}(cuda_\w+|computation_placer)\.cc:\d+\] .*already been registered',
      rf'E{_HEAD}meta_optimizer\.cc:\d+\] \w+ failed: ',
      r'error: XDG_RUNTIME_DIR is invalid or not set',  # of SDL, which needs no screen to draw
      rf'E{_HEAD}util\.cc:\d+\] oneDNN supports DT_\w+ only on platforms with AVX-512',
    ]
  ).encode()
)


@contextlib.contextmanager
def filtered() -> Iterator[None]:
  """Within, no chatter is seen, unless TF_CPP_MIN_LOG_LEVEL asks for it."""
  if os.environ.get('TF_CPP_MIN_LOG_LEVEL', '') < _QUIET:
    yield
    return
  if sys.stderr is None:  # it is closed: else the next file to be opened would take its number
    os.open(os.devnull, os.O_WRONLY)
    yield
    return
  before = sys.stderr
  # Python goes on writing to where it did, and the filter has a session of its own: Ctrl-C is not
  # for it.
  with open(os.dup(2), 'w', buffering=1, errors='backslashreplace') as direct:
    process = subprocess.Popen(
      [sys.executable, '-I', '-S', __file__],
      stdin=subprocess.PIPE,
      stdout=direct,
      stderr=subprocess.DEVNULL,
      start_new_session=True,
    )
    sys.stderr = direct
    assert process.stdin
    os.dup2(process.stdin.fileno(), 2)
    process.stdin.close()
    try:
      yield
    finally:
      sys.stderr = before
      os.dup2(direct.fileno(), 2)
      with contextlib.suppress(subprocess.TimeoutExpired):  # a child that stays may still write
        process.wait(_PATIENCE)


def main() -> None:
  """The filter: lines from stdin to stdout."""
  with contextlib.suppress(OSError):
    for line in sys.stdin.buffer:
      if not CHATTER.match(line):
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()
    return
  for _ in sys.stdin.buffer:  # nobody listens any more; who writes must not be held up
    pass


if __name__ == '__main__':
  main()
