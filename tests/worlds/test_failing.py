"""Environments that raise, die or hang: a run ends in a line, and goes on once they are mended."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from tests.shared import toys
from tests.shared.runs import ROOT, parse
from tf_creative import train, worlds
from tf_creative.cli import command
from tf_creative.core import stepping
from tf_creative.experiments import callbacks as callbacks_lib
from tf_creative.experiments import training
from tf_creative.learner import config as config_lib
from tf_creative.runs import checkpoints
from tf_creative.runs import log as log_lib
from tf_creative.studio import player
from tf_creative.worlds import simulated

SMALL = (
  '--agent_network=dense --agent_width=8 --agent_depth=1 --agent_batch_size=8 --agent_warmup=20 '
  '--agent_environments=2 --agent_replay_capacity=400 --rounds_per_call=5 --rounds=20 '
  '--evaluate_every=0 --checkpoint_every=5 --checkpoint_seconds=0 --picture_every=0 --noprogress '
  '--noexport'
).split()
_STEP = 23  # after a warm-up of ten and at least ten rounds; steps that begin anew do not count


@pytest.fixture(autouse=True)
def _few_episodes(monkeypatch):
  monkeypatch.setattr(player, 'EPISODES', 2)


def test_an_environment_that_raises_ends_the_run_in_a_line_and_it_goes_on(
  tmp_path, monkeypatch, capfd
):
  monkeypatch.setattr(toys.Pole, 'at', _STEP)
  monkeypatch.setattr(toys.Pole, 'what', staticmethod(toys.fail))
  arguments = [*SMALL, '--world=gym(id=Pole-v0)', f'--run_dir={tmp_path}']
  run = lambda: command.main(train.train, train.__doc__ or '', config_lib.Config, arguments)  # noqa: E731
  assert run() == 2
  (line,) = capfd.readouterr().err.splitlines()
  assert line.startswith('error: the environment gym(id=Pole-v0) failed at step ')
  assert line.endswith(
    ': ZeroDivisionError: the pole is of rubber. Mend it and run the same command again: a '
    'training goes on from its last checkpoint.'
  )
  saved = checkpoints.numbers(tmp_path / 'checkpoints')
  assert 0 < max(saved) < 20
  monkeypatch.setattr(toys.Pole, 'at', 0)
  assert run() == 0
  assert f'at round {max(saved)}; episodes begin anew' in capfd.readouterr().out
  rounds = [row['round'] for row in log_lib.rows(tmp_path) if 'agent/loss' in row]
  assert rounds == [5, 10, 15, 20]


def test_one_that_raises_in_an_evaluation_is_named_as_well(monkeypatch):
  monkeypatch.setattr(toys.Pole, 'at', 7)
  monkeypatch.setattr(toys.Pole, 'what', staticmethod(toys.fail))
  act = lambda seen: np.zeros(3, np.int32)  # noqa: E731
  with pytest.raises(stepping.Fault, match=r'gym\(id=Pole-v0\) failed at step 7: ZeroDiv'):
    player.play(simulated.Gym('Pole-v0'), act, player.held_out(3))


def test_one_that_cannot_be_made_is_named(monkeypatch):
  world = simulated.Gym('Pole-v0')
  monkeypatch.setattr(toys.Pole, '__init__', lambda pole, render_mode: toys.fail())
  with pytest.raises(stepping.Fault, match=r'gym\(id=Pole-v0\) failed at step 0: ZeroDiv'):
    stepping.Patient(world, 1, render=True)


def test_a_process_that_is_killed_ends_the_run(tmp_path, monkeypatch):
  monkeypatch.setitem(worlds.WORLDS, 'apart', 'tests.shared.toys:Apart')

  class Killer(callbacks_lib.Callback):
    def on_start(self, learner, round_):
      self.children = learner.agent.episodes.side._envs.unwrapped.processes

    def on_log(self, round_, metrics):
      if round_ == 10:
        os.kill(self.children[1].pid, signal.SIGKILL)

  began, killer = time.monotonic(), Killer()
  arguments = [*SMALL, '--world=apart(id=CartPole-v1)', f'--run_dir={tmp_path}']
  with pytest.raises(stepping.Fault, match='failed at step .*: its process has died. Mend it'):
    training.train(parse(*arguments), callbacks=[killer])
  assert time.monotonic() - began < 60
  assert max(checkpoints.numbers(tmp_path / 'checkpoints')) == 10


HANGING = """
import sys, time
from tests.shared import toys
from tf_creative import train
from tf_creative.cli import command
from tf_creative.core import stepping
stepping.SECONDS, stepping._CLOSING_SECONDS = 3.0, 0.5
toys.Pole.at, toys.Pole.what = 33, lambda: time.sleep(1000)
command.run(train.train, train.__doc__)
"""


def test_one_that_never_answers_ends_the_run_and_its_process(tmp_path):
  arguments = [*SMALL, '--rounds=200', '--world=gym(id=Pole-v0)', f'--run_dir={tmp_path}']
  done = subprocess.run(
    [sys.executable, '-c', HANGING, *arguments],
    cwd=ROOT,
    capture_output=True,
    text=True,
    timeout=90,
  )
  assert done.returncode == 2
  line = done.stderr.splitlines()[-1]  # after what TensorFlow says where it is imported first
  assert line.startswith('error: the environment gym(id=Pole-v0) hangs at step ')
  assert 'Traceback' not in done.stderr
  assert 'no answer within 3 seconds' in line
  assert max(checkpoints.numbers(tmp_path / 'checkpoints')) >= 5


def test_a_worker_ends_with_whoever_has_it():
  worker = stepping.Worker()
  assert worker.submit(lambda: 3).outcome(5) == (3, None)
  assert isinstance(worker.submit(sys.exit).outcome(5)[1], SystemExit)  # which its thread survives
  thread = worker.thread
  del worker
  thread.join(5)
  assert not thread.is_alive()
