"""Runs a module for a parent that may vanish, by python -m with this module before the other one.

The parent holds the other end of stdin. When that closes, however the parent has ended, this
process sends itself SIGTERM, at which a run is saved.
"""

import os
import runpy
import signal
import sys
import threading


def _wait() -> None:
  while os.read(0, 1):
    pass
  os.kill(os.getpid(), signal.SIGTERM)


if __name__ == '__main__':
  threading.Thread(target=_wait, daemon=True).start()
  del sys.argv[0]
  runpy.run_module(sys.argv[0], run_name='__main__', alter_sys=True)
