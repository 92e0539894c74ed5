"""Brushes, and what a painter of any brush is told: pays, errors, ways to a picture, prospects."""

import re

import numpy as np
import pytest
import tensorflow as tf

from tf_creative.core import spec
from tf_creative.core import works as works_lib
from tf_creative.worlds.pixel_art import brushes
from tf_creative.worlds.pixel_art import world as pixel_art

STILL = tf.zeros([2], tf.int32)
BRUSHES = ['pixel', 'square', 'line']


def shapes(name):
  """The pixels of each shape, each once."""
  padded = brushes.Brush(name, 4, 4, 2).shapes.tolist()
  return [list(dict.fromkeys(map(tuple, shape))) for shape in padded]


def marks(name, height, width):
  """The pixels that each shape covers at each place, bool [places, H, W]: by its offsets alone."""
  found = []
  for row in range(height):
    for column in range(width):
      for shape in shapes(name):
        page = np.zeros((height, width), bool)
        for y, x in shape:
          if 0 <= row + y < height and 0 <= column + x < width:
            page[row + y, column + x] = True
        found.append(page)
  return np.array(found)


def concept(*targets):
  works = tf.constant(np.array(targets), tf.uint8)
  return works_lib.Works(works, tf.zeros([len(targets)], tf.int32))


def midst(world, count, seed=0):
  """States with anything on the canvas and anything to be painted, at any time."""
  rng = np.random.default_rng(seed)
  works = lambda: rng.integers(0, len(world.colours), (count, world.size, world.width))  # noqa: E731
  begun = world.rules.start(concept(*works()), STILL)
  state = world.rules.place(begun, tf.constant(works(), tf.uint8))
  return state._replace(time=tf.constant(rng.integers(0, world.rules.horizon, count), tf.int32))


def every_action(world, state):
  """What each action makes of one state, the batch being the actions: (states, pay, done)."""
  actions = tf.range(world.play.action_spec.maximum + 1)
  many = tf.nest.map_structure(lambda part: tf.repeat(part, tf.size(actions), axis=0), state)
  return world.rules.step(many, actions, STILL)


def one(state, row):
  return tf.nest.map_structure(lambda part: part[row : row + 1], state)


def test_a_square_has_sides_of_one_two_and_three():
  found = shapes('square')
  assert [len(shape) for shape in found] == [1, 4, 9]
  assert found[1] == [(0, 0), (0, 1), (1, 0), (1, 1)]


def test_a_line_goes_to_every_pixel_nearby_and_touches_both_ends():
  found = shapes('line')
  # The pixel; 3 ends to the right; 3 rows below of 7 ends each.
  assert len(found) == 1 + 3 + 3 * 7
  ends = set()
  for shape in found[1:]:
    y, x = shape[-1]
    ends.add((y, x))
    assert shape[0] == (0, 0)
    assert len(shape) == max(abs(y), abs(x)) + 1  # one pixel in each step of its longer side
    steps = np.abs(np.diff(shape, axis=0))
    assert steps.max() == 1 and (steps.max(1) == 1).all()  # without a gap
  assert ends == {(y, x) for y in range(4) for x in range(-3, 4) if y or x > 0}
  assert [(0, 0), (1, 1), (2, 2), (3, 3)] in found
  # Two rows down, one column: the middle is at a half and rounds to the even column, 0.
  assert [(0, 0), (1, 0), (2, 1)] in found


@pytest.mark.parametrize('name', BRUSHES)
def test_the_pixel_comes_first_and_no_shape_twice(name):
  found = shapes(name)
  assert found[0] == [(0, 0)]
  # Nor is one the other from another of its pixels: seen from their corners, all are different.
  corners = [np.array(shape) - np.min(shape, axis=0) for shape in found]
  assert len(
    {tuple(sorted(map(tuple, shape))) for shape in map(np.ndarray.tolist, corners)}
  ) == len(found)
  brush = brushes.Brush(name, 4, 5, 3)
  assert brush.places == 4 * 5 * len(found)
  assert brush.actions == brush.places * 3
  assert brush.most == max(map(len, found))


def test_what_lies_outside_the_canvas_is_cut_off():
  brush = brushes.Brush('square', 3, 4, 2)
  # (row * 4 + column) * 3 shapes + shape, times 2 colours: the square of three around (1, 2),
  # colour 1, and around (2, 3), colour 0.
  covered = brush.covered(tf.constant([((1 * 4 + 2) * 3 + 2) * 2 + 1, ((2 * 4 + 3) * 3 + 2) * 2]))
  assert covered.numpy().astype(int).tolist() == [
    [[0, 1, 1, 1], [0, 1, 1, 1], [0, 1, 1, 1]],
    [[0, 0, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1]],
  ]
  # A line from (0, 0) to (1, -1) must not come in again at the end of a row.
  brush = brushes.Brush('line', 3, 4, 2)
  down_left = shapes('line').index([(0, 0), (1, -1)])
  assert brush.covered(tf.constant([down_left * 2])).numpy().sum() == 1


@pytest.mark.parametrize('name', BRUSHES)
def test_a_stroke_paints_what_it_covers_and_nothing_else(name):
  world = pixel_art.PixelArt(size=3, width=4, colors=3, brush=name)
  brush = world._brush
  covered = brush.covered(tf.range(brush.actions)).numpy()
  np.testing.assert_array_equal(covered, np.repeat(marks(name, 3, 4), 3, axis=0))
  for standing in range(3):
    begun = world.rules.start(concept(np.zeros((3, 4))), STILL)
    state = world.rules.place(begun, tf.fill([1, 3, 4], tf.cast(standing, tf.uint8)))
    painted, _, _ = every_action(world, state)
    colour = np.arange(brush.actions)[:, None, None] % 3  # the colour counts fastest
    np.testing.assert_array_equal(painted.canvas, np.where(covered, colour, standing))


@pytest.mark.parametrize('name', BRUSHES)
def test_under_sums_what_is_covered(name):
  brush = brushes.Brush(name, 3, 4, 2)
  amounts = np.random.default_rng(0).normal(size=(2, 3, 4, 5)).astype(np.float32)
  # [B, places, N]
  expected = [[amount[mark].sum(0) for mark in marks(name, 3, 4)] for amount in amounts]
  np.testing.assert_allclose(brush.under(tf.constant(amounts)), expected, atol=1e-5)


@pytest.mark.parametrize('name', BRUSHES)
@pytest.mark.parametrize('palette', ['grey', 'cga'])
def test_pays_are_what_each_step_would_be_paid(name, palette):
  world = pixel_art.PixelArt(size=3, width=4, palette=palette, brush=name)
  state = midst(world, 3)
  making = world.making
  pays = making.action_rewards(state, making.cell_values(state.target))
  np.testing.assert_array_equal(pays, making.action_rewards(state, making.goal_values(state)))
  for row in range(3):
    _, pay, _ = every_action(world, one(state, row))
    np.testing.assert_allclose(pays[row], pay, atol=1e-5)
  assert pays.numpy().max() > 0 > pays.numpy().min()


def test_the_largest_pay_of_a_brush_is_its_bound():
  world = pixel_art.PixelArt(size=3, colors=4, brush='square')
  _, pay, _ = every_action(world, world.rules.start(concept(np.full((3, 3), 3)), STILL))
  # Nine pixels from black to white at once: the square of three (shape 2) around (1, 1), colour 3.
  assert world.play.reward_bound == pay.numpy().max() == 9
  assert pay.numpy().argmax() == (4 * 3 + 2) * 4 + 3


@pytest.mark.parametrize('name', BRUSHES)
def test_no_allowed_stroke_touches_what_is_kept(name):
  world = pixel_art.PixelArt(size=3, width=4, colors=2, brush=name)
  keep = np.random.default_rng(0).random((4, 3, 4)) < 0.3
  allowed = world.rules.allowed(None, tf.constant(keep)).numpy()
  assert allowed.shape == (4, world.play.action_spec.maximum + 1)
  covered = world._brush.covered(tf.range(allowed.shape[1])).numpy()
  for kept, may in zip(keep, allowed, strict=True):
    np.testing.assert_array_equal(may, ~(covered & kept).any((1, 2)))
  assert world.rules.allowed(None, tf.zeros([1, 3, 4], tf.bool)).numpy().all()


@pytest.mark.parametrize('name', BRUSHES)
def test_what_is_seen_is_all_that_a_step_depends_on(name):
  world = pixel_art.PixelArt(size=3, width=4, colors=3, brush=name)
  state = midst(world, 32)
  actions = np.random.default_rng(1).integers(0, world.play.action_spec.maximum + 1, 32)
  # Some are one stroke from the end: of their time, or of the picture.
  state = state._replace(
    canvas=tf.concat([state.target[:16], state.canvas[16:]], 0),
    time=tf.concat([state.time[:24], tf.fill([8], world.rules.horizon - 1)], 0),
  )
  actions = tf.constant(actions, tf.int32)
  expected = world.rules.step(state, actions, STILL)
  found = world.rules.step(world.rules.resume(world.rules.observe(state)), actions, STILL)
  tf.nest.map_structure(np.testing.assert_array_equal, found, expected)
  done = expected[2].numpy()
  assert done[24:].all() and done[:16].any() and not done.all()


def test_error_is_what_is_left_to_be_paid():
  """From blank to anywhere, by any strokes: the pays add up to what of the error is gone."""
  world = pixel_art.PixelArt(size=4, palette='primary', brush='line')
  rng = np.random.default_rng(0)
  state = start = world.rules.start(concept(*rng.integers(0, 8, (8, 4, 4))), STILL)
  paid = 0
  for _ in range(5):
    actions = tf.constant(rng.integers(0, world.play.action_spec.maximum + 1, 8), tf.int32)
    state, pay, _ = world.rules.step(state, actions, STILL)
    paid += pay
  error = world.making.error
  gone = error(start.canvas, start.target) - error(state.canvas, start.target)
  np.testing.assert_allclose(paid, gone, atol=1e-4)
  np.testing.assert_array_equal(error(state.target, state.target), np.zeros(8))
  # Grey 0, 1/2, 1: (1/2)^2 + 1^2 + 0.
  grey = pixel_art.PixelArt(size=2, colors=3)
  one, other = (tf.constant([x], tf.uint8) for x in ([[0, 0], [1, 2]], [[1, 2], [1, 2]]))
  assert grey.making.error(one, other).numpy().tolist() == [1.25]


def test_a_way_begins_blank_and_paints_right_pixels_only():
  """Where there are strokes enough for the ink, one pixel for each."""
  world = pixel_art.PixelArt(size=4, colors=3, horizon=8)
  target = [[0, 1, 2, 0], [0, 0, 0, 0], [1, 1, 0, 2], [0, 2, 0, 0]]  # six pixels of ink
  times = tf.range(9)
  state = world.making.midway(concept(*[target] * 9), times, tf.constant([3, 4]))
  painted = (state.canvas != 0).numpy()
  assert painted.sum((1, 2)).tolist() == [0, 1, 2, 3, 4, 5, 6, 6, 6]
  np.testing.assert_array_equal(state.canvas.numpy()[painted], state.target.numpy()[painted])
  np.testing.assert_array_equal(state.canvas[-1], target)
  np.testing.assert_array_equal(state.time, times)
  # Others are on other ways: not all have painted the same pixels first.
  state = world.making.midway(concept(*[target] * 40), tf.fill([40], 3), tf.constant([3, 4]))
  firsts = {canvas.tobytes() for canvas in state.canvas.numpy()}
  assert 4 < len(firsts) <= 20  # of 6 over 3 = 20


def test_a_way_rather_begins_with_what_pays_more():
  """White pays 1 and grey 1/4: by luck alone white is first if u > v / 4, in 7 of 8 cases."""
  world = pixel_art.PixelArt(size=2, colors=3, horizon=4)
  target = [[1, 0], [0, 2]]
  many, time = concept(*[target] * 2000), tf.ones([2000], tf.int32)
  state = world.making.midway(many, time, tf.constant([3, 4]))
  np.testing.assert_array_equal((state.canvas.numpy() != 0).sum((1, 2)), 1)
  assert np.mean(state.canvas.numpy()[:, 1, 1] == 2) == pytest.approx(7 / 8, abs=0.03)


def test_a_way_with_too_few_strokes_still_ends_with_the_whole_picture():
  world = pixel_art.PixelArt(size=4, colors=2, horizon=5)
  state = world.making.midway(concept(*[np.ones((4, 4))] * 6), tf.range(6), tf.constant([0, 1]))
  # time * 16 // 5, one picture being sixteen pixels of ink
  assert state.canvas.numpy().sum((1, 2)).tolist() == [0, 3, 6, 9, 12, 16]


@pytest.mark.parametrize('palette', ['grey', 'gameboy'])
@pytest.mark.parametrize('pay', ['error', 'pixels'])
def test_a_prospect_is_how_an_episode_begins(palette, pay):
  world = pixel_art.PixelArt(size=3, width=4, palette=palette, pay=pay)
  start = world.rules.start(concept(*np.random.default_rng(0).integers(0, 4, (5, 3, 4))), STILL)
  features, owed = world.works.prospect(world.works.to_values(start.target), start.label)
  np.testing.assert_allclose(features, world.play.features(world.rules.observe(start)), atol=1e-6)
  np.testing.assert_allclose(owed, world.making.error(start.canvas, start.target), rtol=1e-5)


@pytest.mark.parametrize('pay', ['error', 'pixels'])
def test_gradients_of_a_prospect_lead_back_to_the_values(pay):
  world = pixel_art.PixelArt(size=2, colors=3, pay=pay)  # 0, 1/2, 1
  values = tf.constant([[[[0.0], [0.5]], [[1.0], [0.0]]]])
  with tf.GradientTape(persistent=True) as tape:
    tape.watch(values)
    features, owed = world.works.prospect(values, None)
    white = tf.reduce_sum(features[..., 5])  # how white each pixel is to be
    blank = tf.reduce_sum(features[..., 3])
  # A pixel between is the nearer to white and the farther from black, the brighter it is: with
  # p = softmax(-(v - c)^2 / .1) at v = 1/2, dp(1)/dv = p(1) (2 (1 - 1/2) / .1) = 10 p(1). What can
  # be earned is (0, 1/4, 1) . p or (0, 1, 1) . p, and p(1/2) stays, so both rise as p(1) does.
  share = np.exp(-2.5) / (1 + 2 * np.exp(-2.5))
  for part, expected in ((white, 10 * share), (blank, -10 * share), (owed, 10 * share)):
    np.testing.assert_allclose(tape.gradient(part, values)[0, 0, 1, 0], expected, rtol=1e-5)


def test_pixels_put_right_are_paid_one_by_one():
  world = pixel_art.PixelArt(size=2, colors=3, pay='pixels')
  state = world.rules.start(concept([[1, 2], [0, 0]]), STILL)
  pays = []
  for pixel, colour in ((0, 2), (0, 1), (1, 2), (1, 1), (2, 1)):
    state, pay, _ = world.rules.step(state, tf.constant([pixel * 3 + colour]), STILL)
    pays.append(float(pay[0]))
  # Wrong stays wrong, right, right, wrong again, and what was right made wrong.
  assert pays == [0, 1, 1, -1, -1]


@pytest.mark.parametrize('name', BRUSHES)
def test_a_drawing_has_a_unit_square_for_every_pixel_covered(name):
  world = pixel_art.PixelArt(size=4, width=5, colors=3, brush=name)
  actions = np.random.default_rng(0).integers(0, world.play.action_spec.maximum + 1, 7)
  svg = world.media.drawing(np.zeros((4, 5), np.uint8), actions, 3)
  strokes = re.findall(r'<path d="(\S+)" fill="(\S+)" style="--t:(\d+)"/>', svg)
  assert [int(time) for _, _, time in strokes] == [1, 2, 3, 4, 5, 6, 7]
  covered = world._brush.covered(tf.constant(actions)).numpy()
  for (path, fill, _), mark, action in zip(strokes, covered, actions, strict=True):
    drawn = re.findall(r'M(\d+),(\d+)h1v1h-1z', path)
    assert sorted((int(y), int(x)) for x, y in drawn) == sorted(map(tuple, np.argwhere(mark)))
    assert path.count('M') == mark.sum()
    assert fill == ['#000000', '#808080', '#ffffff'][action % 3]


def test_only_strokes_of_a_brush_have_shapes():
  actions = np.array([[0, ((1 * 3 + 2) * 25 + 24) * 2 + 1, -1]])  # the last line, at (1, 2)
  line = pixel_art.PixelArt(size=3, colors=2, brush='line')
  strokes = line.media.strokes(actions).numpy().tolist()
  assert strokes == [[[0, 0, 0, 0], [1, 2, 1, 24], [-1, -1, -1, -1]]]
  assert line.media.legend()['shapes'].shape == (25, 4, 2)
  assert line.media.legend()['shapes'][24].tolist() == [[0, 0], [1, 1], [2, 2], [3, 3]]
  plain = pixel_art.PixelArt(size=3, colors=2)
  assert plain.media.strokes(np.array([[11, -1]])).numpy().tolist() == [[[1, 2, 1], [-1, -1, -1]]]
  assert 'shapes' not in plain.media.legend()


def test_an_unknown_brush_is_answered_with_the_nearest():
  said = "'brush' of pixel_art cannot be 'lines'. Did you mean 'line'"
  with pytest.raises(spec.SpecError, match=said):
    pixel_art.PixelArt(brush='lines').play.action_spec.maximum  # noqa: B018
