"""Power that fails while a run trains: what is on the disk then is a run that goes on by itself.

The disk is a file with ext4 in it. A copy of that file is what a power cut leaves: what was not
flushed is not in it. The copy is mounted (ext4 replays its journal) and the run goes on there.

  TF_CREATIVE_POWER_CUTS=50 python -m pytest -m slow tests/runs/test_power_cuts.py -s
"""

import contextlib
import io
import os
import pathlib
import random
import shutil
import signal
import subprocess
import threading
import time

import numpy as np
import pytest

from tests.shared import runs
from tf_creative.runs import checkpoints

CUTS = int(os.environ.get('TF_CREATIVE_POWER_CUTS', '50'))
EACH = 10  # cuts of one run; then another begins, for it is at the start that most files are born
MOST_ROUND = 100_000  # which no run reaches here
TOLD = ('warning: ', 'error: ', 'Traceback')
LATER = 4  # rounds for which a run goes on after a cut


def tool(*words):
  return subprocess.run(list(map(str, words)), capture_output=True, text=True, check=True).stdout


@contextlib.contextmanager
def mounted(image, folder):
  """Mount a file, by a loop device that is named."""
  device = pathlib.Path(tool('losetup', '--find', '--show', image).strip())
  try:
    folder.mkdir(exist_ok=True)
    tool('mount', device, folder)
    yield device
  finally:
    subprocess.run(['umount', str(folder)], check=False)
    tool('losetup', '--detach', device)


@pytest.fixture
def disk(tmp_path):
  """A small disk, in a file: its folder, the file, and its device."""
  image, folder = tmp_path / 'image', tmp_path / 'disk'
  with image.open('wb') as file:
    file.truncate(96 << 20)
  with contextlib.ExitStack() as stack:
    try:
      tool('mkfs.ext4', '-q', '-F', image)
      device = stack.enter_context(mounted(image, folder))
    except (OSError, subprocess.CalledProcessError) as error:
      why = getattr(error, 'stderr', '') or error
      pytest.skip(f'a file cannot be mounted as a disk here (root and mkfs.ext4 are needed): {why}')
    yield folder, image, device


@contextlib.contextmanager
def training(run_dir):
  """A run without an end, which saves all the time."""
  process = runs.start('debug', run_dir, f'--rounds={MOST_ROUND}')
  reader = threading.Thread(target=process.communicate, daemon=True)
  reader.start()
  try:
    yield process
  finally:
    process.kill()
    reader.join()


@contextlib.contextmanager
def stopped(process):
  process.send_signal(signal.SIGSTOP)
  try:
    yield
  finally:
    process.send_signal(signal.SIGCONT)


def until(process, true):
  while not true():
    assert process.poll() is None
    time.sleep(0.01)


def wait(process, run_dir, chance):
  """Until some moment, mostly one within a save."""
  deadline, in_a_save = time.monotonic() + chance.uniform(0.2, 3), chance.random() < 0.6
  while time.monotonic() < deadline:
    time.sleep(0.005)
  while in_a_save and not runs.in_a_save(run_dir) and time.monotonic() < deadline + 20:
    assert process.poll() is None
    time.sleep(0.0003)


def cut(image, device, copy):
  """Copy the disk as it is at one moment: while nothing is written to it, and nothing flushed."""
  written = pathlib.Path('/sys/block') / device.name / 'stat'
  deadline = time.monotonic() + 30
  while time.monotonic() < deadline:
    before = written.read_text()
    tool('cp', '--sparse=always', image, copy)
    if written.read_text() == before:
      return
  raise AssertionError('the disk is never quiet')


def faults(image, folder, name):
  """What is wrong with a run that goes on after a cut, and the round at which it does so."""
  with mounted(image, folder):
    run_dir = folder / name
    known = checkpoints.numbers(run_dir / 'checkpoints')
    last = known[-1] if known else 0
    process = runs.start('debug', run_dir, f'--rounds={last + LATER}')
    told, said = process.communicate()
    found = [f'exit code {process.returncode}'] if process.returncode else []
    # Of a log, no more may be lost than the rows after the checkpoint; no checkpoint is half.
    found += [line for line in said.splitlines() if line.startswith(TOLD)]
    found += [f'begins anew: {told}'] if known and f'at round {last}' not in told else []
    after = checkpoints.numbers(run_dir / 'checkpoints')
    found += [f'has {after}'] if after[-1:] != [last + LATER] else []
    rounds = [row['round'] for row in runs.rows(run_dir)]
    found += [f'rows {rounds}'] if rounds != sorted(rounds) else []
    with np.load(io.BytesIO((run_dir / 'judge.npz').read_bytes()), allow_pickle=False) as judge:
      found += [] if judge.files else ['no judge']
    return found, last


@pytest.mark.slow
def test_after_a_power_cut_the_same_command_goes_on(disk, tmp_path):
  folder, image, device = disk
  chance, bad, began, saves = random.Random(0), {}, [], 0
  for first in range(0, CUTS, EACH):
    name = f'run{first}'
    with training(folder / name) as process:
      until(process, (folder / name / 'run.flags').exists)
      for number in range(first, min(first + EACH, CUTS)):
        wait(process, folder / name, chance)
        with stopped(process):
          saves += runs.in_a_save(folder / name)
          cut(image, device, tmp_path / 'copy')
          found, last = faults(tmp_path / 'copy', tmp_path / 'after', name)
        began.append(last)
        print(f'cut {number}: goes on at round {last}: {found or "well"}', flush=True)
        if found:
          bad[number] = found
        until(process, (folder / name / 'checkpoints/checkpoint').exists)  # the first cut was early
    shutil.rmtree(folder / name)
  print(f'{CUTS} cuts, {saves} of them within a save; {CUTS - len(bad)} went on without help')
  assert not bad, bad
  assert any(began) and (saves or CUTS < EACH)
