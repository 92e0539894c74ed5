"""The next-word model: by hand, and against sums that anybody would write down first."""

import collections

import numpy as np
import pytest
import tensorflow as tf

from tf_creative.worlds.verse import likelihood, vocabulary

A, B, C = 2, 3, 4
PAIR, TRIPLE = likelihood._STRENGTH


def line(*words):
  return np.array([*words, *[0] * (10 - len(words))], np.int32)


def chances(model, *words):
  return np.exp(model.scores(tf.constant(line(*words)[None]), tf.constant([len(words)]))[0])


def test_next_words_by_hand():
  model = likelihood.NextWord(np.stack([line(A, B, C), line(A, B, A)]), 5)
  # Single words: A thrice, B twice, C once, each and one more: of nine.
  single = np.array([4, 3, 2]) / 9
  # A line begins with A, both times. Nothing stands before, so there is no triple.
  first = (np.array([2, 0, 0]) + PAIR * single) / (2 + PAIR)
  found = chances(model)
  np.testing.assert_allclose(found[2:], first, rtol=1e-4)
  assert found[0] < 1e-4 and found[1] < 1e-4  # no line is empty, and what is not known is not next
  # After A, B twice; after 'beginning, A' the same.
  after = (np.array([0, 2, 0]) + PAIR * single) / (2 + PAIR)
  after = (np.array([0, 2, 0]) + TRIPLE * after) / (2 + TRIPLE)
  np.testing.assert_allclose(chances(model, A)[2:], after, rtol=1e-4)
  # After three words, C or A last, both lines are over.
  assert chances(model, A, B, C)[0] == pytest.approx(1, abs=1e-3)
  # B comes after three words in no line: then only the length counts.
  assert chances(model, A, C, B)[0] == pytest.approx(1, abs=1e-3)


def test_the_lists_give_what_tables_would():
  rng = np.random.default_rng(0)
  lines = np.stack([line(*rng.integers(1, 9, rng.integers(7, 11))) for _ in range(60)])
  model = likelihood.NextWord(lines, 9)
  pairs, triples = (collections.defaultdict(lambda: np.zeros(9)) for _ in range(2))
  for row in lines:
    words = [0, 0, *row[row > 0]]
    for before, last, now in zip(words, words[1:], words[2:], strict=False):
      if now >= vocabulary.FIRST:
        pairs[last][now] += 1
        triples[before, last][now] += 1
  single = np.bincount(lines[lines > 1], minlength=9) + 1.0
  single[:2] = 0
  single /= single.sum()
  for row in lines[:20]:
    for time in range(1, 7):
      before, last = (row[time - 2] if time > 1 else 0), row[time - 1]
      known = (pairs[last] + PAIR * single) / (pairs[last].sum() + PAIR)
      if pairs[before][last] and last >= vocabulary.FIRST:
        own = triples[before, last]
        known = (own + TRIPLE * known) / (own.sum() + TRIPLE)
      found = chances(model, *row[:time])
      np.testing.assert_allclose(found[2:] / found[2:].sum(), known[2:], rtol=1e-3)
      assert found.sum() == pytest.approx(1, abs=1e-3)


def test_samples_are_lines_and_repeat_by_their_seed():
  model = likelihood.NextWord(np.stack([line(A, B, C, A, B, C, A)] * 30), 5)
  drawn = model.sample(40, seed=0)
  np.testing.assert_array_equal(drawn, model.sample(40, seed=0))
  assert set((drawn > 0).sum(1)) == {7}
  assert (drawn[:, :7] == line(A, B, C, A, B, C, A)[:7]).mean() > 0.6
  said = model.surprise(tf.constant(drawn)).numpy()
  assert (said[:, 8:] == 0).all() and (said[:, :7] > 0).all()


def test_samples_are_cold_or_hot_and_of_what_is_allowed():
  model = likelihood.NextWord(np.stack([line(A, B, C, A, B, C, A)] * 9 + [line(*[B] * 7)]), 5)
  plain = line(A, B, C, A, B, C, A)
  equal = [(model.sample(100, 0, heat) == plain).all(1).mean() for heat in (0.2, 1.0, 5.0)]
  assert equal[0] > 0.95 > equal[1] > equal[2]
  # Only B, and the end after eight words.
  allowed = lambda lines, time: tf.one_hot([0 if time == 8 else B] * len(lines), 5) > 0  # noqa: E731
  lines = model.sample(20, 0, 1.0, allowed)
  np.testing.assert_array_equal(lines, [line(*[B] * 8)] * 20)


def test_many_samples_are_drawn_in_parts(monkeypatch):
  monkeypatch.setattr(likelihood, '_AT_ONCE', 16)
  model = likelihood.NextWord(np.stack([line(A, B, C, A, B, C, A)] * 30), 5)
  drawn = model.sample(40, seed=0)
  assert drawn.shape == (40, 10) and len(np.unique(drawn[:16], axis=0)) > 1
  assert (drawn[:16] != drawn[16:32]).any()


def test_only_the_most_frequent_words_are_kept_and_all_still_sum_to_1(monkeypatch):
  monkeypatch.setattr(likelihood, '_KEPT', (1, 1))
  lines = np.stack([line(A, B)] * 3 + [line(A, C)])
  found = chances(likelihood.NextWord(lines, 5), A)
  assert found.sum() == pytest.approx(1, abs=1e-3)
  assert found[B] > 3 * found[C]


def test_a_model_of_nothing_known_is_near_even():
  found = chances(likelihood.NextWord(np.full([3, 10], 1, np.int32), 5), 1)
  np.testing.assert_allclose(found[2:], found[2], rtol=1e-5)
