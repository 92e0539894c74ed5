"""Runs in environments outside of the graph, killed at any moment.

Their episodes cannot be kept, so such a run does not end like one that was never killed. But all
that it has learnt, remembered and counted is as it was saved. Ten kills of each pipeline by

  python -m pytest -m slow tests/runs/test_kill_gym.py -s
"""

import random
import shutil
import signal
import time

import numpy as np
import pytest
import tensorflow as tf

from tests.runs import test_kill
from tests.shared import digest, runs, toys
from tf_creative.learner import learner as learner_lib
from tf_creative.learner import loop
from tf_creative.runs import checkpoints
from tf_creative.runs import run as run_lib

ROUNDS = 40


def start(pipeline, folder):
  return runs.start(pipeline, folder, f'--rounds={ROUNDS}')


def kill_after(process, folder, saved, chance):
  """Kills it at some moment after it has saved so many rounds."""
  while process.poll() is None and not any(
    number >= saved for number in checkpoints.numbers(folder / 'checkpoints')
  ):
    time.sleep(0.001)
  time.sleep(chance.uniform(0, 0.05))
  process.send_signal(signal.SIGKILL)
  process.communicate()


def resumed_and_saved(folder, copy):
  """What a resumed run would save at once; it is resumed in a copy."""
  shutil.copytree(folder, copy)
  config = runs.parse(f'--flagfile={copy / "run.flags"}', f'--run_dir={copy}')
  learner = learner_lib.Learner(config)
  run = run_lib.Run(config)
  done = run.attach(learner)
  run.save(done + 1)
  run.close()
  learner.agent.episodes.close()
  shutil.rmtree(copy / 'damaged', ignore_errors=True)
  return digest.of_checkpoint(copy / 'checkpoints')


def remembered(folder):
  """Of the newest checkpoint: its round, and the frames in the replay by the names of parts."""
  shelf = folder / 'checkpoints'
  newest = checkpoints.numbers(shelf)[-1]
  reader = tf.train.load_checkpoint(str(shelf / f'ckpt-{newest}'))
  names = [name for name in reader.get_variable_to_shape_map() if '/replay/_data_table' in name]
  return newest, {name: reader.get_tensor(name) for name in names}


def check_unchanged(before, after):
  """All frames that were remembered when it was killed are still there."""
  assert before.keys() == after.keys() and len(before) >= 6
  for name, old in before.items():
    kept = old.reshape(len(old), -1).any(1)  # not blank
    np.testing.assert_array_equal(old[kept], after[name][kept])


def go_through(pipeline, tmp_path, kills, chance):
  folder, before, resumes = tmp_path / 'run', None, 0
  for which in range(kills):
    saved = 2 + (which * (ROUNDS - 4)) // kills
    kill_after(start(pipeline, folder), folder, saved, chance)
    stored = digest.of_checkpoint(folder / 'checkpoints')
    assert resumed_and_saved(folder, tmp_path / f'again{which}') == stored
    done, frames = remembered(folder)
    if before:
      check_unchanged(before[1], frames)
      resumes += before[0] < done < ROUNDS
    before = done, frames
  test_kill.finish(start(pipeline, folder))
  logged = runs.rows(folder)  # each line is whole
  rounds = [row['round'] for row in logged if 'agent/loss' in row]
  assert rounds == [*range(2, ROUNDS + 1, 2)]
  config = runs.parse(f'--flagfile={folder / "run.flags"}')
  learner = learner_lib.Learner(config)
  run = run_lib.Run(config)
  assert run.attach(learner) == ROUNDS == int(learner.loop.round)
  steps = loop.environment_steps(config, ROUNDS) // config.agent.environments
  assert int(learner.agent.replay._last_id) + 1 == steps
  assert int(learner.agent.updates) == ROUNDS * config.agent.updates
  run.close()
  learner.agent.episodes.close()
  return resumes


def test_what_was_learnt_remembered_and_counted_outlives_kills(tmp_path):
  assert go_through('cartpole', tmp_path, 2, random.Random(1))


@pytest.mark.slow
@pytest.mark.parametrize('pipeline', ['cartpole', 'minatar', 'foresight'])
def test_ten_kills(pipeline, tmp_path):
  toys.skip_without(pipeline)
  resumes = go_through(pipeline, tmp_path, 10, random.Random(pipeline))
  print(f'{pipeline}: 10 kills, {resumes} of them after more rounds; all that was saved was kept')
  assert resumes
