"""Distances between sets of works against oracles: closed forms, brute force, known answers."""

import numpy as np
import pytest
from scipy import linalg

from tf_creative.metrics import frechet, kernel, neighbours


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


def test_in_distribution_is_what_precision_counts():
  works, real = normal(0, 40, 3), normal(1, 30, 3) + 1
  inside = neighbours.in_distribution(works, real, k=3)
  assert inside.mean() == neighbours.fidelity_and_variety(works, real, k=3)['precision']
  assert 0 < inside.mean() < 1


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


def test_nearest_says_how_far_and_which():
  away, place = neighbours.nearest([[0.0, 3.0], [9.0, 0.0]], [[9.0, 1.0], [0.0, 0.0], [4.0, 3.0]])
  assert (away.tolist(), place.tolist()) == ([3, 1], [1, 0])


def test_novelty_is_relative_to_that_of_real_works():
  held_out_away = [1.0, 3.0]  # 2 on average
  assert neighbours.novelty([0.0, 0.0], held_out_away) == 0
  assert neighbours.novelty(held_out_away, held_out_away) == 1
  assert neighbours.novelty([6.0], held_out_away) == 3


def test_authenticity_worked_by_hand():
  # The learnt 0 and 1 are 1 apart, 5 is 4 away from its next: within that they have variants.
  # 0 and -1 are of 0, 2.5 (1.5 away from 1) is free, 9 is of 5, and 9.5 is free.
  training, works = np.array([[0.0], [1.0], [5.0]]), [[0.0], [-1.0], [2.5], [9.0], [9.5]]
  assert neighbours.authenticity(*neighbours.nearest(works, training), training) == 2 / 5


def test_authenticity_against_brute_force():
  works, training = normal(0, 40, 2), normal(1, 30, 2)
  free = []
  for work in works:
    i = min(range(30), key=lambda i: np.linalg.norm(work - training[i]))
    next_to_it = min(np.linalg.norm(training[i] - training[j]) for j in range(30) if j != i)
    free.append(np.linalg.norm(work - training[i]) > next_to_it)
  measured = neighbours.authenticity(*neighbours.nearest(works, training), training)
  assert measured == pytest.approx(np.mean(free))
  assert 0.2 < measured < 0.8


# Diversity


def test_diversity_worked_by_hand():
  # Label 0: 0 and 4 are 4 apart; label 1: 0, 1 and 3 are 1, 3 and 2 apart, 2 on average: 3.
  # Label 2 has one work only, label 3 no real one.
  works, labels = (
    [[0.0], [4.0], [0.0], [1.0], [3.0], [9.0], [8.0], [99.0]],
    [0, 0, 1, 1, 1, 2, 3, 3],
  )
  real, real_labels = [[0.0], [1.0], [0.0], [11.0], [7.0], [9.0]], [0, 0, 1, 1, 2, 2]  # 1, 11: 6
  assert neighbours.diversity(works, labels, real, real_labels) == 3 / 6


def test_diversity_is_one_of_reality_and_zero_of_one_work_a_label():
  real, labels = normal(0, 60, 4), np.arange(60) % 3
  assert neighbours.diversity(real, labels, real, labels) == 1
  assert neighbours.diversity(real / 4, labels, real, labels) == pytest.approx(1 / 4)
  assert neighbours.diversity(real[labels], labels, real, labels) == 0
  assert neighbours.diversity(real[:3], [0, 0, 0], real[labels], labels) < np.inf


def test_diversity_ignores_labels_that_no_two_works_share():
  # 0, 1 and 5 are 1, 5 and 4 apart: 10 / 3 on average; 0 and 2 are 2 apart.
  measured = neighbours.diversity([[0.0], [1.0], [5.0]], [0, 1, 1], [[0.0], [2.0]], [0, 1])
  assert measured == pytest.approx(10 / 3 / 2)
