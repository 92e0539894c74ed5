"""Pictures of any kind are read as works, and works are stored as data sets."""

import numpy as np
from PIL import Image
import pytest
import tensorflow_datasets as tfds

from tf_creative.core import spec
from tf_creative.core import works as works_lib
from tf_creative.worlds import files
from tf_creative.worlds.pixel_art import world as pixel_art

GREYS = np.linspace(0, 1, 4, dtype=np.float32)[:, None]
RED_GREEN_BLUE = np.concatenate([np.zeros([1, 3]), np.eye(3)]).astype(np.float32)  # on black


@pytest.fixture
def save(tmp_path):
  def save(page, name='picture.png', **options):
    Image.fromarray(np.asarray(page)).save(tmp_path / name, **options)
    return tmp_path / name

  return save


def read(path, height, width, palette=GREYS, mask=''):
  work, given = files.read(path, mask, height, width, palette)
  assert work.dtype == np.uint8
  assert given.dtype == bool
  return work.tolist(), given.tolist()


def test_a_picture_of_odd_size_is_cropped_and_averaged(save):
  # 2 x 5 to 1 x 2: the first 2 x 4, for the middle is not whole; its halves' means are 85 and 170.
  assert read(save(np.uint8([[0, 170, 170, 170, 9]] * 2)), 1, 2)[0] == [[1, 2]]


@pytest.mark.parametrize('shape', [(1, 1), (3, 7), (16, 1), (301, 200), (700, 900)])
def test_any_size_and_shape_is_taken(save, shape):
  work, given = read(save(np.full(shape, 255, np.uint8)), 8, 8)
  assert work == [[3] * 8] * 8
  assert np.all(given)


def test_colours_become_the_nearest_of_the_palette(save):
  page = np.uint8([[[200, 30, 30], [40, 40, 250], [20, 30, 40], [60, 210, 90]]])
  assert read(save(page), 1, 4, RED_GREEN_BLUE)[0] == [[1, 3, 0, 2]]


def test_what_is_transparent_is_blank_and_not_given(save):
  white = np.full((2, 4, 4), 255, np.uint8)
  white[:, 2:, 3] = 0, 100
  work, given = read(save(white), 2, 4)
  assert given == [[True, True, False, False]] * 2
  assert work == [[3, 3, 0, 1]] * 2  # a veil of 100 / 255 on black is the second grey


def test_a_mask_takes_away_what_is_white_in_it(save):
  picture = save(np.full((6, 6), 255, np.uint8))
  mask = save(np.uint8([[0, 255, 0], [0, 0, 0], [120, 130, 0]]), 'mask.png')
  work, given = read(picture, 3, 3, mask=mask)
  assert given == [[True, False, True], [True, True, True], [True, False, True]]
  assert work == [[3] * 3] * 3
  with pytest.raises(spec.UserError, match=r'mask.png is 3 x 2 and the picture 6 x 6'):
    read(picture, 3, 3, mask=save(np.zeros((2, 3), np.uint8), 'mask.png'))


def test_sixteen_bits_and_turned_photographs_are_understood(save):
  assert read(save(np.uint16([[0, 21845, 43690, 65535]])), 1, 4)[0] == [[0, 1, 2, 3]]
  exif = Image.Exif()
  exif[0x0112] = 3  # upside down
  assert read(save(np.uint8([[0, 85, 170, 255]]), exif=exif), 1, 4)[0] == [[3, 2, 1, 0]]


def test_what_is_no_picture_is_named(tmp_path):
  (tmp_path / 'text.png').write_text('no picture')
  for name in ('text.png', 'missing.png'):
    with pytest.raises(spec.UserError, match=f'cannot read .*{name} as a picture'):
      read(tmp_path / name, 8, 8)


@pytest.mark.parametrize('palette', ['grey', 'pico8'])
def test_a_data_set_gives_back_what_was_stored(tmp_path, palette, capfd):
  world = pixel_art.PixelArt(palette=palette)
  rng = np.random.default_rng(0)
  seeds, folder = np.arange(20) + 2**40, tmp_path / 'stored'
  for _ in range(2):  # the second replaces the first
    work = rng.integers(0, len(world.colours), (20, 8, 8)).astype(np.uint8)
    works = works_lib.Works(work, rng.integers(0, 10, 20).astype(np.int32))
    world.media.store(works, seeds, folder)
  assert [path.name for path in tmp_path.iterdir()] == ['stored']
  assert 'Downloading' not in capfd.readouterr().out
  again = pixel_art.PixelArt(palette=palette, data=str(folder))
  assert again.works.label_names == world.works.label_names
  assert again.measures.splits == ('test',)
  read_back = [each for split in ('train', 'test') for each in again.works.real(split)]
  np.testing.assert_array_equal([each.work for each in read_back], works.work)
  np.testing.assert_array_equal([each.label for each in read_back], works.label)
  stored = tfds.builder_from_directory(folder).as_dataset(split='train', batch_size=-1)
  np.testing.assert_array_equal(stored['seed'], seeds)


def test_only_a_data_set_is_ever_replaced(tmp_path):
  (tmp_path / 'letters').mkdir()
  with pytest.raises(spec.UserError, match='something else'):
    works = works_lib.Works(np.zeros((1, 8, 8), np.uint8), np.zeros(1, np.int32))
    pixel_art.PixelArt().media.store(works, np.zeros(1, np.int64), tmp_path / 'letters')
  assert (tmp_path / 'letters').exists()
