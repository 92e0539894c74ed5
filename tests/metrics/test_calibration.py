"""Whether what is said to be so probable happens so often, worked by hand."""

import numpy as np
import pytest

from tf_creative.metrics import aggregate, calibration

# Of four times that .75 was said, three happened; of four times .25, two.
CHANCE = np.array([0.75, 0.25, 0.75, 0.25, 0.75, 0.25, 0.75, 0.25])
HAPPENED = np.array([1, 1, 1, 1, 1, 0, 0, 0], bool)
PART = np.array([0, 0, 0, 0, 1, 1, 1, 1])


def error(chance, happened, part):
  found = calibration.gaps(chance, happened, part)
  return aggregate.ratio(found, np.bincount(part))[0]


def test_each_bin_has_its_share():
  low, high = calibration.bins(CHANCE, HAPPENED)
  assert low == (0.2, pytest.approx(0.3), 4, 0.25, 0.5)
  assert high == (0.7, pytest.approx(0.8), 4, 0.75, 0.75)
  [last] = calibration.bins(np.array([1.0]), np.array([True]))
  assert last.low == 0.9 and last.count == 1


def test_the_calibration_error_is_how_far_bins_are_from_what_happened():
  # Half of all are off by a quarter, and parts do not matter.
  assert error(CHANCE, HAPPENED, PART) == pytest.approx(0.125)
  assert error(CHANCE, HAPPENED, 0 * PART) == pytest.approx(0.125)
  assert error(1 - CHANCE, HAPPENED, PART) == pytest.approx(0.375)  # .25 too low, and .5 too low
  assert error(1.0 * HAPPENED, HAPPENED, PART) == 0


def test_a_mean_of_parts_of_different_sizes_weighs_each_step_alike():
  # 1 of 1 and 0 of 3: a mean of the parts' means would be .5.
  mean, low, high = aggregate.ratio([1.0, 0.0], [1, 3])
  assert mean == 0.25 and low == 0 and high == 1
  assert aggregate.ratio([2.0, 6.0], [1, 3]) == (2, 2, 2)
