"""Processes that train cells of a grid: starts them, watches them, and notes their time."""

from __future__ import annotations

from collections.abc import Sequence
import os
import pathlib
import subprocess
import sys
import time
from typing import Any

TRAIN = [sys.executable, '-m', f'{__name__.partition(".")[0]}.train']
_THREADS = ('TF_NUM_INTRAOP_THREADS', 'TF_NUM_INTEROP_THREADS', 'OMP_NUM_THREADS')
_NOTE_SECONDS = 20  # between two notes of its time


class Here:
  """Trains cells as processes of this machine, `jobs` at once."""

  def __init__(self, jobs: int):
    self._jobs = jobs

  def room(self) -> int:
    """Return how many cells may be trained at once."""
    return self._jobs

  def start(self, cell: Any, locks: Sequence[int]) -> Watched:
    """Start to train a cell; its process holds the locks, too."""
    # TensorFlow would use all cores for each of the runs.
    threads = max(1, (os.cpu_count() or 1) // self._jobs) if self._jobs > 1 else 0
    process = start(cell, TRAIN, threads, stdin=subprocess.DEVNULL, pass_fds=locks)
    return Watched(cell, process)


def start(cell: Any, command: Sequence[str], threads: int, **options: Any) -> subprocess.Popen:
  """Start to train a cell, with so many threads unless the user's environment says otherwise."""
  share = dict.fromkeys(_THREADS, str(threads)) if threads else {}
  with cell.log.open('ab') as log:
    return subprocess.Popen(
      [*command, *cell.flags],
      stdout=log,
      stderr=subprocess.STDOUT,
      env={**share, **os.environ, 'PYTHONUNBUFFERED': '1'},
      # Otherwise Ctrl-C in a terminal would reach it directly, too, and a second signal kills it.
      process_group=0,
      **options,
    )


class Watched:
  """A process that trains a cell; its time is noted now and then, should this one be killed."""

  def __init__(self, cell: Any, process: subprocess.Popen):
    self.cell, self.process = cell, process
    self._before, self._began = cell.spent(), time.monotonic()
    self._noted = self._began

  def stop(self, signal: int) -> None:
    """Send it a signal."""
    os.kill(self.process.pid, signal)

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
