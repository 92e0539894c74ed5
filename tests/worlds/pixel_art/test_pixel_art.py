"""The world of pixel art, by hand."""

import io
import re

import numpy as np
from PIL import Image
import pytest
import tensorflow as tf

from tf_creative.core import spec
from tf_creative.core import works as works_lib
from tf_creative.worlds.pixel_art import palettes
from tf_creative.worlds.pixel_art import world as pixel_art

STILL = tf.zeros([2], tf.int32)


def start(world, *targets):
  works = tf.constant(targets, tf.uint8)
  return world.rules.start(works_lib.Works(works, tf.zeros([len(targets)], tf.int32)), STILL)


def test_a_stroke_is_paid_by_the_error_that_it_removes():
  world = pixel_art.PixelArt(size=2, colors=4)  # greys 0, 1/3, 2/3, 1
  state = start(world, [[0, 3], [2, 0]], [[0, 3], [2, 0]])
  # (row, column, colour) = (0, 1, 3) and (1, 1, 1): row * 2 * 4 + column * 4 + colour = 7 and 13.
  state, reward, done = world.rules.step(state, tf.constant([7, 13]), STILL)
  # Right colour: 1 of squared error goes. Where black was right, 1/3 is an error of 1/9.
  np.testing.assert_allclose(reward, [1, -1 / 9], rtol=1e-6)
  assert state.canvas.numpy().tolist() == [[[0, 3], [0, 0]], [[0, 0], [0, 1]]]
  assert state.time.numpy().tolist() == [1, 1]
  assert not done.numpy().any()


def test_an_episode_ends_with_the_picture_or_with_the_strokes():
  world = pixel_art.PixelArt(size=2, colors=2, horizon=2)
  state = start(world, [[1, 0], [0, 0]], [[1, 1], [1, 1]])
  state, _, done = world.rules.step(state, tf.constant([1, 1]), STILL)
  assert done.numpy().tolist() == [True, False]
  _, _, done = world.rules.step(state, tf.constant([1, 3]), STILL)
  assert done.numpy().tolist() == [True, True]


def test_the_reward_bound_holds():
  for palette in (*palettes.NAMED, 'grey'):
    world = pixel_art.PixelArt(size=3, palette=palette)
    rng = np.random.default_rng(0)
    works = rng.integers(0, len(world.colours), (64, 3, 3))
    state = start(world, *works)
    for _ in range(5):
      action = rng.integers(0, world.play.action_spec.maximum + 1, 64)
      state, reward, _ = world.rules.step(state, tf.constant(action, tf.int32), STILL)
      assert np.abs(reward).max() <= world.play.reward_bound + 1e-6


def test_features_say_all_that_is_to_be_known():
  world = pixel_art.PixelArt(size=2, colors=3, horizon=4)
  state = start(world, [[0, 2], [1, 0]])
  state, _, _ = world.rules.step(state, tf.constant([1]), STILL)  # first pixel in colour 1
  planes = world.play.features(world.rules.observe(state)).numpy()
  assert planes.shape == (1, 2, 2, 3 + 3 + 2)
  # canvas colour 1, target colour 0, squared distance of 1/2 and 0, three of four strokes left
  np.testing.assert_allclose(planes[0, 0, 0], [0, 1, 0, 1, 0, 0, 0.25, 0.75])
  np.testing.assert_allclose(planes[0, 0, 1], [1, 0, 0, 0, 0, 1, 1, 0.75])


@pytest.mark.parametrize('palette', [*palettes.NAMED, 'grey'])
def test_values_and_works_are_one_another(palette):
  world = pixel_art.PixelArt(size=4, palette=palette)
  works = np.arange(16).reshape(1, 4, 4) % len(world.colours)
  values = world.works.to_values(tf.constant(works, tf.uint8))
  assert values.shape == (1, *world.works.value_shape)
  np.testing.assert_array_equal(world.works.to_works(values), works)
  nudged = values + np.random.default_rng(0).normal(0, 0.01, values.shape)
  np.testing.assert_array_equal(world.works.to_works(tf.cast(nudged, tf.float32)), works)


def test_mirror_images_are_learnt_from_and_never_tested_on():
  plain, both = (pixel_art.PixelArt(mirror=mirror) for mirror in (False, True))
  one, two = (works_lib.whole(world.works.real('train')) for world in (plain, both))
  count = len(one.label)
  assert len(two.label) == 2 * count
  np.testing.assert_array_equal(two.work[:count], one.work)
  np.testing.assert_array_equal(two.work[count:], one.work[..., ::-1])
  np.testing.assert_array_equal(two.label[count:], one.label)
  tests = [works_lib.whole(world.works.real('test')).work for world in (plain, both)]
  np.testing.assert_array_equal(*tests)


def test_a_generator_has_a_logit_for_each_colour_and_gets_the_highest():
  world = pixel_art.PixelArt(size=4, palette='pico8')
  assert world.works.raw_shape == (4, 4, 16) and world.works.value_shape == (4, 4, 3)
  raw = tf.Variable(np.random.default_rng(0).normal(size=(2, 4, 4, 16)), dtype=tf.float32)
  weigh = np.random.default_rng(1).normal(size=(2, 4, 4, 3))
  with tf.GradientTape() as tape:
    values = world.works.legal(raw)
    total = tf.reduce_sum(values * weigh)
  np.testing.assert_array_equal(world.works.to_works(values), tf.argmax(raw, -1))
  # As if each colour showed through by its probability: p . (w c - mean of w c).
  worth = weigh @ world.colours.T
  likely = tf.nn.softmax(raw).numpy()
  expected = likely * (worth - (likely * worth).sum(-1, keepdims=True))
  np.testing.assert_allclose(tape.gradient(total, raw), expected, atol=1e-5)


def test_a_generator_of_greys_gets_legal_works_and_its_gradient():
  world = pixel_art.PixelArt(size=4)
  raw = tf.Variable(np.random.default_rng(0).normal(size=(2, 4, 4, 1)), dtype=tf.float32)
  with tf.GradientTape() as tape:
    values = world.works.legal(raw)
    total = tf.reduce_sum(values)
  np.testing.assert_allclose(values, world.works.to_values(world.works.to_works(values)), atol=1e-6)
  soft = tf.sigmoid(raw)
  np.testing.assert_allclose(tape.gradient(total, raw), soft * (1 - soft), rtol=1e-5)


def test_render_and_metrics():
  world = pixel_art.PixelArt(size=2, colors=3)
  works = np.array([[[0, 1], [2, 0]], [[0, 0], [0, 0]]])
  assert world.media.render(works)[0].tolist() == [
    [[0, 0, 0], [128, 128, 128]],
    [[255, 255, 255], [0, 0, 0]],
  ]
  metrics = world.measures.metrics(works, works * 0)
  assert metrics['equal_pixels'].tolist() == [0.5, 1]
  assert metrics['perfect_pictures'].tolist() == [False, True]


def test_a_canvas_is_gone_on_with():
  world = pixel_art.PixelArt(size=2, colors=2)
  state = world.rules.place(
    start(world, [[1, 0], [0, 1]]), tf.constant([[[1, 1], [0, 0]]], tf.uint8)
  )
  state, reward, _ = world.rules.step(state, tf.constant([2]), STILL)  # (0, 1) black again
  assert world.rules.work(state).numpy().tolist() == [[[1, 0], [0, 0]]]
  assert reward.numpy().tolist() == [1]


def test_only_strokes_elsewhere_are_allowed():
  world = pixel_art.PixelArt(size=2, width=3, colors=3)
  keep = np.random.default_rng(0).random((5, 2, 3)) < 0.5
  allowed = world.rules.allowed(None, tf.constant(keep)).numpy()
  assert allowed.shape == (5, world.play.action_spec.maximum + 1)
  for action in range(allowed.shape[1]):
    state = start(world, *np.zeros((5, 2, 3), int))
    # Whatever stands on the canvas, one of two strokes of an action would change it.
    state = world.rules.place(state, tf.fill([5, 2, 3], tf.cast(action % 3 == 0, tf.uint8)))
    painted, _, _ = world.rules.step(state, tf.fill([5], action), STILL)
    touched = (world.rules.work(painted) != world.rules.work(state)).numpy()
    np.testing.assert_array_equal((touched & keep).any((1, 2)), ~allowed[:, action])


def test_strokes_in_plain_numbers():
  world = pixel_art.PixelArt(size=2, width=3, colors=3)
  # row * 3 * 3 + column * 3 + colour
  strokes = world.media.strokes(np.array([[0, 5, 17], [9, -1, -1]]))
  assert strokes.numpy().tolist() == [
    [[0, 0, 0], [0, 1, 2], [1, 2, 2]],
    [[1, 0, 0], [-1, -1, -1], [-1, -1, -1]],
  ]
  assert world.media.legend()['palette'].tolist() == [[0] * 3, [128] * 3, [255] * 3]


def test_works_are_encoded_as_pictures_in_the_graph():
  world = pixel_art.PixelArt(size=2, width=3, palette='cga')
  works = np.array([[[0, 1, 2], [3, 0, 1]], [[1] * 3, [2] * 3]], np.uint8)
  files = tf.function(lambda works: world.media.encode(works, 4)['png_bytes'])(tf.constant(works))
  for file, shown in zip(files.numpy(), world.media.render(works), strict=True):
    picture = np.asarray(Image.open(io.BytesIO(file)))
    np.testing.assert_array_equal(picture, shown.repeat(4, 0).repeat(4, 1))


def test_a_drawing_has_the_start_and_then_the_strokes():
  world = pixel_art.PixelArt(size=2, palette='cga')
  svg = world.media.drawing(np.array([[0, 2], [0, 0]]), np.array([7, 9]), 5)
  assert 'viewBox="0 0 2 2" width="10" height="10"' in svg
  assert re.findall(r'd="(M.*?)" fill="(.*?)"(?: style="--t:(.*?)")?', svg) == [
    ('M0,0h2v2h-2z', '#000000', ''),
    ('M1,0h1v1h-1z', '#ff55ff', ''),
    ('M1,0h1v1h-1z', '#ffffff', '1'),
    ('M0,1h1v1h-1z', '#55ffff', '2'),
  ]


def test_a_saturated_generator_is_only_pushed_back():
  world = pixel_art.PixelArt(size=2)
  raw = tf.Variable([[[[-20.0], [20.0]], [[-20.0], [1.0]]]])
  with tf.GradientTape() as tape:
    # Descent makes what has a negative weight brighter: the first two are pushed inwards.
    total = tf.reduce_sum(world.works.legal(raw) * [[[[-1.0], [1.0]], [[1.0], [1.0]]]])
  slope = lambda x: np.exp(-x) / (1 + np.exp(-x)) ** 2  # noqa: E731
  expected = [-slope(3.0), slope(3.0), 0.0, slope(1.0)]
  np.testing.assert_allclose(tape.gradient(total, raw).numpy().ravel(), expected, rtol=1e-5)


@pytest.mark.parametrize(
  'options', [{'size': 1}, {'colors': 1}, {'palette': 'gameby'}, {'horizon': -1}]
)
def test_impossible_canvases_are_refused(options):
  with pytest.raises(spec.SpecError):
    pixel_art.PixelArt(**options).play.action_spec.maximum  # noqa: B018
