"""Calls a function again and again in a thread, until it is told to stop."""

from __future__ import annotations

from collections.abc import Callable
import threading


class Watch:
  """Calls `poll` at an interval; an error is reported by `say` and does not end the watch."""

  def __init__(self, poll: Callable[[], None], say: Callable[[str], None]):
    self._poll, self._say = poll, say
    self._stopping = threading.Event()
    self._thread: threading.Thread | None = None

  def start(self, seconds: float) -> None:
    """Begin to poll at an interval in seconds; 0: never."""
    if seconds > 0:
      self._thread = threading.Thread(
        target=self._run, args=[seconds], name='versions', daemon=True
      )
      self._thread.start()

  def stop(self) -> None:
    """Stop, and wait for the last poll to end."""
    self._stopping.set()
    if self._thread:
      self._thread.join()

  def _run(self, seconds: float) -> None:
    while not self._stopping.wait(seconds):
      try:
        self._poll()
      except Exception as error:  # such as a disk that is unreachable for a while
        self._say(f'looking for new versions failed: {error}')
