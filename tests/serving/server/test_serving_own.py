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


def predict(client, signature, **inputs):
  inputs = {name: np.asarray(value).tolist() for name, value in inputs.items()}
  answer = client.ask({'signature_name': signature, 'inputs': inputs}, 'creator').json
  return {
    name: np.array(value) for name, value in answer['outputs'].items() if 'b64' not in str(value)
  }


def painted(client, work):
  return predict(client, 'paint', target=[work])['work'][0]


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


def chosen(page, client, choose, folder):
  """Chooses a picture in the palette's colours; returns the palette and the work that it is."""
  palette = np.array(client.about['palette'], np.uint8)
  work = np.arange(16).reshape(4, 4) % len(palette)
  Image.fromarray(palette[work]).save(folder / 'mine.png')
  choose(folder / 'mine.png')
  shown(page)
  return palette, work


def test_a_picture_is_varied(page, client, choose, tmp_path):
  palette, work = chosen(page, client, choose, tmp_path)
  assert not page.value("document.getElementById('mine').hidden")
  near = predict(client, 'near', target=[work], given=[np.ones((4, 4), bool)], label=[-1])
  page.value("document.getElementById('vary').click()")
  page.until("document.getElementById('shelf').children.length == 9")
  for strength in (0.3, 1.0):
    seeds = np.arange(8)
    each = {'z': near['z'].repeat(8, 0), 'label': near['label'].repeat(8), 'seed': seeds}
    made = predict(client, 'vary', **each, strength=np.full(8, strength))
    for place in (1, 8):
      page.value(f"document.getElementById('shelf').children[{place}].click()")
      page.until("document.getElementById('title').textContent == 'A variation of your picture'")
      goal = palette[made['imagined'][place - 1]]
      np.testing.assert_array_equal(page.colours('imagined'), goal)
      np.testing.assert_array_equal(page.colours('painted'), palette[made['work'][place - 1]])
      assert page.text('aim') == 'imagined'
    old = page.value("window.old = document.getElementById('shelf').firstChild, true")
    assert old
    page.value("""(() => {const slider = document.getElementById('strength'); slider.value = 1;
      slider.dispatchEvent(new Event('change'))})()""")
    page.until("document.getElementById('shelf').firstChild != window.old")
  # What the seeds alone imagine, of its label.
  alone = predict(client, 'serving_default', seed=seeds, label=each['label'])
  np.testing.assert_array_equal(made['imagined'], alone['imagined'])
  assert not page.faults


def test_what_is_rubbed_out_is_filled(page, client, choose, tmp_path):
  palette, work = chosen(page, client, choose, tmp_path)
  assert page.value("document.getElementById('fill').ariaDisabled") == 'true'
  page.value("document.getElementById('fill').click()")  # nothing to fill
  page.value("document.getElementById('rub').click()")
  box = page.value("""(() => {const box = document.getElementById('imagined')
    .getBoundingClientRect(); return [box.left, box.top, box.width, box.height]})()""")
  places = [(0, 0), (0, 1), (2, 3)]
  for row, column in places:
    x, y = (box[0] + (column + 0.5) / 4 * box[2], box[1] + (row + 0.5) / 4 * box[3])
    for kind in ('mousePressed', 'mouseReleased'):
      page.send(
        'Input.dispatchMouseEvent', type=kind, x=x, y=y, button='left', buttons=1, clickCount=1
      )
  given = np.ones((4, 4), bool)
  given[tuple(np.transpose(places))] = False
  assert page.value("document.getElementById('gap').getAttribute('d')").count('M') == len(places)
  near = predict(client, 'near', target=[work], given=[given], label=[-1])
  page.value("document.getElementById('fill').click()")
  page.until("document.getElementById('title').textContent == 'Your picture, filled in'")
  filled = np.where(given, work, near['imagined'][0])
  np.testing.assert_array_equal(page.colours('imagined'), palette[filled])
  np.testing.assert_array_equal(page.colours('painted'), palette[painted(client, filled)])
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
