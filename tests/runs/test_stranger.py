"""A run of a stranger, or a damaged one: that is told, and nothing elsewhere is touched."""

import contextlib
import json
import os
import pathlib

import numpy as np
import pytest

from tests.shared import tiny
from tf_creative import create
from tf_creative.cli import command
from tf_creative.core import spec, storage
from tf_creative.learner import learner as learner_lib
from tf_creative.runs import checkpoints
from tf_creative.runs import log as log_lib
from tf_creative.runs import run as run_lib


@pytest.fixture(scope='module')
def learner():
  return tiny.learner()


@pytest.fixture
def attach(learner, tmp_path, monkeypatch):
  """Goes on with the run in tmp_path / 'run', and returns it and what it warned of."""
  monkeypatch.setattr(learner_lib, 'Learner', lambda config, **kept: learner)

  def attach():
    said = []
    with contextlib.closing(run_lib.Run(tiny.config(run_dir=str(tmp_path / 'run')))) as run:
      run.attach(learner, said.append)
    return run, said

  return attach


@pytest.fixture
def run_dir(attach, learner, tmp_path):
  """With a checkpoint of round 4, which counts two rows."""
  run, said = attach()
  assert not said
  learner.loop.round.assign(4)
  for round_ in (2, 4):
    run.log(round_, {'agent/loss': 0.5})
  run.save(4)
  return tmp_path / 'run'


def tree(folder):
  return {path: path.read_bytes() for path in sorted(folder.rglob('*')) if path.is_file()}


LINKS = [
  *('.lock', 'run.flags', 'build.json', 'metrics.jsonl', 'judge.npz', 'gallery.png'),
  *('painting.gif', 'checkpoints', 'best', 'tensorboard', 'exports', 'evaluation', 'created'),
  *('created/seed0', 'created/seed0/works.csv', 'best/checkpoint', 'exports/creator/1'),
]


@pytest.mark.parametrize('name', LINKS)
def test_nothing_is_written_through_a_link(name, run_dir, attach, tmp_path):
  outside, path = tmp_path / 'outside', run_dir / name
  outside.mkdir()
  (outside / 'file').write_text('mine')
  path.parent.mkdir(parents=True, exist_ok=True)
  if path.exists():
    path.rename(outside / 'moved')
    path.symlink_to(outside / 'moved')
  else:
    path.symlink_to(outside)
  before = tree(outside)
  for use in (attach, lambda: run_lib.load(run_dir)):
    with pytest.raises(spec.UserError, match='is a link, and through links nothing is written'):
      use()
  assert tree(outside) == before


def test_a_link_where_a_file_is_begun_is_replaced(tmp_path):
  (tmp_path / 'mine').write_text('mine')
  for write in (storage.write, lambda path, text: _whole(path, text)):
    (tmp_path / '.partial-a').symlink_to(tmp_path / 'mine')
    (tmp_path / 'a').unlink(missing_ok=True)
    (tmp_path / 'a').symlink_to(tmp_path / 'mine')
    write(tmp_path / 'a', 'yours')
    assert (tmp_path / 'a').read_text() == 'yours' and not (tmp_path / 'a').is_symlink()
  (tmp_path / 'lock').symlink_to(tmp_path / 'mine')
  with pytest.raises(OSError):
    storage.lock(tmp_path / 'lock', 'training', 'wait.')
  assert (tmp_path / 'mine').read_text() == 'mine'


def _whole(path, text):
  with storage.whole(path) as partial:
    partial.write_text(text)


@pytest.mark.parametrize('text', ['', '[{"from rou', '[1, 2]', '{}', '"a"', '[{}]', '[' * 10**5])
def test_a_build_that_cannot_be_read_is_told_and_begun_anew(text, run_dir, attach):
  (run_dir / 'build.json').write_text(text)
  _, said = attach()
  assert len(said) == 1 and 'build.json cannot be read' in said[0]
  assert [entry['from round'] for entry in json.loads((run_dir / 'build.json').read_text())] == [4]


BAD_ROWS = {
  'a word': 'word',
  'nothing': '',
  'a list': '[1, 2]',
  'words for numbers': '{"round": 2, "agent/loss": "low"}',
  'a word for the round': '{"round": "two"}',
  'no round': '{"agent/loss": 0.5}',
  'many digits': '{"round": 2, "agent/loss": ' + '9' * 5000 + '}',
  'a large number': '{"round": 2, "agent/loss": ' + '9' * 400 + '}',
  'many brackets': '[' * 10**5,
  'cut': '{"round": 2, "agent/lo',
}


@pytest.mark.parametrize('kind', BAD_ROWS)
def test_a_row_that_cannot_be_read_is_left_out_and_counted(kind, run_dir, attach):
  log = run_dir / 'metrics.jsonl'
  _, good = log.read_text().splitlines()
  log.write_text(f'{BAD_ROWS[kind]}\n{good}\n{good}\n')  # the last is of after the checkpoint
  assert log_lib.newest_numbers(run_dir) == json.loads(good)
  _, said = attach()
  assert len(said) == 1 and 'metrics.jsonl lacks 1 of its 2 rows' in said[0]
  assert log.read_text() == f'{good}\n'


@pytest.mark.parametrize(('keep', 'lost'), [(0, 2), (1, 1)])
def test_a_log_that_was_cut_is_told(keep, lost, run_dir, attach):
  log = run_dir / 'metrics.jsonl'
  log.write_text(''.join(log.read_text().splitlines(keepends=True)[:keep]))
  _, said = attach()
  assert len(said) == 1 and f'lacks {lost} of its 2 rows' in said[0]


def test_what_never_ends_is_not_waited_for(run_dir, attach):
  for name in ('metrics.jsonl', 'build.json', 'checkpoints/checkpoint'):
    (run_dir / name).unlink()
    os.mkfifo(run_dir / name)
  _, said = attach()
  assert len(said) == 2 and 'build.json' in said[1]
  index = run_dir / 'checkpoints/ckpt-4.index'
  index.unlink()
  os.mkfifo(index)
  with pytest.raises(spec.UserError, match='all were put aside'):
    attach()


def test_weights_that_are_no_numbers_make_nothing(run_dir, attach, learner, capsys):
  variables = learner.gan.variables + list(learner.agent.learner.policy.variables())
  kept = [variable.numpy() for variable in variables]
  try:
    for variable in variables:
      if variable.dtype.is_floating:
        variable.assign(variable * np.nan)
    checkpoints.Shelf(run_dir / 'best', run_lib._as_best(learner), 1).save(4)
  finally:
    for variable, value in zip(variables, kept, strict=True):
      variable.assign(value)
  run_lib.load(run_dir)  # of the last rounds
  assert 'are no numbers): passed over' in capsys.readouterr().err
  for path in (run_dir / 'checkpoints').iterdir():
    path.unlink()
  code = command.main(create.create, '', create.CreateConfig, [f'--run_dir={run_dir}'])
  said = capsys.readouterr().err
  assert code == 2 and 'are no numbers' in said and 'error: no checkpoint in' in said
  assert not (run_dir / 'created').exists()


def test_a_name_that_is_a_pattern_is_refused_and_nothing_is_put_aside(run_dir, learner, tmp_path):
  other = run_dir.rename(tmp_path / 'run[1]')
  before = tree(other)
  for use in (
    lambda: run_lib.Run(tiny.config(run_dir=str(other))),
    lambda: run_lib.load(other),
    lambda: run_lib.load(pathlib.Path(str(other) + '*')),
  ):
    with pytest.raises(spec.UserError, match='for a pattern, not a name'):
      use()
  assert tree(other) == before
