"""Stops a command at a signal, without losing anything."""

from __future__ import annotations

import signal
import threading


class Stop:
  """Sets `signal` at the first Ctrl-C or SIGTERM, so that the caller can end between calls.

  A second Ctrl-C stops at once. A handler runs only when the compiled loop returns to Python. Only
  the main thread hears of signals: in another one, nothing is set.
  """

  def __enter__(self) -> Stop:
    self.signal: int | None = None
    heard = threading.current_thread() is threading.main_thread()
    self._before = {
      number: signal.signal(number, self._ask)
      for number in ((signal.SIGINT, signal.SIGTERM) if heard else ())
    }
    return self

  def __exit__(self, *_) -> None:
    for number, handler in self._before.items():
      signal.signal(number, handler)

  def _ask(self, number: int, frame) -> None:
    del frame
    self.signal = number
    signal.signal(signal.SIGINT, signal.default_int_handler)
