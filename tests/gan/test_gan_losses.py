"""Losses and penalties against numbers worked by hand."""

import math

import numpy as np
import pytest
import tensorflow as tf

from tf_creative import gan as tables
from tf_creative.gan import losses

# softplus(x) = log(1 + e^x), so softplus(log 3) = log 4 and softplus(-log 3) = log 4/3.
REAL = tf.constant([math.log(3), 0.0])
FAKE = tf.constant([0.0, -math.log(3)])
LOG2, LOG4, LOG4_3 = math.log(2), math.log(4), math.log(4 / 3)


@pytest.mark.parametrize(
  ('name', 'critic', 'generator'),
  [
    # fake - real = [-log 3, -log 3]: the critic is right on both pairs.
    ('r3gan', LOG4_3, LOG4),
    # critic: mean(log 4/3, log 2) + mean(log 2, log 4/3); generator: -mean(log 2, log 4/3).
    ('minimax', LOG4_3 + LOG2, -(LOG2 + LOG4_3) / 2),
    # generator: mean softplus(-fake) = mean(log 2, log 4).
    ('non_saturating', LOG4_3 + LOG2, (LOG2 + LOG4) / 2),
    # 1 - real = [1 - log 3, 1] with 1 - log 3 < 0; 1 + fake = [1, 1 - log 3]; sums: [0 + 1, 1 + 0].
    ('hinge', 1.0, math.log(3) / 2),
    # mean fake = -log 3 / 2, mean real = log 3 / 2.
    ('wgan_gp', -math.log(3), math.log(3) / 2),
  ],
)
def test_losses_by_hand(name, critic, generator):
  loss = tables.LOSSES.load(name)
  np.testing.assert_allclose(loss.critic(REAL, FAKE), critic, rtol=1e-6)
  np.testing.assert_allclose(loss.generator(REAL, FAKE), generator, rtol=1e-6)


@pytest.mark.parametrize('name', tables.LOSSES)
def test_each_side_pulls_its_own_way(name):
  loss = tables.LOSSES.load(name)
  with tf.GradientTape(persistent=True) as tape:
    tape.watch([REAL, FAKE])
    critic, generator = loss.critic(REAL, FAKE), loss.generator(REAL, FAKE)
  # Descent on the critic's loss lowers imagined works, descent on the generator's raises them.
  assert all(tape.gradient(critic, FAKE) >= 0) and any(tape.gradient(critic, FAKE) > 0)
  assert all(tape.gradient(generator, FAKE) < 0)
  assert all(tape.gradient(critic, REAL) <= 0) and any(tape.gradient(critic, REAL) < 0)


def test_large_logits_stay_finite():
  for name in tables.LOSSES:
    loss = tables.LOSSES.load(name)
    for side in loss.critic, loss.generator:
      assert np.isfinite(side(tf.constant([1e4]), tf.constant([-1e4])))
      assert np.isfinite(side(tf.constant([-1e4]), tf.constant([1e4])))


def test_slope_of_a_linear_score_is_its_weight_vector():
  weights = tf.constant([[[3.0], [4.0]]])  # |w|^2 = 25
  values = tf.random.stateless_normal([6, 1, 2, 1], [1, 2])
  logits, slope = losses.score_and_slope(lambda x: tf.reduce_sum(x * weights, [1, 2, 3]), values)
  np.testing.assert_allclose(logits, np.sum(values * weights, (1, 2, 3)), rtol=1e-5)
  np.testing.assert_allclose(slope, [25.0] * 6, rtol=1e-6)


def test_slope_belongs_to_each_work():
  # score = |x|^2 / 2 has the gradient x.
  _, slope = losses.score_and_slope(
    lambda x: tf.reduce_sum(x * x, 1) / 2, tf.constant([[3.0, 4.0], [0.0, 2.0]])
  )
  np.testing.assert_allclose(slope, [25.0, 4.0])


def test_penalties_by_hand():
  slope = tf.constant([4.0, 16.0])
  np.testing.assert_allclose(losses.zero_centred(slope, 3.0), 3 / 2 * 10)  # mean of 4 and 16
  np.testing.assert_allclose(losses.one_centred(slope, 3.0), 3 * 5)  # mean of (2-1)^2 and (4-1)^2


def test_second_derivative_of_the_penalties():
  # For the score w x the R1 penalty is weight/2 w^2, its gradient weight w: 2 x 3 = 6; that of
  # weight (w - 1)^2 is 2 weight (w - 1): 2 x 2 x 2 = 8.
  w, values = tf.Variable(3.0), tf.constant([[1.0], [-2.0]])
  with tf.GradientTape(persistent=True) as tape:
    _, slope = losses.score_and_slope(lambda x: w * x[:, 0], values)
    zero, one = losses.zero_centred(slope, 2.0), losses.one_centred(slope, 2.0)
  np.testing.assert_allclose(tape.gradient(zero, w), 6.0)
  np.testing.assert_allclose(tape.gradient(one, w), 8.0, rtol=1e-5)


def test_one_centred_is_smooth_where_the_critic_is_flat():
  w = tf.Variable(0.0)
  with tf.GradientTape() as tape:
    _, slope = losses.score_and_slope(lambda x: w * x[:, 0], tf.ones([2, 1]))
    penalty = losses.one_centred(slope, 1.0)
  assert np.isfinite(tape.gradient(penalty, w))


def test_interpolates_lie_on_the_line_and_move_with_the_seed():
  real, fake = tf.ones([64, 2, 2, 1]), tf.zeros([64, 2, 2, 1])
  between = losses.interpolate(real, fake, tf.constant([1, 2])).numpy()
  np.testing.assert_array_equal(between, losses.interpolate(real, fake, tf.constant([1, 2])))
  assert not np.array_equal(between, losses.interpolate(real, fake, tf.constant([1, 3])))
  # One place on the line for each pair, the same for all of its numbers, and spread over the line.
  assert np.all(np.ptp(between.reshape(64, -1), axis=1) == 0)
  assert between.min() < 0.1 and between.max() > 0.9
  np.testing.assert_allclose(losses.interpolate(real, real, tf.constant([1, 2])), real)
