"""Calls a function again and again in a thread, until it is told to stop."""

from __future__ import annotations

from collections.abc import Callable
import threading


class Watch:
  """Calls `poll` at an interval; an error is reported by `say` and does not end the watch."""

  def __init__(self, poll: Callable[[], None], say: Callable[[str], None]):
    self._poll, self._say = poll, say
    self._stopping = threading.Event()

  def start(self, seconds: float) -> None:
    """Begin to poll at an interval in seconds; 0: never."""
    if seconds > 0:
      threading.Thread(target=self._run, args=[seconds], name='versions', daemon=True).start()

  def stop(self) -> None:
    """Begin no other poll; one that runs is not waited for."""
    self._stopping.set()

  def look(self) -> None:
    """Poll once, now."""
    try:
      self._poll()
    except Exception as error:  # such as a disk that is unreachable for a while
      self._say(f'looking for new versions failed: {error}')

  def _run(self, seconds: float) -> None:
    while not self._stopping.wait(seconds):
      self.look()
