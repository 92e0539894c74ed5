"""Q-networks for pictures, and layers that are normalised."""

import itertools

import gymnasium
import numpy as np
import pytest
import tensorflow as tf

from tests.shared import toys
from tf_creative.core import spec

SIDES = {'minatar': (10, 10), 'nature': (40, 36), 'pooled': (36, 44), 'strided': (10, 10)}
QUICK = (('minatar', 'pqn', True), ('nature', 'qr', False), ('pooled', 'qr', True))


class Snow(gymnasium.Env):
  """Pictures of chance; who takes the action that one of them shows by a bright corner is paid."""

  action_space = gymnasium.spaces.Discrete(3)

  def __init__(self, height, width):
    self.observation_space = gymnasium.spaces.Box(0, 255, (height, width, 2), np.uint8)

  def reset(self, *, seed=None, options=None):
    super().reset(seed=seed, options=options)
    return self._seen(), {}

  def step(self, action):
    paid = float(action == self._right)
    return self._seen(), paid, self.np_random.random() < 0.1, False, {}

  def _seen(self):
    self._right = self.np_random.integers(3)
    picture = self.np_random.integers(0, 60, self.observation_space.shape, np.uint8)
    picture[:5, 3 * self._right : 3 * self._right + 3, 0] = 255
    return picture


def hand(network, kind='ddqn', sides=None, **changes):
  envs = gymnasium.vector.SyncVectorEnv([lambda: Snow(*sides or SIDES[network])] * 4)
  made = toys.build(
    envs, kind=kind, **{'network': network, 'width': 4, 'depth': 2, 'atoms': 5, **changes}
  )
  made.episodes.close()
  return made


def layers_of(network, *shape):
  """The shapes that follow from a picture, and the dense layer."""
  x, shapes = tf.zeros([1, *shape]), []
  for look in network._look:
    x = look(x)
    shapes.append(tuple(x.shape[1:]))
  return [*shapes, network._think(tf.reshape(x, [1, -1])).shape[1]]


def test_the_layers_are_those_of_the_papers():
  """As in Young and Tian 2019 and in Mnih et al. 2015; pooled, from half the pixels as many."""
  assert layers_of(hand('minatar', width=16).learner._q_network, 10, 10, 2) == [(8, 8, 16), 128]
  nature = [(20, 20, 32), (9, 9, 64), (7, 7, 64), 512]
  network = hand('nature', sides=(84, 84), width=32).learner._q_network
  assert layers_of(network, 84, 84, 2) == nature
  network = hand('pooled', sides=(84, 84), width=32).learner._q_network
  assert layers_of(network, 84, 84, 2) == [(42, 42, 2), *nature]


@pytest.mark.parametrize('dueling', [True, False])
@pytest.mark.parametrize('network', SIDES)
def test_each_action_has_a_value_or_the_parts_of_one(network, dueling):
  for kind, parts in (('ddqn', []), ('pqn', []), ('qr', [5]), ('c51', [5])):
    agent = hand(network, kind, dueling=dueling)
    seen = {'seen': tf.zeros([7, *SIDES[network], 2], tf.uint8)}
    assert agent.values(seen).shape == [7, 3]
    assert agent.learner._q_network.spread(seen).shape == [7, 3, *parts]


@pytest.mark.parametrize('network', ['nature', 'pooled'])
def test_too_small_a_picture_is_refused_in_one_line(network):
  words = f'--agent_network={network} needs pictures of 36 x 36 pixels or more, not 40 x 35; use '
  with pytest.raises(spec.SpecError, match=words) as told:
    hand(network, sides=(40, 35))
  assert '\n' not in str(told.value)
  hand(network, sides=(36, 36))


def test_what_is_no_picture_is_refused_in_one_line():
  lake = lambda: gymnasium.make_vec('FrozenLake-v1', 2)  # noqa: E731
  for network in SIDES:
    words = f'--agent_network={network} needs planes .*; use --agent_network=dense'
    with pytest.raises(spec.SpecError, match=words) as told:
      toys.build(lake(), network=network)
    assert '\n' not in str(told.value)


@pytest.mark.parametrize('network', [*SIDES, 'dense'])
def test_hidden_units_are_normalised_before_what_is_learnt(network):
  sides = SIDES.get(network, (5, 9))
  net = hand(network, sides=sides, norm=True, width=16).learner._q_network
  layer = net._hidden[0] if network == 'dense' else net._think
  weighed, normalised = layer.weighed, layer.normalised
  inputs = 9 * tf.random.stateless_normal([5, weighed.kernel.shape[0]], [1, 2]) + 3
  units = normalised(weighed(inputs)).numpy()
  np.testing.assert_allclose(units.mean(1), 0, atol=1e-5)
  np.testing.assert_allclose(units.var(1), 1, rtol=1e-3)
  normalised.gamma.assign(2 * tf.ones_like(normalised.gamma))
  normalised.beta.assign(tf.ones_like(normalised.beta))
  np.testing.assert_allclose(layer(inputs), np.maximum(2 * units + 1, 0), atol=1e-5)


@pytest.mark.parametrize('norm', [True, False])
@pytest.mark.parametrize('network', [*SIDES, 'dense'])
def test_only_who_normalises_does_not_see_how_bright_it_is(network, norm):
  sides = SIDES.get(network, (5, 9))
  net = hand(network, sides=sides, norm=norm).learner._q_network
  features = tf.random.stateless_uniform([5, *sides, 2], [1, 2])
  same = np.allclose(net.judge(features), net.judge(100 * features), rtol=0.01, atol=1e-3)
  assert same == norm


@pytest.mark.parametrize(
  ('network', 'kind', 'norm'),
  [
    pytest.param(*case, marks=() if case in QUICK else pytest.mark.slow)
    for case in itertools.product(SIDES, ('ddqn', 'c51', 'qr', 'pqn'), (True, False))
  ],
)
def test_an_update_reaches_every_layer(network, kind, norm):
  envs = gymnasium.vector.SyncVectorEnv([lambda: Snow(*SIDES[network])] * 4)
  changes = {'network': network, 'width': 4, 'depth': 2, 'atoms': 5, 'norm': norm}
  agent = toys.build(envs, kind=kind, collect_steps=4, **changes)
  for _ in range(3):
    agent.collect()
  before = [v.numpy() for v in agent.learner._q_network.trainable_variables]
  loss = float(agent.learn(agent.sample())['loss'])
  agent.episodes.close()
  assert np.isfinite(loss) and loss > 0
  after = agent.learner._q_network.trainable_variables
  assert [b.name for a, b in zip(before, after, strict=True) if (a == b.numpy()).all()] == []
