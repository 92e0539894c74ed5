"""The rules of verse, each by hand."""

import numpy as np
import pytest
import tensorflow as tf

from tf_creative.worlds.verse import metre, rules

# 1 is a word that is not known; then words with these readings.
METRE = metre.Metre([(), (), ('1',), ('01',), ('10',), ('0101',), ('0',)])
EYE, COMPARE, SUMMER, LONG, THE = range(2, 7)


def said(rule, *words, steps=10):
  lines = tf.constant([[*words, *[0] * (steps - len(words))]])
  return rule(lines, METRE).numpy()[0].tolist()


def test_ten_syllables():
  # 4 + 4 + 2: the end, after three words, is paid.
  assert said(rules.syllables, LONG, LONG, COMPARE) == [0, 0, 0, 1, *[0] * 6]
  # 4 + 4 + 1, and the end with nine is not.
  assert said(rules.syllables, LONG, LONG, EYE) == [0] * 10
  # 4 + 4 + 4: the third word is too much, and no word after it is blamed.
  assert said(rules.syllables, LONG, LONG, LONG, EYE) == [0, 0, -1, *[0] * 7]
  # Ten words of one syllable: the last one ends the line.
  assert said(rules.syllables, *[EYE] * 10) == [*[0] * 9, 1]
  # An unknown word has no syllables that could be counted.
  assert said(rules.syllables, EYE, 1, EYE) == [0, -1, *[0] * 8]


def test_stresses_on_even_places():
  assert said(rules.stress, LONG, LONG, COMPARE) == [0, 0, 0, 1, *[0] * 6]
  # the comPARE: 3 is odd.
  assert said(rules.stress, THE, COMPARE, LONG) == [0, -1, *[0] * 8]
  # SUMmer turns the first foot; later it must begin on an even place: place 3 is odd.
  assert said(rules.stress, SUMMER, LONG, LONG) == [0, 0, 0, 1, *[0] * 6]
  assert said(rules.stress, COMPARE, SUMMER, LONG) == [0, -1, *[0] * 8]
  assert said(rules.stress, THE, SUMMER, SUMMER, SUMMER, SUMMER, EYE) == [*[0] * 6, 1, 0, 0, 0]


def test_no_word_twice():
  assert said(rules.twice, THE, EYE, THE, THE, 1, 1) == [0, 0, -1, -1, *[0] * 6]


def test_words_that_are_not_known():
  assert said(rules.unknown, THE, 1, 1) == [0, -1, -1, *[0] * 7]


def test_a_line_is_kept_if_it_is_in_metre_and_breaks_no_rule():
  seven = [SUMMER, EYE, THE, COMPARE, 7, 8, 9]  # 2 + 1 + 1 + 2 + 1 + 1 + 2, stresses on 1, 6, 10
  table = [(), (), ('1',), ('01',), ('10',), ('0101',), ('0',), ('1',), ('1',), ('01',)]
  known = metre.Metre(table)
  rows = [
    seven,
    [SUMMER, 7, *seven[2:]],  # one word twice
    [SUMMER, EYE, THE, SUMMER, *seven[4:]],  # SUMmer from place 5
    [1, *seven[1:]],
    [LONG, LONG, COMPARE],  # short
    seven[:6],
  ]
  lines = tf.constant([[*row, *[0] * (10 - len(row))] for row in rows])
  assert rules.kept(lines, known).numpy().tolist() == [True, *[False] * 5]


@pytest.mark.parametrize(('count', 'where'), [(0, 0), (6, 6), (7, None), (10, None)])
def test_a_line_of_fewer_than_seven_words_is_short(count, where):
  found = said(rules.short, *[EYE] * count)
  assert found == [-float(step == where) for step in range(10)]


def test_the_pay_is_the_weighted_sum_at_one_step():
  lines = tf.constant([[LONG, LONG, COMPARE, *[0] * 7], [THE, THE, COMPARE, *[0] * 7]])
  # Ten syllables 1, in metre 1, too short -1; then a word twice, -.5.
  assert rules.pay(lines, METRE, tf.constant([3, 1])).numpy().tolist() == [1.0, -0.5]


def test_no_rule_looks_ahead_and_their_sum_is_bounded():
  rng = np.random.default_rng(0)
  lines = rng.integers(1, 7, (300, 10)).astype(np.int32)
  for time in (0, 4, 8):
    cut = lines.copy()
    cut[:, time + 1 :] = 0
    for name, (rule, _) in rules.RULES.items():
      whole, known = (rule(tf.constant(some), METRE) for some in (lines, cut))
      np.testing.assert_array_equal(whole[:, time], known[:, time], err_msg=name)
    paid = rules.pay(tf.constant(lines), METRE, tf.fill([300], time))
    assert np.abs(paid).max() <= rules.BOUND
