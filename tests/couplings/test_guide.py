"""The hand's skill in the generator's loss: how much of it, which way, and when it is let go."""

import types as python_types

import numpy as np
import pytest
import tensorflow as tf

from tests.shared import tiny
from tf_creative.agent import build
from tf_creative.core import spec, streams
from tf_creative.core import works as works_lib
from tf_creative.couplings import guide


@pytest.fixture(scope='module')
def parts():
  return tiny.learner(couplings='').loop._parts


@pytest.fixture
def hand(parts):
  """The variables of the hand's network, which may be changed: they are put back."""
  variables = parts.agent.learner._q_network.trainable_variables
  kept = [variable.numpy() for variable in variables]
  yield variables
  for variable, value in zip(variables, kept, strict=True):
    variable.assign(value)


def built(parts, **options):
  """A guide that is warm after one round."""
  return guide.Guide(parts, guide.Options(**{'warmup': 1, **options}), seed=0)


def imagined(parts, count=8):
  noise = tf.random.stateless_normal([count, parts.gan.config.latent_size], [1, 2])
  return parts.gan.generate(noise, tf.range(count) % 2), tf.range(count) % 2


def taken(coupling, values, labels, push):
  """The term and its gradient at the values."""
  with tf.GradientTape(watch_accessed_variables=False) as tape:
    tape.watch(values)
    loss = coupling.generator_loss(values, labels, push)
  return float(loss), tape.gradient(loss, values).numpy()


def size(gradient):
  return np.sqrt(np.square(gradient).sum())


def state(*variables):
  return [variable.numpy().tobytes() for variable in variables]


@pytest.mark.parametrize('scale', [1e-3, 1.0, 1e3])
def test_the_hand_has_its_share_of_the_gradient_whatever_its_values_are(parts, hand, scale):
  """Pays in cents, in euros or in thousands: values are as large, the pull is the same."""
  network = parts.agent.learner._q_network
  for layer in (network._out, network._value):
    for variable in layer.trainable_variables:
      variable.assign(scale * variable)
  values, labels = imagined(parts)
  coupling = built(parts, weight=0.3)
  for length in (1.0, 20.0):
    push = length * tf.random.stateless_normal(values.shape, [5, 6])
    loss, gradient = taken(coupling, values, labels, push)
    # In all (1 - .3) push + .3 pull, with a pull as long as the push: .3 push is taken away.
    pull = gradient + 0.3 * push.numpy()
    assert size(pull) == pytest.approx(0.3 * size(push), rel=1e-3)
  # The term itself is weight . regret, and following it makes the regret less.
  assert loss == pytest.approx(0.3 * float(coupling.metrics()['regret']), rel=1e-5)
  with tf.GradientTape() as tape:
    tape.watch(values)
    regret = coupling._regret(values, None)
  slope = tape.gradient(regret, values).numpy()
  assert (slope * pull).sum() == pytest.approx(size(slope) * size(pull), rel=1e-3)


def test_regret_is_the_share_of_what_could_be_earned_that_is_not(parts):
  """One owed unit more than there is, so that nothing to be earned is no division by nothing."""
  worth = np.array([[2.5, -7.0], [0.0, 0.0], [-1.0, 2.0]], np.float32)
  know_all = python_types.SimpleNamespace(value_of=lambda features: tf.constant(worth))
  coupling = built(parts._replace(agent=know_all))
  works = np.zeros((3, 4, 4), np.uint8)
  works[0, 1] = 3  # four white pixels: 4 can be earned; nothing by a blank
  works[2, :3, 0] = 3  # 3
  regret = coupling._regret(parts.world.works.to_values(tf.constant(works)), None)
  expected = np.mean([1 - 2.5 / 5, 1 - 0 / 1, 1 - 2 / 4])
  assert float(regret) == pytest.approx(expected, rel=1e-6)


def test_a_hand_that_knows_nothing_pulls_nowhere(parts, hand):
  for variable in hand:
    variable.assign(tf.zeros_like(variable))
  values, labels = imagined(parts)
  push = tf.random.stateless_normal(values.shape, [5, 6])
  loss, gradient = taken(built(parts, weight=0.3), values, labels, push)
  np.testing.assert_allclose(gradient, -0.3 * push, rtol=1e-6)  # its share is given up, to nobody
  assert loss == pytest.approx(0.3)  # all that there is to regret, of which nothing is known


@pytest.mark.parametrize('kind', ['ddqn', 'c51', 'qr', 'pqn', 'informed'])
def test_what_is_judged_by_its_features_is_what_the_hand_thinks(parts, kind):
  world = parts.world
  agent = build.hand(kind, world, tiny.AGENT, seed=0)
  values, labels = imagined(parts)
  start = world.rules.start(
    works_lib.Works(world.works.to_works(values), labels), tf.zeros([2], tf.int32)
  )
  features, _ = world.works.prospect(values, None)
  expected = agent.values(world.rules.observe(start))
  np.testing.assert_allclose(agent.value_of(features), expected, atol=1e-5)
  with tf.GradientTape() as tape:
    tape.watch(values)
    best = tf.reduce_max(agent.value_of(world.works.prospect(values, None)[0]), -1)
  assert np.abs(tape.gradient(best, values)).max() > 0


def test_the_weight_rises_in_a_straight_line(parts):
  coupling = built(parts, weight=0.5, warmup=10)
  for rounds, expected in ((0, 0.0), (1, 0.05), (4, 0.2), (10, 0.5), (1000, 0.5)):
    coupling._rounds.assign(rounds)
    assert float(coupling._weight()) == pytest.approx(expected)
  # A round is a call; the first one counts.
  coupling = built(parts, weight=0.5, warmup=10)
  values, labels = imagined(parts)
  push = tf.ones_like(values)
  for expected in (0.05, 0.1, 0.15):
    _, gradient = taken(coupling, values, labels, push)
    assert float(coupling.metrics()['weight']) == pytest.approx(expected)
    assert size(gradient + expected * push) == pytest.approx(expected * size(push), rel=1e-3)
  coupling = built(parts, weight=0.5, warmup=0)
  coupling._rounds.assign(1)
  assert float(coupling._weight()) == 0.5


def test_the_weight_is_let_go_where_variety_is_lost(parts):
  coupling = built(parts, weight=0.4, coverage=0.5)
  coupling._rounds.assign(1)
  # From a tenth above the threshold down to it.
  for coverage, expected in ((1, 0.4), (0.6, 0.4), (0.575, 0.3), (0.525, 0.1), (0.5, 0), (0.2, 0)):
    coupling._coverage.assign(coverage)
    assert float(coupling._weight()) == pytest.approx(expected, abs=1e-6)
  coupling._coverage.assign(0.3)
  values, labels = imagined(parts)
  loss, gradient = taken(coupling, values, labels, tf.ones_like(values))
  assert loss == 0
  np.testing.assert_array_equal(gradient, 0)


def test_coverage_is_the_share_of_real_works_that_are_imagined(parts):
  """There are many of each in this pool: only what is equal is as near as the third neighbour."""
  works = np.zeros((3, 4, 4), np.uint8)
  works[0, 0] = works[1, 1] = works[2, 2] = 3  # three bars, of which the first is half of the pool
  pool = works_lib.Works(tf.constant(works.repeat([20, 10, 10], axis=0)), tf.zeros([40], tf.int32))
  coupling = built(parts._replace(real=pool))
  values = lambda *rows: parts.world.works.to_values(  # noqa: E731
    tf.constant(np.resize(np.stack(rows), (400, 4, 4)))
  )
  assert float(coupling._covered(values(*works))) == 1
  assert float(coupling._covered(values(np.zeros((4, 4), np.uint8)))) == 0
  assert float(coupling._covered(values(works[0]))) == pytest.approx(1 / 2, abs=0.07)
  assert float(coupling._covered(values(works[1]))) == pytest.approx(1 / 4, abs=0.07)


def test_coverage_is_by_the_third_neighbour(parts):
  """The same draws, by plain arithmetic: what is nearer to a real work than its third neighbour."""
  values, _ = imagined(parts, 16)
  coupling, stream = built(parts), streams.Stream(0, 'guide/works')
  for _ in range(3):
    picks = tf.random.stateless_uniform([16], stream.next(), maxval=400, dtype=tf.int32)
    real = parts.real.work.numpy()[picks.numpy()] / 3
    near = np.square(real[:, None] - real[None]).sum((2, 3))
    to_imagined = np.square(real[:, None] - values.numpy()[None, ..., 0]).sum((2, 3)).min(1)
    expected = np.mean(to_imagined <= np.sort(near, 1)[:, 3] + 1e-5)  # the first is itself
    assert float(coupling._covered(values)) == pytest.approx(expected)
    assert 0 < expected < 1


def test_distances_are_of_all_pairs():
  one, other = tf.constant([[0.0, 0.0], [1.0, 2.0]]), tf.constant([[3.0, 4.0]])
  assert guide._distances(one, other).numpy().tolist() == [[25], [8]]


def test_coverage_is_remembered_slowly(parts):
  coupling = built(parts)
  values = tf.zeros([64, *parts.world.works.value_shape])  # no real work is blank
  before = float(coupling._coverage)
  taken(coupling, values, tf.zeros([64], tf.int32), tf.ones_like(values))
  after = float(coupling.metrics()['coverage'])
  # .98 of what was, and .02 of next to nothing.
  assert before == 1 and after == pytest.approx(0.98, abs=0.005)


def test_only_the_generator_learns_from_it():
  """One step of the GAN, with the term and without it, from the same weights on the same works."""
  guided, free = tiny.learner(couplings='guide(weight=1,warmup=1)'), tiny.learner(couplings='')
  agent = [*guided.agent.learner._q_network.variables, *guided.agent.learner._optimizer.variables()]
  agent += guided.agent.learner._target_q_network.variables
  before = state(*agent)
  assert state(*guided.gan.variables) == state(*free.gan.variables)
  metrics = [learner.loop._gan_step() for learner in (guided, free)]
  assert state(*agent) == before
  assert state(*guided.gan.critic.variables) == state(*free.gan.critic.variables)
  assert state(*guided.gan.generator_variables) != state(*free.gan.generator_variables)
  assert float(metrics[0]['generator_loss']) == float(metrics[1]['generator_loss'])
  assert float(metrics[0]['extra_loss']) > 0 == float(metrics[1]['extra_loss'])


@pytest.mark.parametrize(
  ('world', 'guide', 'said'),
  [
    ('bars(target=hidden,code=4)', 'guide', "the coupling 'guide' .* use target=shown"),
    ('bars', 'guide(weight=-0.1)', "'weight' of coupling 'guide' must be 0 to 1, not -0.1"),
    ('bars', 'guide(coverage=1.5)', "'coverage' of coupling 'guide' must be 0 to 1, not 1.5"),
  ],
)
def test_a_guide_that_cannot_be_is_refused(world, guide, said):
  with pytest.raises(spec.SpecError, match=said):
    tiny.learner(world=world, couplings=guide)
