"""A grid on a cluster: workers and commands that die, and each run finished once."""

import os
import pathlib
import random
import signal
import subprocess
import sys
import time

import pytest

from tests.experiments import test_ablate
from tf_creative import ablate
from tf_creative.core import spec
from tf_creative.experiments.ablation import cluster as cluster_lib
from tf_creative.experiments.ablation import grid, waiting
from tf_creative.runs import log as log_lib

pytest.importorskip('distributed', reason="run pip install 'tf_creative[cluster]'")

# What stands in for train, as a module: it goes on from what it has done, and holds its folder.
STUB = """
import fcntl, os, pathlib, signal, sys, time
given = dict(flag[2:].partition('=')[::2] for flag in sys.argv[1:])
path = pathlib.Path(given['run_dir'])
path.mkdir(parents=True, exist_ok=True)
lock = (path / '.lock').open('w')
fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
for number in (signal.SIGTERM, signal.SIGINT):
  signal.signal(number, lambda number, frame: sys.exit(128 + number))
metrics = path / 'metrics.jsonl'
done = metrics.read_text().count('round') if metrics.exists() else 0
with metrics.open('a') as file:
  for number in range(done + 1, 11):
    time.sleep(0.2)
    print('{"round": %d, "painted/frechet": %d}' % (number, number), file=file, flush=True)
"""
LEASHED = ['-m', 'tf_creative.experiments.ablation.leash', 'toy_train']


@pytest.fixture
def place(tmp_path, monkeypatch):
  """A folder with the stub, where a worker's Python finds it."""
  (tmp_path / 'toy_train.py').write_text(STUB)
  monkeypatch.setenv('PYTHONPATH', f'{os.getcwd()}{os.pathsep}{tmp_path}')
  monkeypatch.setattr(cluster_lib, 'LEASHED', LEASHED)
  return tmp_path


def settings(folder: pathlib.Path, **other) -> ablate.AblateConfig:
  return test_ablate.settings(folder, cluster='local:2', **other)


def rounds(cell: grid.Cell) -> list[int]:
  return [row['round'] for row in log_lib.rows(cell.path)]


def test_cells_are_trained_by_workers_and_once(place, capsys):
  given = settings(place)
  assert ablate.ablate(given) == 0
  said = capsys.readouterr().out
  assert 'dense-1: started' in said and '4 of 4 done' in said
  assert '| dense | 2 | 10 ± 0' in (place / 'grid/table.md').read_text()
  before = {cell.path: (cell.path / 'metrics.jsonl').stat() for cell in test_ablate.cells(given)}
  assert ablate.ablate(given) == 0
  assert before == {path: (path / 'metrics.jsonl').stat() for path in before}


def test_a_worker_that_dies_is_replaced_and_its_run_goes_on(place):
  cells = test_ablate.cells(settings(place))
  killed = []

  def tell(cell, code):
    if code is None and len(killed) < 3:
      worker = next(iter(engine._client.run(os.getpid, on_error='ignore').values()))
      time.sleep(0.5)
      os.kill(worker, signal.SIGKILL)
      killed.append(worker)

  stop = type('Never', (), {'signal': None})
  with cluster_lib.Cluster('local:2') as engine, grid.alone(cells):
    grid.run(waiting.Waiting(cells), engine, stop, tell)
  assert len(set(killed)) == 3
  assert [rounds(cell) for cell in cells] == [list(range(1, 11))] * 4  # none lost, none twice
  assert all(cell.finished() for cell in cells)


def test_ctrl_c_stops_the_workers_runs_and_the_same_command_goes_on(place, monkeypatch, capsys):
  given = settings(place)
  start = cluster_lib.Cluster.start

  def started(self, cell, locks):
    if cell.path.name == 'dense-0':
      signal.setitimer(signal.ITIMER_REAL, 2)
    return start(self, cell, locks)

  monkeypatch.setattr(cluster_lib.Cluster, 'start', started)
  before = signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGINT))
  try:
    assert ablate.ablate(given) == 130
  finally:
    signal.signal(signal.SIGALRM, before)
  assert 'the same command goes on' in capsys.readouterr().out
  first = test_ablate.cells(given)[0]
  assert first.record().get('exit') == 130  # it was asked and not killed
  monkeypatch.setattr(cluster_lib.Cluster, 'start', start)
  assert ablate.ablate(given) == 0
  assert rounds(first) == list(range(1, 11))


def test_a_scheduler_that_is_not_there_is_told(monkeypatch, tmp_path):
  monkeypatch.setattr(cluster_lib, '_PATIENCE', 1)
  for address in ('tcp://127.0.0.1:9', 'local:many'):
    with pytest.raises(spec.UserError, match='no scheduler answers at'):
      ablate.ablate(test_ablate.settings(tmp_path, cluster=address))


def test_a_run_on_a_leash_ends_with_its_parent(place):
  given = [f'--run_dir={place / "run"}']
  with subprocess.Popen([sys.executable, *LEASHED, *given], stdin=subprocess.PIPE) as process:
    while not (place / 'run/metrics.jsonl').exists():
      time.sleep(0.01)
    process.stdin.close()
    assert process.wait(20) == 128 + signal.SIGTERM


@pytest.mark.slow
def test_real_runs_are_finished_once_whatever_is_killed(tmp_path, monkeypatch):
  """Twelve runs on two workers; five workers are killed, and the command once."""
  (tmp_path / 'pipeline.flags').write_text('--flagfile=pipelines/debug.flags\n')
  chance = random.Random(24)
  scheduler = cluster_lib.plugins.extra('distributed', 'cluster', '').LocalCluster(
    2, threads_per_worker=1, dashboard_address=None
  )
  cases, seeds = ('plain:', 'free: --couplings='), '0,1,2,3,4,5'
  given = test_ablate.settings(tmp_path, *cases, cluster=scheduler.scheduler_address, seeds=seeds)
  command = [sys.executable, '-m', 'tf_creative.ablate']
  names = ('pipeline', 'seeds', 'cluster', 'out')
  command += [f'--{name}={getattr(given, name)}' for name in names]
  command += [f'--case={case}' for case in given.case]
  process, kills = subprocess.Popen(command), 0
  while process.poll() is None:
    time.sleep(chance.uniform(20, 60))
    if kills == 2:
      process.kill()
      process.wait()
      process = subprocess.Popen(command)
    if kills < 5:
      worker = chance.choice(list(scheduler.workers.values()))
      os.kill(worker.pid, signal.SIGKILL)
      kills += 1
  assert (process.returncode, kills) == (0, 5)
  cells = test_ablate.cells(given)
  assert all(cell.finished() for cell in cells)
  assert [rounds(cell) == sorted(set(rounds(cell))) for cell in cells] == [True] * 12
  scheduler.close()
  serial = test_ablate.settings(
    tmp_path, *given.case, seeds=given.seeds, jobs=2, out=str(tmp_path / 'serial')
  )
  assert ablate.ablate(serial) == 0
  columns = '"painted/frechet": '
  both = [(pathlib.Path(one.out) / 'ablation.jsonl').read_text() for one in (given, serial)]
  assert both[0].count(columns) == 12
  values = [[line.rpartition(columns)[2] for line in text.splitlines()] for text in both]
  assert values[0] == values[1]
