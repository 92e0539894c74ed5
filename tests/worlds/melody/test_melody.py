"""The world of melodies, by hand; class 22 is C5."""

import io
import re

import mido
import numpy as np
from PIL import Image
import pytest
import tensorflow as tf

from tests.shared import tiny
from tf_creative.core import spec
from tf_creative.core import works as works_lib
from tf_creative.studio import pictures
from tf_creative.worlds.melody import midi, scores, theory
from tf_creative.worlds.melody import world as melody

STILL = tf.zeros([2], tf.int32)
C, D, E = 22, 24, 26
THEME = np.zeros(scores.STEPS, np.uint8)
THEME[:6] = [C, 0, D, 1, 0, E]


def start(world, *themes, label=0):
  works = tf.constant(np.array(themes, np.uint8))
  code = tf.ones([len(themes), world.play.code_size]) if world.play.code_size else ()
  return world.rules.start(works_lib.Works(works, tf.fill([len(themes)], label), code), STILL)


def play(world, state, *classes):
  paid = []
  for place in classes:
    state, pay, done = world.rules.step(state, tf.constant([place]), STILL)
    paid.append(float(pay[0]))
  return state, paid, bool(done[0])


def test_a_class_is_paid_by_the_error_that_it_removes():
  world = melody.Melody()
  # A right note puts a hold right; a wrong one leaves it wrong; a hold is right already, and a
  # note in its place makes that wrong; a right rest puts a hold right.
  state, paid, done = play(world, start(world, THEME), C, C, E, 1)
  assert paid == [1, -1, 0, 1]
  assert not done
  assert world.rules.work(state).numpy()[0, :5].tolist() == [C, C, E, 1, 0]
  assert state.time.numpy().tolist() == [4]


def test_the_whole_theme_is_worth_its_notes_and_rests_and_ends_the_episode():
  world = melody.Melody(match=2.0)
  state, paid, done = play(world, start(world, THEME), *THEME)
  assert sum(paid) == 2 * 4
  assert done
  np.testing.assert_array_equal(world.rules.work(state), [THEME])
  features, owed = world.works.prospect(
    world.works.to_values(tf.constant([THEME])), tf.constant([0])
  )
  assert float(owed[0]) == 8


def test_what_is_given_stands_and_is_gone_on_from():
  world = melody.Melody(given=4)
  state = start(world, THEME)
  assert world.rules.work(state).numpy()[0, :6].tolist() == [C, 0, D, 1, 0, 0]
  assert world.rules.horizon == scores.STEPS - 4
  state, paid, _ = play(world, state, 0, E)
  assert world.rules.work(state).numpy()[0, :6].tolist() == [C, 0, D, 1, 0, E]
  assert paid == [0, 1]


@pytest.mark.parametrize('options', [{}, {'given': 8}, {'target': 'none', 'code': 3}])
def test_the_world_hides_nothing(options):
  world = melody.Melody(**options)
  state, *_ = play(world, start(world, THEME), C, 0, D)
  observation = world.rules.observe(state)
  for name, bounded in world.play.observation_spec.items():
    assert observation[name].dtype == bounded.dtype
    assert observation[name].shape[1:] == bounded.shape
    assert bounded.minimum <= observation[name].numpy().min()
    assert observation[name].numpy().max() <= bounded.maximum
  again = world.rules.observe(world.rules.resume(observation))
  tf.nest.map_structure(np.testing.assert_array_equal, again, observation)


def test_every_action_is_paid_as_it_is_told():
  world = tiny.Tunes(theory=0.7, likelihood=0.2)
  rng = np.random.default_rng(0)
  state = start(world, *[rng.integers(0, 38, 32) for _ in range(6)], label=1)
  for _ in range(9):
    state, *_ = world.rules.step(state, tf.constant(rng.integers(0, 38, 6), tf.int32), STILL)
  every = tf.tile(tf.range(38)[None], [6, 1])
  told = world.making.action_rewards(
    state, world.making.goal_values(state)
  ) + world.making.side_reward(state, every)
  for action in range(38):
    _, pay, _ = world.rules.step(state, tf.fill([6], action), STILL)
    np.testing.assert_allclose(told[:, action], pay, atol=1e-5)
    assert np.abs(pay).max() <= world.play.reward_bound


def test_rules_and_likelihood_are_weighed():
  works = [THEME]
  plain = melody.Melody(target='none', theory=1.0)
  half = melody.Melody(target='none', theory=0.5)
  sure = tiny.Tunes(target='none', likelihood=2.0)
  _, paid, _ = play(plain, start(plain, *works), C, 0, C + 1)
  # The tonic first .3; a half tone that the key lacks -.1, and of two notes -.5 correlated: -.15.
  np.testing.assert_allclose(paid, [0.3, 0, -0.25], atol=1e-5)
  _, paid, _ = play(half, start(half, *works), C, 0, C + 1)
  np.testing.assert_allclose(paid, [0.15, 0, -0.125], atol=1e-5)
  _, paid, _ = play(sure, start(sure, *works), C, 0)
  model = sure._model
  first = 2 * model.scores(tf.zeros([1, 32], tf.int32), tf.constant([0]))[0, C]
  assert paid[0] == pytest.approx(float(first))


def test_the_same_moment_is_seen_alike_at_any_step():
  world = melody.Melody()
  late = np.roll(THEME, 8)  # the same a bar later
  one, *_ = play(world, start(world, THEME), C, 0)
  other, *_ = play(world, start(world, late), *[0] * 8, C, 0)
  seen, moved = (world.play.features(world.rules.observe(s)).numpy()[0] for s in (one, other))
  rows = scores.STEPS * scores.CLASSES
  heard = seen[:rows].reshape(scores.STEPS, -1)
  assert heard[0].argmax() == 0 and heard[1].argmax() == C  # a hold, and before it C
  assert not heard[2:].any()
  np.testing.assert_array_equal(heard[:2], moved[:rows].reshape(scores.STEPS, -1)[:2])
  middle = slice(rows, rows + scores.PITCHES + 1 + scores.BAR + 2)  # sound, step of the bar, mode
  np.testing.assert_array_equal(seen[middle], moved[middle])
  assert np.flatnonzero(seen[middle]).tolist() == [C - 1, scores.PITCHES + 1 + 2, 37 + 8]
  ahead = seen[-rows:].reshape(scores.STEPS, -1)
  assert ahead[0].argmax() == D and ahead[3].argmax() == E
  assert not ahead[-2:].any()  # the theme is over by then
  assert seen[middle.stop] == pytest.approx(30 / 32)


@pytest.mark.parametrize('options', [{}, {'given': 5}, {'target': 'none', 'code': 2}])
def test_a_prospect_is_how_an_episode_begins(options):
  world = melody.Melody(**options)
  state = start(world, THEME, np.roll(THEME, 3), label=1)
  values = world.works.to_values(state.theme)
  features, owed = world.works.prospect(values, state.label)
  np.testing.assert_allclose(features, world.play.features(world.rules.observe(state)))
  np.testing.assert_allclose(owed, world.making.error(world.rules.work(state), state.theme))
  with tf.GradientTape() as tape:
    tape.watch(values)
    seen = tf.reduce_sum(world.works.prospect(values, state.label)[0][0])
  # Each number of the theme is seen once, ahead or as it stands.
  slope = tape.gradient(seen, values).numpy()
  np.testing.assert_array_equal(slope[0], options.get('target') != 'none')
  assert not slope[1].any()


def test_midway_are_the_first_classes():
  world = melody.Melody(given=2)
  concept = works_lib.Works(tf.constant([THEME] * 2), tf.zeros([2], tf.int32))
  state = world.making.midway(concept, tf.constant([0, 3]), STILL)
  assert world.rules.work(state).numpy()[:, :6].tolist() == [
    [C, 0, 0, 0, 0, 0],
    [C, 0, D, 1, 0, 0],
  ]


def test_what_is_kept_stays():
  world = melody.Melody()
  keep = tf.constant([[True] * 4 + [False] * 28])
  state = world.rules.place(start(world, THEME), tf.constant(THEME[None]))
  allowed = world.rules.allowed(state, keep).numpy()[0]
  assert np.flatnonzero(allowed).tolist() == [C]
  state, *_ = play(world, state, *THEME[:4])
  assert world.rules.allowed(state, keep).numpy().all()


def test_values_and_works_are_one_another_and_gradients_pass():
  world = melody.Melody()
  works = np.random.default_rng(0).integers(0, 38, (5, 32))
  values = world.works.to_values(tf.constant(works))
  assert values.shape == (5, *world.works.value_shape)
  np.testing.assert_array_equal(world.works.to_works(values), works)
  raw = tf.Variable(np.random.default_rng(0).normal(size=(2, 32, 38)), dtype=tf.float32)
  with tf.GradientTape() as tape:
    legal = world.works.legal(raw)
    first = tf.reduce_sum(legal[..., 0])
  np.testing.assert_allclose(legal, world.works.to_values(world.works.to_works(legal)), atol=1e-6)
  soft = tf.nn.softmax(raw).numpy()
  slope = tape.gradient(first, raw)[..., 1]
  np.testing.assert_allclose(slope, -soft[..., 0] * soft[..., 1], rtol=1e-4)


def test_a_piano_roll():
  shown = melody.Melody().media.render(np.array([THEME]))
  assert shown.shape == (1, scores.PITCHES, scores.STEPS, 3)
  row = scores.PITCHES - 1 - (C - scores.FIRST)
  struck, held = shown[0, row, 0], shown[0, row, 1]
  assert not np.array_equal(struck, held)
  np.testing.assert_array_equal(shown[0, row - 2, 2], struck)  # D, two half tones above
  silent = melody.Melody().media.render(np.zeros([1, 32], np.uint8))
  differs = (shown != silent).any(-1)[0]
  # C for two steps, D for one, E to the end.
  assert differs.sum(1)[[row, row - 2, row - 4]].tolist() == [2, 1, 27]
  assert differs.sum() == 30


def test_keys_and_bars_stand_beside_a_piano_roll_and_change_no_pixel_of_it():
  world = melody.Melody()
  for zoom in (2, 4):
    keys, bars = world.media.rulers(zoom)
    assert (keys.height, bars.width) == (36 * zoom, 32 * zoom)
    rows = np.asarray(keys)[::zoom, -1].sum(-1) < 300  # black keys, from D#6 downwards
    pitches = 87 - np.flatnonzero(rows)
    assert {pitch % 12 for pitch in pitches} == {1, 3, 6, 8, 10}
    dark = np.asarray(keys.convert('L'))[:, : -3 * zoom] < 128
    lines = 87.5 - np.array([60, 72, 84])  # C4, C5 and C6: a name at each, and none elsewhere
    away = np.abs(lines[:, None] - np.flatnonzero(dark.any(1)) / zoom)
    assert (away.min(1) < 1).all() and (away.min(0) < 4).all()
    page = pictures.sheet(world.media.render(np.array([THEME] * 3)), 2, world.media.rulers)
    plain = pictures.sheet(world.media.render(np.array([THEME] * 3)), 2)
    assert page.size > plain.size
    inside = np.asarray(page)[-plain.height :, -plain.width :]
    gap = 4  # on which the rulers may lie
    np.testing.assert_array_equal(inside[gap:, gap:], np.asarray(plain)[gap:, gap:])


def test_files_of_a_melody():
  world = melody.Melody()
  works = np.array([THEME, np.roll(THEME, 4)])
  encoded = tf.function(lambda works: world.media.encode(works, 2))(tf.constant(works))
  for work, png, mid in zip(works, encoded['png_bytes'], encoded['midi_bytes'], strict=True):
    picture = np.asarray(Image.open(io.BytesIO(png.numpy())))
    np.testing.assert_array_equal(picture[::2, ::2], world.media.render(work[None])[0])
    notes = [m for m in mido.MidiFile(file=io.BytesIO(mid.numpy())) if m.type == 'note_on']
    assert [m.note for m in notes] == [72, 74, 76]
  assert world.media.files['mid'](THEME)[:4] == b'MThd'
  assert world.media.files['wav'](THEME)[:4] == b'RIFF'


def test_a_drawing_ends_as_the_picture():
  world = melody.Melody(given=2)
  begun = THEME * (np.arange(32) < 2)
  svg = world.media.drawing(begun, np.array(THEME[2:]), 3)
  assert 'viewBox="-7 -3 39 39" width="117" height="117"' in svg
  assert re.findall(r'y="(\d+)" text-anchor="end">(C\d)<', svg) == [
    (str(scores.PITCHES - (12 * (number + 1) - scores.LOWEST)), f'C{number}')
    for number in (6, 5, 4)
  ]
  shown = np.zeros((36, 32, 3), int)
  for path, colour in re.findall(r'd="(.*?)" fill="#(.*?)"', svg):
    for x, y in re.findall(r'M(\d+),(\d+)h1v1h-1z', path):
      shown[int(y), int(x)] = list(bytes.fromhex(colour))
  np.testing.assert_array_equal(shown, world.media.render(THEME[None])[0])


def test_strokes_are_pitches():
  world = melody.Melody()
  assert world.media.strokes(tf.constant([[C, 0, 1, -1]])).numpy().tolist() == [
    [[72], [0], [1], [-1]]
  ]
  assert world.media.legend()['pitches'][[0, 1, C]].tolist() == [0, 1, 72]


def test_a_short_file_has_a_gap_at_its_end(tmp_path):
  world, path = melody.Melody(), tmp_path / 'x.mid'
  work = THEME.copy()
  work[8] = 1
  path.write_bytes(midi.file(work))
  found, given = world.media.read(path)
  assert scores.notes(found) == scores.notes(work)
  assert given.tolist() == [True] * 8 + [False] * 24
  assert world.media.portrait(path, given)[1].shape == (36, 32)
  with pytest.raises(spec.UserError, match='takes no mask'):
    world.media.read(path, 'mask.png')


def test_what_was_made_is_a_data_set(tmp_path):
  world = melody.Melody()
  works = works_lib.Works(np.array([THEME] * 3), np.array([0, 1, 0], np.int32))
  world.media.store(works, np.arange(3), tmp_path / 'made')
  read = list(melody.Melody(data=str(tmp_path / 'made')).real('train').as_numpy_iterator())
  assert [w.label for w in read] == [0, 1]  # the last fifth stands in for a test
  np.testing.assert_array_equal(read[0].work, THEME)


def test_metrics_are_measures():
  world = melody.Melody()
  found = world.measures.metrics(np.array([THEME]), np.array([np.roll(THEME, 1)]))
  assert found.keys() == world.measures.scores.keys()
  assert found['equal_steps'].tolist() == [25 / 32]  # all of the first seven differ


def test_a_melody_is_described_in_all_terms():
  world = melody.Melody()
  found = world.measures.describe(np.array([THEME, THEME[::-1]]))
  assert found.keys() == world.measures.traits.keys()
  assert all(len(values) == 2 for values in found.values())


@pytest.mark.parametrize(
  'options', [{'target': 'show'}, {'given': 32}, {'given': -1}, {'target': 'hidden', 'code': 0}]
)
def test_impossible_melodies_are_refused(options):
  with pytest.raises(spec.SpecError):
    melody.Melody(**options)


def test_the_bound_is_that_of_all_terms():
  world = melody.Melody(match=2.0, theory=0.5, likelihood=0.1)
  assert world.play.reward_bound == pytest.approx(2 + 0.5 * theory.BOUND + 0.1 * 8)
