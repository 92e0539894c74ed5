"""Hides the log messages of TensorFlow's C++ code, but no other output.

TensorFlow logs by Abseil without initializing it, so TF_CPP_MIN_LOG_LEVEL has no effect on some
messages. What native code writes to stderr is piped through a second process, which keeps known
lines back and survives a crash of this one; after a crash or a bug of ours it shows them. That
process runs this file as a script.
"""

from __future__ import annotations

import collections
from collections.abc import Callable, Iterator
import contextlib
import os
import re
import subprocess
import sys

_QUIET = '2'  # from this TF_CPP_MIN_LOG_LEVEL on, only errors are shown
_PATIENCE = 2  # seconds to wait for the last lines
_MOST_LINES = 100  # that are kept
_RECALL = b'\0recall\n'  # asks the filter to show what it has kept
_CRASH = b'Fatal Python error: '  # as faulthandler begins
_HEAD = r'0000 00:00:\d+\.\d+ +\d+ '
CHATTER = re.compile(
  '|'.join(
    [
      r'WARNING: All log messages before absl::InitializeLog\(\) is called are written to STDERR$',
      rf'[IW]{_HEAD}',  # information and warnings
      # The second line of a message that is dropped above.
      r'To enable the following instructions: .*, rebuild TensorFlow with',
      # Not real errors: there is no GPU, a graph is not optimized, another kernel is used.
      rf'E{_HEAD}cuda_platform\.cc:\d+\] failed call to cuInit: .*(\(303\)|NO_DEVICE)',
      rf'E{_HEAD}(cuda_\w+|computation_placer)\.cc:\d+\] .*already been registered',
      rf'E{_HEAD}meta_optimizer\.cc:\d+\] \w+ failed: ',
      r'error: XDG_RUNTIME_DIR is invalid or not set',  # from SDL, which draws without a screen
      rf'E{_HEAD}util\.cc:\d+\] oneDNN supports DT_\w+ only on platforms with AVX-512',
    ]
  ).encode()
)


@contextlib.contextmanager
def filtered() -> Iterator[Callable[[], object]]:
  """Filter native output to stderr within the block, unless TF_CPP_MIN_LOG_LEVEL asks for it.

  Yields a function that shows what has been kept back so far.
  """
  if os.environ.get('TF_CPP_MIN_LOG_LEVEL', '') < _QUIET:
    yield lambda: None
    return
  if sys.stderr is None:
    # stderr is closed. Opening /dev/null takes file descriptor 2; otherwise the next file that is
    # opened would get it, and native code would write its messages into that file.
    os.open(os.devnull, os.O_WRONLY)
    yield lambda: None
    return
  before = sys.stderr
  # Python still writes directly to the terminal. The filter gets its own session, so that Ctrl-C
  # does not reach it.
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
      yield lambda: os.write(2, _RECALL)
    finally:
      sys.stderr = before
      os.dup2(direct.fileno(), 2)
      # A child process may outlive us and hold the pipe open: then the wait ends by its timeout.
      with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_PATIENCE)


def main() -> None:
  """Run as the filter: copy lines from stdin to stdout, without known log messages."""
  kept: collections.deque[bytes] = collections.deque(maxlen=_MOST_LINES)
  crashed = False

  def show(*lines: bytes) -> None:
    sys.stdout.buffer.writelines(lines)
    sys.stdout.buffer.flush()

  with contextlib.suppress(OSError):
    for line in sys.stdin.buffer:
      crashed |= line.startswith(_CRASH)
      if CHATTER.match(line):
        kept.append(line)
      elif line == _RECALL:
        show(*kept)
      else:
        show(line)
    if crashed:
      show(*kept)
    return
  # stdout is closed. Goes on reading, so that the writer never blocks on a full pipe.
  for _ in sys.stdin.buffer:
    pass


if __name__ == '__main__':
  main()
