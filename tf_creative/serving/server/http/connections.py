"""Open connections: deadlines, which one makes room when there are too many, and bytes held."""

from __future__ import annotations

import contextlib
import enum
import io
import socket
import threading
import time
from typing import Any


class Doing(enum.Enum):
  """What a connection is at."""

  WAITING = 'for a request'
  READING = 'a request, of which the first byte has come'
  ANSWERING = 'a request that is whole'


class Connection(io.RawIOBase):
  """A socket that is read up to a deadline, however many small pieces come; `lines` buffers it."""

  def __init__(self, sock: socket.socket):
    super().__init__()
    self.socket, self.lines = sock, io.BufferedReader(self, 1 << 16)
    self.doing, self.since = Doing.WAITING, time.monotonic()
    self._deadline = 0.0

  def until(self, seconds: float) -> None:
    """Let all that follows end within this time; what is late raises a TimeoutError."""
    self._deadline = time.monotonic() + seconds

  def readable(self) -> bool:
    return True

  def readinto(self, buffer: Any) -> int:
    self.socket.settimeout(self._left())
    return self.socket.recv_into(buffer)

  def send(self, data: bytes) -> None:
    self.socket.settimeout(self._left())
    self.socket.sendall(data)  # the timeout is of the whole

  def shut(self, how: int) -> None:
    """Shut down one or both directions; data that has arrived stays readable."""
    with contextlib.suppress(OSError):
      self.socket.shutdown(how)

  def _left(self) -> float:
    left = self._deadline - time.monotonic()
    if left <= 0:
      raise TimeoutError('the deadline is over.')
    return left


class Connections:
  """Up to `most` connections; safe to call from all threads."""

  def __init__(self, most: int):
    self._most, self._open, self._stopping = most, set[Connection](), False
    self._lock = threading.Lock()

  def join(self, new: Connection) -> bool:
    """Add one; where it is full, drop the one that is idle longest. False: all are busy."""
    with self._lock:
      if len(self._open) >= self._most:
        idle = [one for one in self._open if one.doing != Doing.ANSWERING]
        if not idle:
          return False
        oldest = min(idle, key=lambda one: one.since)
        self._open.discard(oldest)
        oldest.shut(socket.SHUT_RDWR)
      self._open.add(new)
      if self._stopping:
        new.shut(socket.SHUT_RD)
      return True

  def leave(self, one: Connection) -> None:
    with self._lock:
      self._open.discard(one)

  def move(self, one: Connection, doing: Doing) -> None:
    """Note what a connection is at now; its idle time begins when an answer has been sent."""
    with self._lock:
      if doing == Doing.WAITING:
        one.since = time.monotonic()
      one.doing = doing

  def finish(self) -> None:
    """Let no connection wait for another request, those that are still to come included."""
    with self._lock:
      self._stopping = True
      for one in self._open:
        if one.doing == Doing.WAITING:
          one.shut(socket.SHUT_RD)

  def cut(self) -> None:
    """Close all that are left, whatever they are at."""
    with self._lock:
      for one in self._open:
        one.shut(socket.SHUT_RDWR)


class Budget:
  """Bytes that may be held at once; safe to call from all threads."""

  def __init__(self, most: int):
    self._left, self._lock = most, threading.Lock()

  def take(self, count: int) -> bool:
    """Take bytes, to be given back; return False where they are not left."""
    with self._lock:
      if count > self._left:
        return False
      self._left -= count
      return True

  def give(self, count: int) -> None:
    with self._lock:
      self._left += count
