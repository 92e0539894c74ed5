"""The whole command at toy size: what it leaves, that it resumes exactly, and how it stops."""

import dataclasses
import json
import os
import pathlib
import signal
import subprocess
import sys

import numpy as np
from PIL import Image
import pytest
import tensorflow as tf

from tests import tiny
from tests.test_config import parse
from tf_creative import config as config_lib
from tf_creative import spec, train
from tf_creative.metrics import judge

TOY = (
  '--rounds_per_call=2 --evaluate_every=4 --checkpoint_every=4 --works=40 --gan_width=8 '
  '--gan_batch_size=8 --agent_width=8 --agent_batch_size=8 --agent_environments=4 '
  '--agent_warmup=20 --agent_replay_capacity=400 --noprogress'
).split()


@pytest.fixture(autouse=True)
def _hasty_judge(monkeypatch):
  """Here it matters that there is a judgement, not that it is a good one."""
  monkeypatch.setattr(judge, '_STEPS', 20)


def rows(run_dir: pathlib.Path) -> list[dict[str, float]]:
  return [json.loads(line) for line in (run_dir / 'metrics.jsonl').read_text().splitlines()]


def tiny_config(run_dir: pathlib.Path, **settings) -> config_lib.Config:
  settings = {'rounds': 6, 'rounds_per_call': 2, 'evaluate_every': 4, **settings}
  return tiny.config(run_dir=str(run_dir), checkpoint_every=2, **settings)


def state(run_dir: pathlib.Path) -> dict[str, bytes]:
  reader = tf.train.load_checkpoint(str(run_dir / 'checkpoints'))
  names = reader.get_variable_to_shape_map()
  return sorted(
    np.asarray(reader.get_tensor(name)).tobytes() for name in names if name.startswith('learner/')
  )


@pytest.mark.parametrize('name', ['pixel_art', 'glyphs', 'debug'])
def test_every_pipeline_runs_and_resumes(name, tmp_path, capsys):
  arguments = [f'--flagfile=pipelines/{name}.flags', *TOY, f'--run_dir={tmp_path}']
  assert train.train(parse(*arguments, '--rounds=4')) == 0
  assert 'starting' in capsys.readouterr().out
  assert train.train(parse(*arguments, '--rounds=6')) == 0
  said = capsys.readouterr().out
  assert (
    'at round 4' in said and 'of pixels equal' in said and str(tmp_path / 'gallery.png') in said
  )
  left = {path.name for path in tmp_path.iterdir()}
  assert left >= {
    'run.flags',
    'metrics.jsonl',
    'gallery.png',
    'painting.gif',
    'checkpoints',
    'tensorboard',
  }
  assert [row['round'] for row in rows(tmp_path) if 'agent/loss' in row][-1] == 6
  assert parse(f'--flagfile={tmp_path / "run.flags"}').run.rounds == 6
  with Image.open(tmp_path / 'painting.gif') as animation:
    assert animation.n_frames > 2


def test_a_resumed_run_ends_bit_for_bit_like_one_that_was_never_stopped(tmp_path):
  train.train(tiny_config(tmp_path / 'whole'))
  train.train(tiny_config(tmp_path / 'halves', rounds=2))
  train.train(tiny_config(tmp_path / 'halves'))
  assert state(tmp_path / 'whole') == state(tmp_path / 'halves')
  whole, halves = rows(tmp_path / 'whole'), rows(tmp_path / 'halves')
  assert [row for row in halves if row['round'] > 2] == [row for row in whole if row['round'] > 2]
  assert (tmp_path / 'whole/gallery.png').read_bytes() == (
    tmp_path / 'halves/gallery.png'
  ).read_bytes()


def test_rows_after_the_checkpoint_are_logged_once(tmp_path):
  train.train(tiny_config(tmp_path))
  with (tmp_path / 'metrics.jsonl').open('a') as file:
    file.write('{"round": 7, "agent/loss": 0.5}\n')  # what a killed run had logged since
  train.train(tiny_config(tmp_path, rounds=8))
  logged = [row['round'] for row in rows(tmp_path) if 'agent/loss' in row]
  assert logged == [2, 4, 6, 8]


def test_a_run_of_other_settings_is_refused_with_the_difference(tmp_path):
  config = tiny_config(tmp_path, rounds=2, evaluate_every=0)
  train.train(config)
  other = dataclasses.replace(config, gan=dataclasses.replace(config.gan, width=9))
  with pytest.raises(spec.UserError, match=r'(?s)---gan_width=8.*\+--gan_width=9.*--run_dir'):
    train.train(other)


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
  (tmp_path / 'file').write_text('')
  with pytest.raises(spec.UserError, match='choose another --run_dir'):
    train.train(tiny_config(tmp_path / 'file' / 'run'))


def test_ctrl_c_saves_and_says_how_to_go_on(tmp_path):
  command = [
    sys.executable, '-u', '-m', 'tf_creative.train', '--flagfile=pipelines/debug.flags', *TOY,
    f'--run_dir={tmp_path}', '--rounds=100000', '--evaluate_every=0', '--checkpoint_every=0',
  ]  # fmt: skip
  with subprocess.Popen(
    command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=dict(os.environ)
  ) as process:
    for line in process.stdout:
      if line.startswith('first rounds'):
        break
    process.send_signal(signal.SIGINT)
    rest = process.stdout.read()
  assert process.returncode == 130
  assert 'saved; the same command goes on from there' in rest
  saved = tf.train.latest_checkpoint(tmp_path / 'checkpoints')
  assert saved and int(saved.rpartition('-')[2]) >= 1
