"""The GAN's step: what each update may touch, that it repeats, survives a checkpoint and learns."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_creative import gan as tables
from tf_creative.core import imagination, spec
from tf_creative.gan.config import GanConfig
from tf_creative.gan.gan import Gan

SHAPE, LABELS, BATCH = (4, 4, 1), 3, 8


def four_greys(raw):
  soft = tf.sigmoid(raw)
  return soft + tf.stop_gradient(tf.round(soft * 3) / 3 - soft)


def make(seed=0, legal=four_greys, num_labels=LABELS, **options):
  options = {'width': 8, 'latent_size': 4, 'batch_size': BATCH, 'decay_steps': 0, **options}
  options.setdefault('learning_rate', 4e-4)
  return Gan(GanConfig(**options), imagination.Subject(SHAPE, num_labels, legal, SHAPE), seed)


def patterns(labels):
  """A world to learn: the label says which column is lit, and everything else is dark."""
  return tf.tile(tf.one_hot(labels, SHAPE[1])[:, None, :, None], [1, SHAPE[0], 1, 1])


def step(gan, count, batch=BATCH, **options):
  """One update, all of whose draws are keyed by `count`."""
  seed = tf.stack([7, count])
  labels = tf.random.stateless_uniform([batch], seed, 0, LABELS, tf.int32)
  return gan.train_step(patterns(labels), labels, (seed, seed), **options)


def loop(gan, batch=BATCH):
  """Many updates in one graph, as the program runs them."""

  def update(count):
    step(gan, count, batch)
    return count + 1

  @tf.function(autograph=False)
  def run(start, stop):
    return tf.while_loop(lambda count: count < stop, update, [start])

  return run


def run(gan, start, stop, **options):
  loop(gan, **options)(tf.constant(start), tf.constant(stop))


def test_the_critic_sees_works_distorted_and_the_generator_learns_through_it():
  plain, distorted = make(), make(distort=1.0)
  told = [step(gan, 0) for gan in (plain, distorted)]
  assert np.isfinite([float(value) for value in told[1].values()]).all()
  critics = [snapshot(gan.critic.network.variables) for gan in (plain, distorted)]
  assert any((one != other).any() for one, other in zip(*critics, strict=True))
  before = snapshot(make(distort=1.0).generator.variables)
  after = snapshot(distorted.generator.variables)
  assert any((one != other).any() for one, other in zip(before, after, strict=True))
  again = make(distort=1.0)
  step(again, 0)
  for one, other in zip(after, snapshot(again.generator.variables), strict=True):
    np.testing.assert_array_equal(one, other)


def snapshot(variables):
  return [np.array(variable) for variable in variables]


def assert_same(variables, before):
  for now, then in zip(variables, before, strict=True):
    np.testing.assert_array_equal(now, then)


def differ(variables, before):
  return [not np.array_equal(now, then) for now, then in zip(variables, before, strict=True)]


@pytest.mark.parametrize('conditional', [True, False])
@pytest.mark.parametrize('loss', tables.LOSSES)
@pytest.mark.parametrize('network', tables.NETWORKS)
def test_every_choice_takes_a_step(network, loss, conditional):
  gan = make(network=network, loss=loss, conditional=conditional)
  before = snapshot(gan.generator.variables), snapshot(gan.critic.network.variables)
  metrics = step(gan, 0)
  for name, value in metrics.items():
    assert value.shape == () and value.dtype == tf.float32 and np.isfinite(value), name
  assert metrics['penalty'] > 0
  assert all(np.all(np.isfinite(variable)) for variable in gan.variables)
  # A hinge or a mean may leave one bias where it is; every matrix must move.
  for model, then in zip((gan.generator, gan.critic.network), before, strict=True):
    moved = differ(model.variables, then)
    assert all(m for m, v in zip(moved, model.variables, strict=True) if len(v.shape) > 1)


def test_metrics_are_those_of_the_critic_before_its_update():
  gan = make(ema_decay=0.0)
  labels, seed = tf.constant([0, 1, 2, 0]), tf.constant([1, 2])
  latents = tf.random.stateless_normal([4, 4], seed)
  real = gan.score(patterns(labels), labels)
  fake = gan.score(gan.generate(latents, labels), labels)
  metrics = gan.train_step(patterns(labels), labels, (seed, seed))
  np.testing.assert_allclose(metrics['critic_loss'], gan.critic.loss.critic(real, fake), rtol=1e-4)
  np.testing.assert_allclose(
    metrics['critic_gap'], np.mean(real) - np.mean(fake), rtol=1e-3, atol=1e-6
  )
  assert set(metrics) == {'critic_loss', 'generator_loss', 'critic_gap', 'penalty'}


def test_frozen_parts_stay_frozen():
  # With its own learning rate at 0 a network keeps its weights: neither update reaches the other's.
  for frozen in 0, 1:
    gan = make()
    optimizers = gan.generator_optimizer, gan.critic.optimizer
    networks = gan.generator.variables, gan.critic.network.variables
    optimizers[frozen].learning_rate.assign(0.0)
    still, free = networks[frozen], networks[1 - frozen]
    before = snapshot(still), snapshot(free)
    step(gan, 0)
    assert_same(still, before[0])
    assert any(differ(free, before[1]))


def test_generate_and_score_change_nothing():
  gan = make()
  step(gan, 0)
  before = snapshot(gan.variables)
  labels = tf.constant([0, 1])
  gan.score(gan.generate(tf.ones([2, 4]), labels), labels)
  assert_same(gan.variables, before)


def test_straight_through_gradient_reaches_the_generator():
  gan = make()
  before = snapshot(gan.generator.variables)
  step(gan, 0)
  assert all(differ(gan.generator.variables, before))
  with pytest.raises(ValueError, match='No gradients'):
    step(make(legal=lambda raw: tf.stop_gradient(four_greys(raw))), 0)


def test_imagined_works_are_legal():
  values = make().generate(tf.random.stateless_normal([9, 4], [1, 2]), tf.zeros([9], tf.int32))
  np.testing.assert_allclose(values * 3, np.round(values * 3), atol=1e-6)


def test_extra_loss_is_reported_and_added():
  labels = tf.constant([0, 1, 2, 0])
  latents = tf.random.stateless_normal([4, 4], [5, 6])

  def brightness(weight):
    gan = make(learning_rate=0.01)
    before = np.mean(four_greys(gan.generator(latents, labels)))
    metrics = gan.train_step(
      patterns(labels),
      labels,
      ([5, 6], tf.constant([1, 2])),
      extra_loss=lambda values, labels, gradient: weight * tf.reduce_mean(values) * len(labels) / 4,
    )
    np.testing.assert_allclose(metrics['extra_loss'], weight * before, rtol=1e-5)
    return np.mean(tf.sigmoid(gan.generator(latents, labels)))

  assert brightness(-100.0) > brightness(0.0) > brightness(100.0)


def test_penalty_weights_are_those_of_the_config():
  def penalty(**options):
    return float(step(make(network='dense', **options), 0)['penalty'])

  real, fake = penalty(r1=2.0, r2=0.0), penalty(r1=0.0, r2=2.0)
  assert real != fake
  np.testing.assert_allclose(penalty(r1=1.0, r2=3.0), real / 2 + 1.5 * fake, rtol=1e-5)
  assert penalty(r1=0.0, r2=0.0) == 0
  np.testing.assert_allclose(penalty(loss='hinge', r1=2.0, r2=0.0), real, rtol=1e-5)
  # WGAN-GP has a penalty of its own in their place.
  one = penalty(loss='wgan_gp', gp=1.0)
  np.testing.assert_allclose(penalty(loss='wgan_gp', gp=3.0, r1=9.0), 3 * one, rtol=1e-5)


def test_average_follows_the_generator():
  gan = make(ema_decay=0.5)
  assert_same(gan.average.variables, snapshot(gan.generator.variables))
  # The warm-up's decays (1 + n) / (10 + n) are 2/11 and 3/12, and from n = 8 on .5 is the smaller.
  for count, decay in (0, 2 / 11), (1, 3 / 12):
    before = snapshot(gan.average.variables)
    step(gan, count)
    for now, then, new in zip(gan.average.variables, before, gan.generator.variables, strict=True):
      np.testing.assert_allclose(now, decay * then + (1 - decay) * new.numpy(), atol=1e-6)
  run(gan, 2, 10)
  before = snapshot(gan.average.variables)
  step(gan, 10)
  for now, then, new in zip(gan.average.variables, before, gan.generator.variables, strict=True):
    np.testing.assert_allclose(now, (then + new.numpy()) / 2, atol=1e-6)


def test_optimizers_obey_the_config():
  gan = make(learning_rate=0.03, beta_1=0.25)
  for optimizer in gan.generator_optimizer, gan.critic.optimizer:
    np.testing.assert_allclose(optimizer.learning_rate, 0.03)
    assert optimizer.beta_1 == 0.25


def test_the_learning_rate_falls_as_the_config_says():
  optimizer = make(learning_rate=0.03, decay_steps=100).generator_optimizer
  # A cosine from the rate to a hundredth of it: half-way the mean of both, and then it stays.
  for steps, rate in ((0, 0.03), (50, 0.03 * 1.01 / 2), (100, 0.0003), (1000, 0.0003)):
    optimizer.iterations.assign(steps)
    np.testing.assert_allclose(optimizer.learning_rate, rate, rtol=1e-5)


def test_same_seed_same_steps():
  first, again = make(seed=3), make(seed=3)
  for gan in first, again:
    run(gan, 0, 3)
  assert_same(first.variables, snapshot(again.variables))


def test_wgan_gp_draws_by_the_given_seed():
  def penalty(seed):
    gan, labels = make(network='dense', loss='wgan_gp'), tf.constant([0, 1, 2])
    return gan.train_step(patterns(labels), labels, ([0, 0], tf.constant(seed)))['penalty']

  assert penalty([1, 2]) == penalty([1, 2]) != penalty([1, 3])


def test_steps_make_no_variables_and_trace_once():
  gan = make()
  count, many = len(gan.variables), loop(gan)
  for start in range(3):
    many(tf.constant(start), tf.constant(start + 2))
  assert len(gan.variables) == count
  assert many.experimental_get_tracing_count() == 1


def test_variables_are_complete():
  """Every variable that can be reached from the module, by whatever path, is in `variables`."""
  gan = make()
  listed = {id(variable) for variable in gan.variables}
  assert len(listed) == len(gan.variables)
  reached = {id(part.value) for part in _trackables(gan) if isinstance(part, keras.Variable)}
  assert listed == reached
  owned = {id(v) for v in gan.generator_variables + gan.critic.variables}
  averaged = {id(v.value) for v in gan.average.variables}
  assert owned | averaged == listed and not owned & averaged


def _trackables(root):
  seen, queue = {}, [root]
  while queue:
    item = queue.pop()
    if id(item) not in seen:
      seen[id(item)] = item
      queue.extend(item._trackable_children().values())
  return seen.values()


def test_checkpoint_continues_bit_for_bit(tmp_path):
  gan = make(seed=1)
  run(gan, 0, 5)
  path = tf.train.Checkpoint(gan=gan).save(str(tmp_path / 'gan'))
  run(gan, 5, 10)

  other = make(seed=2)
  status = tf.train.Checkpoint(gan=other).restore(path)
  status.assert_consumed()
  status.assert_existing_objects_matched()
  run(other, 5, 10)
  assert_same(other.variables, snapshot(gan.variables))


def test_unknown_names_are_answered_with_the_valid_ones():
  with pytest.raises(spec.SpecError, match="unknown network 'cnv'.*'conv'"):
    make(network='cnv')
  with pytest.raises(spec.SpecError, match="unknown loss 'r3'"):
    make(loss='r3')


@pytest.mark.parametrize('network', tables.NETWORKS)
def test_learns_what_each_label_means(network):
  gan = make(network=network, width=16, learning_rate=2e-3, ema_decay=0.98)
  run(gan, 0, 400, batch=16)
  labels = tf.repeat(tf.range(LABELS), 16)
  latents = tf.random.stateless_normal([len(labels), 4], [8, 9])
  wrong = tf.abs(gan.generate(latents, labels) - patterns(labels)) > 0.01
  assert np.mean(wrong) < 0.02


def test_learns_all_modes_without_labels():
  gan = make(conditional=False, width=16, learning_rate=2e-3, ema_decay=0.98)
  run(gan, 0, 600, batch=32)
  works = gan.generate(
    tf.random.stateless_normal([90, 4], [8, 9]), tf.zeros([90], tf.int32)
  ).numpy()
  distance = np.abs(works[:, None] - patterns(tf.range(LABELS)).numpy()).mean((2, 3, 4))
  assert np.mean(distance.min(1) < 0.15) > 0.9
  assert np.bincount(distance.argmin(1), minlength=LABELS).min() > 10
