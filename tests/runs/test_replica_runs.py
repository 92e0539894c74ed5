"""Whole runs of several processes: equal in every bit to one that was not killed, or resumed.

A mirrored one in the default tests; kills of either worker by

  python -m pytest -m slow tests/runs/test_replica_runs.py -s
"""

import random
import shutil
import signal
import time

import pytest

from tests.runs import replica
from tests.shared import digest, runs
from tests.shared.runs import tiny_config
from tf_creative.core import spec
from tf_creative.runs import cluster


def begin(pipeline, folder, *flags):
  """Both workers of a run, the chief first."""
  return [
    runs.start(pipeline, folder, '--strategy=multiworker', *flags, TF_CONFIG=config)
    for config in replica.configs(2)
  ]


def ended(processes):
  """Their exit codes and what they said."""
  said = [process.communicate(timeout=900) for process in processes]
  return [process.returncode for process in processes], '\n'.join(map('\n'.join, said))


def of_both(folder):
  other = digest.of_checkpoint(folder / cluster.FOLDER / '1' / 'checkpoints')
  return digest.of_run(folder) | {f'1/{part}': found for part, found in other.items()}


def kill_one(processes, chance):
  """Kills one of them at some moment after its start; the other ends by itself. How they ended."""
  for line in processes[0].stdout:
    if 'at round' in line:
      break
  which = chance.randrange(2)
  time.sleep(chance.uniform(0, 12))
  processes[which].send_signal(signal.SIGKILL)
  codes, said = ended(processes)
  # 0: it had nothing left to do
  assert not codes[1 - which] or 'the same command on all hosts goes on' in said, said
  return which, codes


def compare(pipeline, tmp_path, kills, chance):
  codes, said = ended(begin(pipeline, tmp_path / 'whole'))
  assert codes == [0, 0], said
  told = [kill_one(begin(pipeline, tmp_path / 'killed'), chance) for _ in range(kills)]
  codes, said = ended(begin(pipeline, tmp_path / 'killed'))
  assert codes == [0, 0], said
  assert of_both(tmp_path / 'whole') == of_both(tmp_path / 'killed')
  return told


def test_the_replicas_of_a_mirrored_run_are_equal_and_none_goes_on_alone(tmp_path):
  flags = '--strategy=mirrored', '--replicas=2'
  codes, said = ended([runs.start('debug', tmp_path, *flags, '--rounds=4')])
  assert codes == [0], said
  chief, other = (
    digest.of_checkpoint(folder / 'checkpoints')
    for folder in (tmp_path, tmp_path / cluster.FOLDER / '1')
  )
  assert chief['learner/gan'] == other['learner/gan']
  assert chief['learner/agent'] != other['learner/agent']  # the replay is its own
  assert not (tmp_path / cluster.FOLDER / '1' / 'tensorboard').exists()
  shutil.rmtree(tmp_path / cluster.FOLDER)
  codes, said = ended([runs.start('debug', tmp_path, *flags, '--rounds=8')])
  assert codes != [0] and 'has lost what it kept' in said, said


def test_settings_that_cannot_be_joined_are_refused(tmp_path, monkeypatch):
  monkeypatch.delenv('TF_CONFIG', raising=False)
  for settings, fault in [
    ({'replicas': 2}, 'needs processes'),
    ({'strategy': 'mirrored'}, 'give --replicas=2'),
    ({'strategy': 'multiworker'}, 'set TF_CONFIG='),
  ]:
    with (
      pytest.raises(spec.UserError, match=fault),
      cluster.joined(tiny_config(tmp_path, **settings)),
    ):
      pass
  monkeypatch.setenv('TF_CONFIG', replica.configs(2)[0])
  three = tiny_config(tmp_path, strategy='multiworker', replicas=3)
  with pytest.raises(spec.UserError, match='names 2'), cluster.joined(three):
    pass


@pytest.mark.slow
@pytest.mark.parametrize('pipeline', ['debug', 'level', 'melody'])
def test_either_worker_may_be_killed(pipeline, tmp_path):
  told = compare(pipeline, tmp_path, 4, random.Random(pipeline))
  print(f'{pipeline}: {len(told)} kills of worker {[which for which, _ in told]}; equal in all')
