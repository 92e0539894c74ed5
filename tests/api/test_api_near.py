"""The command `create` with pictures that works are to be like."""

import csv
import functools
import re

import numpy as np
from PIL import Image
import pytest

from tests.shared import hostile_pictures, tiny
from tests.shared.runs import hurry
from tf_creative import create, train
from tf_creative.core import spec
from tf_creative.runs import run as run_lib

GOOD = 'pipelines/gallery.png'


@pytest.fixture(scope='module')
def run_dir(tmp_path_factory):
  """A run that has learnt next to nothing."""
  path = tmp_path_factory.mktemp('runs') / 'bars'
  with pytest.MonkeyPatch.context() as patch:
    hurry(patch)
    assert train.train(tiny.config(run_dir=str(path), rounds=5, evaluate_every=0)) == 0
    patch.setattr(run_lib, 'load', functools.cache(run_lib.load))  # loading takes seconds
    yield path


@pytest.fixture(scope='module')
def odd(tmp_path_factory):
  """A folder with files that are no pictures, or too large ones."""
  folder = tmp_path_factory.mktemp('odd')
  (folder / 'text.png').write_text('I am a text.')
  (folder / 'huge.png').write_bytes(hostile_pictures.png(6000, 5000, depth=1))
  Image.new('RGBA', (8, 8)).save(folder / 'clear.png')
  return folder


def run(run_dir, **settings):
  assert create.create(create.CreateConfig(run_dir=str(run_dir), **settings)) == 0


def rows(folder):
  with (folder / 'works.csv').open(newline='') as file:
    return list(csv.DictReader(file))


def drawn(path):
  """A bar as a picture file, and as a work."""
  work = np.array([[0, 0, 0, 0], [3, 3, 3, 3], [0, 0, 0, 0], [0, 0, 0, 0]])
  Image.fromarray((work * 85).astype(np.uint8)).save(path)
  return work


def test_works_like_a_picture_come_with_seeds_that_make_them_alone(run_dir, tmp_path, capsys):
  work = drawn(tmp_path / 'bar.png')
  run(run_dir, like=str(tmp_path / 'bar.png'), count=4, format=('npz',), out=str(tmp_path / 'out'))
  assert 'imagined as in the picture: ' in capsys.readouterr().out
  told = rows(tmp_path / 'out')
  errors = [float(row['picture_error']) for row in told]
  assert errors == sorted(errors)
  with np.load(tmp_path / 'out/works.npz') as arrays:
    seeds, works = arrays['seed'], arrays['work']
    assert float(told[0]['picture_equal']) == pytest.approx((arrays['imagined'][0] == work).mean())
  run(
    run_dir,
    seed=int(seeds[1]),
    label=(told[1]['label'],),
    count=1,
    format=('npz',),
    out=str(tmp_path / 'alone'),
  )
  with np.load(tmp_path / 'alone/works.npz') as arrays:
    np.testing.assert_array_equal(arrays['work'][0], works[1])
  assert (tmp_path / 'out/before-after.png').exists()


def test_variations_are_named_by_their_flags_and_equal_for_a_seed(run_dir, tmp_path):
  work = drawn(tmp_path / 'bar.png')
  settings = {'variations': str(tmp_path / 'bar.png'), 'format': ('npz', 'sheet')}
  run(run_dir, **settings, count=6)
  folder = run_dir / 'created/variations-bar-strength0.3-seed0-count6'
  with np.load(folder / 'works.npz') as arrays:
    works, imagined = arrays['work'], arrays['imagined']
  equal = [float(row['picture_equal']) for row in rows(folder)]
  np.testing.assert_allclose(equal, (imagined == work).mean((1, 2)), rtol=1e-5)
  run(run_dir, **settings, count=1, seed=4, out=str(tmp_path / 'one'))
  with np.load(tmp_path / 'one/works.npz') as arrays:
    np.testing.assert_array_equal(arrays['work'][0], works[4])


def test_the_way_between_two_pictures_is_an_animation(run_dir, tmp_path, capsys):
  Image.fromarray((drawn(tmp_path / 'bar.png').T * 85).astype(np.uint8)).save(tmp_path / 'up.png')
  pair = tuple(str(tmp_path / name) for name in ('bar.png', 'up.png'))
  run(run_dir, between=pair, count=5)
  assert 'from the one to the other' in capsys.readouterr().out
  folder = run_dir / 'created/between-bar-up-seed0-count5'
  assert len(list((folder / 'png').iterdir())) == 5
  with Image.open(folder / 'between.gif') as animation:
    assert 1 < animation.n_frames <= 5  # equal ones that follow each other are one


@pytest.mark.parametrize(
  ('settings', 'words'),
  [
    ({'like': 'no.png'}, 'no.png is not there: --like must be the file of one work'),
    ({'like': 'BUILD'}, 'cannot read BUILD as a picture'),
    ({'like': GOOD, 'count': 101}, 'at most 100 works'),
    ({'like': 'BUILD', 'variations': 'BUILD'}, '--variations and --like ask for different things'),
    ({'like': GOOD, 'mask': 'BUILD'}, 'there is none'),
    ({'variations': 'docs'}, 'docs is a folder: --variations must be the file of one work'),
    ({'variations': GOOD, 'strength': 1.5}, '--strength must be 0 to 1'),
    ({'variations': GOOD, 'strength': float('nan')}, '--strength must be'),
    ({'variations': GOOD, 'label': ('cat',)}, "unknown label 'cat'"),
    ({'strength': 0.5}, '--strength says how far --variations go, and there are none'),
    ({'between': ('BUILD',)}, '--between wants two pictures, as in --between=a.png,b.png, and'),
    ({'between': ('BUILD', 'BUILD', 'BUILD')}, 'and has 3'),
    ({'between': ('BUILD', 'no.png')}, 'no.png is not there: --between'),
    ({'between': ('BUILD', 'BUILD'), 'count': 1}, '--between makes 2 to 500 works'),
    ({'between': ('BUILD', 'BUILD'), 'target': 'BUILD'}, '--target and --between ask for'),
    ({'between': ('BUILD', 'BUILD'), 'label': ('vertical', 'any')}, 'one --label for all the way'),
    ({'server': 'localhost:1', 'like': 'BUILD'}, '--like wants a --run_dir'),
    ({'server': 'localhost:1', 'between': ('BUILD', 'BUILD')}, '--between wants a --run_dir'),
  ],
)
def test_mistakes_are_answered(run_dir, settings, words):
  before = sorted(run_dir.rglob('*'))
  with pytest.raises(spec.UserError, match=re.escape(words)) as caught:
    run(**{'run_dir': run_dir, **settings})
  assert '\n' not in str(caught.value)
  assert sorted(run_dir.rglob('*')) == before  # nothing is left behind


@pytest.mark.parametrize(
  ('name', 'words'),
  [
    ('text.png', 'text.png as a picture: it is none'),
    ('huge.png', 'more than 25,000,000 pixels'),
    ('clear.png', 'transparent everywhere: nothing can be like it'),
  ],
)
@pytest.mark.parametrize('flag', ['like', 'variations', 'between'])
def test_files_that_are_no_good_pictures_are_refused(run_dir, odd, flag, name, words):
  path = str(odd / name)
  with pytest.raises(spec.UserError, match=re.escape(words)):
    run(run_dir, **{flag: (GOOD, path) if flag == 'between' else path})
