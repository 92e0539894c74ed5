"""An imagination of transitions: what it learns of processes that are known here."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from tf_creative.gan import config as config_lib
from tf_creative.gan import transitions

SMALL = config_lib.GanConfig(
  width=16, latent_size=4, batch_size=96, decay_steps=0, r1=0.1, r2=0.1, members=3
)
NUMBERS = transitions.Kind(shape=(2,), newest=2, actions=2, bits=False)
PUSH = np.float32([[3.0, -0.1], [-1.0, 0.2]])  # what each action adds to a state
CHANCE = 0.3  # that an action 1 in a state above 0 ends the episode


def pushed(rng, count, low=-5.0, high=5.0):
  """Transitions of a process: an action pushes, costs its number, and may end the episode."""
  state = rng.uniform(low, high, [count, 2]).astype(np.float32)
  action = rng.integers(0, 2, count).astype(np.int32)
  end = (action == 1) & (state[:, 0] > 0) & (rng.random(count) < CHANCE)
  after = state + PUSH[action]
  return state, action, after, 2.0 - action.astype(np.float32), end.astype(np.float32)


def trained(kind, config, draw, updates):
  gan = transitions.Transitions(config, kind, seed=0)
  step = tf.function(gan.train_step, autograph=False)
  rng = np.random.default_rng(0)
  for number in range(updates):
    told = step(*map(tf.constant, draw(rng, config.batch_size)), tf.constant([number, 0]))
  return gan, {name: float(value) for name, value in told.items()}


@pytest.fixture(scope='module', params=[1.0, 0.0])
def learnt(request):
  return trained(NUMBERS, dataclasses.replace(SMALL, adversary=request.param), pushed, 500)


def test_what_follows_is_imagined_as_it_is(learnt):
  gan, told = learnt
  state, action, after, reward, _ = pushed(np.random.default_rng(1), 400)
  found = gan.foresee(tf.constant(state), tf.constant(action), tf.constant([1, 2]))
  spread = PUSH.std(0)
  assert (abs(found.state - after) / spread).numpy().mean() < 0.2
  assert abs(found.reward - reward).numpy().mean() < 0.1
  assert told['step_error'] < 0.25 and told['reward_error'] < 0.25


def test_the_end_of_an_episode_is_as_probable_as_it_is(learnt):
  gan, _ = learnt
  state, action, *_ = pushed(np.random.default_rng(2), 2000)
  end = gan.foresee(tf.constant(state), tf.constant(action), tf.constant([1, 2])).end.numpy()
  may = (action == 1) & (state[:, 0] > 0)
  assert abs(end[may].mean() - CHANCE) < 0.1
  assert end[~may].mean() < 0.05


def test_what_was_never_seen_is_doubted(learnt):
  gan, _ = learnt
  rng = np.random.default_rng(3)
  near, far = (
    gan.foresee(tf.constant(state), tf.constant(action), tf.constant([1, 2])).doubt.numpy().mean()
    for state, action, *_ in (pushed(rng, 200), pushed(rng, 200, 50.0, 60.0))
  )
  assert far > 2 * near


def test_the_statistics_are_those_of_the_data(learnt):
  gan, _ = learnt
  mean, variance = gan._end.mean.numpy(), gan._end.variance.numpy()
  np.testing.assert_allclose(mean, [*PUSH.mean(0), 1.5], atol=0.1)
  np.testing.assert_allclose(variance, [*PUSH.var(0), 0.25], rtol=0.1)
  mean, variance = gan._state.mean.numpy(), gan._state.variance.numpy()
  np.testing.assert_allclose(mean, 0, atol=0.3)
  np.testing.assert_allclose(variance, 100 / 12, rtol=0.1)


def walked(rng, count):
  """A dot on 5 x 5 cells, two frames of it, that an action moves to the right or down."""
  place, action = rng.integers(1, 4, [count, 2]), rng.integers(0, 2, count)
  step = np.eye(2, dtype=int)[action]
  before, now, after = (_dot(place + move) for move in (-step, 0 * step, step))
  zero = np.zeros(count, np.float32)
  return np.concatenate([before, now], -1), action.astype(np.int32), after, zero, zero


def _dot(place):
  board = np.zeros([len(place), 5, 5, 1], np.float32)
  board[np.arange(len(place)), place[:, 0], place[:, 1], 0] = 1
  return board


def test_planes_are_imagined_frame_by_frame():
  kind = transitions.Kind(shape=(5, 5, 2), newest=1, actions=2, bits=True)
  gan, told = trained(kind, dataclasses.replace(SMALL, members=2), walked, 300)
  state, action, after, *_ = walked(np.random.default_rng(1), 100)
  found = gan.foresee(tf.constant(state), tf.constant(action), tf.constant([1, 2])).state.numpy()
  np.testing.assert_array_equal(found[..., 0], state[..., 1])  # the older frame is the last one
  assert set(np.unique(found)) <= {0, 1}
  right = (found[..., 1] == after[..., 0]).all((1, 2))
  assert right.mean() > 0.9 and told['step_error'] < 0.03


def test_equal_seeds_make_equal_imaginations():
  one, other = (transitions.Transitions(SMALL, NUMBERS, seed=0) for _ in range(2))
  for gan in (one, other):
    given = pushed(np.random.default_rng(0), 96)
    gan.train_step(*map(tf.constant, given), tf.constant([0, 0]))
  for a, b in zip(one.variables, other.variables, strict=True):
    np.testing.assert_array_equal(a, b)
  names = [id(variable) for variable in one.variables]
  assert len(set(names)) == len(names) > 3 * 10


def test_members_learn_from_rows_of_their_own():
  """Which is why they differ where there were few."""
  gan = transitions.Transitions(SMALL, NUMBERS, seed=0)
  given = [*pushed(np.random.default_rng(0), 96)]
  gan.train_step(*map(tf.constant, given), tf.constant([0, 0]))
  again = transitions.Transitions(SMALL, NUMBERS, seed=0)
  given[4] = np.where(np.arange(96) < 32, 1 - given[4], given[4])  # only the first member's
  again.train_step(*map(tf.constant, given), tf.constant([0, 0]))
  same = [
    all(np.array_equal(a, b) for a, b in zip(x.variables, y.variables, strict=True))
    for x, y in zip(gan.members, again.members, strict=True)
  ]
  assert same == [False, True, True]
