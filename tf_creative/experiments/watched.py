"""Watches a process that trains a cell of a grid, and notes its time."""

from __future__ import annotations

import os
import pathlib
import subprocess
import time
from typing import Any

_NOTE_SECONDS = 20  # between two notes of its time


class Watched:
  """A process that trains a cell; its time is noted now and then, should this one be killed."""

  def __init__(self, cell: Any, process: subprocess.Popen):
    self.cell, self.process = cell, process
    self._before, self._began = cell.spent(), time.monotonic()
    self._noted = self._began

  def look(self) -> int | None:
    """Return its exit code, or None while it trains; note its time."""
    # wait4 instead of Popen.wait, because it also returns the CPU time of the process.
    pid, status, usage = os.wait4(self.process.pid, os.WNOHANG)
    if pid:
      self.process.returncode = os.waitstatus_to_exitcode(status)
      self._note(self.process.returncode, usage.ru_utime + usage.ru_stime)
    elif time.monotonic() - self._noted > _NOTE_SECONDS:
      self._note(None, _cpu_seconds(self.process.pid))
    return self.process.returncode

  def _note(self, code: int | None, cpu: float) -> None:
    self._noted = time.monotonic()
    minutes, cpu_minutes = self._before
    self.cell.note(code, minutes + (self._noted - self._began) / 60, cpu_minutes + cpu / 60)


def _cpu_seconds(pid: int) -> float:
  """Return the CPU time of a process that runs; 0 where the system has no /proc."""
  try:
    fields = pathlib.Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()
  except OSError:
    return 0.0
  return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')  # of user and system
