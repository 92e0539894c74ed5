"""Creativity, usefulness, equal sizes and intervals against oracles."""

import itertools

import numpy as np
import pytest
from scipy import stats

from tf_creative.metrics import aggregate, creativity, frechet, summary, usefulness


def normal(seed, *shape):
  return np.random.default_rng(seed).normal(size=shape)


def look_of(features, label=None, away=1.0):
  """A look at works of which only this much is of interest."""
  label = np.zeros(len(features), np.int32) if label is None else np.asarray(label)
  none = np.zeros(len(label), np.int64)
  return summary.Look(
    *(features, features, label, label, features),
    *(np.full(len(label), away), none, np.zeros(len(label)), none),
  )


# Creativity


def test_creativity_worked_by_hand():
  # What was learnt stands at 0, so a work's place is how far away it is. Real new works stand at
  # 1, 2 .. 11: the tenth percentile is 2, and balls of k = 1 reach 1, together [0, 12].
  real = np.arange(1.0, 12)[:, None]
  works = np.array([0.0, 2.0, 2.1, 12.0, 12.1, 3.0])
  recognised = [True, True, True, True, True, False]
  are = creativity.parts(works[:, None], recognised, works, real, real[:, 0], k=1)
  assert {name: each.astype(int).tolist() for name, each in are.items()} == {
    'novel': [0, 0, 1, 1, 1, 1],
    'recognised': [1, 1, 1, 1, 1, 0],
    'in_distribution': [1, 1, 1, 1, 0, 1],
    'valued': [1, 1, 1, 1, 0, 0],
    'creativity': [0, 0, 1, 1, 0, 0],
  }


def test_copies_are_not_creative_where_real_works_are_copies_too():
  real, away = np.zeros((8, 2)), np.zeros(8)
  are = creativity.parts(real, away == 0, away + 1e-6, real, away)
  assert are['valued'].all() and not are['novel'].any() and not are['creativity'].any()


# Usefulness


def test_usefulness_of_right_wrong_and_half_the_names():
  # Four clouds, far from each other.
  labels = np.arange(200) % 4
  values, real = (0.1 * normal(i, 200, 2, 1) + labels[:, None, None] for i in (0, 1))
  assert usefulness.train_on_synthetic(values, labels, real, labels) == 1
  assert usefulness.train_on_synthetic(values, (labels + 1) % 4, real, labels) == 0
  # Who never saw labels 2 and 3 misses half.
  few = labels < 2
  assert usefulness.train_on_synthetic(values[few], labels[few], real, labels) == 0.5


def test_usefulness_of_a_single_label_is_how_often_it_is_right():
  values, labels = normal(0, 10, 3), [2, 1, 2, 2, 0, 1, 2, 0, 0, 0]
  assert usefulness.train_on_synthetic(values[:4], [2] * 4, values, labels) == 0.4


# Halves


@pytest.fixture
def tape(monkeypatch):
  """What the distances are taken of: (features, reference) of each cut."""
  calls = []
  monkeypatch.setattr(summary.frechet, 'distance', lambda *sets: calls.append(sets) or 0.0)
  return calls


def places(count):
  """Features that tell which work is which."""
  return np.arange(count, dtype=float)[:, None]


def test_halves_are_cut_evenly_by_label_and_differ(tape):
  labels = np.repeat([0, 1, 2, 3, 4], [20, 7, 5, 2, 1])  # 35 works: one stays away
  summary.halves(None, look_of(places(35), labels))
  assert len(tape) == 8
  for sets in tape:
    other, real = (one[:, 0].astype(int) for one in sets)
    assert len(real) == len(other) == 17
    assert len({*real, *other}) == 34
    counts = [np.bincount(labels[rows], minlength=5) for rows in (real, other)]
    assert np.abs(counts[0] - counts[1]).max() <= 1
  assert len({tuple(sorted(real[:, 0])) for _, real in tape}) == 8
  assert {34 in real for _, real in tape} == {True, False}  # the only work of its label


def test_halves_draw_as_many_works_as_they_hold_and_keep_their_labels(tape):
  labels = np.repeat([5, 6], [75, 25])
  summary.halves(look_of(places(100), labels), look_of(places(41)), repeats=3)
  for works, real in tape:
    rows = works[:, 0].astype(int)
    assert len(set(rows)) == len(real) == 20
    assert np.bincount(labels[rows], minlength=7)[5:].tolist() == [15, 5]


def test_halves_of_few_works_are_no_larger_than_these(tape):
  labels = np.arange(40) % 2
  summary.halves(look_of(places(10)), look_of(places(40), labels), repeats=3)
  for works, real in tape:
    assert sorted(works[:, 0]) == list(range(10))
    rows = real[:, 0].astype(int)
    assert len(set(rows)) == 10 and labels[rows].sum() == 5


def test_halves_of_no_more_than_what_the_smallest_source_has(tape):
  real = look_of(places(40), np.arange(40) % 2)
  for works in (None, look_of(places(30), np.arange(30) % 2)):
    summary.halves(works, real, 10, repeats=2)
  assert all(len(works) == len(reference) == 10 for works, reference in tape)


def test_halves_are_the_same_for_all_sources_and_for_the_same_seed_only(tape):
  real = look_of(places(40), np.arange(40) % 3)
  for works, seed in ((None, 0), (look_of(places(90) + 0.5), 0), (None, 0), (None, 1)):
    summary.halves(works, real, repeats=2, seed=seed)
  (other, cut), (_, paired), (again, same), (_, new) = tape[1::2]
  np.testing.assert_array_equal(cut, paired)
  np.testing.assert_array_equal(np.stack([other, cut]), np.stack([again, same]))
  assert set(new[:, 0]) != set(cut[:, 0])


def test_halves_tell_the_mean_and_the_spread_over_cuts(monkeypatch):
  answers = iter([1.0, 2.0, 6.0])
  monkeypatch.setattr(summary.frechet, 'distance', lambda *_: next(answers))
  measured = summary.halves(None, look_of(normal(0, 40, 2)), repeats=3)
  assert measured['frechet'] == 3
  assert measured['frechet_spread'] == pytest.approx(np.sqrt((4 + 1 + 9) / 2))


def test_halves_know_no_bias_of_size():
  # 2500 works and 500 real ones of one distribution. All at once they look nearer than real works
  # at n = m = 250 do, by the bias that test_metrics works out; halves tell the same of both.
  d, n = 4, 250
  bias = 2 * d / n + d * (d + 1) / (2 * n)
  works = look_of(normal(99, 2500, d))
  reals = [look_of(normal(seed, 2 * n, d)) for seed in range(20)]
  at_once = np.mean([frechet.distance(works.features, real.features) for real in reals])
  floor, ours = (
    np.mean([summary.halves(source, real, repeats=2)['frechet'] for real in reals])
    for source in (None, works)
  )
  assert (floor, ours) == pytest.approx((bias, bias), rel=0.15)
  assert at_once == pytest.approx(bias * (n / 2500 + n / 500) / 2, rel=0.15)  # as 1/n + 1/m


# Aggregates


def test_interquartile_mean_is_that_of_the_middle_half():
  scores = np.array([[8, 3, 5, 2, -999, 4, 6, 999]])  # 2, 3, | 4 ..
  assert aggregate.interquartile_mean(scores) == (3 + 4 + 5 + 6) / 4
  assert aggregate.interquartile_mean(np.stack([scores[0], scores[0] * 2]), axis=-1).tolist() == [
    4.5,
    9,
  ]


def quantiles_of_all_resamples(strata, statistic, level):
  """By enumeration of every resample, which are equally likely."""
  groups = [itertools.product(group, repeat=len(group)) for group in strata]
  values = [
    statistic(np.concatenate(resample)) for resample in itertools.product(*map(list, groups))
  ]
  return np.quantile(values, [(1 - level) / 2, (1 + level) / 2], method='inverted_cdf')


@pytest.mark.parametrize('statistic', [np.mean, np.median])
@pytest.mark.parametrize('strata', [[[0.0, 1.0, 3.0, 10.0, 4.0]], [[0.0, 1.0, 5.0], [10.0, 12.0]]])
def test_interval_against_all_resamples(strata, statistic):
  scores = np.concatenate(strata)
  names = np.repeat(range(len(strata)), [len(group) for group in strata])
  # A level whose ends lie within an atom of the exact distribution.
  low, high = quantiles_of_all_resamples(strata, statistic, 0.8)
  assert low < high
  measured = aggregate.interval(scores, names, statistic, repeats=50_000, level=0.8)
  assert measured == pytest.approx((low, high))


def test_interval_keeps_its_strata():
  scores, strata = np.repeat([0.0, 1.0], 20), np.repeat(['a', 'b'], 20)
  assert aggregate.interval(scores, strata) == (0.5, 0.5)
  low, high = aggregate.interval(scores)
  # A mean of 40 coins: .5 and 1.96 standard errors of .5 / sqrt(40) on either side
  assert (low, high) == pytest.approx((0.5 - 0.155, 0.5 + 0.155), abs=0.03)


def test_interval_holds_the_mean_as_often_as_it_says():
  samples = normal(0, 500, 40)
  bounds = np.array([aggregate.interval(scores, repeats=400, level=0.9) for scores in samples])
  held = np.mean((bounds[:, 0] < 0) & (bounds[:, 1] > 0))
  # The quantiles are of a normal with n - 1 instead of n and of no Student's t: .885
  expected = 1 - 2 * stats.t(39).sf(stats.norm.ppf(0.95) * np.sqrt(39 / 40))
  assert held == pytest.approx(expected, abs=3 * np.sqrt(0.9 * 0.1 / 500))


def test_interval_is_reproducible_and_takes_any_statistic():
  scores = normal(0, 50)
  assert aggregate.interval(scores) == aggregate.interval(scores)
  assert aggregate.interval(scores) != aggregate.interval(scores, seed=1)
  low, high = aggregate.interval(scores, statistic=aggregate.interquartile_mean)
  assert low < aggregate.interquartile_mean(scores) < high


# Few works


def measured_of(count: int, held_out: int) -> tuple[dict, dict]:
  rows = [look_of(normal(seed, n, 3)) for seed, n in ((0, count), (1, held_out), (2, 1))]
  return summary.imagination(*rows), summary.halves(rows[0], rows[1], count)


def test_what_so_few_works_cannot_tell_is_left_out_and_said():
  always = {'label_accuracy', 'train_on_synthetic', 'copies', 'near_copies', 'novelty'}
  pairs = {'frechet', 'precision', 'recall', 'density', 'coverage', 'diversity'}
  three = {'kernel', 'kernel_error'}
  for count, held_out, wanted in (
    (1, 9, always),
    (9, 1, always),
    (2, 9, always | pairs),
    (9, 3, always | pairs | three),  # a single training work has no neighbour to be authentic by
  ):
    at_once, halves = measured_of(count, held_out)
    assert set(at_once) == wanted
    assert np.isfinite([*at_once.values(), *halves.values()]).all()
  assert measured_of(9, 3)[1] == {}  # halves of one work
  assert 'frechet' in measured_of(9, 4)[1] and 'kernel' not in measured_of(9, 5)[1]
  assert 'kernel_spread' in measured_of(9, 6)[1]

  assert summary.shortfall(500, 12) == []
  assert summary.shortfall(500, 10) == [
    'at equal size, 5 against 5: 4 of 5 nearest neighbours are counted'
  ]
  assert summary.shortfall(500, 3) == [
    '500 works against 3 held-out ones: 2 of 5 nearest neighbours are counted',
    'at equal size, 1 against 1: too few for any distance, which are left out',
  ]
  assert summary.shortfall(2, 90)[0] == (
    '2 works against 90 held-out ones: 1 of 5 nearest neighbours are counted; too few for the '
    'kernel distance, which is left out'
  )
