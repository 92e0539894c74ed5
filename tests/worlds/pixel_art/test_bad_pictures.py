"""Folders, archives and arrays that hold no pictures, or worse: a line each, at no cost."""

import io
import os
import struct
import time
import tracemalloc
import zipfile

import numpy as np
import pytest

from tests.shared import hostile_pictures
from tests.worlds.pixel_art import painted
from tf_creative.core import spec
from tf_creative.worlds.pixel_art import world as pixel_art
from tf_creative.worlds.pixel_art.pictures import archives
from tf_creative.worlds.pixel_art.pictures import pictures_dataset_builder as own


def nothing(path):
  path.mkdir()


def texts(path):
  path.mkdir()
  for name in ('a.txt', 'b.csv', '.c.png', 'd.tiff'):
    (path / name).write_text('x')


def empty_classes(path):
  for name in ('cat', 'dog/inner/inner'):
    (path / name).mkdir(parents=True)


def files(*contents, name='x{}.png'):
  def make(path):
    path.mkdir()
    for number, content in enumerate(contents):
      (path / name.format(number)).write_bytes(content() if callable(content) else content)

  return make


def no_files(path):
  path.mkdir()
  os.mkfifo(path / 'pipe.png')
  (path / 'noise.png').symlink_to('/dev/zero')
  (path / 'nowhere.png').symlink_to('nowhere')
  (path / 'round').symlink_to(path)


def same(path):
  for number in range(9):
    painted.save(path / f'{number}.png', painted.sprite(0))


def mirrored(path):
  for number in range(30):
    page = painted.sprite(0)[:, :: (-1) ** number].copy()
    page[1, 1, 0] = number
    painted.save(path / f'{number}.png', page)


def written(content):
  return lambda path: path.write_bytes(content)


def zipped(members, **how):
  def make(path):
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as archive:
      for name, content in members.items():
        archive.writestr(name, content, **how)

  return make


def encrypted(path):
  zipped({'a.png': painted.encoded(painted.sprite(0), 'PNG')})(path)
  content = bytearray(path.read_bytes())
  content[6] |= 1
  content[content.index(b'PK\1\2') + 8] |= 1
  path.write_bytes(content)


def long_list(path):
  """An end that says that the list of members has a gigabyte."""
  path.write_bytes(b'PK\5\6' + struct.pack('<HHHHIIH', 0, 0, 9, 9, 1 << 30, 0, 0))


def zip64(path):
  end = b'PK\5\6' + struct.pack('<HHHHIIH', 0, 0, 9, 9, 100, 0, 0)
  path.write_bytes(bytes(200) + b'PK\6\7' + bytes(16) + end)


def bomb(path):
  """Members that say that they have two gigabytes each."""
  zipped({f'{i}.png': b'x' for i in range(3)})(path)
  content = bytearray(path.read_bytes())
  at = -1
  while (at := content.find(b'PK\1\2', at + 1)) >= 0:
    struct.pack_into('<I', content, at + 24, (1 << 31) - 1)
  path.write_bytes(content)


def huge_member(path):
  zipped({f'{i}.png': bytes(70 << 20) for i in range(2)})(path)


def cut(path):
  zipped({f'{i}.png': painted.encoded(painted.sprite(i), 'PNG') for i in range(20)})(path)
  os.truncate(path, path.stat().st_size // 2)


def arrays(**given):
  return lambda path: np.savez(path, **given)


def declared(shape):
  """An array of so many pictures that is not there."""

  def make(path):
    head = io.BytesIO()
    told = {'descr': '|u1', 'fortran_order': False, 'shape': shape}
    np.lib.format.write_array_header_1_0(head, told)
    zipped({'images.npy': head.getvalue() + bytes(100)})(path)

  return make


PAGES = np.stack([painted.sprite(i) for i in range(20)])
BAD = {  # a name of what is given -> (how it is made, options, words of the answer)
  'missing/': (lambda path: None, {}, 'there is no folder'),
  'empty': (nothing, {}, 'has no pictures: read are .png, .jpg, .jpeg, .webp, .gif, .bmp'),
  'texts': (texts, {}, 'and it has 3 other files'),
  'empty classes': (empty_classes, {}, 'has no pictures'),
  'no files': (no_files, {}, 'no picture can be used: noise.png (it is no file of data), nowhere'),
  'broken': (files(b'', b'\x89PNG\r\n\x1a\n', b'GIF8'), {}, 'x0.png (it is empty), x1.png ('),
  'texts for pictures': (files(b'hello', name='{}.jpg'), {}, 'it is none, or none of PNG'),
  'an icon': (files(hostile_pictures.REFUSED['an icon'][0]), {}, 'it is none, or none of PNG'),
  'too large': (files(lambda: hostile_pictures.png(6000, 5000, depth=1)), {}, 'it is 6000 x 5000'),
  'moving': (files(lambda: hostile_pictures.moving('GIF', 9)), {}, 'it holds several pictures'),
  'a long film': (
    files(lambda: hostile_pictures.moving('GIF', 900)),
    {'frames': True},
    'it has more than 500 frames',
  ),
  'one': (lambda path: painted.folder(path, count=1), {}, 'has 1 different picture, '),
  'the same': (same, {}, 'some are wanted of both. Add pictures (20 are few'),
  'mirrored': (mirrored, {}, 'and 0 for tests: some are wanted of both'),
  'of other sizes': (painted.folder, {'size': 9, 'fit': 'exact'}, 'it is 8 x 8, not 9 x 9'),
  'no whole tile': (painted.folder, {'tile': 9}, 'no picture can be used'),
  'x.txt': (written(b'x'), {}, 'it is no folder and none of .zip, .npz, .png'),
  'x.tar.gz': (written(b'\x1f\x8b'), {}, 'it is no folder and none of .zip'),
  'x.png': (written(b'x'), {}, 'no picture can be used: x.png (it is none'),
  'x.zip': (written(b'no archive'), {}, 'it is no zip archive, or a damaged one'),
  'empty.zip': (zipped({}), {}, 'has no pictures'),
  'texts.zip': (zipped({'x.txt': 'x', 'y/': ''}), {}, 'has no pictures'),
  'cut.zip': (cut, {}, 'it is no zip archive, or a damaged one'),
  'broken.zip': (zipped({'x.png': b'x'}), {}, 'no picture can be used: x.png (it is none'),
  'secret.zip': (encrypted, {}, 'password'),
  'out.zip': (zipped({'../../x.png': b'x', '/../y.png': b'x'}), {}, 'has no pictures'),
  'list.zip': (long_list, {}, 'its list of members is too long: unpack it'),
  '64.zip': (zip64, {}, 'its list of members is too long: unpack it'),
  'bomb.zip': (bomb, {}, 'unpacked it would have 6,143 MB, more than 4096'),
  'huge.zip': (huge_member, {}, '0.png (it has more than 64 MB)'),
  'text.npz': (written(b'x'), {}, 'it is no zip archive'),
  'other.npz': (arrays(work=PAGES), {}, "its 'images' cannot be read"),
  'floats.npz': (arrays(images=PAGES / 255), {}, "its 'images' are float64 (20, 8, 8, 4)"),
  'objects.npz': (
    arrays(images=np.array([print, {}], object)),
    {},
    "its 'images' cannot be read (it is object (2,)",
  ),
  'labels.npz': (arrays(images=PAGES, labels=[1, 2]), {}, "its 'labels' are int64 (2,), and one"),
  'flat.npz': (arrays(images=PAGES.reshape(20, -1)), {}, "its 'images' are uint8 (20, 256)"),
  'none.npz': (arrays(images=PAGES[:0]), {}, 'has no pictures'),
  'thin.npz': (arrays(images=PAGES[:, :0]), {}, 'no picture can be used: images[0] ('),
  'huge.npz': (declared((1 << 20, 1 << 10, 1 << 10, 4)), {}, 'more than 1024 MB'),
  'short.npz': (declared((20, 8, 8, 4)), {}, "its 'images' is cut short"),
  'minus.npz': (declared((20, -8, 8, 4)), {}, "its 'images' cannot be read"),
  'palette.hex': (written(b'ff0000\n0000ff'), {}, 'it is no folder and none of'),
}


@pytest.fixture
def kept(tmp_path, monkeypatch):
  painted.keep_at(monkeypatch, tmp_path / 'kept')


@pytest.mark.parametrize('name', BAD)
def test_it_is_answered_in_a_line(name, tmp_path, kept):
  make, options, words = BAD[name]
  make(tmp_path / name)
  begun = time.process_time()
  tracemalloc.start()
  with pytest.raises(spec.UserError) as caught:
    pixel_art.PixelArt(data=f'{tmp_path}/{name}', **{'size': 8, **options}).label_names  # noqa: B018
  _, peak = tracemalloc.get_traced_memory()
  tracemalloc.stop()
  print(caught.value)
  assert words in str(caught.value) and str(tmp_path) in str(caught.value)
  assert '\n' not in str(caught.value) and len(str(caught.value)) < 700
  assert time.process_time() - begun < 4 and peak < 300 << 20
  assert not (tmp_path / 'kept').exists()


def test_a_place_that_cannot_be_written_is_named(tmp_path, monkeypatch):
  (tmp_path / 'kept').touch()
  painted.keep_at(monkeypatch, tmp_path / 'kept')
  with pytest.raises(spec.UserError, match='Set TFDS_DATA_DIR to a folder that can be written'):
    own.prepared(str(painted.folder(tmp_path / 'my')), painted.told(tmp_path / 'my'))


def test_nothing_of_an_archive_is_unpacked_elsewhere(tmp_path, kept):
  """Nor is what lies outside of it read: names that lead out are passed over."""
  with zipfile.ZipFile(tmp_path / 'x.zip', 'w') as archive:
    for number in range(30):
      archive.writestr(f'{number}.png', painted.encoded(painted.sprite(number), 'PNG'))
    archive.writestr('../../out.png', painted.encoded(painted.sprite(99), 'PNG'))
    archive.writestr('__MACOSX/._0.png', b'x')
  before = sorted(tmp_path.rglob('*'))
  assert len(painted.read(tmp_path / 'x.zip').rows) == 30
  assert sorted(tmp_path.rglob('*')) == before


def test_a_member_is_unpacked_no_further_than_it_may_be(tmp_path):
  """It says that it has a byte, and has a hundred megabytes."""
  zipped({'x.png': bytes(100 << 20)})(tmp_path / 'x.zip')
  tracemalloc.start()
  with archives.opened(tmp_path / 'x.zip') as archive, pytest.raises(ValueError, match='more than'):
    archives.member(archive, 'x.png', 1 << 20)
  assert tracemalloc.get_traced_memory()[1] < 20 << 20
  tracemalloc.stop()


def test_names_that_a_terminal_would_obey_are_shown_plainly(tmp_path):
  painted.folder(tmp_path / 'a\x1b[2J', count=12)
  painted.folder(tmp_path / os.fsdecode(b'b\xff'), count=12)
  (tmp_path / 'x\n\x07.png').write_bytes(b'')
  found = painted.read(tmp_path)
  assert found.labels == ['a?[2J', 'b?', 'unsorted'][: len(found.labels)]
  assert all(line.replace(str(tmp_path), '').isprintable() for line in found.lines)
