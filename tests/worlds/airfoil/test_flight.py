"""NeuralFoil's network in our graph, and what a form is worth under a brief."""

import importlib

import numpy as np
import pytest
import tensorflow as tf

from tests.worlds.airfoil import wings
from tf_creative.core import spec
from tf_creative.worlds.airfoil import brief as brief_lib
from tf_creative.worlds.airfoil import flight, neural, package

OURS = neural.Network(wings.arrays())


def brief(lift=0.6, thickness=0.1, moment=-0.1, reynolds=1e6):
  return brief_lib.Brief(
    *(tf.constant([x], tf.float32) for x in (reynolds, lift, thickness, moment))
  )


def aero(numbers, angle):
  given = tf.constant(numbers[None], tf.float32), tf.constant([angle], tf.float32)
  return [float(part[0]) for part in OURS.aero(*given, tf.constant([1e6]))]


def flown(numbers, **wanted):
  return flight.flown(OURS, tf.constant(numbers[None], tf.float32), brief(**wanted))


def test_answers_are_worked_out_by_hand():
  # Weights .18 above and -.14 below: camber .04, thickness .32. At 5 degrees sin 2a is .17365 and
  # sin^2 a is .0075961: lift .54553 + .08, drag exp(-5 + .64 + .060769), moment -.02.
  numbers = np.zeros(18)
  numbers[:8], numbers[8:16] = 0.18, -0.14
  np.testing.assert_allclose(
    aero(numbers, 5.0), [1 / (1 + np.exp(-6)), 0.62553, np.exp(-4.299231), -0.02], rtol=1e-4
  )


def test_upside_down_all_is_mirrored():
  rng = np.random.default_rng(0)
  arrays = wings.arrays()
  arrays['net.0.weight'] = rng.normal(0, 0.3, (8, 25)).astype(np.float32)
  arrays['net.2.weight'] = rng.normal(0, 0.3, (198, 8)).astype(np.float32)
  network, numbers = neural.Network(arrays), rng.normal(0, 0.2, (7, 18)).astype(np.float32)
  turned = np.concatenate(
    [-numbers[:, 8:16], -numbers[:, :8], -numbers[:, 16:17], numbers[:, 17:]], 1
  )
  angle, reynolds = tf.linspace(-5.0, 9.0, 7), tf.fill([7], 5e5)
  one = network.aero(tf.constant(numbers), angle, reynolds)
  other = network.aero(tf.constant(turned), -angle, reynolds)
  for here, there, sign in zip(one, other, (1, -1, 1, -1), strict=True):
    np.testing.assert_allclose(here, sign * there, rtol=1e-4, atol=1e-6)


def test_far_from_its_training_data_the_network_is_not_sure():
  # The logit 6 falls by the squared distance over 50: at 20 deviations in one number by 8.
  arrays = wings.arrays()
  arrays['inv_cov_inputs_scaled'][0, 0] = 1
  numbers = np.zeros([1, 18], np.float32)
  numbers[0, 0] = 20
  upright = neural.Network(arrays).aero(tf.constant(numbers), tf.zeros([1]), tf.fill([1], 1e6))
  # Upside down that number is another one, of no distance: the mean falls by 4.
  np.testing.assert_allclose(upright.confidence, 1 / (1 + np.exp(-2)), rtol=1e-5)


@pytest.mark.parametrize(
  'change',
  [
    {'net.0.weight': np.zeros([8, 24], np.float32)},
    {'net.2.bias': np.zeros(7, np.float32)},
    {'mean_inputs_scaled': np.zeros(3, np.float32)},
    {'net.x.weight': np.zeros([8, 8], np.float32)},
  ],
)
def test_other_weights_are_refused(change):
  with pytest.raises(spec.UserError, match='no weights of NeuralFoil'):
    neural.Network({**wings.arrays(), **change})


def test_the_angle_of_the_wanted_lift_is_found():
  seen = flown(wings.form(0.12, 0.02), lift=0.6)
  np.testing.assert_allclose(seen.aero.lift, 0.6, atol=1e-3)
  # .6 = pi sin 2a + 2 * .04 (the sides' sum is twice what each is raised by)
  np.testing.assert_allclose(seen.angle, np.degrees(np.arcsin(0.52 / np.pi) / 2), atol=0.02)


def test_lift_that_is_out_of_reach_is_missed_and_paid_for():
  seen = flown(wings.form(0.12, -0.3), lift=1.2)  # lift is -1.2 lower: 20 degrees would be wanted
  assert not seen.feasible[0] and float(seen.angle[0]) == 16
  assert float(seen.worth[0]) < float(flown(wings.form(0.12), lift=1.2).worth[0]) - 1


def test_worth_is_the_logarithm_of_lift_over_drag_less_penalties():
  # At weight .162 a side is .162 sqrt(x) (1 - x) high, most at x = 1/3: together .1247 chords.
  form = wings.form(0.12)
  free = flown(form, thickness=0.06, moment=-0.15)
  assert free.feasible[0]
  drag = np.exp(-5 + 2 * 0.324 + 8 * np.sin(np.radians(free.angle[0])) ** 2)
  np.testing.assert_allclose(free.worth, np.log(0.6 / drag), rtol=1e-4)
  np.testing.assert_allclose(free.thickness, 0.1247, atol=2e-4)
  # Wanted .14 thick: .0153 short, and .002 more for the margin, at 30 a chord.
  thin = flown(form, thickness=0.14, moment=-0.15)
  assert not thin.feasible[0]
  np.testing.assert_allclose(free.worth - thin.worth, 30 * 0.0173, atol=0.01)


def test_moment_is_paid_for_and_crossed_sides_are_no_form():
  # Camber .08 (each side raised by .04) has the moment -.04: .03 is wanted, and .005 more.
  free, heavy = (flown(wings.form(0.12, 0.04), moment=wanted) for wanted in (-0.15, -0.03))
  assert free.feasible[0] and not heavy.feasible[0]
  np.testing.assert_allclose(free.worth - heavy.worth, 15 * 0.015, atol=1e-3)
  crossed = wings.form(0.12)
  crossed[7], crossed[15] = -0.3, 0.3
  assert not flown(crossed).feasible[0] and float(flown(crossed).least[0]) < 0


def test_gradients_lead_to_less_drag_at_the_same_lift():
  with tf.GradientTape() as tape:
    numbers = tf.constant(wings.form(0.14, 0.01)[None], tf.float32)
    tape.watch(numbers)
    worth = flight.flown(OURS, numbers, brief(thickness=0.06)).worth
  slope = tape.gradient(worth, numbers).numpy()[0]
  assert (slope[8:16] > 0).all()  # thinner from below
  better = wings.form(0.14, 0.01) + 0.01 * slope / np.abs(slope).max()
  assert float(flown(better, thickness=0.06).worth[0]) > float(worth[0])


def test_briefs_are_labels_and_read_as_they_are_written():
  names = brief_lib.names()
  assert len(names) == len(set(names)) == brief_lib.COUNT
  name = brief_lib.named('re=1e6, cl=0.8, thickness=.12')
  assert name == 're=1e+06 cl=0.8 thickness=0.12 moment=-0.1'
  assert brief_lib.named(name) == name == brief_lib.named('cl = .78, re=1.1e6 thickness=0.118')
  told = [float(part[0]) for part in brief_lib.of(tf.constant([names.index(name)]))]
  np.testing.assert_allclose(told, [1e6, 0.8, 0.12, -0.1])
  np.testing.assert_allclose(names.numbers[[0, -1]], [[-1] * 4, [1] * 4])


@pytest.mark.parametrize('text', ['cl=9', 'cd=1', 'cl=high', 're=', 'cl', 'cl=nan', 'thickness=-1'])
def test_what_is_no_brief_is_refused(text):
  with pytest.raises(spec.SpecError):
    brief_lib.named(text)


@wings.needs_airfoils
@pytest.mark.parametrize('size', ['xxsmall', 'large'])
def test_answers_are_those_of_the_package(size):
  try:
    original = importlib.import_module('neuralfoil')
  except ImportError as error:
    pytest.skip(f'neuralfoil cannot be imported: {error}')
  rng = np.random.default_rng(0)
  numbers = np.stack([wings.form(*pair) for pair in rng.uniform([0.06, 0], [0.18, 0.05], (50, 2))])
  numbers += rng.normal(0, 0.02, numbers.shape)
  angle, reynolds = rng.uniform(-8, 14, 50), 10 ** rng.uniform(5, 7, 50)
  told = original.get_aero_from_kulfan_parameters(
    {
      'upper_weights': numbers[:, :8].T,
      'lower_weights': numbers[:, 8:16].T,
      'leading_edge_weight': numbers[:, 16],
      'TE_thickness': numbers[:, 17],
    },
    angle,
    reynolds,
    model_size=size,
  )
  given = (tf.constant(part, tf.float32) for part in (numbers, angle, reynolds))
  for name, ours in zip(
    ('analysis_confidence', 'CL', 'CD', 'CM'),
    neural.Network(package.network(size)).aero(*given),
    strict=True,
  ):
    np.testing.assert_allclose(ours, told[name], atol=2e-5)  # float32 beside its float64
