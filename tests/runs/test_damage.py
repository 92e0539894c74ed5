"""Checkpoints: twelve kinds of damage, killed saves, disks that refuse, and who may write."""

import contextlib
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import time

import pytest
import tensorflow as tf

from tests.shared import tiny
from tests.shared.runs import UNEXPORTED as TOY
from tests.shared.runs import hurry, rows, tiny_config
from tf_creative import train
from tf_creative.core import spec, storage
from tf_creative.runs import checkpoints
from tf_creative.runs import run as run_lib

DATA, INDEX = '.data-00000-of-00001', '.index'


def change(change_bytes):
  return lambda path: path.write_bytes(change_bytes(path.read_bytes()))


def flip(where):
  def flipped(content):
    at = int(where * (len(content) - 1))
    return content[:at] + bytes([content[at] ^ 16]) + content[at + 1 :]

  return change(flipped)


def other(path):
  shutil.copyfile(path.with_name(path.name.replace('-4', '-2')), path)


def folder(path):
  path.unlink()
  path.mkdir()


DAMAGES = {
  'data gone': (DATA, pathlib.Path.unlink),
  'data empty': (DATA, change(lambda content: b'')),
  'data cut in half': (DATA, change(lambda content: content[: len(content) // 2])),
  'data lacks a byte': (DATA, change(lambda content: content[:-1])),
  'a bit of the data': (DATA, flip(0.3)),
  'another bit of the data': (DATA, flip(0.9)),
  'data all zero': (DATA, change(lambda content: bytes(len(content)))),
  'data of another round': (DATA, other),
  'data is a folder': (DATA, folder),
  'index gone': (INDEX, pathlib.Path.unlink),
  'index empty': (INDEX, change(lambda content: b'')),
  'index cut': (INDEX, change(lambda content: content[:-7])),
  'a bit of the index': (INDEX, flip(0.5)),
  'index all zero': (INDEX, change(lambda content: bytes(len(content)))),
}
LISTS = {
  'list gone': pathlib.Path.unlink,
  'list empty': change(lambda content: b''),
  'list cut': change(lambda content: content[: len(content) // 2]),
  'list of noise': change(lambda content: b'\xff\x00' * 40),
}


@pytest.fixture(scope='module', autouse=True)
def _hasty():
  with pytest.MonkeyPatch.context() as patch:
    hurry(patch)
    yield


@pytest.fixture(scope='module')
def learner():
  return tiny.learner()


@pytest.fixture
def shelf(learner, tmp_path):
  """With the rounds 2 and 4."""
  made = checkpoints.Shelf(tmp_path / 'shelf', tf.train.Checkpoint(learner=learner), 3)
  for round_ in (2, 4):
    learner.loop.round.assign(round_)
    made.save(round_)
  learner.loop.round.assign(77)
  return made


@pytest.mark.parametrize('kind', DAMAGES)
def test_the_one_before_is_used_and_the_damaged_one_put_aside(kind, shelf, learner):
  ending, harm = DAMAGES[kind]
  harm(shelf.folder / f'ckpt-4{ending}')
  left = [path.name for path in shelf.folder.glob('ckpt-4.*')]
  said = []
  assert shelf.restore(said.append) == 2
  assert int(learner.loop.round) == 2
  assert len(said) == 1 and 'ckpt-4 is damaged' in said[0] and 'put aside' in said[0]
  assert [path.name for path in (shelf.folder / 'damaged').iterdir()] == left
  assert checkpoints.numbers(shelf.folder) == [2]
  learner.loop.round.assign(4)
  shelf.save(4)  # its number is free again
  learner.loop.round.assign(0)
  assert shelf.restore(said.append) == 4 and int(learner.loop.round) == 4


@pytest.mark.parametrize('kind', LISTS)
def test_without_their_list_checkpoints_are_found_by_their_files(kind, shelf, learner):
  LISTS[kind](shelf.folder / 'checkpoint')
  shelf.clean()
  assert shelf.restore(print) == 4 and int(learner.loop.round) == 4


def test_what_killed_saves_left_is_removed_and_nothing_else(shelf):
  whole = {path.name for path in shelf.folder.iterdir()}
  (shelf.folder / 'ckpt-6_temp').mkdir()
  (shelf.folder / 'ckpt-6_temp' / 'part-00000-of-00001.data-00000-of-00001').write_bytes(b'half')
  (shelf.folder / f'ckpt-6{DATA}').write_bytes(b'whole')
  (shelf.folder / 'ckpt-6.index').write_bytes(b'half')
  (shelf.folder / '.partial-checkpoint').write_bytes(b'half')
  assert checkpoints.numbers(shelf.folder) == [2, 4]
  shelf.clean()
  assert {path.name for path in shelf.folder.iterdir()} == whole


def test_the_newest_are_kept_and_no_number_is_written_twice(shelf, learner):
  for round_ in (6, 8):
    shelf.save(round_)
  assert checkpoints.numbers(shelf.folder) == [4, 6, 8]
  assert {path.stem for path in shelf.folder.glob('*.index')} == {'ckpt-4', 'ckpt-6', 'ckpt-8'}
  before = (shelf.folder / 'ckpt-8.index').stat()
  learner.loop.round.assign(5)
  shelf.save(8)
  assert (shelf.folder / 'ckpt-8.index').stat() == before


def test_another_learner_is_no_damage(shelf, learner, tmp_path):
  wider = tiny.learner(couplings='environment|guide')
  with pytest.raises(checkpoints.Other, match='another learner than these settings make'):
    checkpoints.Shelf(shelf.folder, tf.train.Checkpoint(learner=wider), 3).restore(print)
  assert checkpoints.numbers(shelf.folder) == [2, 4]


def hostile(shelf, learner, **more):
  """A checkpoint of round 4 that is good but for what it also holds."""
  checkpoint = tf.train.Checkpoint(learner=learner, **more)
  for path in shelf.folder.glob('ckpt-4.*'):
    path.unlink()
  checkpoint.write(str(shelf.folder / 'ckpt-4'))


def read_all(shelf, learner):
  checkpoints.read(shelf.checkpoint, shelf.folder, 4)


def read_some(shelf, learner):
  checkpoints.read_some({'learner': learner}, shelf.folder, 4)


@pytest.mark.parametrize('way', [read_all, read_some])
@pytest.mark.parametrize('kind', ['many bytes', 'many it says', 'other shapes', 'nothing of it'])
def test_what_no_learner_is_like_is_refused_before_it_is_read(
  way, kind, shelf, learner, monkeypatch
):
  if kind == 'many bytes':
    hostile(shelf, learner, more=tf.Variable(tf.zeros([10 << 20])))
    size = sum(path.stat().st_size for path in shelf.folder.glob('ckpt-4.*'))
    assert size > 40 << 20
  elif kind == 'many it says':  # to open the file is to read no tensor
    hostile(shelf, learner, more=tf.Variable(tf.zeros([10 << 20])))
    os.truncate(shelf.folder / f'ckpt-4{DATA}', 1000)
  elif kind == 'other shapes':
    hostile(shelf, tiny.learner(couplings='', seed=1).gan)
  else:
    hostile(shelf, tf.train.Checkpoint(loop=tf.train.Checkpoint(round=tf.Variable('a'))))
  monkeypatch.setattr(tf.train.Checkpoint, 'read', None)
  with pytest.raises(checkpoints.Other, match=r'another learner than these settings make \(it '):
    way(shelf, learner)


@pytest.fixture(scope='module')
def whole(tmp_path_factory):
  run_dir = tmp_path_factory.mktemp('whole') / 'run'
  assert train.train(tiny_config(run_dir, evaluate_every=0)) == 0
  return run_dir


@pytest.fixture
def trained(whole, tmp_path):
  """A run of six rounds, with checkpoints of 2, 4 and 6."""
  return tiny_config(shutil.copytree(whole, tmp_path / 'run'), evaluate_every=0)


def test_a_run_goes_on_from_the_last_good_one_and_ends_the_same(trained, tmp_path, capsys):
  run_dir = pathlib.Path(trained.run.run_dir)
  gallery, logged = (run_dir / 'gallery.png').read_bytes(), rows(run_dir)
  harm = DAMAGES['a bit of the data'][1]
  harm(run_dir / 'checkpoints' / f'ckpt-6{DATA}')
  harm(run_dir / 'best' / f'ckpt-6{DATA}')
  _, loaded = run_lib.load(run_dir)
  assert int(loaded.loop.round) == 4
  assert 'passed over' in capsys.readouterr().err
  assert checkpoints.numbers(run_dir / 'checkpoints') == [2, 4, 6], 'who only looks moves nothing'
  with (run_dir / 'metrics.jsonl').open('a') as file:
    file.write('{"round": 6, "agent/lo')  # torn
  assert train.train(trained) == 0
  told = capsys.readouterr()
  assert 'ckpt-6 is damaged' in told.err and 'at round 4' in told.out
  assert rows(run_dir) == logged
  assert (run_dir / 'gallery.png').read_bytes() == gallery


def test_nothing_but_damage_is_an_error_and_never_a_fresh_start(trained):
  run_dir = pathlib.Path(trained.run.run_dir)
  for path in (run_dir / 'checkpoints').glob('*.index'):
    path.write_bytes(b'')
  shutil.rmtree(run_dir / 'best')
  with pytest.raises(spec.UserError, match='no checkpoint in .* can be read'):
    run_lib.load(run_dir)
  for _ in range(2):  # the second time there is nothing left but what was put aside
    with pytest.raises(spec.UserError, match='(?s)all were put aside .*Bring a copy'):
      train.train(trained)
  assert len(list((run_dir / 'checkpoints/damaged').glob('*.index'))) == 3


def test_a_finished_run_that_is_started_again_repeats_no_row(trained):
  run_dir = pathlib.Path(trained.run.run_dir)
  logged = (run_dir / 'metrics.jsonl').read_text()
  assert train.train(trained) == 0
  assert (run_dir / 'metrics.jsonl').read_text() == logged


def test_one_trains_in_a_folder_at_a_time(tmp_path):
  config, learner = tiny_config(tmp_path), tiny.learner()
  (tmp_path / '.lock').write_text('process 1 on a machine that is gone')  # stale
  with contextlib.closing(run_lib.Run(config)) as first:
    first.attach(learner)
    with pytest.raises(spec.UserError, match=rf'(?s)another training \(process {os.getpid()} on'):
      run_lib.Run(config).attach(learner)
  with contextlib.closing(run_lib.Run(config)) as second:
    second.attach(learner)


def until_saved(process, run_dir):
  """Waits for a first checkpoint, and for the rounds after it."""
  for line in process.stdout:
    if line.startswith('first rounds'):
      break
  while not (run_dir / 'checkpoints' / 'checkpoint').exists():
    time.sleep(0.01)
    assert process.poll() is None


def fill(process, disk):
  with contextlib.suppress(OSError), (disk / 'other').open('wb', buffering=0) as file:
    while True:
      file.write(bytes(4096))


def close(process, disk):
  # A mount of its own over the first: that cannot become read-only while files in it are open.
  subprocess.run(['mount', '--bind', str(disk), str(disk)], check=True)
  subprocess.run(['mount', '-o', 'remount,bind,ro', str(disk)], check=True)


def limit(process, disk):
  resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (20_000, 20_000))


@pytest.mark.parametrize(
  'harm, words',
  [
    pytest.param(fill, 'No space left', marks=pytest.mark.slow),
    pytest.param(close, 'Read-only', marks=pytest.mark.slow),
    (limit, 'File too large'),  # for which nothing need be mounted
  ],
)
def test_where_nothing_can_be_saved_the_last_good_one_stands(harm, words, tmp_path):
  disk = tmp_path / 'disk'
  disk.mkdir()
  if harm is not limit:
    mount = ['mount', '-t', 'tmpfs', '-o', 'size=6m', 'none', str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
      pytest.skip('a small disk of its own may not be mounted here')
  run_dir = disk / 'run'
  command = [
    *(sys.executable, '-u', '-m', 'tf_creative.train', '--flagfile=pipelines/debug.flags', *TOY),
    *(f'--run_dir={run_dir}', '--evaluate_every=0', '--picture_every=0'),
  ]
  pipes = {'stdout': subprocess.PIPE, 'stderr': subprocess.PIPE, 'text': True}
  try:
    with subprocess.Popen([*command, '--rounds=100000'], **pipes) as process:
      until_saved(process, run_dir)
      harm(process, disk)
      _, said = process.communicate()
    assert process.returncode == storage.StorageError.code, said
    error = next(line for line in said.splitlines() if line.startswith('error: '))
    assert words in error and str(run_dir) in error and 'bytes free there' in error
    assert 'Traceback' not in said
    shelf = run_dir / 'checkpoints'
    known = checkpoints.numbers(shelf)
    assert {path.stem for path in shelf.iterdir()} == {'checkpoint', *(f'ckpt-{n}' for n in known)}
    if harm is not fill:  # how it goes on once there is room again is the same for all
      return
    (disk / 'other').unlink()
    more = known[-1] + 2
    done = subprocess.run([*command, f'--rounds={more}', '--works=20'], check=False, **pipes)
    assert f'at round {known[-1]}' in done.stdout, done.stderr
    assert checkpoints.numbers(shelf)[-1] == more
  finally:
    subprocess.run(['umount', str(disk)], check=False, capture_output=True)
