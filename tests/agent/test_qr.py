"""QR-DQN: its loss, its targets, and what its quantiles are of."""

import dataclasses

import gymnasium
import numpy as np
import pytest
import tensorflow as tf

from tests.shared import toys, worlds
from tf_creative.agent import batches, build
from tf_creative.agent import config as config_lib
from tf_creative.agent.learners import qr
from tf_creative.core import batch as batch_lib

TABLE = config_lib.AgentConfig(
  network='dense',
  depth=0,  # its inputs are one-hot
  atoms=2,
  n_step=2,
  dueling=False,
  discount=0.5,
  environments=2,
  replay_capacity=100,
)


def test_the_loss_is_that_of_quantile_regression():
  """Equations 9 and 10 of Dabney et al. 2018, number by number."""
  rng = np.random.default_rng(0)
  said = rng.normal(0, 2, (3, 5)).astype(np.float32)
  targets = rng.normal(0, 2, (3, 4)).astype(np.float32)
  expected = np.zeros(3)
  for b in range(3):
    for i in range(5):
      middle = (2 * i + 1) / 10
      for j in range(4):
        error = targets[b, j] - said[b, i]
        size = error**2 / 2 if abs(error) <= 1 else abs(error) - 1 / 2
        expected[b] += (middle if error >= 0 else 1 - middle) * size / 4
  np.testing.assert_allclose(qr.huber(tf.constant(said), tf.constant(targets)), expected, rtol=1e-5)
  assert qr.huber(tf.constant([[0.0, 2.0]]), tf.constant([[3.0, 4.0]])).numpy() == [
    1.5
  ]  # see below


@pytest.mark.parametrize(('weights', 'expected'), [(None, 2.125), ([0.0, 4.0, 2.0, 9.0], 2.0)])
def test_targets_are_those_worked_by_hand(weights, expected):
  # Two rewards 1 and 2, then what the target network says of the action that the other one takes.
  # At place 1 this is action 0 (on average 3 against 1), of which the target network says (4, 8):
  #   targets 1 + 2/2 + (4, 8)/4 = (3, 4)
  # Of action 0 at place 0 was said (0, 2), at 1/4 and 3/4. Errors, Huber's loss of them, its mean:
  #   of 0: 3 and 4, 5/2 and 7/2, 3 times 1/4; of 2: 1 and 2, 1/2 and 3/2, 1 times 3/4; in all 3/2
  # An end after the second step: targets (2, 2), (1/4) 3/2 + 0 = 3/8
  # An end after the first step: targets (1, 1), (1/4) 1/2 + (1/4) 1/2 = 1/4
  # From where an episode is over: nothing
  learner = build.hand('qr', worlds.TwoStates(), TABLE, seed=0).learner
  learner._q_network._out.kernel.assign([[0, 2, 7, 7], [2, 4, 0, 2]])
  learner._target_q_network._out.kernel.assign([[9, 9, 9, 9], [4, 8, 100, 100]])
  no, yes = False, True
  batch = batch_lib.Batch(
    observation={'place': tf.constant([[0, 0, 1]] * 4)},
    action=tf.constant([[0, 1, 1]] * 4),
    reward=tf.constant([[1.0, 2, 50]] * 4),
    discount=tf.constant([[1.0, 1, 1], [1, 0, 1], [0, 1, 1], [1, 1, 1]]),
    first=tf.constant([[no] * 3, [no] * 3, [no, no, yes], [no, yes, no]]),
    last=tf.constant([[no] * 3, [no, no, yes], [no, yes, no], [yes, no, no]]),
  )
  given = None if weights is None else tf.constant(weights)
  loss = learner._loss(batches.to_trajectory(batch), gamma=0.5, weights=given).loss
  assert float(loss) == pytest.approx(
    expected / 4
  )  # as in DQN, a mean over all, what they weigh or not


def test_values_are_the_means_of_quantiles_whatever_asks():
  config = dataclasses.replace(TABLE, atoms=7, dueling=True)
  agent = build.hand('qr', worlds.TwoStates(), config, seed=0)
  seen = {'place': tf.constant([0, 1, 0])}
  spread = agent.learner._q_network.spread(seen)
  assert spread.shape == [3, 2, 7]
  means = spread.numpy().mean(2)
  np.testing.assert_allclose(agent.values(seen), means, rtol=1e-5)
  np.testing.assert_allclose(agent.value_of(agent._world.play.features(seen)), means, rtol=1e-5)
  assert agent.act(seen).numpy().tolist() == means.argmax(1).tolist()


class Coin(gymnasium.Env):
  """One toss an episode: heads pay 10, tails pay nothing."""

  observation_space = gymnasium.spaces.Box(0, 1, (1,), np.float32)
  action_space = gymnasium.spaces.Discrete(2)

  def reset(self, *, seed=None, options=None):
    super().reset(seed=seed, options=options)
    return np.ones(1, np.float32), {}

  def step(self, action):
    return np.ones(1, np.float32), 10.0 * self.np_random.integers(2), True, False, {}


def test_quantiles_are_those_of_a_coin():
  # With Huber's loss the slopes at tau balance at x = tau / (1 - tau) above 0, if that is below 1:
  # 1/2 tau = 1/2 (1 - tau) x. So 1/7 at 1/8 and 3/5 at 3/8; and as far below 10 from the other end.
  agent = toys.build(
    gymnasium.vector.SyncVectorEnv([Coin] * 8),
    kind='qr',
    atoms=4,
    depth=0,
    learning_rate=0.1,
    decay_steps=800,
    batch_size=256,
    epsilon=1.0,
    epsilon_decay=0,
    replay_capacity=10_000,
  )
  toys.rounds(agent)(tf.constant(800))
  agent.episodes.close()
  spread = agent.learner._q_network.spread({'seen': tf.ones([1, 1])})[0]
  np.testing.assert_allclose(spread, [[1 / 7, 3 / 5, 9.4, 10 - 1 / 7]] * 2, atol=0.25)
