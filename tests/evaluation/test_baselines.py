"""The simpler imaginations, each against what is known of it."""

import numpy as np
import pytest
from scipy.spatial import distance

from tests.shared import tiny
from tf_creative.core import works as works_lib
from tf_creative.evaluation import baselines


@pytest.fixture(scope='module')
def bars():
  """What each baseline makes of the toy's bars, half of them vertical."""
  with pytest.MonkeyPatch.context() as patch:
    patch.setattr(baselines, '_PLAIN_UPDATES', 2000)
    label = np.arange(200, dtype=np.int32) % 2
    return baselines.imagined(tiny.Bars(), tiny.works(), label, seed=0)


def errors(works: np.ndarray, label: int) -> np.ndarray:
  """Squared distance of each work to the nearest real one of its label, in greys: [N]."""
  real = tiny.works()
  known = real.work[real.label == label].reshape(-1, 16).astype(float)
  return distance.cdist(works.reshape(-1, 16), known, 'sqeuclidean').min(1)


def test_all_make_legal_works_of_the_labels_that_were_asked_for(bars):
  for works in bars.values():
    assert works.work.shape == (200, 4, 4) and works.work.dtype == np.uint8
    assert works.work.max() <= 3
    np.testing.assert_array_equal(works.label, np.arange(200) % 2)


@pytest.mark.parametrize('name', ['kernel_density', 'gaussian_mixture', 'dense_gan'])
def test_what_was_learnt_is_nearer_to_its_own_label_than_to_the_other(bars, name):
  works = bars[name].work[bars[name].label == 1]
  noise = bars['noise'].work[bars['noise'].label == 1]
  assert errors(works, 1).mean() < 0.6 * errors(works, 0).mean()
  assert errors(works, 1).mean() < 0.3 * errors(noise, 1).mean()


def test_noise_has_every_colour_alike(bars):
  shares = np.bincount(bars['noise'].work.ravel(), minlength=4) / bars['noise'].work.size
  np.testing.assert_allclose(shares, 0.25, atol=0.03)


def test_the_same_seed_gives_the_same_works_and_another_does_not(monkeypatch):
  monkeypatch.setattr(baselines, '_PLAIN_UPDATES', 2)
  label = np.zeros(20, np.int32)
  one, same, other = (
    baselines.imagined(tiny.Bars(), tiny.works(), label, seed) for seed in (3, 3, 4)
  )
  for name in one:
    np.testing.assert_array_equal(one[name].work, same[name].work)
    assert (one[name].work != other[name].work).any()


def test_the_bandwidth_is_that_of_the_noise_around_few_points():
  # Many rows at a few places, each blurred by .1: the likeliest width of a kernel is about that.
  rng = np.random.default_rng(0)
  rows = rng.integers(0, 2, (5, 20))[np.arange(1000) % 5] + rng.normal(0, 0.1, (1000, 20))
  assert baselines.bandwidth(rows) == pytest.approx(0.1, rel=0.2)


def test_a_label_with_a_single_work_is_served():
  real = works_lib.Works(tiny.works().work[:50], np.r_[np.zeros(49), 1].astype(np.int32))
  rows = real.work.reshape(50, -1) / 3.0
  drawn = baselines._gaussian_mixture(rows, real.label, np.ones(8, np.int32), 0)
  assert np.abs(drawn - rows[-1]).max() < 0.3  # the regularised spread of .03
