"""The page of a world that is no canvas: piano rolls that sound, walks, and what it cannot show."""

import base64
import dataclasses
import json
import shutil

import numpy as np
import pytest
import tensorflow as tf

from tests.shared import browser, mazes, served, tiny
from tf_creative.serving.exports import configs
from tf_creative.worlds.level import rules as level_rules
from tf_creative.worlds.level import tiles
from tf_creative.worlds.melody import midi, scores

pytestmark = pytest.mark.skipif(not browser.BINARY, reason='there is no Chromium on the PATH')

LISTEN = """(() => {
  window.heard = [];
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (time) {
    heard.push([this.context.currentTime, time, this.frequency.value]);
    window.context = this.context;
    return start.call(this, time);
  };
})()"""
NOTES = """[...document.querySelectorAll('#%s .note')].map(
  ({dataset: {start, length, pitch}}) => [+start, +length, +pitch])"""
FINISHED = "document.getElementById('play-text').textContent == 'Play'"


@pytest.fixture(scope='module')
def exports(tmp_path_factory):
  folder = tmp_path_factory.mktemp('exports')
  for name, world in (('tunes', 'tunes(given=3)'), ('level', 'level(horizon=12)')):
    config = tiny.config(world=world)
    agent = dataclasses.replace(config.agent, network='dense')
    tiny.creator(folder / name, dataclasses.replace(config, agent=agent))
  return folder


def _client(folder):
  with served.running(folder) as (server, client):
    client.root = f'http://127.0.0.1:{server.rest_port}/'
    yield client


@pytest.fixture(scope='module')
def tunes(exports):
  yield from _client(exports / 'tunes')


@pytest.fixture(scope='module')
def level(exports):
  yield from _client(exports / 'level')


def look(page, client, hash):
  page.open(client.root + hash)
  page.until("document.querySelectorAll('#gallery canvas').length > 20")
  page.until("document.getElementById('title').textContent.trim()")


def made(client, seeds, label):
  """The answer to a direct request."""
  answer = client.ask({'inputs': {'seed': seeds, 'label': [label] * len(seeds)}}, 'creator')
  return {name: np.array(value) for name, value in answer.json['outputs'].items()}


def picture(level):
  """How a level looks, in the house's own pictures."""
  return tiles.pictures()[level].transpose(0, 2, 1, 3, 4).reshape(*np.array(level.shape) * 8, 3)


def check(page, client, title):
  """That a page has its words and no more than its own, and no fault."""
  assert page.value("document.querySelector('h1').textContent") == title
  assert 'paint' not in page.value('document.body.innerText').lower()
  assert not page.faults
  assert not [url for url in page.asked if not url.startswith((client.root, 'data:'))]


def test_a_melody_is_shown_as_two_rolls_with_their_keys(page, tunes):
  look(page, tunes, '#label=minor&seed=5')
  answer = made(tunes, [5], 1)
  for name, output in (('imagined', 'imagined'), ('played', 'work')):
    notes = scores.notes(answer[output][0])
    assert page.value(NOTES % name) == [[*map(int, note)] for note in notes]
    keys = page.value(f"[...document.querySelectorAll('#{name} .key')].map((k) => k.textContent)")
    used = page.value(f"document.querySelectorAll('#{name} .key[data-used]').length")
    assert used == len({note.pitch for note in notes}) and 'C4' in keys
  assert page.text('title') == 'Minor, seed 5'
  same = (answer['work'][0] == answer['imagined'][0]).sum()
  assert page.text('equal-text').startswith(f'{same} of 32; ')
  check(page, tunes, 'Imagined, then played')


def test_the_midi_file_is_there_beside_the_picture(page, tunes):
  look(page, tunes, '#label=major&seed=2')
  links = "[...document.querySelectorAll('#downloads a')]"
  names = page.value(f'{links}.map((link) => link.download)')
  assert sorted(names) == ['major-seed-2.mid', 'major-seed-2.png']
  # A file by way of the link, which the page itself may not fetch.
  packed = page.value(
    "fetch('v1/models/creator:predict', {method: 'POST', body: "
    '\'{"inputs":{"seed":[2],"label":[0]}}\'})'
    '.then((answer) => answer.json()).then(({outputs}) => outputs.midi_bytes[0].b64)'
  )
  assert base64.b64decode(packed) == midi.file(made(tunes, [2], 0)['work'][0])


def test_a_melody_is_heard_and_its_cursor_moves(page, tunes):
  look(page, tunes, '#label=major&seed=4')
  page.value(LISTEN)
  page.value("document.getElementById('speed').value = 4")
  answer = made(tunes, [4], 0)
  page.press('<', ' ')
  page.until("document.getElementById('moment').value > 2")
  cursor = "getComputedStyle(document.querySelector('#played .cursor'))"
  assert page.value(f'{cursor}.display') == 'block'
  assert page.value('context.state') == 'running'
  first = page.value(f'parseFloat({cursor}.left)')
  page.until(f'parseFloat({cursor}.left) > {first}')
  page.until(FINISHED)
  now, times, pitches = np.array(page.value('heard')).T
  notes = scores.notes(answer['work'][0])
  expected = 440 * 2 ** ((np.array([note.pitch for note in notes]) - 69) / 12)
  np.testing.assert_allclose(pitches, expected, rtol=1e-5)
  starts = np.array([note.start for note in notes]) * midi.EIGHTH_SECONDS / 4
  np.testing.assert_allclose(times - times[0], starts - starts[0], atol=1e-3)
  assert times[0] - now[0] < 0.1 + starts[0]
  assert page.text('counter').startswith('step 32 of 32')
  check(page, tunes, 'Imagined, then played')


def test_steps_sound_too_and_silence_can_be_chosen(page, tunes):
  look(page, tunes, '#label=major&seed=4')
  page.value(LISTEN)
  page.press('<')
  assert page.text('counter') == 'step 0 of 32'
  for work in ('imagined', ''):
    page.value(f"document.getElementById('hear').value = '{work}'")
    page.value('heard.length = 0')
    page.press('<', *'.' * 32)
    melody = made(tunes, [4], 0)['imagined'][0]
    assert page.value('heard.length') == (len(scores.notes(melody)) if work else 0)
  assert 'bar 4' in page.text('status')


def test_a_walk_ends_where_the_work_does(page, level):
  look(page, level, '#label=door_key&seed=3')
  assert page.text('title') == 'Door key, seed 3'
  answer = {name: part[0] for name, part in made(level, [3], 2).items()}
  np.testing.assert_array_equal(page.colours('painted'), picture(answer['work']))
  np.testing.assert_array_equal(page.colours('imagined'), picture(answer['imagined']))
  count = answer['steps']
  state = level_rules.begin(
    tf.constant(answer['imagined'][None], tf.uint8), tf.zeros([1], tf.int32)
  )
  page.press('<')
  for place in range(count):
    np.testing.assert_array_equal(page.colours('painted'), picture(state.work[0].numpy()))
    page.press('.')
    action = answer['actions'][place]
    state, _, _ = level_rules.step(state, tf.constant([action]), 12)
    assert page.text('counter') == f'action {place + 1} of {count}: {level_rules.ACTIONS[action]}'
  assert page.text('equal') == ('Solved' if answer['solved'] else 'Not solved')
  way = f'the shortest way takes {answer["path_length"]} of at most 12'
  assert page.text('equal-text') == (
    way if answer['solvable'] else 'a search finds no way to the goal'
  )
  check(page, level, 'Imagined, then walked')


def test_a_walk_plays_by_itself(page, level):
  page.emulate(calm=False)
  page.open(level.root + '#label=lava_crossing&seed=1')
  page.until(f'!({FINISHED})')
  page.until(FINISHED)
  work = made(level, [1], 1)['work'][0]
  np.testing.assert_array_equal(page.colours('painted'), picture(work))


def test_its_rules_are_those_of_the_house(page, level):
  """Random walks through random levels, with keys and doors, step by step."""
  look(page, level, '#seed=1')
  rng = np.random.default_rng(0)
  levels = mazes.random_levels(60, 7, seed=1)
  actions = rng.choice(5, [60, 50], p=[0.1, 0.15, 0.45, 0.15, 0.15])
  state = level_rules.begin(tf.constant(levels), tf.zeros([60], tf.int32))
  ended, frames = np.zeros(60, bool), []
  counts = np.full(60, 50)
  for time, action in enumerate(actions.T):
    state, _, over = level_rules.step(state, tf.constant(action, tf.int32), 10**6)
    counts = np.where(over.numpy() & ~ended, time + 1, counts)
    ended |= over.numpy()
    frames.append(state.work.numpy())
  codes = np.stack(frames)
  assert (tiles.changed(codes) == 1).any() and ended.any() and not ended.all()
  about = {'shape': [7, 7], 'tiles': tiles.NAMES, 'actions': level_rules.ACTIONS}
  works = [
    {'imagined': one.ravel().tolist(), 'strokes': acts[:, None].tolist(), 'about': about}
    for one, acts in zip(levels, actions, strict=True)
  ]
  ends = page.value(
    f"import('/views/walk.js').then(({{after}}) => {json.dumps(works)}.map((work, row) => "
    f'after({counts.tolist()}[row], work).cells))'
  )
  expected = codes[counts - 1, np.arange(60)].reshape(60, -1)
  np.testing.assert_array_equal(ends, expected)


@pytest.mark.parametrize('width', [360, 1400])
@pytest.mark.parametrize('world', ['tunes', 'level'])
def test_nothing_sticks_out(page, request, world, width):
  page.resize(width, 800)
  look(page, request.getfixturevalue(world), '#seed=2')
  page.value("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
  root = 'document.documentElement'
  assert page.value(f'{root}.scrollWidth') <= page.value(f'{root}.clientWidth')


@pytest.mark.parametrize(
  ('world', 'change', 'words'),
  [
    ('tunes', {'view': 'hologram'}, "how to show a world's view 'hologram': it shows pictures"),
    ('level', {'view': ''}, 'how to show level(horizon=12): it shows pictures'),  # an old export
  ],
)
def test_what_it_has_no_view_for_is_said_and_shown_as_pictures(
  page, exports, tmp_path, world, change, words
):
  shutil.copytree(exports / world, tmp_path / 'other')
  path = tmp_path / 'other/creator/1' / configs.ABOUT
  path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
  with served.running(tmp_path / 'other') as (server, client):
    client.root = f'http://127.0.0.1:{server.rest_port}/'
    look(page, client, '#seed=6')
    png = base64.b64decode(made(client, [6], -1)['png_bytes'][0]['b64'])
    page.until("document.getElementById('painted').width > 100")
    expected = tf.io.decode_png(png).numpy()
    np.testing.assert_array_equal(page.colours('painted'), expected)
    assert words in page.value("document.querySelector('header').innerText")
    page.press(' ', '.')  # there is nothing to play
    check(page, client, 'Imagined, then made')
