"""All commands on a folder of pictures, at toy size: no command has a special case for it."""

import json
import shutil

import numpy as np
from PIL import Image
import pytest

from tests.shared import runs, tiny
from tests.worlds.pixel_art import painted
from tf_creative import create, evaluate, export, train
from tf_creative.core import spec
from tf_creative.learner import learner as learner_lib
from tf_creative.runs import keepsakes
from tf_creative.runs import run as run_lib
from tf_creative.worlds.pixel_art import palettes


@pytest.fixture(scope='module', autouse=True)
def _hasty():
  with pytest.MonkeyPatch.context() as patch:
    runs.hurry(patch)
    runs.verify_here(patch)
    yield


def world(folder, palette='auto'):
  return f"pixel_art(data='{folder}/', size=8, palette='{palette}', colors=6, horizon=8)"


def config(place, **settings):
  settings = {
    'rounds': 2,
    'rounds_per_call': 2,
    'evaluate_every': 0,
    'picture_every': 0,
    **settings,
  }
  return tiny.config(
    **{'run_dir': str(place / 'run'), 'world': world(place / 'my'), 'checkpoint_every': 2}
    | {'checkpoint_seconds': 0, **settings}
  )


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
  """A run of twenty-four pictures, of two rounds."""
  place = tmp_path_factory.mktemp('place')
  with pytest.MonkeyPatch.context() as patch:
    painted.keep_at(patch, place / 'kept')
    painted.folder(place / 'my')
    assert train.train(config(place)) == 0
    yield place


def make(place, out, **settings):
  told = create.CreateConfig(run_dir=str(place / 'run'), out=str(out), **settings)
  assert create.create(told) == 0


def test_a_run_has_the_palette_that_it_has_kept(trained):
  kept = keepsakes.read(trained / 'run')
  assert kept['palette'] == [
    [0, 0, 0, 0],
    *([0, 0, 0, 255], [255, 0, 77, 255], [41, 173, 255, 255], [255, 236, 39, 255]),
  ]
  assert set(kept) == {'palette', 'pictures', 'prepared'}
  _, learner = run_lib.load(trained / 'run')
  assert int(learner.loop.round) == 2
  assert palettes.rgb(learner.world.colours).tolist() == kept['palette']
  assert learner.world.label_names == ['']


def test_works_are_clear_in_every_format(trained, tmp_path):
  make(trained, tmp_path, count=4, format=('png', 'gif', 'svg', 'npz', 'tfrecord'))
  with np.load(tmp_path / 'works.npz') as arrays:
    palette, works = arrays['palette'], arrays['work']
  assert palette.shape == (5, 4)
  for work, path in zip(works, sorted((tmp_path / 'png').iterdir()), strict=True):
    shown = np.asarray(Image.open(path).convert('RGBA'))
    np.testing.assert_array_equal(shown, palette[work].repeat(16, 0).repeat(16, 1))
  for work, path in zip(works, sorted((tmp_path / 'gif').iterdir()), strict=True):
    with Image.open(path) as film:
      film.seek(film.n_frames - 1)
      shown = np.asarray(film.convert('RGBA'))[::16, ::16]
    np.testing.assert_array_equal(np.where(shown[..., 3:], shown, 0), palette[work])
  assert all('M0,0h8v8' not in path.read_text() for path in (tmp_path / 'svg').iterdir())
  # And they are data again.
  again = learner_lib.build_world(
    f"pixel_art(data='{tmp_path}/tfrecord', size=8, palette=auto, colors=6)"
  )
  assert palettes.is_clear(again.colours)


def test_a_sheet_is_written_in_another_palette(trained, tmp_path):
  (tmp_path / 'x.hex').write_text('111111\n222222\n333333\n444444\n')  # as many as are opaque
  make(trained, tmp_path, count=5, format=('sheet', 'npz'), palette=str(tmp_path / 'x.hex'))
  with np.load(tmp_path / 'works.npz') as arrays:
    palette, works = arrays['palette'], arrays['work']
  assert palette.tolist() == [[0] * 4, *([level * 17] * 3 + [255] for level in range(1, 5))]
  frames = json.loads((tmp_path / 'sheet.json').read_text())['frames']
  assert list(frames) == [f'{seed:06d}.png' for seed in range(5)]
  page = np.asarray(Image.open(tmp_path / 'sheet.png'))
  np.testing.assert_array_equal(page, np.hstack(list(palette[works])))
  with pytest.raises(spec.UserError, match='cannot read .*y.hex as a palette'):
    make(trained, tmp_path, palette=str(tmp_path / 'y.hex'))


def test_a_sprite_is_painted(trained, tmp_path):
  page = painted.sprite(3)
  painted.save(tmp_path / 'x.png', page)
  make(trained, tmp_path / 'out', target=str(tmp_path / 'x.png'), format=('npz',))
  with np.load(tmp_path / 'out/works.npz') as arrays:
    np.testing.assert_array_equal(arrays['palette'][arrays['imagined'][0]], page)


def test_the_run_is_judged_and_exported(trained, tmp_path):
  told = evaluate.EvaluateConfig(run_dir=str(trained / 'run'), works=20, out=str(tmp_path / 'e'))
  assert evaluate.evaluate(told) == 0
  assert '<html' in (tmp_path / 'e/report.html').read_text()
  exports = tmp_path / 'exports'
  told = export.ExportConfig(run_dir=str(trained / 'run'), export_dir=str(exports))
  assert export.export(told) == 0
  (about,) = exports.glob('creator/*/assets.extra/about.json')
  assert json.loads(about.read_text())['palette'] == keepsakes.read(trained / 'run')['palette']


def test_a_server_tells_the_palette(trained):
  """A world of somewhere else is drawn without its pictures, which nobody opens."""
  palette = keepsakes.read(trained / 'run')['palette']
  text = world('/somewhere/else')
  foreign = learner_lib.build_foreign_world(text, [''], palette)
  assert foreign.works.value_shape == (8, 8, 4) and foreign.works.label_names == ['']
  assert foreign.media.render(np.uint8([[[0, 1]]])).tolist() == [[palette[:2]]]
  with pytest.raises(spec.UserError, match='the palette that was kept is none'):
    learner_lib.build_foreign_world(text, [''], 'x').colours  # noqa: B018
  with pytest.raises(spec.UserError):
    learner_lib.build_foreign_world(world('/x', '/etc/x.hex'), ['']).colours  # noqa: B018


@pytest.fixture
def moved(trained, tmp_path, monkeypatch):
  """The run and its folder at another place, where the files have other times."""
  place = tmp_path / 'place'
  shutil.copytree(trained / 'run', place / 'run')
  flags = (place / 'run/run.flags').read_text()
  (place / 'run/run.flags').write_text(flags.replace(str(trained), str(place)))
  painted.keep_at(monkeypatch, trained / 'kept')
  shutil.copytree(trained / 'my', place / 'my', copy_function=shutil.copyfile)
  return place


def test_a_folder_that_has_changed_is_noticed(moved, tmp_path):
  """The run does not go on with it, but what it has learnt is there."""
  painted.save(moved / 'my/new.png', painted.sprite(500))
  before = (moved / 'run/data.json').read_bytes()
  with pytest.raises(
    spec.UserError, match='are not those that this run was trained on.*--fork_from'
  ):
    train.train(config(moved, rounds=6))
  assert (moved / 'run/data.json').read_bytes() == before
  make(moved, tmp_path / 'out', count=2, format=('npz',))


@pytest.mark.slow
def test_equal_pictures_are_gone_on_with_and_others_by_a_fork(moved):
  kept = keepsakes.read(moved / 'run')
  assert train.train(config(moved, rounds=4)) == 0
  resumed = keepsakes.read(moved / 'run')
  assert resumed['prepared'] != kept['prepared']  # read again, for its times are others
  assert {**resumed, 'prepared': ''} == {**kept, 'prepared': ''}
  painted.save(moved / 'my/new.png', painted.sprite(500))
  fork = config(moved, rounds=8, run_dir=str(moved / 'fork'), fork_from=str(moved / 'run'))
  assert train.train(fork) == 0
  mine, theirs = (keepsakes.read(moved / name) for name in ('fork', 'run'))
  assert mine['palette'] == theirs['palette'] and mine['pictures'] != theirs['pictures']


def test_a_keepsake_that_is_damaged_is_told(tmp_path):
  for content in ('', '[1]', '{"palette"', '[' * 100_000, 'x' * (2 << 20)):
    (tmp_path / keepsakes.NAME).write_text(content)
    with pytest.raises(spec.UserError, match='data.json is damaged'):
      keepsakes.read(tmp_path)
  for kept in ({'prepared': '../../x'}, {'prepared': 7}, {'palette': 'x'}, {'palette': [7]}):
    with pytest.raises(spec.UserError, match='that was kept is none|what the run kept is damaged'):
      learner_lib.build_world(world('/x'), kept).keepsake()
    with pytest.raises(spec.UserError):
      learner_lib.build_world(world('/x'), kept).works.real('train')
  (tmp_path / keepsakes.NAME).unlink()
  assert keepsakes.read(tmp_path) == {}
