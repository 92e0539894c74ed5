"""Any image data set as works, and clear words where there is none."""

import numpy as np
from PIL import Image
import pytest
import requests
from sklearn import datasets
import tensorflow as tf
import tensorflow_datasets as tfds

from tests.shared import data_sets
from tf_creative.worlds import images

GREYS = np.linspace(0, 1, 4, dtype=np.float32)[:, None]
RED_GREEN_BLUE = np.concatenate([np.zeros([1, 3]), np.eye(3)]).astype(np.float32)  # on black


@pytest.fixture(scope='module')
def data_dir(tmp_path_factory):
  return str(tmp_path_factory.mktemp('tfds'))


@pytest.fixture
def offline(monkeypatch):
  def head(url, **kwargs):
    raise requests.ConnectionError('no network')

  monkeypatch.setattr(requests, 'head', head)


def _store(data_dir, name, features, **splits):
  """A small data set on disk, as somebody else would have made it."""
  tfds.dataset_builders.store_as_tfds_dataset(
    name=name,
    version='1.0.0',
    features=tfds.features.FeaturesDict(features),
    split_datasets={split: list(enumerate(examples)) for split, examples in splits.items()},
    data_dir=data_dir,
    disable_shuffling=True,
  )


def _works(dataset):
  rows = list(dataset.as_numpy_iterator())
  return np.stack([row.work for row in rows]), np.array([row.label for row in rows])


def test_digits_come_through_unchanged(data_dir):
  """With as many greys as there are levels of ink, a work is the picture of scikit-learn."""
  levels = np.linspace(0, 1, 17, dtype=np.float32)[:, None]
  dataset = images.works('digits', 'test', 8, 8, levels, data_dir=data_dir)
  assert dataset.element_spec.work == tf.TensorSpec([8, 8], tf.uint8)
  assert dataset.element_spec.label == tf.TensorSpec([], tf.int32)
  works, labels = _works(dataset)
  source = {
    picture.astype(np.uint8).tobytes(): label
    for picture, label in zip(*datasets.load_digits(return_X_y=True), strict=True)
  }
  assert [source[work.tobytes()] for work in works] == labels.tolist()


def test_the_order_is_fixed(data_dir):
  first, second = (
    _works(images.works('digits', 'train', 8, 8, GREYS, data_dir=data_dir))[0] for _ in range(2)
  )
  np.testing.assert_array_equal(first, second)


def test_label_names(data_dir):
  assert images.label_names('digits', data_dir=data_dir) == [str(digit) for digit in range(10)]
  assert ''.join(images.label_names('glyphs', data_dir=data_dir)).startswith('0123456789ABC')
  assert images.label_names('lsun', data_dir=data_dir) == ['']


def test_mnist_in_four_greys(tmp_path):
  with data_sets.mock('mnist', tmp_path, train=3, test=3):
    works, labels = _works(images.works('mnist', 'train', 16, 16, GREYS))
  assert works.shape == (3, 16, 16)
  assert works.max() < 4
  assert labels.shape == (3,)


def test_cifar10_in_colours(tmp_path):
  decoders = tfds.decode.PartialDecoding({'image': True, 'label': True})
  with data_sets.mock('cifar10', tmp_path, train=3, test=3):
    raw = next(tfds.load('cifar10', split='test', decoders=decoders).as_numpy_iterator())
    works, labels = _works(images.works('cifar10', 'test', 32, 32, RED_GREEN_BLUE))
  assert labels[0] == raw['label']
  # |v - e_k|^2 = |v|^2 + 1 - 2 v_k: the strongest channel, or black where none exceeds one half.
  value = raw['image'] / 255
  expected = np.where(value.max(-1) > 0.5, value.argmax(-1) + 1, 0)
  tied = np.sort(value, -1)[..., 2] == np.sort(value, -1)[..., 1]
  np.testing.assert_array_equal(works[0][~tied], expected[~tied])


def test_a_data_set_without_labels(tmp_path):
  with data_sets.mock('lsun', tmp_path, train=10):
    works, labels = _works(images.works('lsun', 'train', 4, 8, GREYS))
  assert works.shape == (3, 4, 8)
  assert not labels.any()


def test_wide_pictures_lose_their_sides_and_small_works_are_means(data_dir):
  # 2 x 8: the middle 2 x 4 is [0 255 | 255 255] twice; two by two the means are 1/2 and 1.
  row = [[9, 9, 0, 255, 255, 255, 9, 9]]
  picture = np.array(row * 2, np.uint8)[:, :, None]
  _store(
    data_dir, 'wide', {'image': tfds.features.Image(shape=(2, 8, 1))}, test=[{'image': picture}]
  )
  halves = np.array([[0], [0.5], [1]], np.float32)
  for palette in (halves, np.repeat(halves, 3, axis=1)):  # as greys and as colours
    works, _ = _works(images.works('wide', 'test', 1, 2, palette, data_dir=data_dir))
    assert works.tolist() == [[[1, 2]]]


def test_what_is_clear_shows_the_blank_canvas(data_dir):
  features = {
    'picture': tfds.features.Image(shape=(1, 2, 4)),
    'label': tfds.features.ClassLabel(names=['a', 'b']),
  }
  clear_and_green = np.array([[[255, 0, 0, 0], [0, 255, 0, 255]]], np.uint8)
  _store(data_dir, 'clear', features, test=[{'picture': clear_and_green, 'label': 1}])
  works, labels = _works(images.works('clear', 'test', 1, 2, RED_GREEN_BLUE, data_dir=data_dir))
  assert works.tolist() == [[[0, 2]]]
  assert labels.tolist() == [1]
  # The luminance of green is .587, the third of four greys.
  works, _ = _works(images.works('clear', 'test', 1, 2, GREYS, data_dir=data_dir))
  assert works.tolist() == [[[0, 2]]]
  assert images.label_names('clear', data_dir=data_dir) == ['a', 'b']


def test_the_last_fifth_of_train_stands_in_for_a_missing_test(data_dir):
  pictures = [{'image': np.full([1, 1, 1], value, np.uint8)} for value in range(10)]
  _store(data_dir, 'only_train', {'image': tfds.features.Image(shape=(1, 1, 1))}, train=pictures)
  all_greys = np.arange(256, dtype=np.float32)[:, None] / 255
  train, test = (
    _works(images.works('only_train', split, 1, 1, all_greys, data_dir=data_dir))[0]
    .ravel()
    .tolist()
    for split in ('train', 'test')
  )
  assert train == list(range(8))
  assert test == [8, 9]


@pytest.mark.parametrize(
  ('data', 'split', 'words'),
  [
    ('mnsit', 'train', "Did you mean 'mnist'"),
    ('no such name', 'train', 'digits, glyphs'),
    ('mnist:9.9.9', 'train', 'only: 3.0.1'),
    ('imdb_reviews', 'train', 'has no images; its features are text, label'),
    ('mnist', 'train', 'no network. Run python .* where there is a network'),
    ('digits', 'unseen', 'no split .unseen.*Valid: test, train'),
    ('digits', 'tset', "Did you mean 'test'"),
  ],
)
def test_what_cannot_be_had_is_answered_clearly(offline, data_dir, data, split, words):
  with pytest.raises(images.DataError, match=words):
    images.works(data, split, 8, 8, GREYS, data_dir=data_dir)


def test_a_place_that_cannot_be_written_is_named(tmp_path):
  (tmp_path / 'file').touch()
  with pytest.raises(images.DataError, match='Set TFDS_DATA_DIR'):
    images.works('digits', 'train', 8, 8, GREYS, data_dir=str(tmp_path / 'file'))


def test_another_process_may_prepare_the_data_first(tmp_path, monkeypatch):
  prepare = tfds.core.DatasetBuilder.download_and_prepare

  def too_late(builder, **kwargs):
    prepare(builder, **kwargs)
    raise OSError('the folder is there already')

  monkeypatch.setattr(tfds.core.DatasetBuilder, 'download_and_prepare', too_late)
  works = images.works('digits', 'test', 8, 8, GREYS, data_dir=str(tmp_path))
  assert len(list(works)) == 360


def test_palettes_have_one_or_three_channels():
  with pytest.raises(ValueError, match='palette'):
    images.works('digits', 'train', 8, 8, np.zeros([4, 2], np.float32))


def test_a_folder_of_pictures_is_for_pixel_art(tmp_path):
  Image.new('RGB', (12, 16)).save(tmp_path / 'x.png')
  with pytest.raises(images.DataError, match='holds no data set.*for pixel_art also a folder'):
    images.find(str(tmp_path))
