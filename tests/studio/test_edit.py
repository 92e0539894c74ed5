"""What given pictures become: codes are found for them, and nothing given is painted over."""

import numpy as np
from PIL import Image, ImageDraw
import pytest
import tensorflow as tf

from tests.shared import tiny
from tf_creative.core import coupling as coupling_lib
from tf_creative.core import spec
from tf_creative.learner import creator as creator_lib
from tf_creative.learner import learner as learner_lib
from tf_creative.studio import edit, inpainting, nearby


@pytest.fixture(scope='module')
def learner():
  """An imagination that has learnt nothing, but can find its own works again."""
  return tiny.learner()


class Oracle:
  """A hand that knows what each stroke pays."""

  temperature = 0.0

  def values(self, observation):
    canvas, target = (tf.cast(observation[name], tf.float32) for name in ('canvas', 'target'))
    colours = tf.range(4, dtype=tf.float32)
    pay = tf.square(canvas - target)[..., None] - tf.square(colours - target[..., None])
    return tf.reshape(pay, [tf.shape(canvas)[0], -1])

  def act(self, observation):
    return tf.argmax(self.values(observation), -1, tf.int32)


@pytest.fixture
def able(learner, monkeypatch):
  """The same learner with a hand that is able."""
  parts = coupling_lib.Parts(learner.world, learner.gan, Oracle(), None, learner.real)
  monkeypatch.setattr(learner, 'creator', creator_lib.Creator(parts, learner.real.label))
  return learner


def holed(shape=(4, 4)):
  given = np.ones(shape, bool)
  given[1:3, 1:3] = False
  return given


def test_an_imagined_work_is_found_again_by_what_is_left_of_it(able):
  given = holed()
  right = []
  for seed in range(10**9, 10**9 + 5):  # none of the codes that are tried
    wanted = able.creator.imagine([seed]).work[0]
    works = edit.go_on(able, wanted, given, [-1], 0, 3)
    assert (works.begun[:, given] == wanted[given]).all()
    assert not works.begun[:, ~given].any()
    np.testing.assert_array_equal(works.made.work, works.concept.work)
    right.append(works.made.work[0] == wanted)
  assert np.all(np.array(right)[:, given])
  assert np.mean(np.array(right)[:, ~given]) > 0.8


def test_descent_only_comes_nearer(learner):
  given = holed()
  wanted = learner.creator.imagine([10**9]).work[0]
  latents, label = learner.creator.latents(np.arange(100)), np.resize([0, 1], 100)
  near, loss = learner.creator.descend(latents, label, wanted, given)
  works = learner.creator.decode(near, label).work
  distance = inpainting.distance(learner, works, wanted, given)
  np.testing.assert_allclose(loss, distance + 0.03 * np.square(near).sum(1), rtol=1e-4)
  before = inpainting.distance(learner, learner.creator.decode(latents, label).work, wanted, given)
  assert (loss <= before + 0.03 * np.square(latents).sum(1) + 1e-4).all()
  assert distance.mean() < 0.7 * before.mean()


def test_the_same_seed_finds_the_same_and_fewer_are_the_first(learner):
  start, given = tiny.works().work[0], holed()
  first, again, other = (edit.go_on(learner, start, given, [-1], seed, 5) for seed in (1, 1, 2))
  for one, two in zip(first.made, again.made, strict=True):
    np.testing.assert_array_equal(one, two)
  assert not set(first.seed) & set(other.seed)
  few = edit.go_on(learner, start, given, [-1], 1, 2)
  np.testing.assert_array_equal(few.made.work, first.made.work[:2])
  with pytest.raises(spec.UserError, match='at most 100'):
    edit.go_on(learner, start, given, [-1], 1, 101)


def test_a_clumsy_hand_cannot_touch_what_is_given(learner):
  start, given = tiny.works().work[0], holed()
  works = edit.go_on(learner, start, given, [-1], 0, 20)
  assert (works.made.work[:, given] == start[given]).all()
  frames = creator_lib.frames(learner.world, works.concept, works.made, works.begun)
  assert (frames[:, :, given] == start[given]).all()
  np.testing.assert_array_equal(frames[-1], works.made.work)


def test_a_picture_of_more_strokes_than_an_episode_has_is_finished(able):
  assert able.world.rules.horizon == 10
  target = np.full((4, 4), 2, np.uint8)  # sixteen strokes
  works = edit.repaint(able, target, -1, 5)
  assert works.made.work[0].tolist() == target.tolist()
  assert works.made.steps.tolist() == [16]
  assert works.made.returns[0] == pytest.approx(16 * (2 / 3) ** 2)
  assert works.seed.tolist() == [5]
  frames = creator_lib.frames(able.world, works.concept, works.made, works.begun)
  assert (frames[:17, 0] > 0).sum((1, 2)).tolist() == list(range(17))


def test_a_target_has_the_label_that_is_asked_for_or_that_of_its_like(able):
  real = tiny.works()
  for place in range(4):
    works = edit.repaint(able, real.work[place], -1, 0)
    assert works.concept.label.tolist() == [real.label[place]]
    assert edit.repaint(able, real.work[place], 1, 0).concept.label.tolist() == [1]


class Stuck(Oracle):
  """A hand that goes over one pixel for ever, as a real one does in works that it never saw."""

  def values(self, observation):
    return tf.one_hot(tf.zeros_like(observation['label']), 64) + 0 * super().values(observation)


def test_a_hand_that_is_stuck_finishes_a_strange_picture_by_strokes_that_come_nearer(
  learner, monkeypatch
):
  parts = coupling_lib.Parts(learner.world, learner.gan, Stuck(), None, learner.real)
  monkeypatch.setattr(learner, 'creator', creator_lib.Creator(parts, learner.real.label))
  picture = Image.linear_gradient('L').resize((40, 40))
  ImageDraw.Draw(picture).ellipse((8, 8, 30, 30), fill=200)
  target = np.asarray(picture.resize((4, 4), Image.Resampling.BOX)) // 64
  works = edit.repaint(learner, target.astype(np.uint8), -1, 0)
  np.testing.assert_array_equal(works.made.work[0], target)
  assert works.made.steps[0] > learner.world.rules.horizon
  frames = creator_lib.frames(learner.world, works.concept, works.made, works.begun)
  wrong = (np.square(frames[:, 0].astype(int) - target)).sum((1, 2))
  assert (np.diff(wrong[learner.world.rules.horizon : works.made.steps[0] + 1]) < 0).all()


def test_a_hand_puts_its_brush_down_at_a_stroke_that_changes_nothing(learner):
  parts = coupling_lib.Parts(learner.world, learner.gan, Stuck(), None, learner.real)
  stuck = creator_lib.Creator(parts, learner.real.label)
  concept = tiny.works()
  concept = concept._replace(work=np.full_like(concept.work, 3))  # never done by one pixel
  made = stuck.make(concept)
  # Action 0 leaves the blank canvas blank.
  assert (made.steps == 1).all() and not made.work.any()
  horizon = learner.world.rules.horizon
  assert (stuck.make(concept, random=True).steps == horizon).all()
  everywhere = np.zeros_like(concept.work, bool)
  assert (stuck.make(concept, keep=everywhere).steps == horizon).all()  # an edit goes on


def test_who_asks_how_far_the_making_is_gets_the_same_works(learner):
  told, concept = [], learner.creator.imagine(np.arange(70))
  made = learner.creator.make(concept, tell=lambda *far: told.append(far))
  assert told == [(0, 70), (64, 70)]
  for one, two in zip(made, learner.creator.make(concept), strict=True):
    np.testing.assert_array_equal(one, two)


def test_a_hand_that_knows_codes_goes_on_by_those_that_are_near():
  config = tiny.config(world='bars(target=hidden, code=4)', couplings='environment')
  told = learner_lib.Learner(config)
  start, given = tiny.works().work[0], holed()
  works = edit.go_on(told, start, given, [-1], 0, 5)
  assert (works.made.work[:, given] == start[given]).all()
  assert (works.concept.work[:, given] == start[given]).all()
  # The code that it is told is the one of what it is to make.
  goal = told.creator.decode(works.concept.code, works.concept.label).work
  np.testing.assert_array_equal(goal[:, ~given], works.concept.work[:, ~given])
  assert works.made.steps.max() <= told.world.rules.horizon
  whole = nearby.like(told, (start, np.ones_like(given)), [0, 1], 0, 4)
  np.testing.assert_array_equal(
    told.creator.imagine(whole.seed, whole.concept.label).code, whole.concept.code
  )


def test_what_has_no_gaps_is_sent_to_where_it_belongs(learner):
  with pytest.raises(spec.UserError, match='no gaps to be filled.*--like.*--variations'):
    edit.go_on(learner, tiny.works().work[0], np.ones((4, 4), bool), [-1], 0, 1)
