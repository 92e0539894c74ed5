"""The command `create` on a trained toy: every format is read back, and is of the same works."""

import csv
import dataclasses
import functools
import pathlib
import re
import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
from PIL import Image
import pytest
from sklearn import neighbors
import tensorflow_datasets as tfds

from tests.shared import tiny
from tf_creative import create, studio, train
from tf_creative.core import spec
from tf_creative.metrics import judge
from tf_creative.runs import run as run_lib
from tf_creative.studio import formats
from tf_creative.worlds.pixel_art import world as pixel_art

COUNT = 103


@pytest.fixture(scope='module')
def run_dir(tmp_path_factory):
  """Bars that are told apart when imagined and, mostly, when painted: ten seconds of training."""
  path = tmp_path_factory.mktemp('runs') / 'bars'
  config = tiny.config(
    run_dir=str(path), rounds=500, rounds_per_call=50, evaluate_every=0, picture_every=0
  )
  config = dataclasses.replace(
    config,
    gan=dataclasses.replace(config.gan, width=16, batch_size=32, latent_size=8, learning_rate=5e-3),
    agent=dataclasses.replace(
      config.agent, width=16, batch_size=32, environments=16, epsilon_decay=200
    ),
  )
  with pytest.MonkeyPatch.context() as patch:
    patch.setattr(judge, '_STEPS', 20)
    train.train(config)
    patch.setattr(run_lib, 'load', functools.cache(run_lib.load))  # loading takes seconds
    yield path


@pytest.fixture(scope='module')
def made(run_dir, tmp_path_factory):
  """A folder with works in all formats, and the arrays in it."""
  out = tmp_path_factory.mktemp('made')
  run(run_dir, count=COUNT, format=studio.FORMATS, out=str(out))
  with np.load(out / 'works.npz') as arrays:
    return out, dict(arrays)


def run(run_dir, **settings):
  assert create.create(create.CreateConfig(run_dir=str(run_dir), **settings)) == 0


def files(folder, kind):
  """The files of one kind, in the order of their seeds."""
  return sorted((folder / kind).iterdir())


def pixels(path):
  with Image.open(path) as picture:
    return np.asarray(picture.convert('RGB'))


def rows(folder):
  with (folder / 'works.csv').open(newline='') as file:
    return list(csv.DictReader(file))


def contents(folder):
  return {path.relative_to(folder): path.read_bytes() for path in folder.rglob('*.*')}


def rasterise(svg):
  """A drawing as pixels [h, w, RGB]: its squares, painted in the order in which they stand."""
  root = ElementTree.fromstring(svg)
  _, _, width, height = map(int, root.get('viewBox').split())
  zoom = int(root.get('width')) // width
  assert int(root.get('height')) == height * zoom
  page = np.zeros((height, width, 3), np.uint8)
  for path in root.findall('{http://www.w3.org/2000/svg}path'):
    x, y, across, down, back = map(
      int, re.fullmatch(r'M(\d+),(\d+)h(\d+)v(\d+)h-(\d+)z', path.get('d')).groups()
    )
    assert back == across
    page[y : y + down, x : x + across] = list(bytes.fromhex(path.get('fill')[1:]))
  return page.repeat(zoom, 0).repeat(zoom, 1)


def test_pictures_show_the_works(made):
  out, arrays = made
  paths = files(out, 'png')
  names = arrays['label_names'][arrays['label']]
  assert [path.stem for path in paths] == [f'{seed:06d}-{name}' for seed, name in enumerate(names)]
  for path, work in zip(paths, arrays['work'], strict=True):
    page = pixels(path)
    assert page.shape == (128, 128, 3)
    np.testing.assert_array_equal(page, arrays['palette'][work].repeat(32, 0).repeat(32, 1))
  with Image.open(out / 'sheet-000.png') as first, Image.open(out / 'sheet-001.png') as second:
    assert first.width == second.width
    assert first.height > 9 * second.height  # ten rows, and one for the last three


def test_drawings_and_animations_end_as_the_pictures(made):
  out, arrays = made
  for png, svg, gif, steps in zip(
    *(files(out, kind) for kind in ('png', 'svg', 'gif')), arrays['steps'], strict=True
  ):
    picture = pixels(png)
    np.testing.assert_array_equal(rasterise(svg.read_text()), picture)
    assert svg.read_text().count('--t:') == steps
    with Image.open(gif) as animation:
      assert not np.asarray(animation.convert('RGB')).any()  # begins blank
      assert animation.n_frames <= steps + 1  # strokes that change nothing share a frame
      animation.seek(animation.n_frames - 1)
      np.testing.assert_array_equal(np.asarray(animation.convert('RGB')), picture)
  with Image.open(out / 'sheet.gif') as animation:
    animation.seek(animation.n_frames - 1)
    np.testing.assert_array_equal(
      np.asarray(animation.convert('RGB')), pixels(out / 'sheet-000.png')
    )


def test_arrays_tell_the_strokes(made):
  _, arrays = made
  assert arrays['seed'].tolist() == list(range(COUNT))
  for work, strokes, steps in zip(arrays['work'], arrays['strokes'], arrays['steps'], strict=True):
    assert (strokes[steps:] == -1).all()
    canvas = np.zeros_like(work)
    for row, column, colour in strokes[:steps]:
      canvas[row, column] = colour
    np.testing.assert_array_equal(canvas, work)


def test_the_table_says_how_like_the_imagined_works_are(made):
  out, arrays = made
  for row, work, imagined, steps in zip(
    rows(out), arrays['work'], arrays['imagined'], arrays['steps'], strict=True
  ):
    assert float(row['equal_pixels']) == pytest.approx((work == imagined).mean())
    assert int(row['strokes']) == steps
    assert row['label'] in ('horizontal', 'vertical')
    assert np.isfinite(float(row['logit']))
  assert 0.5 < (arrays['work'] == arrays['imagined']).mean() < 1


def test_a_data_set_has_the_same_works_and_teaches_what_they_are(made):
  out, arrays = made
  builder = tfds.builder_from_directory(out / 'tfrecord')
  read = builder.as_dataset(split='train', batch_size=-1)
  picture = arrays['palette'][arrays['work']][..., :1]
  for name, wanted in (('image', picture), ('label', arrays['label']), ('seed', arrays['seed'])):
    np.testing.assert_array_equal(read[name], wanted)
  # As a world's own data, of which the last fifth is for the test.
  world = pixel_art.PixelArt(data=str(out / 'tfrecord'), size=4)
  assert world.works.label_names == ['horizontal', 'vertical']
  works = [work for split in ('train', 'test') for work in world.works.real(split)]
  np.testing.assert_array_equal([each.work for each in works], arrays['work'])
  np.testing.assert_array_equal([each.label for each in works], arrays['label'])
  classifier = neighbors.KNeighborsClassifier().fit(
    [each.work.numpy().ravel() for each in works], [each.label for each in works]
  )
  real = tiny.works()
  assert classifier.score(real.work.reshape(len(real.label), -1), real.label) > 0.8


def test_the_same_seed_is_the_same_work_in_any_company(made, run_dir, tmp_path):
  whole = contents(made[0])
  run_lib.load.cache_clear()
  run(run_dir, count=COUNT, format=studio.FORMATS, out=str(tmp_path / 'again'))
  assert contents(tmp_path / 'again') == whole
  run(run_dir, count=1, seed=7, format=('png', 'gif', 'svg'), out=str(tmp_path / 'one'))
  for path, found in contents(tmp_path / 'one').items():
    if path.parent.name:
      assert found == whole[path]
  assert rows(tmp_path / 'one') == rows(made[0])[7:8]


def test_labels_come_in_turn_and_name_the_folder(run_dir):
  run(run_dir, count=5, label=('vertical', 'horizontal'), format=())
  out = run_dir / 'created' / 'seed0-count5-labelvertical+horizontal'
  assert [row['label'][0] for row in rows(out)] == list('vhvhv')
  assert [path.name for path in out.iterdir()] == ['works.csv']


def test_a_picture_of_any_size_and_colour_is_painted(run_dir, tmp_path):
  # Black beside yellow, whose luminance of .886 is nearest to the last of four greys.
  page = np.zeros((30, 50, 3), np.uint8)
  page[:, 25:] = [255, 255, 0]
  Image.fromarray(page).save(tmp_path / 'half.png')
  settings = {'target': str(tmp_path / 'half.png'), 'format': ('npz', 'svg', 'png', 'gif')}
  run(run_dir, out=str(tmp_path / 'out'), count=9, **settings)
  with np.load(tmp_path / 'out/works.npz') as arrays:
    assert arrays['imagined'].tolist() == [[[0, 0, 3, 3]] * 4]
  assert (tmp_path / 'out/before-after.png').exists()
  (svg,), (png,) = files(tmp_path / 'out', 'svg'), files(tmp_path / 'out', 'png')
  np.testing.assert_array_equal(rasterise(svg.read_text()), pixels(png))


def test_a_hole_is_filled_and_all_else_stays(run_dir, tmp_path):
  work = np.array([[0, 0, 0, 0], [3, 3, 3, 3], [0, 0, 0, 0], [0, 0, 0, 1]])
  Image.fromarray((work * 85).astype(np.uint8)).save(tmp_path / 'bar.png')
  mask = np.zeros((4, 4), np.uint8)
  mask[:, 1:3] = 255
  Image.fromarray(mask.repeat(3, 0).repeat(3, 1)).save(tmp_path / 'mask.png')
  run(
    run_dir,
    start=str(tmp_path / 'bar.png'),
    mask=str(tmp_path / 'mask.png'),
    count=4,
    format=('npz', 'svg', 'png', 'gif'),
    out=str(tmp_path / 'out'),
  )
  with np.load(tmp_path / 'out/works.npz') as arrays:
    for name in ('begun', 'imagined', 'work'):
      assert (arrays[name] == work)[:, mask == 0].all()
    assert not arrays['begun'][:, mask > 0].any()
    assert (arrays['imagined'][0, 1] > 0).all()  # the bar is closed
  for svg, png, gif in zip(
    *(files(tmp_path / 'out', kind) for kind in ('svg', 'png', 'gif')), strict=True
  ):
    np.testing.assert_array_equal(rasterise(svg.read_text()), pixels(png))
    np.testing.assert_array_equal(pixels(gif)[16::32, 16::32, 0], np.where(mask, 0, work * 85))


@pytest.mark.parametrize(
  ('settings', 'words'),
  [
    ({'count': 0}, '--count must be 1 to'),
    ({'start': 'pipelines/gallery.png'}, '--start has no gaps to be filled'),
    ({'seed': -1}, '--seed must be 0 to'),
    ({'format': ('pgn',)}, "--format cannot be 'pgn'. Did you mean 'png'?"),
    ({'label': ('vertica',)}, "unknown label 'vertica'. Did you mean 'vertical'?"),
    ({'target': 'no.png'}, 'no.png is not there: --target must be the file of one work'),
    ({'target': 'BUILD'}, 'cannot read BUILD as a picture'),
    ({'target': 'BUILD', 'start': 'BUILD'}, 'choose one'),
    ({'mask': 'BUILD'}, 'there is none'),
    ({'out': '/proc/no/folder'}, 'choose another --out'),
    ({'run_dir': 'runs/none'}, 'holds no trained run'),
  ],
)
def test_mistakes_are_answered(run_dir, settings, words):
  with pytest.raises(spec.UserError, match=re.escape(words)):
    run(**{'run_dir': run_dir, **settings})
  assert not (run_dir / 'created' / 'seed0-count64').exists()


def test_the_exit_code_of_a_mistake_is_2():
  command = [sys.executable, '-m', 'tf_creative.create', '--format=png,pgn']
  done = subprocess.run(command, capture_output=True, text=True, timeout=120)
  assert done.returncode == 2
  assert len(done.stderr.splitlines()) == 1


def test_ctrl_c_leaves_whole_files_only(run_dir, tmp_path, monkeypatch):
  save = Image.Image.save

  def interrupted(picture, path, **options):
    save(picture, path, **options)
    if '000003' in pathlib.Path(path).name:
      raise KeyboardInterrupt

  monkeypatch.setattr(Image.Image, 'save', interrupted)
  config = create.CreateConfig(run_dir=str(run_dir), count=6, out=str(tmp_path))
  assert create.create(config) == 130
  left = {path.name for path in tmp_path.rglob('*.*')}
  assert {name[:6] for name in left if name[0] == '0'} == {'000000', '000001', '000002'}
  assert not [name for name in left if 'partial' in name]


def test_every_format_is_written_by_its_name():
  assert all(callable(getattr(formats, f'_{name}')) for name in studio.FORMATS)
