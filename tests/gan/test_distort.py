"""Differentiable augmentation: what is changed, in how many works, and its gradients."""

import numpy as np
import pytest
import tensorflow as tf

from tf_creative.gan import distort

SEED = tf.constant([1, 2])


def sprites(count=64, side=16, channels=4):
  """A square of one colour in the middle, on clear ground."""
  values = np.zeros((count, side, side, channels), np.float32)
  values[:, 6:10, 6:10] = [0.2, 0.5, 0.8, 1.0][:channels]
  return tf.constant(values)


def test_a_share_of_none_is_what_it_was():
  values = sprites()
  np.testing.assert_allclose(distort.distort(values, 0.0, SEED), values, atol=1e-6)


@pytest.mark.parametrize('share', [0.3, 1.0])
def test_the_share_is_that_of_works_that_are_changed(share):
  values = sprites(2000)
  happens = distort._happens(values, share, SEED)
  assert float(tf.reduce_mean(happens)) == pytest.approx(share, abs=0.04)
  cut = distort._cut(tf.ones_like(values), happens, SEED).numpy()
  changed = (cut != 1).any((1, 2, 3))
  np.testing.assert_array_equal(changed & ~happens.numpy().astype(bool), False)
  # A box has half the side, or less where it lies at the edge.
  holes = (cut[..., 0] == 0).sum((1, 2))
  assert holes[changed].min() > 0 and holes.max() == 8 * 8


def test_a_shift_moves_the_whole_work_and_repeats_the_edge():
  rows = tf.constant(np.arange(8, dtype=np.float32).reshape(1, 8, 1, 1).repeat(500, 0))
  moved = distort._shift(rows, tf.ones([500]), SEED, axis=1).numpy()[:, :, 0, 0]
  ways = {tuple(way) for way in moved.astype(int)}
  assert ways == {
    tuple(range(8)),
    (0, 0, 1, 2, 3, 4, 5, 6),
    (1, 2, 3, 4, 5, 6, 7, 7),
  }


def test_what_is_clear_stays_clear_and_other_colours_change_together():
  values = sprites()
  seen = distort._recolour(values, tf.ones([64]), SEED).numpy()
  np.testing.assert_array_equal(seen[..., 3], values[..., 3])
  np.testing.assert_array_equal(seen[:, :6], 0)
  square = seen[:, 6:10, 6:10, :3]
  np.testing.assert_allclose(square, square[:, :1, :1].repeat(4, 1).repeat(4, 2), atol=1e-6)
  assert square[:, 0, 0].std(0).min() > 0.05
  # The order of the channels stays: 2 < 5 < 8.
  assert (np.diff(square[:, 0, 0]) >= -1e-6).all()


@pytest.mark.parametrize('shape', [(4, 12, 5), (4, 8, 8, 1), (4, 8, 8, 4), (4, 5, 4, 3, 2)])
def test_gradients_of_gradients_go_through_works_of_any_form(shape):
  values = tf.random.stateless_uniform(shape, SEED)
  with tf.GradientTape() as outer:
    outer.watch(values)
    with tf.GradientTape() as inner:
      inner.watch(values)
      loss = tf.reduce_sum(tf.square(distort.distort(values, 1.0, SEED)))
    slope = inner.gradient(loss, values)
    total = tf.reduce_sum(tf.square(slope))
  assert np.isfinite(outer.gradient(total, values)).all()
  assert np.any(slope)
