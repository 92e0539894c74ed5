"""Damaged data sets of the kind that `create --format=tfrecord` writes: a DataError in words."""

import io
import itertools
import json
import os
import shutil
import struct
import time

import numpy as np
from PIL import Image
import pytest
import tensorflow as tf

from tests.shared import hostile_pictures, tiny
from tf_creative.core import works as works_lib
from tf_creative.worlds import images
from tf_creative.worlds.level import world as level
from tf_creative.worlds.melody import world as melody
from tf_creative.worlds.pixel_art import world as pixel_art

INFO, FEATURES = 'dataset_info.json', 'features.json'
COUNT = 40
NOISE = np.random.default_rng(0).bytes(3000)


def stored(folder, name):
  if name == 'pixel_art':
    world, works = pixel_art.PixelArt(size=4), tiny.works()
  elif name == 'melody':
    world, works = melody.Melody(), tiny.tunes()
  else:
    world = level.Level()
    works = works_lib.whole(world.works.real('test'))
    works = tf.nest.map_structure(lambda part: part.numpy() % 7, works)
  works = works_lib.Works(works.work[:COUNT], works.label[:COUNT])
  world.media.store(works, np.arange(COUNT), folder / name)


WORLDS = {'pixel_art': pixel_art.PixelArt, 'melody': melody.Melody, 'level': level.Level}


@pytest.fixture(scope='module')
def sound(tmp_path_factory):
  folder = tmp_path_factory.mktemp('sound')
  for name in WORLDS:
    stored(folder, name)
  return folder


def replaced(file, content):
  return lambda folder: (folder / file).write_bytes(content)


def cut(file):
  return lambda folder: os.truncate(folder / file, (folder / file).stat().st_size // 2)


def changed(file, change):
  def write(folder):
    told = json.loads((folder / file).read_text())
    change(told)
    (folder / file).write_text(json.dumps(told))

  return write


def shard(folder):
  (path,) = folder.glob('*.tfrecord-*')
  return path


def on_shard(change):
  def write(folder):
    path = shard(folder)
    path.write_bytes(change(path.read_bytes()))

  return write


def long_record(content):
  """A record that says, with the right checksum, that it has a terabyte."""
  length = struct.pack('<Q', 1 << 40)
  crc = crc32c(length)
  masked = ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
  return length + struct.pack('<I', masked) + content[12:]


def crc32c(content):
  crc = 0xFFFFFFFF
  for byte in content:
    crc ^= byte
    for _ in range(8):
      crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
  return crc ^ 0xFFFFFFFF


def with_examples(change):
  """The shard with each example changed, and all checksums right."""

  def write(folder):
    path = str(shard(folder))
    examples = [tf.train.Example.FromString(x.numpy()) for x in tf.data.TFRecordDataset(path)]
    with tf.io.TFRecordWriter(path) as writer:
      for example in examples:
        change(example.features.feature)
        writer.write(example.SerializeToString())

  return write


def labels(number):
  def change(feature):
    feature['label'].int64_list.value[:] = [number]

  return with_examples(change)


def pictures(content):
  def change(feature):
    feature['image'].bytes_list.value[:] = [content]

  return with_examples(change)


def works(key, values):
  def change(feature):
    kind = feature[key].WhichOneof('kind')
    if kind == 'bytes_list':
      feature[key].bytes_list.value[:] = [bytes(values)]
    else:
      feature[key].int64_list.value[:] = values

  return with_examples(change)


def feature(name, change):
  return changed(FEATURES, lambda told: change(told['featuresDict']['features'][name]))


def split(**parts):
  return changed(INFO, lambda told: told['splits'][0].update(parts))


def put(**parts):
  return lambda told: told.update(parts)


def pipe(file):
  def make(folder):
    (folder / file).unlink()
    os.mkfifo(folder / file)

  return make


def gone(folder):
  shard(folder).unlink()


def elsewhere(folder):
  path = shard(folder)
  path.rename(folder.parent / path.name)
  template = str(folder.parent / path.name.replace('train', '{SPLIT}').split('-0')[0])
  split(filepathTemplate=template + '-{SHARD_X_OF_Y}')(folder)


def page(width, height):
  file = io.BytesIO()
  Image.new('1', (width, height)).save(file, 'PNG')
  return file.getvalue()


OF_ALL = {
  'info empty': replaced(INFO, b''),
  'info cut': cut(INFO),
  'info a list': replaced(INFO, b'[1, 2]'),
  'info of noise': replaced(INFO, NOISE),
  'info of wrong types': changed(INFO, put(name=3, version=[], splits='x')),
  'info of brackets': replaced(INFO, b'[' * 100_000),
  'info a pipe': pipe(INFO),
  'splits a number': changed(INFO, put(splits=[7])),
  'no splits': changed(INFO, put(splits=[])),
  'no version': changed(INFO, lambda told: told.pop('version')),
  'another format': changed(INFO, put(fileFormat='riegeli')),
  'features empty': replaced(FEATURES, b''),
  'features cut': cut(FEATURES),
  'features a list': replaced(FEATURES, b'[]'),
  'features of wrong types': changed(FEATURES, put(featuresDict={'features': 3})),
  'features gone': lambda folder: (folder / FEATURES).unlink(),
  'features a pipe': pipe(FEATURES),
  'no shards': split(shardLengths=[]),
  'no examples': split(shardLengths=['0']),
  'fewer examples': split(shardLengths=['7']),
  'more examples': split(shardLengths=[str(COUNT + 1)]),
  'very many examples': split(shardLengths=[str(1 << 50)]),
  'less than no examples': split(shardLengths=['-40']),
  'more shards': split(shardLengths=['20', '20']),
  'examples in words': split(shardLengths=['many']),
  'shard gone': gone,
  'shard elsewhere': elsewhere,
  'shard cut': on_shard(lambda content: content[:-9]),
  'shard empty': on_shard(lambda content: b''),
  'shard of noise': on_shard(lambda content: NOISE),
  'shard zeroed': on_shard(lambda content: bytes(len(content))),
  'a bit of the shard': on_shard(lambda content: content[:60] + b'\xff' + content[61:]),
  'a record of a terabyte': on_shard(long_record),
  'examples of noise': with_examples(lambda feature: feature.clear()),
  'labels beyond': labels(1000),
  'labels far beyond': labels(1 << 40),
  '2^40 labels': lambda folder: [
    feature('label', lambda told: told['classLabel'].update(numClasses=str(1 << 40)))(folder),
    *(path.unlink() for path in folder.glob('label.labels.txt')),
  ],
  'no labels': lambda folder: [
    feature('label', lambda told: told['classLabel'].update(numClasses='0'))(folder),
    *(path.unlink() for path in folder.glob('label.labels.txt')),
  ],
  'names a pipe': lambda folder: os.mkfifo(folder / 'another.labels.txt'),
}
OF_ONE = {
  'pixel_art': {
    'pictures of noise': pictures(NOISE),
    'pictures of nothing': pictures(b''),
    'pictures cut': pictures(page(4, 4)[:-20]),
    'pictures of 20,000 squared': pictures(hostile_pictures.png(20_000, 20_000, depth=1)),
    'pictures that claim 2^31 squared': pictures(
      hostile_pictures.PNG
      + hostile_pictures.chunk(
        b'IHDR', struct.pack('>IIBBBBB', 2**31 - 1, 2**31 - 1, 8, 0, 0, 0, 0)
      )
    ),
  },
  'melody': {
    'too short': works('melody', [22] * 31),
    'notes beyond': works('melody', [200] * 32),
    'another shape': feature(
      'melody', lambda told: told['tensor']['shape'].update(dimensions=['8'])
    ),
    'floats': feature('melody', lambda told: told['tensor'].update(dtype='float32')),
  },
  'level': {
    'too small': works('tiles', [1] * 3),
    'tiles beyond': works('tiles', [99] * 81),
    'of 2^40 tiles': feature(
      'tiles', lambda told: told['tensor']['shape'].update(dimensions=[str(1 << 20)] * 2)
    ),
    'without sides': feature('tiles', lambda told: told['tensor']['shape'].update(dimensions=[])),
  },
}
CASES = [
  *itertools.product(WORLDS, OF_ALL),
  *((name, kind) for name, kinds in OF_ONE.items() for kind in kinds),
]


def load(name, folder):
  """All that a run asks of a data set."""
  world = WORLDS[name](data=str(folder))
  assert world.works.label_names and world.works.value_shape
  return [works_lib.whole(world.works.real(split)) for split in ('train', 'test')]


@pytest.mark.parametrize('name', WORLDS)
def test_sound_ones_are_read(sound, name):
  train, test = load(name, sound / name)
  assert len(train.work) + len(test.work) == COUNT


@pytest.mark.parametrize(('name', 'kind'), CASES)
def test_damage_is_told_in_a_line(sound, tmp_path, name, kind):
  folder = shutil.copytree(sound / name, tmp_path / 'data')
  (OF_ALL | OF_ONE[name])[kind](folder)
  begun = time.process_time()
  with pytest.raises(images.DataError) as told:
    load(name, folder)
  assert time.process_time() - begun < 5
  print(told.value)
  assert str(folder) in str(told.value)
  assert len(str(told.value)) < 700 and '\n' not in str(told.value)
