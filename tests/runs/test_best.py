"""The best checkpoint: which is kept and loaded, what becomes of it, and what it is chosen by."""

import shutil

import numpy as np
from PIL import Image
import pytest
import tensorflow as tf

from tests.shared import tiny
from tf_creative import train
from tf_creative.core import works as works_lib
from tf_creative.evaluation import evaluator as eyes_lib
from tf_creative.learner import learner as learner_lib
from tf_creative.metrics import judge
from tf_creative.runs import log as log_lib
from tf_creative.runs import progress as progress_lib
from tf_creative.runs import run as run_lib
from tf_creative.studio import pictures


@pytest.fixture(scope='module')
def learner():
  return tiny.learner()


@pytest.fixture
def start(learner, tmp_path, monkeypatch):
  """Starts a run, as the command does; loading its learner takes no new one."""
  runs = []

  def start(done=0):
    learner.loop.round.assign(0)
    if runs:
      runs.pop().close()
    runs.append(run := run_lib.Run(tiny.config(run_dir=str(tmp_path))))
    assert run.attach(learner) == done
    return run

  monkeypatch.setattr(learner_lib, 'Learner', lambda config, **kept: learner)
  return start


def test_the_better_of_two_looks_is_kept_and_loaded(start, learner, tmp_path):
  run = start()
  assert run.best is None
  for round_, frechet in ((2, 3.0), (4, 1.0), (6, 2.0), (8, 1.0)):
    learner.loop.round.assign(round_)
    run.save(round_)
    run.keep_best(round_, frechet)
  assert run.best == 4
  assert [path.stem for path in (tmp_path / 'best').glob('*.index')] == ['ckpt-4']
  run.restore_best()
  assert learner.loop.round == 4
  learner.loop.round.assign(0)
  run_lib.load(tmp_path)
  assert learner.loop.round == 4
  run = start(done=8)
  run.keep_best(10, 1.0)
  assert run.best == 4
  run.keep_best(10, 0.5)
  assert run.best == 10
  assert [path.stem for path in (tmp_path / 'best').glob('*.index')] == ['ckpt-10']


def test_without_a_best_the_newest_is_loaded(start, learner, tmp_path):
  run = start()
  learner.loop.round.assign(6)
  run.save(6)
  learner.loop.round.assign(0)
  run_lib.load(tmp_path)
  assert learner.loop.round == 6


def test_a_best_of_a_round_that_comes_again_is_forgotten(start, learner, tmp_path):
  run = start()
  for round_ in (2, 4):
    learner.loop.round.assign(round_)
    run.keep_best(round_, 1 / round_)
    if round_ == 2:
      run.save(2)
  run = start(done=2)
  assert run.best is None and not list((tmp_path / 'best').glob('*'))
  run_lib.load(tmp_path)
  assert learner.loop.round == 2
  run.keep_best(4, 0.25)  # as good as the one that is forgotten
  assert run.best == 4
  shutil.rmtree(tmp_path / 'checkpoints')  # by hand, to begin anew
  assert start(done=0).best is None


def test_the_best_stands_until_another_is_whole(start, learner, tmp_path, monkeypatch):
  run = start()
  run.save(0)
  run.keep_best(0, 1.0)

  def breaks(self, prefix, *_):
    tf.io.write_file(f'{prefix}.index', 'half')
    raise KeyboardInterrupt

  with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
    patch.setattr(tf.train.Checkpoint, '_write', breaks)
    run.keep_best(2, 0.5)
  learner.loop.round.assign(7)
  run_lib.load(tmp_path)
  assert learner.loop.round == 0
  again = start()
  again.keep_best(2, 1.0)
  assert again.best == 0  # the number too is that of the one that stands


def test_the_choice_sees_neither_held_out_works_nor_how_many_are_measured(
  learner, tmp_path, monkeypatch
):
  monkeypatch.setattr(judge, '_STEPS', 20)
  chosen_by = eyes_lib.Eyes(learner, tmp_path, 20).validation()
  real = learner.works

  def other(split):
    works = real(split)
    return works if split == 'train' else works_lib.Works(works.work[:50] * 0, works.label[:50])

  monkeypatch.setattr(learner, 'works', other)
  blind = eyes_lib.Eyes(learner, tmp_path, 30)
  assert blind.held_out.values.std() == 0
  assert blind.validation() == chosen_by


def test_the_best_round_is_looked_at_once_and_every_look_tells_how_far_it_is(tmp_path, monkeypatch):
  looks, said, far = [], [], iter([3.0, 1.0, 2.0])
  look = eyes_lib.Eyes.look
  monkeypatch.setattr(judge, '_STEPS', 60)
  monkeypatch.setattr(eyes_lib.Eyes, 'validation', lambda eyes: next(far))
  monkeypatch.setattr(eyes_lib.Eyes, 'look', lambda eyes: looks.append(1) or look(eyes))
  monkeypatch.setattr(progress_lib.Progress, 'doing', lambda _, *words: said.append(words))
  config = tiny.config(run_dir=str(tmp_path), rounds=6, rounds_per_call=2, evaluate_every=2)
  assert train.train(config) == 0
  assert len(looks) == 3
  assert said[:2] == [('training the judge', 0, 60), ('training the judge', 50, 60)]
  assert said.count(('making new real works', 0, 20)) == 3
  assert said.count(('drawing the gallery', 0, 20)) == 3  # ten works of both labels
  assert said[-1] == ('drawing a painting in the making',)
  rows = log_lib.rows(tmp_path)
  best = next(row for row in rows if row['round'] == 4 and 'validation/frechet' in row)
  assert rows[-1]['best/round'] == 4
  assert {name: rows[-1][name] for name in best if name != 'round'} == {
    name: value for name, value in best.items() if name != 'round'
  }
  _, loaded = run_lib.load(tmp_path)
  with Image.open(tmp_path / 'gallery.png') as shown:
    np.testing.assert_array_equal(np.asarray(shown), np.asarray(pictures.gallery(loaded)))
