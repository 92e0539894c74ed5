"""What is read is never run: data sets and servers from elsewhere."""

import json
import shutil
import sys

import numpy as np
import pytest

from tests.shared import tiny
from tf_creative.core import spec
from tf_creative.learner import learner as learner_lib
from tf_creative.studio import remote
from tf_creative.worlds import images
from tf_creative.worlds.pixel_art import world as pixel_art

PAYLOAD = """
import pathlib
pathlib.Path(__file__).with_name('ran').touch()
import tensorflow_datasets as tfds
class Image(tfds.features.Image):
  pass
"""


@pytest.fixture(scope='module')
def stored(tmp_path_factory):
  """A data set in a folder, as `create --format=tfrecord` writes it."""
  folder = tmp_path_factory.mktemp('data') / 'stored'
  works = tiny.works()
  pixel_art.PixelArt(size=4).media.store(works, np.arange(len(works.label)), folder)
  assert images.find(str(folder)).info.features['image'].shape
  return folder


def named(name):
  return lambda features, image: image.update(pythonClassName=name)


def nested(key):
  """The payload inside of an honest feature."""

  def change(features, image):
    inner = {**image, 'pythonClassName': 'payload.Image'}
    sequence = 'tensorflow_datasets.core.features.sequence_feature.Sequence'
    features[key] = {'pythonClassName': sequence, 'sequence': {'feature': inner}}

  return change


def legacy(features, image):
  image['type'] = 'payload.Image'
  image['content'] = {'shape': [4, 4, 3], 'dtype': 'uint8'}
  del image['pythonClassName']


def snake(features, image):
  image['python_class_name'] = 'payload.Image'
  del image['pythonClassName']


ATTACKS = {
  'a module beside the data': named('payload.Image'),
  'a module in a package': named('inner.payload.Image'),
  'below a name like that of TFDS': named('tensorflow_datasets.payload.Image'),
  'a relative name below that of TFDS': named('tensorflow_datasets.core.features..payload.Image'),
  'a path for a module': named('tensorflow_datasets.core.features./payload.Image'),
  'a path upwards': named('tensorflow_datasets.core.features.../../payload.Image'),
  'a name with a line break': named('tensorflow_datasets.core.features.x\n.payload.Image'),
  'letters that look alike': named('tensorflow_datasets.core.features.pаyload.Image'),
  'no module': named('payload'),
  'nothing': named(''),
  'a feature beside the image': nested('extra'),
  'the image itself as a sequence': nested('image'),
  'the form of old versions': legacy,
  'the other spelling of protobuf': snake,
}


@pytest.mark.parametrize('attack', ATTACKS)
def test_a_data_set_brings_no_code(attack, stored, tmp_path, monkeypatch):
  folder = tmp_path / 'data'
  shutil.copytree(stored, folder)
  told = json.loads((folder / 'features.json').read_text())
  features = told['featuresDict']['features']
  ATTACKS[attack](features, features['image'])
  (folder / 'features.json').write_text(json.dumps(told))
  (tmp_path / 'inner').mkdir()
  for place in (tmp_path, tmp_path / 'inner'):
    (place / 'payload.py').write_text(PAYLOAD)
  monkeypatch.syspath_prepend(tmp_path)
  with pytest.raises(images.DataError):
    images.find(str(folder)).info.features  # noqa: B018
  assert not list(tmp_path.rglob('ran'))
  assert not {'payload', 'inner.payload'} & set(sys.modules)


def test_the_payload_would_run(tmp_path, monkeypatch):
  (tmp_path / 'payload.py').write_text(PAYLOAD)
  monkeypatch.syspath_prepend(tmp_path)
  import payload  # noqa: F401

  assert (tmp_path / 'ran').exists()
  del sys.modules['payload']


@pytest.mark.parametrize('data', ['kaggle:things', 'hugging-face:things', 'a:b/c:1.0.0'])
def test_code_of_communities_is_not_fetched(data):
  with pytest.raises(images.DataError, match='whose code TFDS would download and run'):
    images.find(data)


ABOUT = {
  'world': 'pixel_art(size=4, data=/somewhere/else)',
  'labels': ['one', 'two'],
  'known_labels': [0, 1],
  'round': 3,
  'shape': [4, 4],
}


def connected(monkeypatch, about):
  """A client of a server that tells this of itself."""
  answer = lambda *_: {'about_bytes': np.array([json.dumps(about)], object)}  # noqa: E731
  monkeypatch.setattr(remote.client, 'connect', lambda address: answer)
  return remote.Studio('there:8500')


@pytest.fixture
def opened(monkeypatch):
  """The data sets that were opened."""
  found, find = [], images.find
  monkeypatch.setattr(images, 'find', lambda data, *more: found.append(data) or find(data, *more))
  return found


@pytest.mark.parametrize('data', ['/somewhere/else', 'mnist', '../x', 'a:b', 'fashion_mnist/x'])
def test_no_data_set_is_opened_because_a_server_names_it(data, monkeypatch, opened):
  studio = connected(monkeypatch, {**ABOUT, 'world': f"pixel_art(size=4, data='{data}')"})
  assert studio.world.works.label_names == ['one', 'two']
  assert studio.world.media.render(np.zeros([1, 4, 4], np.uint8)).shape == (1, 4, 4, 3)
  assert not opened


def test_no_palette_is_opened_because_a_server_names_it(monkeypatch, tmp_path):
  (tmp_path / 'x.hex').write_text('ff0000\n00ff00\n')
  world = f"pixel_art(size=4, palette='{tmp_path}/x.hex')"
  palette = [[0, 0, 0], [1, 2, 3]]
  studio = connected(monkeypatch, {**ABOUT, 'world': world, 'palette': palette})
  assert studio.world.media.render(np.ones([1, 1, 1], np.uint8)).tolist() == [[[[1, 2, 3]]]]
  with pytest.raises(spec.UserError, match='cannot be drawn here'):
    connected(monkeypatch, {**ABOUT, 'world': world})


def test_a_world_that_would_need_it_is_refused(monkeypatch, opened):
  with pytest.raises(spec.UserError, match="a server's word is no reason to open one"):
    connected(monkeypatch, {**ABOUT, 'world': 'level(data=/somewhere/else)'})
  assert '/somewhere/else' not in opened


def test_what_the_program_brings_is_opened(monkeypatch):
  studio = connected(monkeypatch, {**ABOUT, 'world': 'pixel_art(size=4)'})
  assert studio.world.works.label_names == learner_lib.build_world('pixel_art').works.label_names


@pytest.mark.parametrize(
  'change',
  [
    {'labels': None},
    {'labels': ['\x1b[2J', 'two']},
    {'known_labels': [0, 7]},
    {'known_labels': ['x']},
    {'known_labels': [-1]},
    {'round': None},
    {'round': 'many'},
    {'world': 'pixel_art(\x1b[2J)'},
    {'world': 7},
    {'world': 'gym(id=CartPole-v1)'},
    {'world': 'nowhere'},
    {'shape': [400, 400]},
    {'shape': None},
  ],
)
def test_a_server_that_says_nonsense_is_told_in_words(change, monkeypatch):
  with pytest.raises(spec.UserError) as caught:
    connected(monkeypatch, {**ABOUT, **change})
  assert str(caught.value).replace('\n', '').isprintable()
