"""The page of a world whose labels are told by numbers: airfoils, with a slider for each."""

import base64
import contextlib
import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from tests.shared import browser, served, tiny
from tests.worlds.airfoil import wings

pytestmark = pytest.mark.skipif(not browser.BINARY, reason='there is no Chromium on the PATH')

SLIDERS = "[...document.querySelectorAll('#sliders input')]"


@pytest.fixture(scope='module')
def client(tmp_path_factory):
  folder = tmp_path_factory.mktemp('exports')
  with pytest.MonkeyPatch.context() as patch:
    wings.with_network(patch)
    config = tiny.config(world=f'airfoil(data={wings.folder(folder / "own")}, horizon=2)')
    agent = dataclasses.replace(config.agent, network='dense')
    gan = dataclasses.replace(config.gan, network='dense')
    tiny.creator(folder / 'made', dataclasses.replace(config, agent=agent, gan=gan))
  with served.running(folder / 'made') as (server, client):
    client.root = f'http://127.0.0.1:{server.rest_port}/'
    client.about = client.rest('GET', '/about.json').json
    yield client


def made(client, seed, label):
  """The answer to a direct request."""
  # By a connection of its own: the server closes one that waits for a browser.
  with contextlib.closing(client.another()) as asker:
    answer = asker.ask({'inputs': {'seed': [seed], 'label': [label]}}, 'creator')
  return {name: np.array(value)[0] for name, value in answer.json['outputs'].items()}


def look(page, client, hash):
  page.open(client.root + hash)
  page.until("document.querySelectorAll('#gallery canvas').length == 40")
  page.until("document.getElementById('title').textContent.trim()")


def slide(page, at, place):
  page.value(
    f"(({{[{at}]: one}}) => {{ one.value = {place}; one.dispatchEvent(new Event('input')); }})"
    f'({SLIDERS})'
  )


def test_a_brief_is_set_by_sliders_and_what_is_made_for_it_is_shown(page, client):
  look(page, client, '#label=re%3D1e%2B06+cl%3D0.8+thickness%3D0.12+moment%3D-0.1&seed=3')
  assert page.value(f'{SLIDERS}.map((one) => +one.value)') == [4, 6, 6, 1]
  assert page.value(f'{SLIDERS}.map((one) => +one.max)') == [8, 10, 12, 3]
  text = page.value("document.getElementById('sliders').innerText")
  assert 'Reynolds number 1,000,000' in text and 'least moment -0.1' in text
  slide(page, 1, 10)  # a brief of which nothing real is known
  name = 're=1e+06 cl=1.2 thickness=0.12 moment=-0.1'
  page.until(f"document.getElementById('title').textContent.startsWith('{name[:1].upper()}')")
  page.until(f"document.getElementById('title').textContent.includes('{name[1:]}, seed 3')")
  answer = made(client, 3, client.about['labels'].index(name))
  shown = tf.io.decode_png(base64.b64decode(answer['png_bytes']['b64'])).numpy()
  page.until("document.getElementById('painted').width > 100")
  np.testing.assert_array_equal(page.colours('painted'), shown)
  # All of the gallery is of this brief.
  page.until(f"document.querySelector('#gallery h3').textContent == '{name}'")
  assert page.value("document.querySelectorAll('#gallery h3').length") == 1
  assert 'of this brief' in page.text('gallery-text')
  links = "[...document.querySelectorAll('#downloads a')].map((a) => a.textContent)"
  assert page.value(links) == ['Download DAT', 'Download PNG']
  assert not page.faults


def test_without_a_brief_the_seed_draws_one_and_the_sliders_show_it(page, client):
  look(page, client, '#seed=5')
  answer = made(client, 5, -1)
  parts = client.about['labels'][int(answer['label'])].split()
  told = page.value("[...document.querySelectorAll('#sliders output')].map((one) => one.value)")
  read = [float(number.replace(',', '')) for number in told]
  assert read == [float(part.split('=')[1]) for part in parts]
  assert page.value("document.querySelector('#labels :checked').value") == '-1'
  assert page.value("document.querySelectorAll('#labels .chips input').length") == 1
  assert 'does not know' not in page.value('document.body.innerText')


@pytest.mark.parametrize('width', [360, 1400])
def test_nothing_sticks_out(page, client, width):
  page.resize(width, 800)
  look(page, client, '#seed=2')
  root = 'document.documentElement'
  assert page.value(f'{root}.scrollWidth') <= page.value(f'{root}.clientWidth')
