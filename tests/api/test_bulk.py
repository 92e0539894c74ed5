"""Works by the million, in small: the same as `create` makes, whatever fails on the way."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import zipfile

import numpy as np
from PIL import Image
import pytest
import tensorflow_datasets as tfds

from tests.shared import runs, tiny
from tf_creative import bulk
from tf_creative.api import exported
from tf_creative.core import spec
from tf_creative.learner import learner as learner_lib
from tf_creative.studio import publishing
from tf_creative.worlds.pixel_art import world

pytest.importorskip('apache_beam', reason="run pip install 'tf_creative[beam]'")

COUNT = 50


@pytest.fixture(scope='module')
def exports(tmp_path_factory):
  folder = tmp_path_factory.mktemp('exports')
  with pytest.MonkeyPatch.context() as patch:
    runs.verify_here(patch)
    config = tiny.config()
    publishing.publish(learner_lib.Learner(config), config, folder, 2, {'painted/frechet': 1.25})
  return folder


@pytest.fixture(scope='module')
def maker(exports):
  return exported.Export(exports)


@pytest.fixture
def make(exports, tmp_path):
  def call(name='works', **other):
    given = {'count': COUNT, 'shard': 20, 'seed': 7, 'out': str(tmp_path / name), **other}
    assert bulk.bulk(bulk.BulkConfig(export_dir=str(exports), **given)) == 0
    return tmp_path / name

  return call


def read(folder: pathlib.Path) -> dict[str, np.ndarray]:
  """What TFDS reads there."""
  builder = tfds.builder_from_directory(folder)
  if builder.info.file_format.value == 'array_record':
    rows = list(builder.as_data_source(split='train'))
  else:
    rows = list(tfds.as_numpy(builder.as_dataset(split='train')))
  return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def content(folder: pathlib.Path) -> dict[str, bytes]:
  """All files, but the times that were noted."""
  return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != 'bulk.json'}


@pytest.mark.parametrize('kind', ['tfrecord', 'array_record'])
def test_they_are_what_create_makes_in_order_and_a_data_set(kind, make, maker, capsys):
  folder = make(format=kind, label=('horizontal', 'vertical', 'any'))
  held, works = read(folder), maker.create(COUNT, ('horizontal', 'vertical', 'any'), seed=7)
  np.testing.assert_array_equal(held['seed'], 7 + np.arange(COUNT))
  np.testing.assert_array_equal(held['label'], works.portfolio.concept.label)
  np.testing.assert_array_equal(held['image'], works.images[..., :1])
  assert len(list(folder.glob(f'created-train.{kind}-*-of-00003'))) == 3
  said = json.loads((folder / 'bulk.json').read_text())
  assert (said['made'], said['written']) == (COUNT, COUNT)
  assert 'tfds.builder_from_directory' in capsys.readouterr().out
  if kind == 'array_record':  # which a world does not read
    return
  again = world.PixelArt(data=str(folder), size=held['image'].shape[1])
  read_back = [work for split in ('train', 'test') for work in again.works.real(split)]
  assert len(read_back) == COUNT


def test_the_size_of_shards_makes_no_difference_and_a_complete_one_is_left(make, capsys):
  first, second = make('a'), make('b', shard=7)
  assert {k: v.tolist() for k, v in read(first).items()} == {
    k: v.tolist() for k, v in read(second).items()
  }
  before = content(first)
  make('a')
  assert content(first) == before
  assert 'is complete' in capsys.readouterr().out


def test_what_the_critic_dislikes_or_was_made_before_is_left_out(make, maker):
  works = maker.create(COUNT, seed=7).portfolio
  least = float(np.median(works.logit))
  held = read(make('liked', least_logit=least))
  np.testing.assert_array_equal(held['seed'], works.seed[works.logit >= least])
  _, first = np.unique(works.made.work.reshape(COUNT, -1), axis=0, return_index=True)
  held = read(make('distinct', distinct=True))
  np.testing.assert_array_equal(held['seed'], works.seed[np.sort(first)])
  assert len(first) < COUNT, 'the toy makes equal works, or this test shows nothing'


def test_pictures_come_in_archives_and_equal_ones_have_equal_bytes(make, maker):
  first, second = make('a', format='png'), make('b', format='png')
  assert content(first) == content(second)
  with zipfile.ZipFile(first / 'works-00002-of-00003.zip') as archive:
    assert len(archive.namelist()) == COUNT - 40
    name = archive.namelist()[-1]
    with archive.open(name) as file:
      drawn = np.asarray(Image.open(file).convert('RGB'))
  assert name.endswith(f'{7 + COUNT - 1:012d}.png')
  np.testing.assert_array_equal(drawn, maker.create(1, seed=7 + COUNT - 1).images[0])


def test_a_failure_is_told_and_the_same_command_makes_what_is_missing(make, monkeypatch):
  create, calls = exported.Export.create, []

  def fails(self, count, *given, **named):
    calls.append(count)
    if count == 20 and calls.count(20) == 2:
      raise ValueError('the disk is in flames')
    return create(self, count, *given, **named)

  whole = make('whole')
  monkeypatch.setattr(exported.Export, 'create', fails)
  with pytest.raises(spec.UserError, match='1 of 3 made, then it failed: .*flames.*same command'):
    make('works')
  assert make('works') and calls.count(20) == 3  # the first is not made again
  told = [content(one) for one in (whole, whole.parent / 'works')]
  assert told[0].keys() == told[1].keys()
  for name, part in told[0].items():
    assert part == told[1][name] or name == 'settings.json'


@pytest.mark.parametrize(
  ('other', 'answer'),
  [
    ({'label': ('nine',)}, "unknown label 'nine'"),
    ({'export_dir': 'nowhere'}, "nowhere has no model 'creator'"),
    ({'runner_flags': ('--x=1',)}, '--runner=direct takes no --runner_flags'),
    ({'format': 'jpeg'}, "--format cannot be 'jpeg'"),
    ({'count': 0}, '--count must be'),
  ],
)
def test_a_wrong_setting_is_answered_in_a_line(other, answer, exports, tmp_path):
  given = {'export_dir': str(exports), 'count': 3, 'out': str(tmp_path / 'works'), **other}
  with pytest.raises(spec.UserError) as error:
    bulk.bulk(bulk.BulkConfig(**given))
  assert answer in str(error.value)


def test_other_works_are_never_mixed_nor_other_files_touched(make, tmp_path):
  make()
  with pytest.raises(spec.UserError, match='has works by other settings'):
    make(seed=8)
  (tmp_path / 'mine').mkdir()
  (tmp_path / 'mine/thesis.tex').write_text('thesis')
  with pytest.raises(spec.UserError, match='is not empty'):
    make('mine')
  assert os.listdir(tmp_path / 'mine') == ['thesis.tex']


@pytest.mark.slow
def test_a_worker_that_is_killed_costs_nothing(exports, tmp_path, make):
  def command(out):
    return [
      *(sys.executable, '-m', 'tf_creative.bulk', f'--export_dir={exports}', f'--out={out}'),
      *('--count=4000', '--shard=200', '--workers=2', '--distinct'),
    ]

  subprocess.run(command(tmp_path / 'unbroken'), check=True)
  out = tmp_path / 'broken'
  process, kills = subprocess.Popen(command(out)), 0
  while process.poll() is None:
    made = len(list(out.glob('parts/*/numbers.npz')))
    if made > 4 * kills and kills < 3:
      for worker in first_worker():
        os.kill(worker, signal.SIGKILL)
      kills += 1
      assert process.wait(600) != 0
      process = subprocess.Popen(command(out))
    time.sleep(0.1)
  assert (process.returncode, kills) == (0, 3)
  assert content(out).keys() == content(tmp_path / 'unbroken').keys()
  for name, part in content(tmp_path / 'unbroken').items():
    assert part == content(out)[name]


def first_worker(parent: int) -> list[int]:
  """The first of the processes that Beam has started."""
  listed = subprocess.run(['ps', '-A', '-o', 'pid=,args='], capture_output=True, text=True)
  lines = [line for line in listed.stdout.splitlines() if 'sdk_worker_main' in line]
  return [int(lines[0].split()[0])]
