"""Our own TFDS builders: TFDS's checks of them, and what their splits promise."""

import pathlib
import random
from unittest import mock

import matplotlib
import numpy as np
import pytest
from sklearn import datasets
import tensorflow_datasets as tfds

from tf_creative.worlds.pixel_art.digits import digits_dataset_builder as digits
from tf_creative.worlds.pixel_art.glyphs import glyphs_dataset_builder as glyphs


class DigitsTest(tfds.testing.DatasetBuilderTestCase):
  DATASET_CLASS = digits.Builder
  SPLITS = {'train': 1437, 'test': 360}


class GlyphsTest(tfds.testing.DatasetBuilderTestCase):
  DATASET_CLASS = glyphs.Builder
  SPLITS = {'train': 52 * 16, 'test': 52 * 5, 'unseen': 10 * 21}  # characters times faces

  def setUp(self):
    super().setUp()
    # One variant takes the same path as six, in a sixth of the time.
    self.enter_context(mock.patch.object(glyphs, 'VARIANTS', 1))


def _columns(builder):
  """Every split as a dictionary of arrays."""
  builder.download_and_prepare()
  splits = {}
  for name in builder.info.splits:
    examples = list(builder.as_dataset(split=name).as_numpy_iterator())
    splits[name] = {key: np.stack([row[key] for row in examples]) for key in examples[0]}
  return splits


@pytest.fixture(scope='module')
def digit_splits(tmp_path_factory):
  return _columns(digits.Builder(data_dir=tmp_path_factory.mktemp('tfds')))


@pytest.fixture(scope='module', params=[2, pytest.param(6, marks=pytest.mark.slow)])
def variants(request):
  """Of each glyph: all, or two, which take the same path in a third of the time."""
  assert glyphs.VARIANTS == 6
  with mock.patch.object(glyphs, 'VARIANTS', request.param):
    yield request.param


@pytest.fixture(scope='module')
def glyph_splits(variants, tmp_path_factory):
  return _columns(glyphs.Builder(data_dir=tmp_path_factory.mktemp('tfds')))


def test_every_digit_of_sklearn_is_there_once_pixel_for_pixel(digit_splits):
  source = datasets.load_digits()
  expected = np.concatenate([source.images.reshape(-1, 64), source.target[:, None]], 1)
  found = np.concatenate(
    [
      np.concatenate([part['image'].reshape(-1, 64) / 255 * 16, part['label'][:, None]], 1)
      for part in digit_splits.values()
    ]
  )
  found = np.rint(found)
  np.testing.assert_array_equal(found[np.lexsort(found.T)], expected[np.lexsort(expected.T)])


def test_ink_is_scaled_to_the_whole_range(digit_splits):
  # 17 levels of ink; half of it, 8, becomes 127.5, rounded to even.
  levels = np.unique(digit_splits['train']['image'])
  assert len(levels) == 17
  assert (levels[0], levels[8], levels[16]) == (0, 128, 255)


def test_a_fifth_of_each_digit_is_for_judging(digit_splits):
  train, test = (np.bincount(digit_splits[name]['label']) for name in ('train', 'test'))
  np.testing.assert_allclose(test, (train + test) / 5, atol=1)


def test_every_glyph_has_all_variants(glyph_splits, variants):
  sizes = {split: len(columns['label']) for split, columns in glyph_splits.items()}
  each = {'train': 52 * 16, 'test': 52 * 5, 'unseen': 10 * 21}  # characters times faces
  assert sizes == {split: count * variants for split, count in each.items()}


def test_no_family_of_faces_is_on_both_sides(glyph_splits):
  families = glyphs.TRAIN_FAMILIES.keys() & glyphs.TEST_FAMILIES.keys()
  train, test = (set(glyph_splits[name]['face']) for name in ('train', 'test'))
  assert not families
  assert not train & test
  assert train | test == set(glyph_splits['unseen']['face'])


def test_no_picture_of_test_is_in_train(glyph_splits):
  train, test = (
    {row.tobytes() for row in glyph_splits[name]['image']} for name in ('train', 'test')
  )
  assert not train & test


def test_unseen_characters_are_unseen(glyph_splits):
  names = {
    split: {glyphs.CHARACTERS[label] for label in columns['label']}
    for split, columns in glyph_splits.items()
  }
  assert names['train'] == names['test'] == set(glyphs.SEEN)
  assert names['unseen'] == set(glyphs.UNSEEN)
  assert not set(glyphs.SEEN) & set(glyphs.UNSEEN)


@pytest.mark.parametrize('split', ['train', 'test', 'unseen'])
def test_glyphs_are_whole_and_in_the_middle(glyph_splits, split):
  ink = glyph_splits[split]['image'][..., 0] > 0
  for axis in (1, 2):
    any_ink = ink.any(axis)  # [N, 16]
    assert any_ink.any(1).all()
    first, last = any_ink.argmax(1), 15 - any_ink[:, ::-1].argmax(1)
    # The middle of the picture is 7.5; half a pixel of shift, and ink that only touches a pixel.
    assert np.abs((first + last) / 2 - 7.5).max() <= 1.0


def _draw(character, face='DejaVuSans', scale=1.0, seed=0):
  path = pathlib.Path(matplotlib.get_data_path(), 'fonts', 'ttf', f'{face}.ttf')
  points = glyphs._points(path) * scale
  return glyphs.draw(path, points, character, random.Random(seed))


def test_the_same_seed_draws_the_same_glyph():
  assert np.array_equal(_draw('Q'), _draw('Q'))
  assert not np.array_equal(_draw('Q'), _draw('Q', seed=1))


def test_a_face_has_one_scale():
  """A small o is half as high as a capital one, not blown up to fill the picture."""
  small, capital = ((_draw(o)[..., 0] > 127).any(1).sum() for o in 'oO')
  assert 0.6 * capital < small < 0.85 * capital


def test_a_glyph_that_would_be_clipped_is_refused():
  with pytest.raises(ValueError, match='too large'):
    _draw('W', scale=1.4)
