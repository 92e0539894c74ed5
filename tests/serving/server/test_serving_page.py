"""The page at the server's root, in a headless Chromium."""

import json
import re
import shutil

import numpy as np
import pytest

from tests.shared import browser, served, tiny
from tf_creative.serving.exports import configs

pytestmark = pytest.mark.skipif(not browser.BINARY, reason='there is no Chromium on the PATH')

BIG = 2**63 - 8  # a seed that no number of JavaScript can tell from its neighbours


@pytest.fixture(scope='module')
def exports(tmp_path_factory):
  folder = tmp_path_factory.mktemp('exports')
  config = tiny.config(world='bar_digits(brush=square, palette=primary)')
  tiny.creator(folder, config)
  return folder


@pytest.fixture(scope='module')
def client(exports):
  with served.running(exports) as (server, client):
    client.root = f'http://127.0.0.1:{server.rest_port}/'
    client.about = client.rest('GET', '/about.json').json
    yield client


def made(client, seed, label):
  """The answer to a direct request, without its batch."""
  answer = client.ask({'inputs': {'seed': [seed], 'label': [label]}}, 'creator')
  return {name: np.array(value)[0] for name, value in answer.json['outputs'].items()}


def picture(client, work):
  return np.array(client.about['palette'])[work]


def wait(page, title):
  page.until(f"document.getElementById('title').textContent == '{title}'")


def look(page, client, hash=''):
  page.open(client.root + hash)
  page.until("document.querySelectorAll('#gallery canvas').length == 40")
  page.until("document.getElementById('title').textContent.trim()")


def replay(client, strokes):
  """The canvas after each stroke, worked out by hand: the blank one first."""
  height, width = client.about['shape']
  canvas = np.zeros((height, width), int)
  yield canvas.copy()
  for row, column, colour, shape in strokes[strokes[:, 0] >= 0]:
    for down, right in client.about['shapes'][shape]:
      if row + down < height and 0 <= column + right < width:
        canvas[row + down, column + right] = colour
    yield canvas.copy()


def test_it_loads_without_a_fault_and_asks_nobody_else(page, client):
  look(page, client)
  assert page.value("document.querySelector('legend').textContent") == 'digit'
  assert page.value("[...document.querySelectorAll('#labels input')].map((i) => i.value)") == [
    '-1',
    '0',
    '1',
  ]
  assert not page.faults
  elsewhere = [url for url in page.asked if not url.startswith((client.root, 'data:'))]
  assert page.asked and not elsewhere


def test_a_digit_and_a_seed_by_keyboard_show_what_rest_answers(page, client):
  look(page, client)
  page.press('1', '/', *'42')
  wait(page, 'Digit 1, seed 42')
  answer = made(client, 42, 1)
  np.testing.assert_array_equal(page.colours('painted'), picture(client, answer['work']))
  np.testing.assert_array_equal(page.colours('imagined'), picture(client, answer['imagined']))
  same = (answer['work'] == answer['imagined']).sum()
  assert page.text('equal-text').startswith(f'{same} of 16 when finished')
  assert page.text('origin') == 'Made by version 1 of the creator.'
  assert f'{answer["authenticity"]:.3f}'.replace('-', '\u2212') in page.text('logit')
  assert page.value('location.hash') == '#label=1&seed=42'
  page.press('ArrowUp')
  wait(page, 'Digit 1, seed 43')
  page.press('Tab', 'Tab', '0', '-')
  wait(page, 'Digit 0, seed 42')
  np.testing.assert_array_equal(
    page.colours('painted'), picture(client, made(client, 42, 0)['work'])
  )
  assert not page.faults


def test_strokes_lead_to_the_work_and_back_again(page, client):
  look(page, client, '#label=1&seed=3')
  wait(page, 'Digit 1, seed 3')
  answer = made(client, 3, 1)
  frames = [picture(client, frame) for frame in replay(client, answer['strokes'])]
  assert len(frames) == answer['steps'] + 1
  np.testing.assert_array_equal(frames[-1], picture(client, answer['work']))
  page.press('<')
  for place, frame in enumerate(frames):
    assert page.text('counter') == f'stroke {place} of {len(frames) - 1}'
    np.testing.assert_array_equal(page.colours('painted'), frame)
    page.press('.')
  page.press(',')
  np.testing.assert_array_equal(page.colours('painted'), frames[-2])
  assert f'stroke {len(frames) - 2} of' in page.text('status')


def test_playing_ends_with_the_work(page, client):
  page.emulate(calm=False)
  page.open(client.root + '#label=0&seed=5')
  finished = "document.getElementById('play-text').textContent == 'Play'"
  page.until(f'!({finished})')  # it plays by itself
  page.until(finished)
  work = picture(client, made(client, 5, 0)['work'])
  np.testing.assert_array_equal(page.colours('painted'), work)
  page.press('<', ' ')
  page.until("document.getElementById('moment').value > 0")
  page.press(' ')
  assert page.value(finished), 'paused'
  assert len(set(re.findall(r'\d+', page.text('counter')))) == 2, 'in the midst of it'
  page.press(' ')
  page.until(finished)
  np.testing.assert_array_equal(page.colours('painted'), work)


def test_a_work_of_the_gallery_opens_by_enter(page, client):
  look(page, client)
  inside = "document.getElementById('gallery').contains(document.activeElement)"
  for _ in range(40):
    page.press('Tab')
    if page.value(inside):
      break
  page.press('Home', 'ArrowDown', 'ArrowRight')
  name = page.value('document.activeElement.ariaLabel')
  label, seed = map(int, re.fullmatch(r'(\d), seed (\d+)', name).groups())
  small = page.colours('document.activeElement.firstChild')
  page.press('Enter')
  wait(page, f'Digit {label}, seed {seed}')
  assert page.value("document.querySelector('[aria-current]').ariaLabel") == name
  assert page.value('location.hash') == f'#label={label}&seed={seed}'
  np.testing.assert_array_equal(page.colours('painted'), small)
  np.testing.assert_array_equal(small, picture(client, made(client, seed, label)['work']))


def test_an_address_shows_the_same_again(page, client):
  look(page, client, f'#label=0&seed={BIG}&gallery=-3')
  wait(page, f'Digit 0, seed {BIG}')
  np.testing.assert_array_equal(
    page.colours('painted'), picture(client, made(client, BIG, 0)['work'])
  )
  assert page.text('gallery-text').startswith('Seeds -3 to 16 of each digit')
  page.value("location.hash = '#seed=8'")
  label = made(client, 8, -1)['label']
  wait(page, f'Digit {label}, seed 8')
  assert page.text('origin').startswith('The seed drew the digit.')
  page.value('history.back()')
  wait(page, f'Digit 0, seed {BIG}')
  assert page.value("document.querySelector('#labels :checked').value") == '0'


def test_its_curl_line_asks_for_what_it_shows(page, client):
  look(page, client, '#label=1&seed=6')
  wait(page, 'Digit 1, seed 6')
  body, address = re.fullmatch(r"curl -d '(.*)' (.*)", page.text('curl')).groups()
  assert address == f'{client.root}v1/models/creator:predict'
  answer = client.ask(json.loads(body), 'creator').json['outputs']
  np.testing.assert_array_equal(page.colours('painted'), picture(client, answer['work'][0]))
  assert page.value("document.querySelector('#downloads a').download") == '1-seed-6.png'


@pytest.mark.parametrize('width', [360, 1400])
def test_nothing_sticks_out(page, client, width):
  page.resize(width, 800)
  look(page, client)
  page.value("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
  root = 'document.documentElement'
  assert page.value(f'{root}.scrollWidth') <= page.value(f'{root}.clientWidth')


def test_what_is_no_seed_is_refused(page, client):
  look(page, client, '#label=1&seed=6')
  page.press('/', *'1e5')
  assert page.text('seed-fault') == 'A seed is a whole number.'
  assert page.value("document.getElementById('seed').ariaInvalid") == 'true'
  page.press('/', *str(2**63))
  assert '9223372036854775807' in page.text('seed-fault')
  page.press('/', '9')
  wait(page, 'Digit 1, seed 9')
  assert not page.text('seed-fault')


def test_without_its_file_a_version_is_asked_and_a_server_that_is_gone_is_awaited(
  page, exports, tmp_path
):
  shutil.copytree(exports, tmp_path / 'old')
  (tmp_path / 'old/creator/1/assets.extra/about.json').unlink()
  hidden = "document.getElementById('trouble').hidden"
  with served.running(tmp_path / 'old') as (server, client):
    port = server.rest_port
    client.root = f'http://127.0.0.1:{port}/'
    look(page, client, '#label=1&seed=4')
    wait(page, 'Digit 1, seed 4')
  page.press('+')
  page.until(f'!{hidden}')
  assert page.text('trouble-title') == 'The server does not answer.'
  with served.running(tmp_path / 'old', rest_port=port):
    wait(page, 'Digit 1, seed 5')
    page.until(hidden)


def test_an_export_of_before_there_were_views_is_drawn(page, exports, tmp_path):
  shutil.copytree(exports, tmp_path / 'old')
  path = tmp_path / 'old/creator/1' / configs.ABOUT
  about = json.loads(path.read_text())
  del about['view']
  path.write_text(json.dumps(about))
  with served.running(tmp_path / 'old') as (server, client):
    client.root, client.about = f'http://127.0.0.1:{server.rest_port}/', about
    look(page, client, '#label=1&seed=4')
    wait(page, 'Digit 1, seed 4')
    work = picture(client, made(client, 4, 1)['work'])
    np.testing.assert_array_equal(page.colours('painted'), work)


def test_a_server_without_a_creator_is_named(page, tmp_path):
  with served.running(served.folder(tmp_path / 'exports')) as (server, _):
    page.open(f'http://127.0.0.1:{server.rest_port}/')
    page.until("!document.getElementById('trouble').hidden")
    assert page.text('trouble-title') == 'No creator is served here.'
    assert page.value("document.getElementById('studio').hidden")
    page.value("document.getElementById('server').open = true")
    page.until("document.querySelector('#server tbody').textContent.includes('toy1AVAILABLE')")
