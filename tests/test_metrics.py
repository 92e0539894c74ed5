"""Every measure against an oracle: closed forms, brute force, and sets whose answer is known."""

import time

import keras
import numpy as np
import pytest
from scipy import linalg
from sklearn import datasets, model_selection

from tf_creative import types
from tf_creative.metrics import frechet, judge, kernel, neighbours, summary


def normal(seed, *shape):
  return np.random.default_rng(seed).normal(size=shape)


def with_moments(seed, n, mean, deviation):
  """Rows whose sample mean and (diagonal) sample covariance are exactly as asked."""
  rows = normal(seed, n, len(mean))
  rows -= rows.mean(0)
  rows = rows @ np.linalg.inv(np.linalg.cholesky(np.cov(rows.T))).T
  return rows * deviation + mean


# Frechet distance


def test_frechet_of_diagonal_gaussians_in_closed_form():
  a = with_moments(0, 50, [0.0, 1.0, 2.0], [1.0, 2.0, 0.5])
  b = with_moments(1, 70, [1.0, 1.0, 0.0], [3.0, 1.0, 0.5])
  # |m1 - m2|^2 = 1 + 0 + 4; sum of (s1 - s2)^2 = 4 + 1 + 0
  assert frechet.distance(a, b) == pytest.approx(10.0, rel=1e-9)


def test_frechet_of_covariances_that_do_not_commute():
  a, b = normal(0, 60, 4) @ normal(1, 4, 4), normal(2, 80, 4) @ normal(3, 4, 4) + 1
  root = linalg.sqrtm(np.cov(a.T) @ np.cov(b.T)).real
  expected = np.sum((a.mean(0) - b.mean(0)) ** 2) + np.trace(np.cov(a.T) + np.cov(b.T) - 2 * root)
  assert frechet.distance(a, b) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize('n', [10, 500])  # fewer rows than features, and more
def test_frechet_of_equal_sets_is_zero_even_with_dead_features(n):
  rows = 100 * normal(0, n, 64)
  rows[:, 20:40] = 0
  assert frechet.distance(rows, rows[::-1]) == pytest.approx(0, abs=1e-6)


def test_frechet_of_two_halves_shows_the_known_bias():
  # For covariance I in d dimensions and n rows a side, to first order in 1/n: the means differ by
  # 2d/n, and tr(C1 + C2 - 2 (C1 C2)^1/2) is |C1 - C2|^2 / 4 on average, (1/4) 2 d(d+1)/n.
  d, n = 8, 500
  halves = [np.split(normal(seed, 2 * n, d), 2) for seed in range(40)]
  measured = np.mean([frechet.distance(a, b) for a, b in halves])
  assert measured == pytest.approx(2 * d / n + d * (d + 1) / (2 * n), rel=0.1)


def test_frechet_refuses_what_is_no_set_of_rows():
  with pytest.raises(ValueError, match=r'\[N >= 2, F\]'):
    frechet.distance(normal(0, 1, 3), normal(0, 5, 3))


# Kernel distance


def brute_force_kernel_distance(x, y):
  def k(a, b):
    return (np.dot(a, b) / len(a) + 1) ** 3

  def mean_of_pairs(rows):
    return np.mean([k(a, b) for i, a in enumerate(rows) for j, b in enumerate(rows) if i != j])

  return mean_of_pairs(x) + mean_of_pairs(y) - 2 * np.mean([k(a, b) for a in x for b in y])


def test_kernel_distance_and_its_error_against_brute_force():
  x, y = normal(0, 7, 3), normal(1, 5, 3) + 0.5
  estimate, error = kernel.distance(x, y)
  assert estimate == pytest.approx(brute_force_kernel_distance(x, y))
  without_x = [brute_force_kernel_distance(np.delete(x, i, 0), y) for i in range(7)]
  without_y = [brute_force_kernel_distance(x, np.delete(y, i, 0)) for i in range(5)]
  assert error == pytest.approx(np.sqrt(6 * np.var(without_x) + 4 * np.var(without_y)))


def test_kernel_distance_is_unbiased():
  estimates = [
    kernel.distance(normal(2 * i, 20, 4), normal(2 * i + 1, 30, 4))[0] for i in range(300)
  ]
  assert abs(np.mean(estimates)) < 3 * np.std(estimates) / np.sqrt(300)


def test_kernel_standard_error_is_the_spread_over_draws():
  draws = np.array(
    [kernel.distance(normal(2 * i, 100, 4), normal(2 * i + 1, 80, 4) + 0.7) for i in range(300)]
  )
  assert np.sqrt(np.mean(draws[:, 1] ** 2)) == pytest.approx(draws[:, 0].std(), rel=0.2)


# Nearest neighbours


def test_neighbours_on_a_line_worked_by_hand():
  # k = 1. Reference 0, 1, 3: radii 1, 1, 2, so balls [-1, 1], [0, 2], [1, 5].
  # Works 0.5, 4, 9: radii 3.5, 3.5, 5, so balls [-3, 4], [.5, 7.5], [4, 14].
  measured = neighbours.fidelity_and_variety([[0.5], [4.0], [9.0]], [[0.0], [1.0], [3.0]], k=1)
  assert measured == {
    'precision': pytest.approx(2 / 3),  # 0.5 and 4 lie in some ball
    'recall': 1.0,  # 0, 1 and 3 lie in the first of the works' balls
    'density': pytest.approx(3 / 3),  # 0.5 lies in two balls, 4 in one, 9 in none
    'coverage': 1.0,  # 0.5, 0.5 and 4
  }


@pytest.mark.parametrize('shift', [0.0, 1.0, 2.0])
def test_neighbours_against_brute_force(shift):
  k, works, real = 3, normal(0, 15, 2) + shift, normal(1, 12, 2)

  def radius(row, rows):
    return sorted(np.linalg.norm(row - other) for other in rows)[k]  # the first is the row itself

  def inside(point, row, rows):
    return np.linalg.norm(point - row) <= radius(row, rows)

  assert neighbours.fidelity_and_variety(works, real, k) == {
    'precision': pytest.approx(np.mean([any(inside(w, r, real) for r in real) for w in works])),
    'recall': pytest.approx(np.mean([any(inside(r, w, works) for w in works) for r in real])),
    'density': pytest.approx(np.sum([[inside(w, r, real) for r in real] for w in works]) / k / 15),
    'coverage': pytest.approx(np.mean([any(inside(w, r, real) for w in works) for r in real])),
  }


def test_identical_sets_are_covered_and_disjoint_sets_are_not():
  rows = normal(0, 50, 4)
  same = neighbours.fidelity_and_variety(rows, rows)
  assert (same['precision'], same['recall'], same['coverage']) == (1, 1, 1)
  assert set(neighbours.fidelity_and_variety(rows + 1000, rows).values()) == {0}


def test_repeated_real_rows_are_covered_by_their_like():
  rows = np.repeat(normal(0, 3, 2), 10, axis=0)
  assert neighbours.fidelity_and_variety(rows, rows)['coverage'] == 1


def test_too_few_rows_for_k_neighbours_are_refused():
  with pytest.raises(ValueError, match='5 neighbours need more than 5 rows'):
    neighbours.fidelity_and_variety(normal(0, 5, 2), normal(1, 9, 2))


def test_copies_counts_exact_repeats_only():
  training = np.arange(24, dtype=np.uint8).reshape(4, 3, 2)
  works = training[[0, 1, 2, 2]].copy()
  works[3, 0, 0] += 1
  assert neighbours.copies(works, training) == 0.75
  with pytest.raises(ValueError, match='stored alike'):
    neighbours.copies(works.astype(np.float32), training)


def test_novelty_is_relative_to_that_of_real_works():
  training, held_out = np.array([[0.0], [10.0]]), np.array([[1.0], [7.0]])  # 1 and 3 away: mean 2
  assert neighbours.novelty(training, training, held_out) == 0
  assert neighbours.novelty(held_out, training, held_out) == 1
  assert neighbours.novelty(np.array([[16.0]]), training, held_out) == 3


# The judge


def to_values(works):
  return np.asarray(works, np.float32)[..., None] / 1.5 - 1


@pytest.fixture(scope='module')
def digits():
  """Real digits in four greys: training and held-out works."""
  data = datasets.load_digits()
  works = np.clip(data.images // 4, 0, 3).astype(np.uint8)
  parts = model_selection.train_test_split(
    works, data.target, test_size=360, stratify=data.target, random_state=0
  )
  return types.Works(parts[0], parts[2]), types.Works(parts[1], parts[3])


@pytest.fixture(scope='module')
def eyes(digits):
  start = time.process_time()
  trained = judge.Judge.train(to_values(digits[0].work), digits[0].label)
  print(f'the judge of digits took {time.process_time() - start:.1f} CPU-seconds')
  return trained


@pytest.fixture
def quick(monkeypatch):
  monkeypatch.setattr(judge, '_STEPS', 20)


def test_judge_reads_held_out_digits(eyes, digits):
  _, held_out = digits
  assert np.mean(eyes.labels(to_values(held_out.work)) == held_out.label) >= 0.97
  assert eyes.features(to_values(held_out.work)).shape == (360, 64)


def test_judge_survives_saving_and_appears_whole(eyes, digits, tmp_path):
  values = to_values(digits[1].work)
  eyes.save(tmp_path / 'judge.npz')
  loaded = judge.Judge.load(tmp_path / 'judge.npz')
  np.testing.assert_array_equal(loaded.features(values), eyes.features(values))
  np.testing.assert_array_equal(loaded.labels(values), eyes.labels(values))
  assert [path.name for path in tmp_path.iterdir()] == ['judge.npz']


def test_judge_does_not_depend_on_the_seed_of_the_run(quick, digits):
  training, held_out = digits
  answers = []
  for seed in (1, 2):
    keras.utils.set_random_seed(seed)
    answers.append(
      judge.Judge.train(to_values(training.work), training.label).features(to_values(held_out.work))
    )
  np.testing.assert_array_equal(*answers)


def test_judge_reads_sequences(quick):
  labels = np.arange(200) % 2  # rising or falling lines of 12 steps and 3 channels
  line = np.linspace(-1, 1, 12)[None, :, None] * np.where(labels, 1, -1)[:, None, None]
  values = line + 0.1 * normal(0, 200, 12, 3)
  assert np.mean(judge.Judge.train(values, labels).labels(values) == labels) > 0.9


def test_judge_of_a_single_class_keeps_its_first_weights(digits):
  training, held_out = (to_values(part.work) for part in digits)
  drawn = judge.Judge.train(training, np.zeros(len(training), np.int32))
  np.testing.assert_array_equal(
    drawn.features(held_out), judge.Judge(training.shape[1:], 1).features(held_out)
  )
  assert not drawn.labels(held_out).any()
  half, shuffled = training[::2], np.random.default_rng(0).permuted(training[::2], axis=1)
  real = drawn.features(held_out)
  assert frechet.distance(drawn.features(shuffled), real) > 5 * frechet.distance(
    drawn.features(half), real
  )


def test_judge_refuses_other_shapes(eyes):
  with pytest.raises(ValueError, match=r'reads \(8, 8, 1\), not \(9, 8, 1\)'):
    eyes.features(np.zeros((2, 9, 8, 1)))
  with pytest.raises(ValueError, match=r'\[H, W, C\] or \[T, C\]'):
    judge.Judge((8,), 2)


# All together


def test_imagination_tells_real_works_from_noise(eyes, digits):
  training, held_out = digits
  yardstick = summary.imagination(training, held_out, training, to_values, eyes)
  assert (yardstick['copies'], yardstick['novelty']) == (1, 0)
  assert yardstick['label_accuracy'] > 0.98
  assert min(yardstick[name] for name in ('precision', 'recall', 'coverage')) > 0.7

  generator = np.random.default_rng(0)
  noise = types.Works(
    generator.integers(0, 4, training.work.shape, np.uint8), generator.integers(0, 10, 1437)
  )
  measured = summary.imagination(noise, held_out, training, to_values, eyes)
  assert measured.keys() == yardstick.keys()
  assert all(isinstance(value, float) for value in measured.values())
  assert measured['frechet'] > 20 * yardstick['frechet']
  assert measured['kernel'] > yardstick['kernel'] + 5 * measured['kernel_error']
  assert measured['precision'] < 0.1 and measured['coverage'] < 0.1
  assert measured['label_accuracy'] < 0.3 and measured['copies'] == 0 and measured['novelty'] > 1
