"""The API on a toy run: it trains, makes, measures and exports; equal seeds are equal works."""

import functools
import re
import signal

import numpy as np
from PIL import Image
import pytest

from tests.shared import tiny
from tests.shared.runs import UNEXPORTED, hurry, rows, verify_here
import tf_creative as tc
from tf_creative import create
from tf_creative.core import works as works_lib
from tf_creative.learner import creator as creator_lib
from tf_creative.runs import run as run_lib
from tf_creative.studio import portfolio

TOY = dict(flag[2:].split('=') for flag in UNEXPORTED if '=' in flag)
TOY |= {'world': 'bars', 'gan_latent_size': 4, 'progress': False, 'export': False}


class Heard(tc.Callback):
  """Remembers what it is told."""

  def __init__(self):
    self.told = []

  def on_start(self, learner, round_):
    self.told.append(('start', round_, learner.world.name))

  def on_log(self, round_, metrics):
    self.told.append(('log', round_, metrics['agent/loss']))

  def on_evaluate(self, round_, numbers):
    self.told.append(('evaluate', round_, numbers['painted/frechet']))

  def on_end(self, round_, numbers):
    self.told.append(('end', round_, numbers['best/round']))


@pytest.fixture(scope='module', autouse=True)
def _hasty():
  with pytest.MonkeyPatch.context() as patch:
    hurry(patch)
    verify_here(patch)
    patch.setattr(run_lib, 'load', functools.cache(run_lib.load))  # which takes seconds
    yield


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
  """A run, and what was heard of its training."""
  heard, logged = Heard(), []
  path = tmp_path_factory.mktemp('runs') / 'bars'
  log = lambda round_, metrics: logged.append(round_)  # noqa: E731
  run = tc.train('', on_log=log, callbacks=[heard], verbose=0, **TOY, rounds=6, run_dir=str(path))
  return run, heard.told, logged


@pytest.fixture(scope='module')
def run(trained):
  return trained[0]


@pytest.fixture(scope='module')
def works(run):
  return run.create(count=5, label=('vertical', 'any'), seed=3)


@pytest.fixture(scope='module')
def exports(run):
  return run.export()


def test_a_training_is_heard_of(trained):
  run, told, logged = trained
  assert logged == [2, 4, 6] and not run.stopped
  assert [(what, round_) for what, round_, _ in told] == [
    *[('start', 0), ('log', 2), ('log', 4), ('evaluate', 4), ('log', 6), ('end', 6)]
  ]
  losses = {row['round']: row['agent/loss'] for row in rows(run.path) if 'agent/loss' in row}
  assert [told[2] for told in told if told[0] == 'log'] == list(losses.values())


def test_metrics_are_a_table(run):
  assert list(run.metrics) == rows(run.path)
  assert {'round', 'agent/loss', 'painted/frechet', 'best/round'} <= set(run.metrics.columns)
  shown = run.metrics._repr_html_()
  assert 'Reward of an episode' in shown and 'agent/loss' not in shown
  assert 'Held-out works: equal pixels' in shown


def test_works_are_pictures_with_labels_and_strokes(works, run):
  assert len(works) == 5 and len(works[1:3]) == 2 and works[-1].seed == 7
  assert [work.seed for work in works] == [3, 4, 5, 6, 7]
  assert works.labels[::2] == ['vertical'] * 3 and set(works.labels) <= set(run.labels)
  assert works.images.shape == (5, 4, 4, 3) and works.images.dtype == np.uint8
  greys = np.array([0, 85, 170, 255])
  for work, image in zip(works, works.images, strict=True):
    np.testing.assert_array_equal(work.image, image)
    canvas = np.zeros([4, 4], int)
    for row, column, colour in work.strokes:
      canvas[row, column] = colour
    np.testing.assert_array_equal(work.array, canvas)
    np.testing.assert_array_equal(greys[canvas], work.image[..., 0])
    assert work.imagined.shape == (4, 4) and np.isfinite(work.logit)
  assert f'of {works[0].label}' in repr(works[0]) and repr(works).startswith('<5 works of ')


def test_a_notebook_shows_pictures(works, tmp_path):
  for shown, size in ((works[0], (128, 128)), (works, None)):
    png = shown._repr_png_()
    (tmp_path / 'x.png').write_bytes(png)
    with Image.open(tmp_path / 'x.png') as picture:
      assert size in (None, picture.size) and len(png) < 5000
    assert shown._repr_html_() is None  # these works have no sound


def test_works_that_sound_have_a_player():
  tunes, count = tiny.tunes(), 6
  made = works_lib.Works(tunes.work[:count], tunes.label[:count])
  zeros = np.zeros(count, np.int32)
  hand = creator_lib.Made(made.work, zeros + 32, zeros.astype(np.float32), made.work.astype(int))
  given = portfolio.Portfolio(np.arange(count), made, made.work, hand, zeros.astype(np.float32))
  melodies = tc.Works(given, tiny.Tunes(), 0)
  assert '<audio controls src="data:audio/wav;base64,' in melodies[0]._repr_html_()
  assert '<img alt=' in melodies._repr_html_() and melodies._repr_html_().count('<audio') == 4


@pytest.mark.parametrize('ending', ['png', 'gif', 'svg', 'npz', 'csv'])
def test_a_work_is_saved_by_the_ending_of_its_name_as_the_command_saves_it(
  ending, works, run, tmp_path
):
  path = works[0].save(tmp_path / 'new' / f'one.{ending}')
  config = create.CreateConfig(
    run_dir=str(run.path), count=1, seed=3, label=('vertical',), out=str(tmp_path / 'out'),
    format=('png', 'gif', 'svg', 'npz'),
  )  # fmt: skip
  create.create(config)
  [same] = (tmp_path / 'out').glob(
    f'**/0*.{ending}' if ending in ('png', 'gif', 'svg') else f'works.{ending}'
  )
  if ending == 'npz':
    with np.load(path) as one, np.load(same) as other:
      assert one['work'].tolist() == other['work'].tolist() and set(one) == set(other)
  else:
    assert path.read_bytes() == same.read_bytes()


def test_many_works_are_a_sheet_an_animation_arrays_or_a_folder(works, tmp_path):
  for name in ('all.png', 'all.gif', 'all.npz', 'all.csv'):
    assert works.save(tmp_path / name) == {name: '5 works'} and (tmp_path / name).is_file()
  written = works.save(tmp_path / 'folder', formats=('svg',))
  assert set(written) == {'works.csv', 'svg/'}
  assert len(list((tmp_path / 'folder/svg').iterdir())) == 5
  with pytest.raises(tc.UserError, match='holds one work'):
    works.save(tmp_path / 'all.svg')
  with pytest.raises(tc.UserError, match="no format 'mid'"):
    works[0].save(tmp_path / 'one.mid')


def test_equal_seeds_are_equal_works_wherever_they_are_made(works, run, exports, tmp_path):
  wish = {'count': 5, 'label': ('vertical', 'any'), 'seed': 3}
  config = create.CreateConfig(run_dir=str(run.path), out=str(tmp_path), format=('npz',), **wish)
  assert create.create(config) == 0
  with np.load(tmp_path / 'works.npz') as arrays:
    by_command = {name: arrays[name] for name in ('work', 'imagined', 'label', 'steps', 'strokes')}
  with exports.serve() as server:
    answers = tc.connect(server.address).create(**wish), tc.connect(server.url[:-1]).create(**wish)
  for other in (
    works,
    tc.load(run.path).create(**wish),
    tc.load(exports.path).create(**wish),
    *answers,
  ):
    assert other.labels == works.labels and other.round == works.round
    np.testing.assert_array_equal(other.images, works.images)
    np.testing.assert_array_equal(other.portfolio.made.work, by_command['work'])
    np.testing.assert_array_equal(other.portfolio.concept.work, by_command['imagined'])
    for one, work in enumerate(other):
      np.testing.assert_array_equal(work.strokes, by_command['strokes'][one][: len(work.strokes)])
      assert len(work.strokes) == by_command['steps'][one]
  with pytest.raises(tc.UserError, match='no model server answers at'):
    tc.connect(server.address)


def test_an_export_tells_what_it_holds_and_what_it_cannot(exports):
  assert [row['name'] for row in exports.models] == ['creator', 'generator', 'critic', 'agent']
  assert exports.versions['creator'] == [1] and exports.world.name == 'pixel_art'
  for refused in (exports.evaluate, exports.export, lambda: exports.metrics):
    with pytest.raises(tc.UserError, match=re.escape("by tf_creative.load('runs/...')")):
      refused()
  with pytest.raises(tc.UserError, match='takes the run itself'):
    exports.create(start='BUILD')
  for refused in (
    lambda: exports.like('BUILD'),
    lambda: exports.between('BUILD', 'BUILD'),
  ):
    with pytest.raises(tc.UserError, match=re.escape("by tf_creative.load('runs/...')")):
      refused()


def test_a_picture_is_painted_and_shown_beside_what_was_given(run, tmp_path):
  Image.fromarray(np.full([8, 8, 3], 200, np.uint8)).save(tmp_path / 'grey.png')
  works = run.create(target=tmp_path / 'grey.png', count=9)
  assert len(works) == 1 and (works[0].imagined == 2).all()
  assert 'before-after.png' in works.save(tmp_path / 'out')


def test_an_export_varies_a_picture_as_the_run_does(run, exports, tmp_path):
  path = tmp_path / 'grey.png'
  Image.fromarray(np.uint8([[0, 200], [0, 200]])).save(path)
  for label in ('any', ['vertical', 'horizontal']):
    here, there = (one.vary(path, 0.4, 5, label, 3).portfolio for one in (run, exports))
    np.testing.assert_array_equal(here.made.work, there.made.work)
    np.testing.assert_array_equal(here.concept.label, there.concept.label)
    np.testing.assert_array_equal(here.picture, there.picture)
  Image.new('RGBA', (8, 8)).save(path)
  with pytest.raises(tc.UserError, match='transparent everywhere'):
    exports.vary(path)


def test_methods_and_flags_make_the_same_near_a_picture(run, tmp_path):
  path = tmp_path / 'grey.png'
  Image.fromarray(np.full([8, 8, 3], 200, np.uint8)).save(path)
  for number, (works, flags) in enumerate([
    (run.like(path, 3, seed=1), {'like': str(path), 'seed': 1}),
    (run.vary(path, 0.7, 3, 'vertical', 5), {
      'variations': str(path), 'strength': 0.7, 'seed': 5, 'label': ('vertical',)
    }),
    (run.between(path, path, 3), {'between': (str(path), str(path))}),
  ]):  # fmt: skip
    out = tmp_path / f'{number}'
    config = create.CreateConfig(
      run_dir=str(run.path), count=3, out=str(out), format=('npz',), **flags
    )
    assert create.create(config) == 0
    with np.load(out / 'works.npz') as arrays:
      np.testing.assert_array_equal(works.portfolio.made.work, arrays['work'])
    assert len(works[:2].remarks()) == len(works.remarks())
  with pytest.raises(tc.UserError, match='--strength must be 0 to 1'):
    run.vary(path, strength=-0.1)


@pytest.mark.parametrize(
  ('wish', 'words'),
  [
    ({'count': 0}, 'count must be 1 to'),
    ({'seed': -1}, 'seed must be 0 to'),
    ({'label': 'vertica'}, "unknown label 'vertica'. Did you mean 'vertical'?"),
    ({'label': 7}, "unknown label '7'"),
    ({'target': 'no.png'}, 'no.png is not there'),
  ],
)
def test_a_wish_that_cannot_be_is_answered_in_a_line(wish, words, run, exports):
  for maker in (run, exports):
    with pytest.raises(tc.UserError, match=re.escape(words)):
      maker.create(**wish)


def test_what_is_not_there_is_told(run, tmp_path):
  with pytest.raises(tc.UserError, match='holds no trained run. There are: .*bars'):
    tc.load(run.path.parent / 'none')
  with pytest.raises(tc.UserError, match='exported first: run.export'):
    run.serve()
  with pytest.raises(tc.UserError, match='nothing to serve'):
    tc.Export(tmp_path).serve()


def test_an_evaluation_shows_itself(run):
  said = []
  found = run.evaluate(works=20, tell=said.append)
  assert found.report.is_file() and found.report.parent == run.path / 'evaluation'
  works, hands = found.tables
  assert 'imagined and painted' in works[''] and 'equal pixels' in hands.columns
  assert {'painted', 'held_out'} <= set(found.numbers['source'])
  assert found._repr_html_().count('<table>') == 2 and str(found.report) in repr(found)
  assert any('baselines' in text for text in said)
  with pytest.raises(tc.UserError, match='must be 12 or more'):
    run.evaluate(works=3)


def test_a_callback_may_have_enough_and_a_signal_stops_and_saves(tmp_path, capsys):
  settings = {**TOY, 'evaluate_every': 0, 'run_dir': str(tmp_path)}
  ask = lambda *_: signal.raise_signal(signal.SIGINT)  # noqa: E731
  run = tc.train('', on_log=ask, rounds=1000, **settings)
  assert run.stopped and run.round == 2 and 'stopped at round 2, saved' in capsys.readouterr().out
  assert not (tmp_path / 'gallery.png').exists()
  run = tc.train('', on_log=lambda round_, _: round_ == 6, rounds=1000, **settings)
  said = capsys.readouterr().out
  assert not run.stopped and run.round == 6 and 'resuming' in said
  assert (tmp_path / 'gallery.png').exists() and (tmp_path / 'metrics.jsonl').read_text()
