"""The rules of melody, each by hand. Class 22 is C5, so C D E F G A B are 22 24 26 27 29 31 33."""

import numpy as np
import pytest
import tensorflow as tf

from tf_creative.worlds.melody import scores, statistics, theory

C, D, E, F, G, A, B = 22, 24, 26, 27, 29, 31, 33
H, R = scores.HOLD, scores.REST


def said(rule, melody, mode=0):
  return rule(tf.constant([melody]), tf.constant([mode])).numpy()[0].tolist()


def test_notes_out_of_the_key():
  melody = [C, C + 1, H, F + 1, G + 1, R, A + 1]
  assert said(theory.in_key, melody) == [0, -1, 0, -1, -1, 0, -1]
  assert said(theory.in_key, melody, 1) == [0, -1, 0, 0, 0, 0, -1]  # f sharp and g sharp rise to a


def test_the_tonic_at_both_ends():
  # Eight steps: the close is step 4, and after it nothing is to be struck.
  assert said(theory.tonic, [C - 12, C, C, H, C, H, R, H]) == [1, 0, 0, 0, 1, 1, 1, 1]
  assert said(theory.tonic, [A, C, C, H, A, H, D, H]) == [0, 0, 0, 0, 0, 1, 0, 1]
  assert said(theory.tonic, [A, C, C, H, A, H, D, H], 1) == [1, 0, 0, 0, 1, 1, 0, 1]


def test_what_is_said_too_often():
  assert said(theory.repeats, [C] * 7) == [0, 0, 0, 0, 0, -1, -1]  # five before the sixth
  assert said(theory.repeats, [C, C, C, C, D, C, C]) == [0] * 7
  # With holds between, the eighth has seven before it.
  assert said(theory.repeats, [C, H] * 8) == [0] * 14 + [-1, 0]
  assert said(theory.repeats, [C, R, R, R]) == [0, 0, 0, -1]
  # The sixth hold has five before it; a note begins the count anew.
  assert said(theory.repeats, [C, *[H] * 6, D, H]) == [0] * 6 + [-1, 0, 0]


@pytest.mark.parametrize(
  'melody, outcome',
  [
    ([C, G, F, E, D, C, D], [0, 0, 0, 0, 0, 1, 0]),  # a fifth up, and back by steps
    ([C, G, H, C], [0, 0, 0, 0]),  # back at once resolves nothing, and is no leap of its own
    ([C, G, H, H, H, H, H, H, H, C], [0] * 9 + [1]),  # but later it does: seven steps between
    ([C - 12, G - 12, D], [0, 0, -1]),  # two fifths up
    ([C, F - 12, F - 12, C + 1], [0, 0, 0, 0]),  # down and up again at once
    ([C, F - 12, G - 12, A - 12, C], [0, 0, 0, 0, 1]),  # down, and up by steps
    ([C, F, C, F], [0, 0, 0, 0]),  # a fourth is no leap
    ([R, H, G, C], [0, 0, 0, 0]),  # the first note comes from nowhere
  ],
)
def test_leaps_are_resolved_or_doubled(melody, outcome):
  assert said(theory.leaps, melody) == outcome


def test_motifs_have_three_notes_in_eight_steps():
  melody = [C, H, C, H, D, H, D, H, E, H, C]
  # At step 7 there are C and D; at 8 C, D, E; at 10 D, E, C.
  assert said(theory.motifs, melody) == [0] * 8 + [1, 1, 1]
  found = said(theory.motifs, [C, D, E, F, G, H, H, H])
  assert found[:7] == [0] * 7
  assert found[7] == pytest.approx(1.2)  # five notes


def test_motifs_come_again():
  bar = [C, H, D, H, E, H, H, H]
  assert said(theory.repeated_motifs, bar + bar) == [0] * 15 + [1]
  assert said(theory.repeated_motifs, bar + [C, H, D, H, E, H, H, R]) == [0] * 16
  assert said(theory.repeated_motifs, [*bar, G, *bar]) == [0] * 16 + [1]
  assert said(theory.repeated_motifs, [C, H, D, H] * 4) == [0] * 16  # two notes are no motif


def test_no_wider_than_a_tenth():
  # C4 to E5 is a tenth, 16; C4 to F5 is more, whatever comes then.
  assert said(theory.spread, [C - 12, E, F, H, G - 12]) == [0, 0, -1, 0, -1]


def test_one_high_and_one_low_point():
  assert said(theory.extremes, [C, G, D, E]) == [0, 0, 0, 2]
  assert said(theory.extremes, [C, G, C, E]) == [0, 0, 0, 1]
  assert said(theory.extremes, [C, G, C, G]) == [0, 0, 0, 0]
  assert said(theory.extremes, [H, G, R, H]) == [0, 0, 0, 2]
  assert said(theory.extremes, [H, H, R, H]) == [0, 0, 0, 0]


def test_autocorrelations_of_the_notes():
  # C E C E: 22 26 22 26 about 24, in units of 2: -1 1 -1 1. Lag 1: -3/4, lag 2: 2/4, lag 3: -1/4.
  found = said(theory.correlations, [C, H, E, R, C, H, E, H])
  assert found[6] == pytest.approx(-1.5)
  assert found[0] == found[1] == found[7] == 0
  # C E: -1 1; lag 1: -1/2. C E C about 23.33: -4/3 8/3 -4/3; lag 1: -64/96, lag 2: 16/96.
  assert found[2] == pytest.approx(-0.5)
  assert found[4] == pytest.approx(-0.6667 - 0.1667, abs=1e-3)


def test_rests_end_something():
  assert said(theory.rests, [R, H, C, R, R, C, H, R]) == [-1, 0, 0, 0, -1, 0, 0, 0]


def test_the_pay_is_the_sum_of_the_rules_at_one_step():
  melody = tf.constant([[C, *[C] * 7], [C, H, D, H, E, H, H, C + 1]])
  pay = theory.pay(melody, tf.constant([0, 0]), tf.constant([5, 7])).numpy()
  # First: too many repeats, -1; a step after the close with a note pays nothing; no correlation.
  assert pay[0] == pytest.approx(-1)
  # Second: out of key -.1, a motif of four .33, both ends once .3 (D D# E are above): C and E: .6,
  # and what the notes 22 24 26 23 correlate: about 23.75: -1.75 .25 2.25 -.75, of 8.75:
  # lag 1: (-.4375 + .5625 - 1.6875) / 8.75 = -.179, lag 2: (-3.9375 - .1875) / 8.75 = -.471,
  # lag 3: 1.3125 / 8.75 = .15, which is not beyond .15.
  assert pay[1] == pytest.approx(-0.1 + 0.33 + 0.6 - 0.3 * (0.1786 + 0.4714), abs=1e-3)


def test_no_rule_looks_ahead_and_their_sum_is_bounded():
  rng = np.random.default_rng(0)
  melody = rng.integers(0, scores.CLASSES, (200, scores.STEPS)).astype(np.int32)
  melody[100:] = np.where(rng.random((100, scores.STEPS)) < 0.7, rng.integers(0, 3, (100, 1)), 0)
  mode = tf.constant(rng.integers(0, 2, 200), tf.int32)
  for time in (0, 9, 20, 30):
    cut = melody.copy()
    cut[:, time + 1 :] = scores.HOLD
    for name, (rule, _) in theory.RULES.items():
      whole, known = rule(tf.constant(melody), mode), rule(tf.constant(cut), mode)
      np.testing.assert_allclose(whole[:, time], known[:, time], atol=1e-5, err_msg=name)
    paid = theory.pay(tf.constant(melody), mode, tf.fill([200], time))
    assert np.abs(paid).max() <= theory.BOUND


def test_the_table_of_two_melodies():
  bar = [C, H, D, H, E, H, H, H]
  table = statistics.table(tf.constant([[*bar, *bar], [G, *[G] * 15]], tf.uint8))
  table = {name: values.numpy().tolist() for name, values in table.items()}
  assert table['repeated'] == [0, 11 / 16]
  assert table['in_key'] == table['leaps_resolved'] == [1, 1]
  assert table['tonic_first'] == [1, 0]
  assert table['one_highest'] == table['one_lowest'] == [0, 0]
  # Windows that end at 7 to 13 lack none of the three, from then on, too: nine of sixteen.
  assert table['in_motif'] == [9 / 16, 0]
  assert table['repeated_motif'] == [1 / 16, 0]
  # 22 24 26 22 24 26, in twos about 24: -1 0 1 -1 0 1, of 4: lag 1 0+0-1+0+0, lag 2 -1+0-1+0.
  assert table['lag_1'] == [pytest.approx(-0.25), 0]
  assert table['lag_2'] == [pytest.approx(-0.5), 0]
  assert table['lag_3'] == [pytest.approx(0.5), 0]
  # c d e c d e: a third each, and two up, two up, four down, two up, two up.
  assert table['pitch_classes'][0] == pytest.approx([1 / 3, 0, 1 / 3, 0, 1 / 3, *[0] * 7])
  assert {place - 12: share for place, share in enumerate(table['intervals'][0]) if share} == {
    2: pytest.approx(4 / 5),
    -4: pytest.approx(1 / 5),
  }
  assert np.nonzero(table['intervals'][1])[0].tolist() == [12]


def test_who_never_strikes_has_no_notes_to_share():
  table = statistics.table(tf.constant([[H] * 16], tf.uint8))
  for name in ('pitch_classes', 'intervals'):
    assert np.all(table[name].numpy() == 0)
