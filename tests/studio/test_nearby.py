"""Works near pictures: those most like one, new ones around it, and those between two."""

import csv

import numpy as np
from PIL import Image
import pytest

from tests.shared import tiny
from tf_creative.core import spec
from tf_creative.studio import edit, formats, inpainting, nearby

WHOLE = np.ones((4, 4), bool)


@pytest.fixture(scope='module')
def learner():
  """An imagination that has learnt nothing, but can find its own works again."""
  return tiny.learner()


@pytest.fixture(scope='module')
def picture(learner):
  """A work of the imagination, whose seed is none of those that are tried."""
  return learner.creator.imagine([10**9], [0]).work[0], WHOLE


def test_the_seeds_of_what_is_like_a_picture_imagine_it_without_the_picture(learner, picture):
  works = nearby.like(learner, picture, [1, 0], 2, 20)
  assert set(works.seed // 4000) == {2}
  again = learner.creator.imagine(works.seed, works.concept.label)
  np.testing.assert_array_equal(again.work, works.concept.work)
  near = works.nearness(learner.world)
  distance = inpainting.distance(learner, works.concept.work, *picture)
  np.testing.assert_allclose(near['picture_error'], distance, rtol=1e-5)
  different = len(np.unique(again.work, axis=0))
  assert different > 5 and (np.diff(distance[:different]) >= 0).all()  # duplicates come last
  equal = (works.concept.work == picture[0]).mean((1, 2))
  np.testing.assert_allclose(near['picture_equal'], equal)
  few = nearby.like(learner, picture, [0, 1], 2, 3)
  np.testing.assert_array_equal(few.made.work, works.made.work[:3])
  with pytest.raises(spec.UserError, match='at most 100'):
    nearby.like(learner, picture, [0], 0, 101)


def test_a_seed_is_one_of_those_that_are_tried_and_so_comes_first(learner):
  work = learner.creator.imagine([1234]).work[0]
  found = nearby.like(learner, (work, WHOLE), [-1], 0, 1)
  assert found.nearness(learner.world)['picture_error'].tolist() == [0]
  np.testing.assert_array_equal(found.concept.work[0], work)


def test_variations_are_the_reconstruction_at_0_and_free_at_1(learner, picture):
  still = nearby.vary(learner, picture, [0], 7, 3, 0.0)
  assert (still.concept.work == still.concept.work[0]).all()
  seeds = nearby.like(learner, picture, [0], 0, 1).nearness(learner.world)['picture_error']
  error = still.nearness(learner.world)['picture_error']
  assert (error <= seeds + 1e-6).all() and error[0] < 0.5  # descent comes nearer than any seed
  free = nearby.vary(learner, picture, [0, 1], 7, 4, 1.0)
  alone = learner.creator.imagine(7 + np.arange(4), [0, 1, 0, 1])
  np.testing.assert_array_equal(free.concept.work, alone.work)
  assert free.concept.label.tolist() == [0, 1, 0, 1]


def test_variations_go_farther_the_stronger_they_are(learner, picture):
  errors = [
    nearby.vary(learner, picture, [0], 0, 50, strength).nearness(learner.world)['picture_error']
    for strength in (0.0, 0.3, 0.9)
  ]
  assert errors[0].mean() < errors[1].mean() < errors[2].mean()


def test_a_seed_varies_a_picture_in_the_same_way_in_any_company(learner, picture):
  many = nearby.vary(learner, picture, [-1], 5, 40, 0.4)
  one = nearby.vary(learner, picture, [-1], 31, 1, 0.4)
  for part, other in ((many.concept, one.concept), (many.made, one.made)):
    np.testing.assert_array_equal(part.work[26:27], other.work)
  assert many.seed.tolist() == list(range(5, 45)) and one.seed.tolist() == [31]
  assert len(np.unique(many.concept.work, axis=0)) > 5


def test_without_a_label_the_nearest_one_is_taken(learner, picture):
  taken = nearby.vary(learner, picture, [-1], 0, 1, 0.0)
  errors = [
    nearby.vary(learner, picture, [label], 0, 1, 0.0).nearness(learner.world)['picture_error'][0]
    for label in (0, 1)
  ]
  assert taken.nearness(learner.world)['picture_error'][0] == pytest.approx(min(errors), abs=0.3)


def test_the_way_between_begins_and_ends_with_what_is_nearest(learner, picture):
  other = learner.creator.imagine([10**9 + 1], [1]).work[0], WHOLE
  way = nearby.between(learner, (picture, other), 1, 7)
  assert way.concept.label.tolist() == [1] * 7
  for place, end in ((0, picture), (-1, other)):
    still = nearby.vary(learner, end, [1], 0, 1, 0.0)
    np.testing.assert_array_equal(way.concept.work[place], still.concept.work[0])
  label = nearby.vary(learner, other, [-1], 0, 1, 0.0).concept.label[0]
  assert set(nearby.between(learner, (other, picture), -1, 2).concept.label) == {label}
  back = nearby.between(learner, (picture, picture), 0, 4)
  assert (back.concept.work == back.concept.work[0]).all()


def test_codes_are_joined_along_the_sphere():
  # A quarter of a circle, of which a third is 30 degrees: cos 30 = 0.866, sin 30 = 0.5.
  way = nearby.slerp(np.array([2.0, 0]), np.array([0, 2.0]), np.array([0, 1 / 3, 1]))
  np.testing.assert_allclose(way, [[2, 0], [3**0.5, 1], [0, 2]], atol=1e-12)
  straight = nearby.slerp(np.array([1.0, 0]), np.array([3.0, 0]), np.array([0, 0.5, 1]))
  np.testing.assert_allclose(straight, [[1, 0], [2, 0], [3, 0]])
  opposite = nearby.slerp(np.array([1.0, 0]), np.array([-1.0, 0]), np.array([0, 0.5, 1]))
  assert np.isfinite(opposite).all()


def test_the_way_is_an_animation_and_a_strip(learner, picture, tmp_path):
  other = learner.creator.imagine([10**9 + 1], [1]).work[0], WHOLE
  way = nearby.between(learner, (picture, other), -1, 5)
  assert set(nearby.animation(way, learner.world, tmp_path)) == {'between.gif', 'between.png'}
  shown = learner.world.media.render(way.made.work)
  with Image.open(tmp_path / 'between.gif') as moving:
    assert moving.size == (128, 128) and moving.info['loop'] == 0
    frames = []
    for place in range(moving.n_frames):
      moving.seek(place)
      frames.append(np.asarray(moving.convert('RGB'))[16::32, 16::32])
  np.testing.assert_array_equal(frames[0], shown[0])
  np.testing.assert_array_equal(frames[-1], shown[-1])
  with Image.open(tmp_path / 'between.png') as strip:
    assert strip.width > 5 * strip.height * 0.9
    np.testing.assert_array_equal(np.asarray(strip)[4:40:9, 4:40:9][:4, :4], shown[0])


def test_only_what_is_given_of_a_picture_counts(learner, picture):
  work, given = picture[0], WHOLE.copy()
  given[:, 2:] = False
  other = np.where(given, work, 3 - work)  # says something else where nothing is given
  for make in (
    lambda one: nearby.like(learner, (one, given), [0], 0, 3),
    lambda one: nearby.vary(learner, (one, given), [0], 0, 3, 0.2),
  ):
    np.testing.assert_array_equal(make(work).concept.work, make(other).concept.work)


def test_the_table_says_how_near_a_work_is(learner, picture, tmp_path):
  works = nearby.like(learner, picture, [-1], 0, 3)
  written = formats.write(works, learner.world, [], tmp_path)
  assert 'and of that to the picture' in written['works.csv']
  with (tmp_path / 'works.csv').open(newline='') as file:
    rows = list(csv.DictReader(file))
  near = works.nearness(learner.world)
  for name in ('picture_equal', 'picture_error'):
    np.testing.assert_allclose([float(row[name]) for row in rows], near[name], rtol=1e-5)


def test_a_hand_that_makes_up_its_works_is_not_asked(learner, picture, monkeypatch):
  monkeypatch.setattr(edit, 'by_chance', lambda learner: True)
  for make in (
    lambda: nearby.like(learner, picture, [0], 0, 1),
    lambda: nearby.vary(learner, picture, [0], 0, 1, 0.5),
    lambda: nearby.between(learner, (picture, picture), 0, 2),
  ):
    with pytest.raises(spec.UserError, match='makes up its works by itself'):
      make()
