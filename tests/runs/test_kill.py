"""Runs that are killed at any moment, also within a save, end like one that never was.

A few in the default tests; fifty over all pipelines by

  python -m pytest -m slow tests/runs/test_kill.py -s
"""

import random
import signal
import time

import pytest

from tests.shared import digest, runs
from tests.shared.runs import PIPELINES


def finish(process):
  _, said = process.communicate()
  assert process.returncode == 0, said


def kill(process, run_dir, chance):
  """Kills it at some moment after its start, mostly just in a save; whether it was in one."""
  for line in process.stdout:
    if 'at round' in line:
      break
  until = time.monotonic() + chance.uniform(0, 6)
  wait_for_a_save = chance.random() < 0.6
  while process.poll() is None and not (wait_for_a_save and runs.in_a_save(run_dir)):
    if time.monotonic() > until and not wait_for_a_save:
      break
    time.sleep(0.0005 if wait_for_a_save else 0.01)
  process.send_signal(signal.SIGKILL)
  process.communicate()
  return runs.in_a_save(run_dir)


def killed(pipeline, folder, kills, chance):
  """Ends a run that is killed so often; how many of them fell into a save."""
  saves = 0
  for _ in range(kills):
    saves += kill(runs.start(pipeline, folder), folder, chance)
  finish(runs.start(pipeline, folder))
  return saves


def compare(pipeline, tmp_path, kills, chance):
  finish(runs.start(pipeline, tmp_path / 'whole'))
  saves = killed(pipeline, tmp_path / 'killed', kills, chance)
  whole, other = digest.of_run(tmp_path / 'whole'), digest.of_run(tmp_path / 'killed')
  assert len(whole) > 8
  assert whole == other
  left = sorted(path.name for path in (tmp_path / 'killed' / 'checkpoints').iterdir())
  assert not [name for name in left if 'temp' in name or 'partial' in name]
  return saves


def test_a_run_that_is_killed_ends_like_one_that_was_not(tmp_path):
  compare('debug', tmp_path, 1, random.Random(3))  # which waits for a save


@pytest.mark.slow
@pytest.mark.parametrize('pipeline', PIPELINES)
def test_fifty_kills(pipeline, tmp_path):
  kills = -(-50 // len(PIPELINES))
  fell = compare(pipeline, tmp_path, kills, random.Random(pipeline))
  print(f'{pipeline}: {kills} kills, {fell} of them within a save; equal in every part')
  assert fell, 'none of them fell into a save: that is what is to be shown'
