"""The metre: by hand, and the share of real lines that keep it; how real sonnets rhyme."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from tests.worlds.verse import verses
from tf_creative.worlds.verse import metre, package, texts

# Words with their readings, numbered from 1.
READINGS = {
  '': (),
  'shall': ('1',),
  'i': ('1',),
  'the': ('0', '1'),
  'compare': ('01',),
  'summer': ('10',),
  'content': ('10', '01'),
  'eternal': ('010',),
  'everlasting': ('0010',),
  'unknown': (),
}


def line(words, steps=10):
  numbers = [[*READINGS].index(word) for word in words.split()]
  return tf.constant([numbers + [0] * (steps - len(numbers))])


def says(words):
  found = metre.Metre([*READINGS.values()])
  return bool(found.whole(line(words))), bool(found.syllables(line(words)))


@pytest.mark.parametrize(
  ('words', 'fits', 'counts'),
  [
    # the COMPARE (places 2-3, stress on 3): a main stress on an odd place.
    ('the compare i i i i i i i', False, True),
    ('compare compare compare compare compare', True, True),  # stresses on 2, 4, 6, 8, 10
    ('summer compare compare compare compare', True, True),  # the first foot turns: 1, 4, 6, 8, 10
    ('compare summer compare compare compare', False, True),  # the second may not: 3
    ('i i i i i i i i i', False, False),  # nine syllables
    ('i i i i i i i i i i', True, True),  # words of one syllable fit anywhere
    ('content content content content content', True, True),  # some reading fits
    ('i eternal compare compare compare', False, True),  # e-TER-nal from place 2: stress on 3
    ('eternal shall compare compare compare', True, True),  # 2, then 6, 8, 10
    ('unknown compare compare compare compare', False, False),  # no reading leads on
    ('everlasting everlasting i compare', False, False),  # 4 + 4 + 1 + 2 are eleven
    ('', False, False),
  ],
)
def test_a_line_keeps_the_metre_or_not(words, fits, counts):
  assert says(words) == (fits, counts)


def test_the_places_reached_are_those_of_all_readings():
  found = metre.Metre([(), ('1', '01'), ('10',)])
  reached = metre.reached(tf.constant([[1, 2, 0]]), found.stressed).numpy()[0]
  # One or two syllables; then two more, the first on place 2 (from 1), not on place 3.
  assert [np.flatnonzero(places).tolist() for places in reached] == [[0], [1, 2], [3], [3]]


def test_a_word_may_follow_if_the_metre_can_still_be_kept():
  names = [*READINGS]
  found = metre.Metre([*READINGS.values()])

  def open_to(words):
    row = found.open(line(words), len(words.split())).numpy()[0]
    return {names[at] or 'end' for at in np.flatnonzero(row)}

  # Two syllables are left, and one or more words: SUMmer would have its stress on place 9.
  assert open_to('compare compare i i i i') == {'shall', 'i', 'the', 'content', 'compare'}
  assert open_to('compare compare i i i i i') == {'shall', 'i', 'the'}
  assert open_to('compare compare i i i i i i') == {'end'}
  # Two syllables cannot be three words, and seven are wanted.
  assert open_to('compare compare compare compare') == set()


def test_a_word_makes_a_line_whole():
  names = [*READINGS]
  row = metre.Metre([*READINGS.values()]).closing(line('compare compare compare i i')).numpy()[0]
  assert {names[at] for at in np.flatnonzero(row)} == {'compare', 'content'}
  row = metre.Metre([*READINGS.values()]).closing(line('compare compare compare compare i'))
  assert {names[at] for at in np.flatnonzero(row[0])} == {'shall', 'i', 'the'}


def test_words_of_equal_readings_are_of_one_kind():
  kinds = dict(zip(READINGS, metre.Metre([*READINGS.values()]).kinds, strict=True))
  assert kinds['shall'] == kinds['i'] and kinds['unknown'] == kinds['']
  assert len({kinds[word] for word in READINGS}) == len({*READINGS.values()})


@verses.needs_poems
@pytest.mark.parametrize(
  ('poet', 'lines', 'read', 'share'),
  [('shakespeare', 2155, 1500, 0.81), ('milton', 10567, 4100, 0.77), ('hopkins', 2015, 1350, 0.14)],
)
def test_real_lines_keep_the_metre_as_often_as_was_measured(poet, lines, read, share):
  """Of the lines whose words are all in the table; these shares were found before, by others."""
  known = package.readings()
  assert len(known) == 119_153
  every = [words for poem in texts.of_poet(poet) for words in poem]
  assert len(every) == lines
  every = [words for words in every if all(word in known for word in words)]
  assert len(every) >= read
  numbers = {word: at for at, word in enumerate({w: 0 for words in every for w in words}, 1)}
  longest = max(map(len, every))
  rows = [[numbers[word] for word in words] + [0] * (longest - len(words)) for words in every]
  found = metre.Metre([(), *(known[word] for word in numbers)]).whole(tf.constant(rows))
  print(poet, len(rows), float(np.mean(found)))
  assert np.mean(found) == pytest.approx(share, abs=0.007)


@verses.needs_poems
def test_words_end_on_the_sounds_that_have_the_last_beat():
  known = package.endings()
  for word, sounds in (('content', ('ɛnt',)), ('memory', ('iː',)), ('move', ('uːv',))):
    assert known[word] == sounds
  assert 'nature' not in known  # its main stress is next to the last syllable


@verses.needs_poems
def test_the_sonnets_rhyme_as_their_scheme_has_it():
  """Of sonnets of 14 lines: abab cdcd efef gg. What does not rhyme today did so then, mostly."""
  known = package.endings()
  sonnets = [poem for poem in texts.of_poet('shakespeare') if len(poem) == 14]
  assert len(sonnets) == 152

  def share(*pairs):
    last = [(poem[one][-1], poem[two][-1]) for poem in sonnets for one, two in pairs]
    last = [pair for pair in last if all(word in known for word in pair)]
    return np.mean([bool({*known[one]} & {*known[two]}) for one, two in last])

  scheme = [(at, at + 2) for at in (0, 1, 4, 5, 8, 9)]
  assert share((12, 13)) == pytest.approx(0.861, abs=0.01)
  assert share(*scheme) == pytest.approx(0.814, abs=0.02)
  assert share(*itertools.pairwise(range(4))) < 0.01
