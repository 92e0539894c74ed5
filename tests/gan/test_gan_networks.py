"""Generators and critics: every kind fits every shape, is reproducible and can be penalised."""

import numpy as np
import pytest
import tensorflow as tf

from tf_creative import gan as tables
from tf_creative.gan import conv, losses
from tf_creative.gan.config import GanConfig

SHAPES = [(8, 8, 1), (16, 16, 3), (7, 10, 2), (2, 3, 1), (1, 1, 1), (17, 12), (5, 3), (40, 1)]
LABELS = 3


def make(kind, shape=(8, 8, 1), num_labels=LABELS, seed=1, **options):
  config = GanConfig(network=kind, width=8, latent_size=4, **options)
  networks = tables.NETWORKS.load(kind)
  return (
    networks.generator(shape, num_labels, config, seed),
    networks.critic(shape, num_labels, config, seed),
  )


def noise(*shape):
  return tf.random.stateless_normal(shape, [3, 4])


@pytest.mark.parametrize('kind', tables.NETWORKS)
@pytest.mark.parametrize('shape', SHAPES)
def test_every_kind_fits_every_shape(kind, shape):
  generator, critic = make(kind, shape)
  variables = len(generator.variables), len(critic.variables)
  labels = tf.constant([0, 1, 2, 0, 1])
  values = generator(noise(5, 4), labels)
  assert values.shape == (5, *shape) and values.dtype == tf.float32
  assert critic(values, labels).shape == (5,)
  assert (len(generator.variables), len(critic.variables)) == variables


def test_the_close_critic_has_one_more_layer_which_looks_at_full_size():
  (_, critic), (_, close) = make('conv'), make('close')
  sizes = [
    [tuple(layer.compute_output_shape((1, 8, 8, 1))[1:3]) for layer in one.look[:1]]
    for one in (critic, close)
  ]
  assert sizes == [[(4, 4)], [(8, 8)]]
  assert len(close.look) == len(critic.look) + 1


@pytest.mark.parametrize('kind', tables.NETWORKS)
def test_batch_may_be_unknown(kind):
  generator, critic = make(kind)

  @tf.function(autograph=False)
  def both(latents, labels):
    return critic(generator(latents, labels), labels)

  unknown = both.get_concrete_function(tf.TensorSpec([None, 4]), tf.TensorSpec([None], tf.int32))
  assert unknown(noise(3, 4), tf.zeros([3], tf.int32)).shape == (3,)


@pytest.mark.parametrize('kind', tables.NETWORKS)
def test_same_seed_same_weights(kind):
  for one, same, other in zip(make(kind), make(kind), make(kind, seed=2), strict=True):
    for a, b in zip(one.variables, same.variables, strict=True):
      np.testing.assert_array_equal(a, b)
    matrices = [i for i, v in enumerate(one.variables) if len(v.shape) > 1]
    assert matrices
    for i in matrices:
      assert not np.array_equal(one.variables[i], other.variables[i])


@pytest.mark.parametrize('kind', tables.NETWORKS)
def test_no_two_matrices_start_alike(kind):
  for model in make(kind):
    flat = [v.numpy().ravel()[:3] for v in model.variables if len(v.shape) > 1]
    assert len({tuple(np.sign(v) * (v / v[0])) for v in flat}) == len(flat)


@pytest.mark.parametrize('kind', tables.NETWORKS)
@pytest.mark.parametrize(
  ('options', 'num_labels', 'heard'),
  [({}, LABELS, True), ({'conditional': False}, LABELS, False), ({}, 1, False)],
)
def test_labels_are_heard_only_when_conditional(kind, options, num_labels, heard):
  generator, critic = make(kind, num_labels=num_labels, **options)
  zeros, ones = tf.zeros([2], tf.int32), tf.ones([2], tf.int32)
  latents, values = noise(2, 4), noise(2, 8, 8, 1)
  assert np.allclose(generator(latents, zeros), generator(latents, ones)) != heard
  assert np.allclose(critic(values, zeros), critic(values, ones)) != heard


@pytest.mark.parametrize('kind', tables.NETWORKS)
def test_penalty_reaches_the_critics_weights(kind):
  """The gradient of a gradient, held against Euler's theorem.

  The slope of a network of leaky ReLUs is a product of its matrices (and of constant masks), so the
  penalty, its square, is of degree 2 in each of them: w . dP/dw = 2 P. The last layer, which is
  linear in any network, has two matrices in a sum; there it holds for both together.
  """
  _, critic = make(kind)
  values, labels = noise(4, 8, 8, 1), tf.constant([0, 1, 2, 0])
  with tf.GradientTape() as tape:
    _, slope = losses.score_and_slope(lambda x: critic(x, labels), values)
    penalty = losses.zero_centred(slope, 2.0)
  matrices = [v.value for v in critic.trainable_variables if len(v.shape) > 1]
  products = [
    np.sum(matrix * gradient)
    for matrix, gradient in zip(matrices, tape.gradient(penalty, matrices), strict=True)
  ]
  *before, realism, embedding = products
  if kind == 'tapered':  # two ways lead through a level: it holds for both together
    first, *levels, think = before
    half = len(levels) // 2
    before = [first, *np.add(levels[:half], levels[half:]), think]
  np.testing.assert_allclose(realism + embedding, 2 * penalty, rtol=1e-4)
  if kind == 'recurrent':  # its gates are no leaky ReLUs
    assert all(product != 0 for product in before)
  else:
    np.testing.assert_allclose(before, [2 * penalty] * len(before), rtol=1e-4)


@pytest.mark.parametrize('kind', tables.NETWORKS)
def test_a_score_depends_on_its_own_work_only(kind):
  _, critic = make(kind)
  values, labels = noise(4, 8, 8, 1), tf.constant([0, 1, 2, 0])
  alone = tf.concat([critic(values[i : i + 1], labels[i : i + 1]) for i in range(4)], 0)
  np.testing.assert_allclose(critic(values, labels), alone, atol=1e-5)


def test_pyramid_halves_long_sides_only():
  assert conv.pyramid((8, 8)) == [(8, 8), (4, 4)]
  assert conv.pyramid((28, 28)) == [(28, 28), (14, 14), (7, 7)]
  assert conv.pyramid((17, 5)) == [(17, 5), (9, 5), (5, 5)]
  assert conv.pyramid((3,)) == [(3,)]


def test_conv_says_which_shapes_it_takes():
  with pytest.raises(ValueError, match="'dense' takes any shape"):
    make('conv', (12,))
