"""A picture of one's own on the page: read in the browser, painted by the server."""

import json

import numpy as np
from PIL import Image
import pytest

from tests.shared import browser, hostile_pictures, served, tiny

pytestmark = pytest.mark.skipif(not browser.BINARY, reason='there is no Chromium on the PATH')


@pytest.fixture(scope='module')
def client(tmp_path_factory):
  folder = tmp_path_factory.mktemp('exports')
  tiny.creator(folder, tiny.config(world='bar_digits(palette=primary)'))
  with served.running(folder) as (server, client):
    client.root = f'http://127.0.0.1:{server.rest_port}/'
    client.about = client.rest('GET', '/about.json').json
    yield client


@pytest.fixture
def choose(page, client):
  """Opens the page and chooses a file on it."""
  page.open(client.root)
  page.until("document.getElementById('title').textContent.trim()")
  assert not page.value("document.getElementById('own').hidden")

  def give(path):
    root = page.send('DOM.getDocument')['root']['nodeId']
    node = page.send('DOM.querySelector', nodeId=root, selector='#own-file')['nodeId']
    page.send('DOM.setFileInputFiles', nodeId=node, files=[str(path)])

  return give


def painted(client, work):
  answer = client.ask({'signature_name': 'paint', 'inputs': {'target': [work.tolist()]}}, 'creator')
  return np.array(answer.json['outputs']['work'][0])


def shown(page):
  page.until("document.getElementById('title').textContent == 'Your picture'")


def test_a_picture_is_reduced_to_the_palette_and_painted(page, client, choose, tmp_path):
  palette = np.array(client.about['palette'], np.uint8)
  work = np.arange(16).reshape(4, 4) % len(palette)
  # Sixteen pixels for each, of which some are a little off; cut off on both sides.
  wide = np.pad(palette[work].repeat(4, 0).repeat(4, 1), [(0, 0), (8, 8), (0, 0)]).astype(int)
  wide[::2, 8:24] = abs(wide[::2, 8:24] - 20)
  Image.fromarray(wide.astype(np.uint8)).save(tmp_path / 'mine.png')
  choose(tmp_path / 'mine.png')
  shown(page)
  np.testing.assert_array_equal(page.colours('imagined'), palette[work])
  made = painted(client, work)
  np.testing.assert_array_equal(page.colours('painted'), palette[made])
  same = (made == work).sum()
  assert page.text('equal-text').startswith(f'{same} of 16 when finished')
  assert page.text('equal-words') == 'of the pixels are as given' and page.text('aim') == 'given'
  assert page.value("document.getElementById('judged').hidden")
  sent = json.loads(page.text('curl').split("'")[1])
  assert sent == {'signature_name': 'paint', 'inputs': {'target': [work.tolist()]}}
  page.press('/', '7')  # back to seeds
  page.until("document.getElementById('aim').textContent == 'imagined'")
  assert not page.value("document.getElementById('judged').hidden")
  assert not page.faults


def test_a_picture_can_be_dropped_and_may_be_as_small_as_it_likes(page, client, choose):
  script = """(async () => {
    const canvas = new OffscreenCanvas(1, 1), context = canvas.getContext('2d');
    context.fillStyle = '#00ff00';
    context.fillRect(0, 0, 1, 1);
    const held = new DataTransfer();
    held.items.add(new File([await canvas.convertToBlob()], 'dot.png', {type: 'image/png'}));
    document.body.dispatchEvent(
      new DragEvent('drop', {dataTransfer: held, bubbles: true, cancelable: true}));
  })()"""
  page.value(script)
  shown(page)
  assert (page.colours('imagined') == [0, 255, 0]).all()
  assert not page.value("document.body.classList.contains('dropping')")
  assert not page.faults


@pytest.mark.parametrize(
  ('content', 'words'),
  [
    (b'I am a text.', 'It cannot be read as a picture'),
    (b'', 'It cannot be read as a picture'),
    (hostile_pictures.saved(64, 64, 'PNG')[:60], 'It cannot be read as a picture'),
    (hostile_pictures.png(6000, 5000, depth=1), 'It is 6000 x 5000, more than 25 million pixels'),
    (hostile_pictures.png(40_000_000, 1), 'It is 40000000 x 1, more than 25 million pixels'),
    (bytes((16 << 20) + 1), 'It has more than 16 MB'),
  ],
  ids=['text', 'nothing', 'cut', 'large', 'long', 'heavy'],
)
def test_what_is_no_good_picture_is_said_in_a_line(page, choose, tmp_path, content, words):
  before = page.text('title')
  (tmp_path / 'odd.png').write_bytes(content)
  choose(tmp_path / 'odd.png')
  page.until("!document.getElementById('own-fault').hidden")
  assert words in page.text('own-fault')
  assert page.text('title') == before
  assert not [url for url in page.asked if 'odd' in url] and not page.faults
