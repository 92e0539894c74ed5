"""Keeps TensorFlow's own messages from the screen while the API uses it."""

from __future__ import annotations

from collections.abc import Iterator
import contextlib
import logging
import threading

from absl import logging as absl_logging

from tf_creative.cli import chatter

_lock = threading.Lock()


def off() -> None:
  """Leave it to the command that runs, which has a filter of its own, and none for --debug."""
  _lock.acquire(blocking=False)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
  """Filter native messages as commands do, and show of Python's log only errors.

  May be nested, and used in many threads: the outermost filters. It is also a decorator.
  """
  if not _lock.acquire(blocking=False):
    yield
    return
  try:
    with chatter.filtered():
      import tensorflow  # noqa: F401  (here, because it talks as it is loaded)

      # After the import, which sets levels of its own.
      absl_logging.set_verbosity(absl_logging.ERROR)
      logging.getLogger('tensorflow').setLevel(logging.ERROR)
      yield
  finally:
    _lock.release()
