"""Pictures of your own: all formats and layouts, sizes, splits and copies."""

import os
import shutil

import numpy as np
from PIL import Image
import pytest

from tests.worlds.pixel_art import painted
from tf_creative.core import works as works_lib
from tf_creative.worlds.pixel_art import world as pixel_art
from tf_creative.worlds.pixel_art.pictures import copies, fitting, sources
from tf_creative.worlds.pixel_art.pictures import pictures_dataset_builder as own


def pixels(found):
  return {row.hashed: row.pixels for row in found.rows}


def labelled(found):
  return {(row.split, row.label) for row in found.rows}


def test_classes_are_folders_and_a_fifth_is_for_tests(tmp_path):
  found = painted.read(painted.folder(tmp_path, 'cat', 'dog'))
  assert found.labels == ['cat', 'dog'] and len(found.rows) == 48
  assert labelled(found) == {
    (split, label) for split in ('train', 'test') for label in found.labels
  }
  tests = sum(row.split == 'test' for row in found.rows)
  assert 3 <= tests <= 20
  head = f'{tmp_path}: 48 pictures of 2 classes ({48 - tests} train, {tests} test)'
  assert found.lines[0] == head
  for row in found.rows:
    assert row.split == copies.side_of(row.hashed)


def test_there_are_two_for_tests_even_if_chance_has_one(tmp_path):
  lucky = [n for n in range(200) if copies.side_of(copies.digest(painted.sprite(n))) == 'train']
  for count, tests in ((10, 2), (30, 2)):
    for number in lucky[:count]:
      painted.save(tmp_path / str(count) / f'{number}.png', painted.sprite(number))
    found = painted.read(tmp_path / str(count))
    hidden = {row.hashed for row in found.rows if row.split == 'test'}
    assert len(hidden) == tests and hidden == set(sorted(row.hashed for row in found.rows)[:tests])


def test_every_layout_is_the_same_data(tmp_path):
  plain = painted.folder(tmp_path / 'plain', 'cat', 'dog')
  expected = painted.read(plain)
  inside = shutil.copytree(plain, tmp_path / 'a/b/c').parents[1]
  deeper = tmp_path / 'deeper'
  for path in plain.rglob('*.png'):
    target = deeper / path.parent.name / ('x' * (int(path.stem) % 3 + 1)) / path.name
    painted.save(target, np.asarray(Image.open(path)))
  (plain / '.thumbs').mkdir()
  (plain / '.thumbs/x.png').write_bytes(b'')
  (plain / 'LICENSE.txt').write_text('free')
  archive = painted.packed(plain, tmp_path / 'all.zip', 'my sprites/')
  for layout in (plain, inside, deeper, archive):
    found = painted.read(layout)
    assert found.labels == expected.labels
    for one, other in zip(found.rows, expected.rows, strict=True):
      assert one[:3] == other[:3]
      np.testing.assert_array_equal(one.pixels, other.pixels)


def test_train_and_test_are_taken_as_they_are(tmp_path):
  painted.folder(tmp_path / 'train', 'cat', 'dog', count=15)
  painted.folder(tmp_path / 'test', 'cat', 'dog', count=17)  # of which 15 are the same
  found = painted.read(tmp_path)
  count = lambda split: sum(row.split == split for row in found.rows)  # noqa: E731
  assert (count('train'), count('test')) == (30, 34)
  assert 'warning: 30 of the pictures of other splits are nearly one to train on' in found.lines[1]
  # Without `test`, what is in `train` is split; `train` beside others is a class, of trains.
  shutil.move(tmp_path / 'test', tmp_path / 'unseen')
  assert {row.split for row in painted.read(tmp_path).rows} == {'train', 'test', 'unseen'}
  shutil.move(tmp_path / 'unseen', tmp_path / 'boat')
  assert painted.read(tmp_path).labels == ['boat', 'train']


def test_loose_pictures_beside_classes_are_unsorted(tmp_path):
  painted.folder(painted.folder(tmp_path) / 'cat')
  assert painted.read(tmp_path).labels == ['cat', sources.UNSORTED]
  assert painted.read(painted.folder(tmp_path / 'cat')).labels == []


def test_arrays_have_labels_in_numbers_or_words(tmp_path):
  images = np.stack([painted.sprite(seed) for seed in range(30)])
  np.savez_compressed(tmp_path / 'x.npz', images=images, labels=np.arange(30) % 11)
  found = painted.read(tmp_path / 'x.npz')
  assert found.labels == [str(number) for number in range(11)]  # 2 comes before 10
  grey = images[..., 0].copy(order='F')
  np.savez(tmp_path / 'y.npz', images=grey, labels=np.array(['b', 'a'] * 15))
  found = painted.read(tmp_path / 'y.npz')
  assert found.labels == ['a', 'b']
  wanted = {page.tobytes() for page in grey}
  assert {row.pixels[..., 1].tobytes() for row in found.rows} == wanted


def test_a_sheet_is_cut_into_tiles(tmp_path):
  tiles = [painted.sprite(seed) for seed in range(30)]
  empty, plain = np.zeros((8, 8, 4), np.uint8), np.full((8, 8, 4), 255, np.uint8)
  rows = [np.hstack([*tiles[i : i + 10], empty, plain]) for i in (0, 10, 20)]
  page = np.pad(np.vstack(rows), [(0, 3), (0, 5), (0, 0)], constant_values=9)  # no whole tile
  painted.save(tmp_path / 'sheet.png', page)
  found = painted.read(tmp_path / 'sheet.png', tile=8)
  assert {row.pixels.tobytes() for row in found.rows} == {tile.tobytes() for tile in tiles}
  assert not found.labels


def test_all_formats_are_read(tmp_path):
  """Each holds the same picture: exactly, or nearly where the format loses."""
  painted.folder(tmp_path / 'test')
  (tmp_path / 'train').mkdir()
  page = painted.sprite(7, 8, clear=False)
  few = Image.fromarray(page[..., :3]).quantize(4)
  few.save(tmp_path / 'train/palette.png', transparency=0)
  expected = np.asarray(Image.open(tmp_path / 'train/palette.png').convert('RGBA'))
  expected = np.where(expected[..., 3:] > 0, expected, 0)
  few.save(tmp_path / 'train/of.gif', transparency=0)
  Image.fromarray(expected).save(tmp_path / 'train/of.webp', lossless=True, exact=True)
  Image.fromarray(np.uint16(257) * page[..., 0]).save(tmp_path / 'train/deep.png')
  Image.fromarray(page[..., :3]).save(tmp_path / 'train/of.bmp')
  exif = Image.Exif()
  exif[0x0112] = 6  # to be turned by 90 degrees clockwise
  large = page[..., :3].repeat(16, 0).repeat(16, 1)
  Image.fromarray(large).rotate(90).save(tmp_path / 'train/of.jpg', exif=exif, quality=95)
  found = painted.read(tmp_path)
  # The GIF, the WebP and the PNG with a palette are copies.
  assert found.lines[1:] == ['2 exact copies left out']
  shown = [row.pixels for row in found.rows if row.split == 'train']
  assert len(shown) == 4
  assert any((x == expected).all() for x in shown)
  assert any((x == page).all() for x in shown)  # BMP
  assert any((x[..., :3] == page[..., :1]).all() for x in shown)  # 16 bits
  assert min(abs(x.astype(int) - page).max() for x in shown if (x != page).any()) < 40  # JPEG


def test_interlaced_pictures_are_read(tmp_path):
  """Adam7 of 2 x 1 pixels: both lie in passes of their own (1 and 6), each a row of one pixel."""
  from tests.shared import hostile_pictures as made

  head = made.struct.pack('>IIBBBBB', 2, 1, 8, 0, 0, 0, 1)
  data = made.zlib.compress(b'\0\x40\0\xc0')
  content = made.PNG + made.chunk(b'IHDR', head) + made.chunk(b'IDAT', data) + made.chunk(b'IEND')
  page = painted.reading.files.decoded(content)[0]
  assert np.asarray(page)[0, :, 0].tolist() == [0x40, 0xC0]


def test_frames_of_a_gif_are_pictures_on_request(tmp_path):
  painted.folder(tmp_path)
  frames = [Image.fromarray(painted.sprite(seed, clear=False)[..., :3]) for seed in range(50, 54)]
  frames[0].save(tmp_path / 'x.gif', save_all=True, append_images=frames[1:])
  found = painted.read(tmp_path)
  assert len(found.rows) == 24
  assert found.lines[-1].startswith('1 left out: x.gif (it holds several pictures')
  found = painted.read(tmp_path, frames=True)
  shown = {row.pixels[..., :3].tobytes() for row in found.rows}
  assert len(found.rows) == 28 and {frame.tobytes() for frame in frames} <= shown


def fitted(page, how, height=4, width=4):
  return fitting.fitted(Image.fromarray(np.asarray(page, np.uint8)), height, width, how)


def test_sizes_are_made_to_fit():
  small = painted.sprite(0, 4, clear=False)
  # Enlarged pixel art is the picture again, without any blur.
  for how in ('pad', 'crop'):
    np.testing.assert_array_equal(fitted(small.repeat(5, 0).repeat(5, 1), how), small)
    np.testing.assert_array_equal(fitted(small, how), small)
  # A small one lies in the middle, or fills all.
  np.testing.assert_array_equal(
    fitted(small[:2, :2], 'pad'), np.pad(small[:2, :2], [(1, 1), (1, 1), (0, 0)])
  )
  np.testing.assert_array_equal(
    fitted(small[:2, :2], 'crop'), small[:2, :2].repeat(2, 0).repeat(2, 1)
  )
  # Of a wide one: the middle, or all of it in half the height.
  wide = np.hstack([small, small]).repeat(2, 0).repeat(2, 1)  # 8 x 16
  np.testing.assert_array_equal(fitted(wide, 'crop'), np.hstack([small[:, 2:], small[:, :2]]))
  assert fitted(wide, 'pad')[..., 3].any(1).tolist() == [False, True, True, False]
  # Clear margins go before anything is made smaller.
  np.testing.assert_array_equal(fitted(np.pad(small, [(0, 3), (1, 0), (0, 0)]), 'pad'), small)
  with pytest.raises(ValueError, match='it is 16 x 8, not 4 x 4'):
    fitted(wide, 'exact')


def test_photographs_are_averaged_with_their_alpha():
  rng = np.random.default_rng(0)
  page = rng.integers(0, 256, (40, 40, 4), np.uint8)
  page[..., 3] = 255
  expected = page.reshape(4, 10, 4, 10, 4).mean((1, 3))
  np.testing.assert_allclose(fitted(page, 'crop'), expected, atol=1)
  # Half of each square is clear: its colour is that of the other half, not darker.
  page[:, ::2] = 0
  expected = page[:, 1::2, :3].reshape(4, 10, 4, 5, 3).mean((1, 3))
  shown = fitted(page, 'crop')
  np.testing.assert_allclose(shown[..., :3], expected, atol=2)
  np.testing.assert_allclose(shown[..., 3], 128, atol=1)


def test_a_picture_never_moves_another(tmp_path):
  """In any order, by ones and in heaps: no picture is ever on another side than before."""
  rng = np.random.default_rng(3)
  order = rng.permutation(60)
  seen = {}
  for start in range(0, 60, 12):
    for seed in order[start : start + 12]:
      page = painted.sprite(int(seed))
      painted.save(tmp_path / rng.choice(['a', 'b']) / f'{rng.integers(10**9)}.png', page)
      if seed % 5 == 0:  # and a near copy of it, mirrored
        page = page[:, ::-1].copy()
        page[3, 3, :3] ^= 4
        painted.save(tmp_path / 'a' / f'{rng.integers(10**9)}.png', page)
    try:
      found = painted.read(tmp_path)
    except painted.reading.folders.DataError:
      assert start < 48  # none or one of the first few is for tests
      continue
    sides = {row.hashed: row.split for row in found.rows}
    assert all(sides.get(hashed, side) == side for hashed, side in seen.items())
    seen |= sides
  assert len(seen) > 55


def test_no_copy_is_on_both_sides(tmp_path):
  """Copies, near ones and mirrored ones of what is to train on are no tests, and are counted."""
  painted.folder(tmp_path)
  before = painted.read(tmp_path)
  train = [row for row in before.rows if row.split == 'train']
  row = train[0]
  painted.save(tmp_path / 'copy.png', row.pixels)
  added = 0
  for level in range(1, 128):  # until three of them would be tests
    near = row.pixels[:, ::-1].copy()
    near[4, 4, 0] ^= level  # at most half of a channel, of one of 36 pixels: .5 / 12 = .042
    if copies.side_of(copies.digest(near)) == 'test' and added < 3:
      added += 1
      painted.save(tmp_path / f'near{added}.png', near)
  found = painted.read(tmp_path)
  assert {x.hashed for x in found.rows} == {x.hashed for x in before.rows}
  assert found.lines[1:-1] == [
    '1 exact copy left out',
    '3 left out of the tests: they are nearly one to train on, or its mirror image',
  ]
  assert found.lines[-1].startswith('2 pictures for tests are few')


def test_nearness_is_five_percent_of_what_is_not_clear():
  """One of 16 opaque pixels, by 3/16 of a channel's range: sqrt((3/16)^2 / (4 * 16)) = .0234."""
  page = np.zeros((16, 16, 4), np.uint8)
  page[4:8, 4:8] = [0, 0, 0, 255]
  one, far = page.copy(), page.copy()
  one[5, 5, 0] = 48
  far[4:8, 4:8, 0] = 48  # all of them: sqrt(16 (3/16)^2 / (4 * 16)) = .094
  thumbs = np.stack([copies.thumbnail(x) for x in (one, far, one[:, ::-1])])
  assert copies.near(thumbs, copies.thumbnail(page)[None]).tolist() == [True, False, True]
  np.testing.assert_allclose(copies.thumbnail(page), page / 255, atol=1e-6)
  wide = np.random.default_rng(0).integers(0, 256, (32, 48, 4), np.uint8)
  wide[..., 3] = 255
  np.testing.assert_allclose(
    copies.thumbnail(wide), (wide / 255).reshape(16, 2, 16, 3, 4).mean((1, 3)), atol=1e-5
  )


def test_small_classes_and_broken_pictures_are_named(tmp_path):
  painted.folder(tmp_path, 'many')
  painted.folder(tmp_path, 'few', count=3)
  for number in range(7):
    (tmp_path / 'many' / f'broken{number}.png').write_bytes(b'\x89PNG\r\n\x1a\n' * (number > 0))
  found = painted.read(tmp_path)
  few, broken = found.lines[-2:]
  assert few == 'classes of fewer than 8 are hardly learnt: few (3)'
  assert broken.startswith('7 left out: many/broken0.png (it is empty), many/broken1.png (')
  assert broken.endswith(', and 2 more')


@pytest.fixture
def kept(tmp_path, monkeypatch):
  painted.keep_at(monkeypatch, tmp_path / 'kept')
  return tmp_path


def test_pictures_are_read_once_until_a_file_changes(kept, capfd, monkeypatch):
  monkeypatch.setattr(painted.reading, '_PATIENCE', 0)
  world = lambda: pixel_art.PixelArt(data=f'{kept}/my/', size=8, palette='auto', colors=16)  # noqa: E731
  painted.folder(kept / 'my', 'cat', 'dog', count=12)
  first = world()
  train, test = (works_lib.whole(first.works.real(split)) for split in ('train', 'test'))
  assert first.works.label_names == ['cat', 'dog'] and first.measures.splits == ('test',)
  assert len(train.label) + len(test.label) == 24
  said = capfd.readouterr()
  assert 'pictures of 2 classes' in said.err and '23 of 24 pictures' in said.err and not said.out
  # What came out is what went in.
  shown = {page.tobytes() for part in (train, test) for page in first.media.render(part.work)}
  assert shown == {np.asarray(Image.open(path)).tobytes() for path in (kept / 'my').rglob('*.png')}
  again = world()
  np.testing.assert_array_equal(works_lib.whole(again.works.real('train')).work, train.work)
  assert not capfd.readouterr().err
  # The same pixels at another time are read again, and are the same.
  os.utime(kept / 'my/cat/0.png', (1, 1))
  touched = world()
  assert touched.source != first.source
  assert own.digest(touched.source) == own.digest(first.source)
  assert touched.keepsake()['palette'] == first.keepsake()['palette']


def test_a_data_set_that_create_wrote_is_read_in_its_colours(kept):
  world = pixel_art.PixelArt(data=str(painted.folder(kept / 'my')), palette='auto', colors=8)
  works = works_lib.whole(world.works.real('train'))
  world.media.store(works, np.arange(len(works.label)), kept / 'stored')
  again = pixel_art.PixelArt(data=str(kept / 'stored'), palette='auto', colors=8)
  np.testing.assert_array_equal(again.colours, world.colours)
  read = [row.work for split in ('train', 'test') for row in again.works.real(split)]
  np.testing.assert_array_equal(read, works.work)
