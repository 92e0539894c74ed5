"""The whole command at toy size: what it leaves, that it resumes exactly, and how it stops."""

import dataclasses
import functools
import io
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys

import numpy as np
from PIL import Image
import pytest
import rich.console
from tensorboard.plugins.hparams import metadata
import tensorflow as tf

from tests.shared import tiny
from tests.shared.runs import PIPELINES, parse, rows, tiny_config, toy
from tests.shared.runs import UNEXPORTED as TOY
from tf_creative import train
from tf_creative.cli import signals
from tf_creative.core import spec
from tf_creative.evaluation import evaluator as eyes_lib
from tf_creative.learner import learner as learner_lib
from tf_creative.metrics import judge
from tf_creative.runs import forks, titles
from tf_creative.runs import progress as progress_lib
from tf_creative.runs import run as run_lib
from tf_creative.runs import summaries as board


@pytest.fixture(autouse=True, scope='module')
def _hasty_judge():
  """Here it matters that there is a judgement, not that it is a good one."""
  with pytest.MonkeyPatch.context() as patch:
    patch.setattr(judge, '_STEPS', 20)
    patch.setattr(eyes_lib, '_VALIDATED', 40)
    yield


@pytest.fixture(scope='module')
def plain(tmp_path_factory):
  """A run of six rounds."""
  run_dir = tmp_path_factory.mktemp('runs') / 'plain'
  train.train(tiny_config(run_dir))
  return run_dir


def events(run_dir: pathlib.Path) -> list[tuple[str, int]]:
  """Tag and step of all that TensorBoard has of a run, over all its files."""
  return [
    (value.tag, event.step)
    for path in sorted((run_dir / 'tensorboard').iterdir())
    for event in tf.compat.v1.train.summary_iterator(str(path))
    for value in event.summary.value
  ]


def state(run_dir: pathlib.Path) -> dict[str, bytes]:
  reader = tf.train.load_checkpoint(str(run_dir / 'checkpoints'))
  names = reader.get_variable_to_shape_map()
  return sorted(
    np.asarray(reader.get_tensor(name)).tobytes() for name in names if name.startswith('learner/')
  )


@pytest.mark.parametrize('name', PIPELINES)
def test_every_pipeline_learns(name, tmp_path):
  told = tiny.taste(learner_lib.Learner(parse(*toy(name, tmp_path, TOY))))
  assert 'loss' in told and np.isfinite(list(told.values())).all()


@pytest.mark.slow  # by default of one that is resumed below, and of a pipeline in test_pipelines
@pytest.mark.parametrize('name', PIPELINES)
def test_a_pipeline_runs_and_resumes(name, tmp_path_factory, tmp_path, capsys):
  arguments = [*toy(name, tmp_path_factory.mktemp('own'), TOY), f'--run_dir={tmp_path}']
  assert train.train(parse(*arguments, '--rounds=4')) == 0
  assert 'starting' in capsys.readouterr().out
  exported = name == 'freehand_none'  # it takes a while; of debug see test_pipelines
  assert train.train(parse(*arguments, '--rounds=6', f'--export={exported}')) == 0
  said = capsys.readouterr().out
  assert 'at round 4' in said and 'right label' in said and str(tmp_path / 'gallery.png') in said
  left = {path.name for path in tmp_path.iterdir()}
  assert left >= {
    'run.flags',
    'metrics.jsonl',
    'gallery.png',
    'painting.gif',
    'checkpoints',
    'tensorboard',
  }
  models = {path.parent.name for path in tmp_path.glob('exports/*/1')}
  assert models == ({'creator', 'generator', 'critic', 'agent'} if exported else set())
  assert ('python -m tf_creative.serve' in said) == exported
  assert [row['round'] for row in rows(tmp_path) if 'agent/loss' in row][-1] == 6
  assert parse(f'--flagfile={tmp_path / "run.flags"}').run.rounds == 6
  with Image.open(tmp_path / 'painting.gif') as animation:
    assert animation.n_frames > 2


def test_a_resumed_run_ends_bit_for_bit_like_one_that_was_never_stopped(
  tmp_path, monkeypatch, capsys
):
  # Round 2 is best in both, so that the first of the halves ends with another round than its last.
  monkeypatch.setattr(eyes_lib.Eyes, 'validation', lambda eyes: int(eyes._learner.loop.round))
  train.train(tiny_config(tmp_path / 'whole', evaluate_every=2))
  looks = {'histogram_every': 2, 'picture_every': 2, 'evaluate_every': 2}  # nothing is changed
  train.train(tiny_config(tmp_path / 'halves', rounds=4, **looks))
  assert 'round 2 was the best' in capsys.readouterr().out
  train.train(tiny_config(tmp_path / 'halves', **looks))
  assert state(tmp_path / 'whole') == state(tmp_path / 'halves')
  whole, halves = rows(tmp_path / 'whole'), rows(tmp_path / 'halves')
  assert [row for row in halves if row['round'] > 4] == [row for row in whole if row['round'] > 4]
  assert (tmp_path / 'whole/gallery.png').read_bytes() == (
    tmp_path / 'halves/gallery.png'
  ).read_bytes()
  first, *_, final = [row for row in whole if 'validation/frechet' in row]  # of rounds 2, 4, 6, 6
  assert (first['round'], final['round'], final['best/round']) == (2, 6, 2)
  assert first.items() - {('round', 2)} < final.items()
  told = events(tmp_path / 'halves')
  for once in (metadata.SESSION_START_INFO_TAG, 'custom_scalars__config__'):
    assert [step for tag, step in told if tag == once] == [0]
  assert [step for tag, step in told if tag == 'flags'] == [0, 4]
  for tag in ('imagined', 'imagined/painting', 'agent/q_values'):
    assert [step for other, step in told if other == tag] == [2, 4, 6]


def test_a_start_that_was_never_saved_leaves_nothing_in_tensorboard(tmp_path):
  learner = tiny.learner()
  for rate in (0.1, 0.2):
    gan = dataclasses.replace(tiny.GAN, learning_rate=rate)
    config = dataclasses.replace(tiny_config(tmp_path), gan=gan)
    assert run_lib.Run(config).attach(learner) == 0
  assert [tag for tag, _ in events(tmp_path)].count(metadata.SESSION_START_INFO_TAG) == 1


def test_a_watched_run_learns_the_same_and_knows_all_that_it_shows(plain, tmp_path, monkeypatch):
  monkeypatch.setenv('TERM', 'xterm')
  monkeypatch.delenv('NO_COLOR', raising=False)
  console = rich.console.Console(
    file=io.StringIO(), force_terminal=True, color_system='truecolor', width=80, height=40
  )
  watched = functools.partial(progress_lib.Progress, console=console)
  monkeypatch.setattr(progress_lib, 'Progress', watched)
  train.train(tiny_config(tmp_path / 'watched', progress=True))
  shown = console.file.getvalue()
  assert 'starting' in shown and '━' in shown and '▀' in shown
  assert rows(plain) == rows(tmp_path / 'watched')
  logged = {name for row in rows(plain) for name in row}
  told = [titles.title(name).long for name in progress_lib.SHOWN if name in logged]
  assert len(told) > 3 and all(title in shown for title in told)
  # What has another name by now would be missing without a word.
  own = learner_lib.build_world(tiny_config(tmp_path).run.world).measures.titles()
  assert list(own) == [
    f'{section}/{score}'
    for section in ('held_out', 'imagined')
    for score in ('equal_pixels', 'perfect_pictures')
  ]
  assert {*own, *progress_lib.SHOWN, *board.FINAL} <= logged
  assert all(f'{whose} works: equal pixels' in shown for whose in ('Held-out', 'Imagined'))
  for patterns in board.CHARTS.values():
    assert all(any(re.match(pattern, name) for name in logged) for pattern in patterns)
  settings = forks.settings(tiny_config(tmp_path))
  assert set(settings) >= board.TELLING and not forks.FREE & set(settings)


def test_rows_after_the_checkpoint_are_logged_once(plain, tmp_path):
  run_dir = shutil.copytree(plain, tmp_path / 'run')
  with (run_dir / 'metrics.jsonl').open('a') as file:
    file.write('{"round": 7, "agent/loss": 0.5}\n')  # what a killed run had logged since
  train.train(tiny_config(run_dir, rounds=8))
  logged = [row['round'] for row in rows(run_dir) if 'agent/loss' in row]
  assert logged == [2, 4, 6, 8]


def test_a_run_of_other_settings_is_refused_with_the_difference(plain):
  config = tiny_config(plain)
  other = dataclasses.replace(config, gan=dataclasses.replace(config.gan, width=9))
  with pytest.raises(spec.UserError, match=r'(?s)---gan_width=8.*\+--gan_width=9.*--run_dir'):
    train.train(other)


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
  (tmp_path / 'file').write_text('')
  with pytest.raises(spec.UserError, match='choose another --run_dir'):
    train.train(tiny_config(tmp_path / 'file' / 'run'))


def test_who_is_asked_twice_stops_at_once():
  with signals.Stop() as stop:
    signal.raise_signal(signal.SIGTERM)
    assert stop.signal == signal.SIGTERM
    signal.raise_signal(signal.SIGTERM)  # whoever waits for an end may well say so again
    with pytest.raises(KeyboardInterrupt):
      signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize(
  'asked, code',
  [(signal.SIGINT, 130), pytest.param(signal.SIGTERM, 143, marks=pytest.mark.slow)],
)
def test_who_is_stopped_saves_and_says_how_to_go_on(asked, code, tmp_path):
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
    process.send_signal(asked)
    rest = process.stdout.read()
  assert process.returncode == code
  assert 'saved; the same command goes on from there' in rest
  saved = tf.train.latest_checkpoint(tmp_path / 'checkpoints')
  assert saved and int(saved.rpartition('-')[2]) >= 1
