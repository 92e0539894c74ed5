"""PQN: its returns, what it learns from and how often, and that it learns."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from tf_agents.trajectories import trajectory

from tests.shared import toys, worlds
from tf_creative.agent import batches, build
from tf_creative.agent import config as config_lib

FIRST, MID, LAST = range(3)
TOY = config_lib.AgentConfig(
  network='dense',
  depth=0,  # a table: its inputs are one-hot
  dueling=False,
  discount=0.5,
  trace=0.5,
  environments=4,
  collect_steps=6,
  batch_size=8,
  epochs=3,
)


def table(values):
  """A learner of two places whose values of each place are these."""
  learner = build.hand('pqn', worlds.TwoStates(), TOY, seed=0).learner
  learner._q_network._out.kernel.assign(values)
  return learner


def frames_of(place, step_type, reward, discount):
  """Frames [B, T] in which only action 0 is taken."""
  step_type = tf.constant(step_type)
  none = tf.zeros_like(step_type)
  return trajectory.Trajectory(
    step_type=step_type,
    observation={'place': tf.constant(place)},
    action=none,
    policy_info=(),
    next_step_type=none,  # is not asked for
    reward=tf.constant(reward, tf.float32),
    discount=tf.constant(discount, tf.float32),
  )


@pytest.fixture(scope='module')
def played():
  """A hand among dice, and two batches of what it did, one after the other."""
  hand = toys.build(
    toys.dice(4), kind='pqn', collect_steps=24, batch_size=8, epochs=3, trace=0.7, norm=True
  )
  hand.collect()
  taken = []
  for _ in range(2):
    hand.collect()
    taken.append(hand.sample())
  hand.episodes.close()
  return hand, taken


def test_returns_are_those_worked_by_hand():
  # The best values are 4 at place 0 and 2 at place 1; discount and lambda are 1/2. From the end:
  #   frame 4, before the last: -1 + (4 + 4) / 4 = 1
  #   frame 3, a first one: 3 + (2 + 1) / 4 = 3.75
  #   frame 2, where an episode is over: 2, the best there, and no weight
  #   frame 1: 2 if that was an end, 2 + (2 + 2) / 4 = 3 if it was cut short
  #   frame 0: 1 + (2 + 2) / 4 = 2, or 1 + (2 + 3) / 4 = 2.25
  place, types = [0, 1, 1, 0, 1, 0], [MID, MID, LAST, FIRST, MID, MID]
  rewards = [1, 2, 0, 3, -1, 100]  # what the last frame is paid is known a batch later
  frames = frames_of(
    [place] * 2, [types] * 2, [rewards] * 2, [[1, 0, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1]]
  )
  targets, counts = table([[1.0, 4.0], [2.0, 0.0]])._returns(frames)
  assert targets.numpy().tolist() == [[2, 2, 2, 3.75, 1, 4], [2.25, 3, 2, 3.75, 1, 4]]
  assert counts.numpy().tolist() == [[1, 1, 0, 1, 1, 1]] * 2


def forward_view(reward, discount, over, best, gamma, trace):
  """Lambda-returns as they are defined: n-step returns, by how much each of them counts."""
  steps = len(reward)
  targets = best.copy()
  for t in range(steps - 1):
    if over[t]:
      continue
    far = next((n for n in range(t + 1, steps) if over[n]), steps - 1) - t
    paid, worth, lasts = 0.0, 0.0, 1.0
    for n in range(1, far + 1):
      paid += lasts * reward[t + n - 1]
      lasts *= gamma * discount[t + n - 1]
      share = trace ** (n - 1) * (1 if n == far else 1 - trace)
      worth += share * (paid + lasts * best[t + n])
    targets[t] = worth
  return targets


def test_returns_are_those_of_their_definition(played):
  hand, taken = played
  ways = set()
  for batch in taken:
    targets, counts = hand.learner._returns(batches.to_trajectory(batch))
    over, ended = batch.last.numpy(), batch.discount.numpy() == 0
    np.testing.assert_array_equal(counts, 1 - over)
    for i in range(4):
      best = hand.values({name: part[i] for name, part in batch.observation.items()})
      expected = forward_view(
        batch.reward[i].numpy(), batch.discount[i].numpy(), over[i], best.numpy().max(1), 0.9, 0.7
      )
      np.testing.assert_allclose(targets[i], expected, rtol=1e-4, atol=1e-5)
    ways |= {'ended'} if ended[:, :-1].any() else set()
    ways |= {'cut short'} if (over[:, 1:] & ~ended[:, :-1]).any() else set()
    ways |= {'began'} if batch.first.numpy()[:, :-1].any() else set()
  assert ways == {'ended', 'cut short', 'began'}


def test_what_is_learnt_of_a_step_says_nothing_of_restarts(played):
  """Whatever a restart is paid, and whatever was done there, the weights become the same."""
  _, [batch, _] = played
  assert batch.last[:, :-1].numpy().any()
  other = batch._replace(
    reward=tf.where(batch.last, 1e6, batch.reward),
    action=tf.where(batch.last, (batch.action + 1) % 3, batch.action),
  )
  ends = []
  for taken in (batch, other):
    hand = toys.build(toys.dice(4), kind='pqn', collect_steps=24, batch_size=8)
    hand.learner.train(batches.to_trajectory(taken))
    hand.episodes.close()
    ends.append([weight.numpy() for weight in hand.learner._q_network.variables])
  for one, two in zip(*ends, strict=True):
    np.testing.assert_array_equal(one, two)


def test_each_step_is_learnt_from_once_in_an_epoch(played):
  """A throw is never seen twice, so that it tells which step a row is of."""
  hand, taken = played
  learner, rows = hand.learner, []
  loss_of = learner._loss
  learner._loss = lambda some: rows.append(some) or loss_of(some)
  before = int(hand.updates)
  for batch in taken:
    rows.clear()
    learner._train(batches.to_trajectory(batch), None)  # not as a graph
    throws = np.concatenate([some['observation']['throw'] for some in rows])
    actions = np.concatenate([some['action'] for some in rows])
    assert len(rows) == 3 * 4 * 24 // 8
    known = batch.observation['throw'].numpy()[:, :-1].reshape(-1, 2)
    did = dict(zip(map(tuple, known), batch.action.numpy()[:, :-1].ravel(), strict=True))
    epochs = throws.reshape(3, 4 * 24, 2)
    for epoch in epochs:
      assert sorted(map(tuple, epoch)) == sorted(did)
    assert (epochs[0] != epochs[1]).any()  # and each time in another order
    assert [did[tuple(throw)] for throw in throws] == actions.tolist()
  learner._loss = loss_of
  assert int(hand.updates) - before == 2 * 36
  # What one batch ends with, the next begins with: no step is left out or taken twice.
  one, following = (batch.observation['throw'].numpy() for batch in taken)
  np.testing.assert_array_equal(one[:, -1], following[:, 0])
  assert not {*map(tuple, one[:, :-1].reshape(-1, 2))} & {
    *map(tuple, following[:, :-1].reshape(-1, 2))
  }


def test_what_does_not_fill_a_minibatch_is_left_out_by_chance(played):
  hand, _ = played
  order = hand.learner._order(20, 8).numpy().reshape(3, 16)
  assert all(len({*epoch}) == 16 for epoch in order.tolist())
  assert len({*order.ravel().tolist()}) > 16
  assert hand.learner._order(20, 20).shape == (3, 20)


def test_who_goes_on_takes_minibatches_in_the_same_order(tmp_path):
  def learn(hand):
    hand.collect()
    hand.learn(hand.sample())

  whole = build.hand('pqn', worlds.Detour(), TOY, seed=0)
  whole.collect()
  learn(whole)
  path = tf.train.Checkpoint(hand=whole).write(str(tmp_path / 'at 1'))
  resumed = build.hand('pqn', worlds.Detour(), TOY, seed=0)
  tf.train.Checkpoint(hand=resumed).read(path).assert_consumed()
  for hand in (whole, resumed):
    learn(hand)
  np.testing.assert_array_equal(whole.learner._order(24, 8), resumed.learner._order(24, 8))
  for one, two in zip(whole.variables, resumed.variables, strict=True):
    np.testing.assert_array_equal(one, two)
  assert int(whole.learner._stream.count) == 3


def learn(agent, rounds):
  """So many rounds in one graph."""

  def step(i):
    agent.collect()
    agent.learn(agent.sample())
    return i + 1

  agent.collect()
  tf.function(lambda: tf.while_loop(lambda i: i < rounds, step, [0]), autograph=False)()


@pytest.mark.parametrize('dueling', [True, False])
def test_values_without_a_trace_are_those_of_value_iteration(dueling):
  """At random, too, for a target then bootstraps at once with the best action."""
  config = dataclasses.replace(
    TOY, dueling=dueling, discount=0.9, trace=0.0, epsilon=1.0, learning_rate=5e-2, decay_steps=1500
  )
  agent = build.hand('pqn', worlds.TwoStates(), config, seed=0)
  learn(agent, 170)
  values = agent.values({'place': tf.constant([0, 1])})
  np.testing.assert_allclose(values, worlds.values_by_iteration(0.9), rtol=0.01)


def test_what_only_pays_at_the_end_is_found():
  """Each step up costs 1/2; three of them are worth 20 - 3/2, and any other way is a loss."""
  config = dataclasses.replace(
    TOY,
    width=16,
    depth=1,
    norm=True,
    dueling=True,
    discount=1.0,
    trace=0.65,
    learning_rate=1e-2,
    environments=32,
    batch_size=32,
    epsilon_decay=300,
    epsilon=0.05,
  )
  agent = build.hand('pqn', worlds.Detour(), config, seed=0)
  learn(agent, 60)
  seen = {'place': tf.constant([0, 1, 2]), 'time': tf.constant([0, 1, 2])}
  assert agent.act(seen).numpy().tolist() == [1, 1, 1]
  np.testing.assert_allclose(agent.values(seen).numpy().max(1), [18.5, 19, 19.5], rtol=0.1)
