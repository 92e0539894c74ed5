"""A run that is started again after its end: what it has logged stands, to the last bit."""

import pathlib
import shutil

import pytest

from tests.shared.runs import hurry, tiny_config
from tf_creative import train


@pytest.fixture(scope='module', autouse=True)
def _hasty():
  with pytest.MonkeyPatch.context() as patch:
    hurry(patch)
    yield


# As in the main run, the last round is looked at because it is due, and once more at the end.
DUE = {'rounds': 4, 'evaluate_every': 2}


@pytest.fixture(scope='module')
def whole(tmp_path_factory):
  run_dir = tmp_path_factory.mktemp('whole') / 'run'
  assert train.train(tiny_config(run_dir, **DUE)) == 0
  return run_dir


@pytest.fixture
def again(whole, tmp_path):
  """A copy of the run; starts it again, and returns what it has logged then."""
  run_dir = pathlib.Path(shutil.copytree(whole, tmp_path / 'run'))

  def again(**settings):
    assert train.train(tiny_config(run_dir, **DUE | settings)) == 0
    return (run_dir / 'metrics.jsonl').read_text()

  again.run_dir = run_dir
  return again


def drop(path, count):
  lines = path.read_text().splitlines(keepends=True)
  path.write_text(''.join(lines[: len(lines) - count]))


def test_a_finished_run_logs_its_last_look_once(again, whole):
  assert again() == (whole / 'metrics.jsonl').read_text()


def test_so_does_one_that_was_killed_after_its_last_look(again, whole):
  drop(again.run_dir / 'metrics.jsonl', 1)  # the last row is of the end
  assert again() == (whole / 'metrics.jsonl').read_text()


def test_a_judge_that_cannot_be_read_is_trained_again(again, whole, capsys):
  judge = again.run_dir / 'judge.npz'
  judge.write_bytes(b'')
  assert again() == (whole / 'metrics.jsonl').read_text()
  said = capsys.readouterr().err
  assert said.count('warning: ') == 1 and 'judge.npz cannot be read' in said
  assert judge.read_bytes() == (whole / 'judge.npz').read_bytes()


@pytest.mark.slow
def test_and_one_that_was_killed_before_its_last_checkpoint(again, whole):
  shelf = again.run_dir / 'checkpoints'
  for path in shelf.glob('ckpt-4.*'):
    path.unlink()
  (shelf / 'checkpoint').unlink()
  assert again() == (whole / 'metrics.jsonl').read_text()


def test_a_best_round_that_is_lost_is_found_again(again, whole):
  shutil.rmtree(again.run_dir / 'best')
  logged = again().splitlines()
  assert logged[:-1] == (whole / 'metrics.jsonl').read_text().splitlines()[:-1]
  assert (again.run_dir / 'best').is_dir()
