"""The hand: what it must learn, how it explores, and what its networks and replay promise."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from tf_agents.environments import py_environment
from tf_agents.environments import utils as environment_utils
from tf_agents.specs import tensor_spec
from tf_agents.trajectories import time_step as ts

from tests.shared import worlds
from tf_creative.agent import AGENTS, batches, build, graph_world
from tf_creative.agent import config as config_lib
from tf_creative.agent import replay as replay_lib
from tf_creative.core import spec
from tf_creative.core import works as works_lib
from tf_creative.worlds.pixel_art import world as pixel_art

TOY = config_lib.AgentConfig(
  network='dense',
  depth=0,  # a table: its two inputs are one-hot
  discount=0.9,
  learning_rate=5e-2,
  batch_size=64,
  target_period=10,
  environments=8,
  collect_steps=1,
  epsilon=1.0,
  replay_capacity=1000,
)
PAINTER = config_lib.AgentConfig(width=8, environments=4, batch_size=8, replay_capacity=200)


def learn(agent, updates: int) -> None:
  @tf.function(autograph=False)
  def run():
    def step(i):
      agent.collect()
      agent.learn(agent.sample())
      return i + 1

    tf.while_loop(lambda i: i < updates, step, [0])

  for _ in range(4):
    agent.collect()
  run()


@pytest.mark.parametrize(
  'kind, changes',
  [
    ('dqn', {}),
    ('ddqn', {}),
    ('ddqn', {'dueling': False}),
    ('ddqn', {'exploration': 'boltzmann', 'temperature': 5.0}),
    ('qr', {'atoms': 5, 'decay_steps': 1500}),
    ('qr', {'atoms': 5, 'decay_steps': 1500, 'dueling': False}),
  ],
)
def test_q_values_are_those_of_value_iteration(kind, changes):
  agent = build.hand(kind, worlds.TwoStates(), dataclasses.replace(TOY, **changes), seed=0)
  learn(agent, 1500)
  values = agent.values({'place': tf.constant([0, 1])})
  np.testing.assert_allclose(values, worlds.values_by_iteration(0.9), rtol=0.01)


def test_c51_finds_the_values_between_its_atoms():
  config = dataclasses.replace(TOY, discount=0.5, atoms=61)
  agent = build.hand('c51', worlds.TwoStates(), config, seed=0)
  learn(agent, 1500)
  values = agent.values({'place': tf.constant([0, 1])})
  np.testing.assert_allclose(values, worlds.values_by_iteration(0.5), atol=0.15)


def test_n_step_pay_is_that_of_the_policy_that_collected():
  # Three steps of a random policy, then greedy: Q3 = R + g E[R] + g^2 E[R] + g^3 max Q3, where the
  # next state is the action and after that both states are equally likely.
  discount, rewards = 0.5, worlds.REWARDS
  q = np.zeros((2, 2))
  for _ in range(100):
    q = (
      rewards
      + discount * rewards.mean(1)[None]
      + discount**2 * rewards.mean()
      + discount**3 * q.max(1).mean()
    )
  config = dataclasses.replace(
    TOY, n_step=3, discount=discount, learning_rate=5e-3, batch_size=512, replay_capacity=10_000
  )
  agent = build.hand('dqn', worlds.TwoStates(), config, seed=0)
  learn(agent, 1500)
  values = agent.values({'place': tf.constant([0, 1])})
  np.testing.assert_allclose(values, q, atol=0.15)


@pytest.mark.parametrize(
  ('kind', 'network'),
  [
    # By default every agent with the first network, and one of each sort with the others.
    pytest.param(
      kind, network, marks=() if network == 'conv' or kind in ('ddqn', 'ppo') else pytest.mark.slow
    )
    for kind in AGENTS
    if kind != 'survey'  # which walks
    for network in ('conv', 'dense', 'direct', 'strided')
  ],
)
def test_every_agent_paints_with_every_network(kind, network):
  n_step = 1 if kind == 'informed' else 2
  config = dataclasses.replace(PAINTER, network=network, atoms=5, n_step=n_step)
  agent = build.hand(kind, pixel_art.PixelArt(size=5, width=6), config, seed=0)
  for _ in range(4):
    agent.collect()
  network = agent.learner if agent.lesson.on_policy else agent.learner._q_network
  before = [v.numpy() for v in network.trainable_variables]
  loss = float(agent.learn(agent.sample())['loss'])
  assert np.isfinite(loss)
  after = network.trainable_variables
  assert all((a != b.numpy()).any() for a, b in zip(before, after, strict=True))


@pytest.mark.parametrize('kind', ['ddqn', 'ppo'])
def test_a_batch_says_all_that_a_trajectory_does(kind):
  agent = build.hand(kind, worlds.Detour(), dataclasses.replace(TOY, epochs=1), seed=0)
  for _ in range(4):
    agent.collect()
  frames = agent.replay.sample(200, 3)
  again = batches.to_trajectory(batches.from_trajectory(frames))
  # What follows the last frame is not in a batch, and no learner asks for it.
  told = [each.replace(next_step_type=each.next_step_type[:, :-1]) for each in (frames, again)]
  tf.nest.map_structure(np.testing.assert_array_equal, *told)
  assert bool(tf.nest.flatten(again.policy_info)) == (kind == 'ppo')  # what it noted as it acted
  assert {0, 1, 2} == set(again.step_type.numpy().flat)


def test_the_target_network_is_asked_once_for_what_tf_agents_asks_twice():
  agent = build.hand('dqn', pixel_art.PixelArt(size=5, width=6), PAINTER, seed=0)
  agent.collect()
  step = agent.episodes.current_time_step()
  ours = agent.learner._compute_next_q_values(step, ())
  theirs = super(type(agent.learner), agent.learner)._compute_next_q_values(step, ())
  np.testing.assert_array_equal(ours, theirs)


def test_conv_values_move_with_the_picture():
  """What is learnt at one pixel holds at another; away from borders only the position differs."""
  world = pixel_art.PixelArt(size=16)
  agent = build.hand('ddqn', world, PAINTER, seed=0)
  network = agent.learner._q_network
  network._position = tf.zeros_like(network._position)

  def values(row, column):
    target = np.zeros((1, 16, 16), np.uint8)
    target[0, row, column] = 3
    state = world.rules.start(works_lib.Works(tf.constant(target), tf.zeros([1], tf.int32)), None)
    return agent.values(world.rules.observe(state)).numpy().reshape(16, 16, 4)

  np.testing.assert_allclose(values(7, 7)[4:11, 4:11], values(8, 9)[5:12, 6:13], atol=1e-4)


@pytest.mark.parametrize('brush', ['pixel', 'square'])
def test_the_direct_path_alone_can_be_what_strokes_are_paid(brush):
  """With `pay=pixels` a reward is linear in the planes under the stroke: these weights are it."""
  world = pixel_art.PixelArt(size=5, width=6, brush=brush, pay='pixels')
  config = dataclasses.replace(PAINTER, network='direct', dueling=False)
  network = build.hand('ddqn', world, config, seed=0).learner._q_network
  for weight in network.trainable_variables:
    weight.assign(tf.zeros_like(weight))
  colours, shapes = len(world.colours), world._brush.shapes
  kernel = np.zeros(network._shortcut.kernel.shape, np.float32)  # [3, 3, planes, shape and colour]
  for place, shape in enumerate(shapes):
    for y, x in {tuple(cell) for cell in shape}:
      for colour in range(colours):
        out = place * colours + colour
        # + 1 if the pixel is wrong now, - 1 if its target is another colour
        kernel[1 + y, 1 + x, 2 * colours, out] = 1
        kernel[1 + y, 1 + x, colours : 2 * colours, out] = -1
        kernel[1 + y, 1 + x, colours + colour, out] = 0
  network._shortcut.kernel.assign(kernel)
  rng = np.random.default_rng(0)
  canvas, target = (tf.constant(rng.integers(0, 4, (7, 5, 6)), tf.uint8) for _ in range(2))
  state = world.rules.start(works_lib.Works(target, tf.zeros([7], tf.int32)), None)
  state = world.rules.place(state, canvas)
  values, _ = network(world.rules.observe(state))
  making = world.making
  np.testing.assert_allclose(
    values, making.action_rewards(state, making.goal_values(state)), atol=1e-5
  )


def test_unknown_names_are_answered_with_the_nearest():
  with pytest.raises(spec.SpecError, match="unknown agent 'dddqn'. Did you mean 'ddqn'"):
    build.hand('dddqn', worlds.TwoStates(), TOY, 0)
  with pytest.raises(spec.SpecError, match="Did you mean 'boltzmann'"):
    build.hand('dqn', worlds.TwoStates(), dataclasses.replace(TOY, exploration='bolzman'), 0)
  with pytest.raises(ValueError, match='--agent_network=dense'):
    build.hand('dqn', worlds.TwoStates(), dataclasses.replace(TOY, network='conv'), 0)


def test_epsilon_falls_in_a_straight_line_and_is_the_share_of_random_actions():
  config = dataclasses.replace(TOY, epsilon=0.2, epsilon_decay=100, environments=4000)
  agent = build.hand('dqn', worlds.TwoStates(), config, seed=0)
  for updates, epsilon in ((0, 1.0), (50, 0.6), (100, 0.2), (1000, 0.2)):
    agent.updates.assign(updates)
    assert float(agent.epsilon()) == pytest.approx(epsilon)
  time_step = agent.episodes.current_time_step()
  greedy = agent.act(time_step.observation)
  differs = np.mean(agent.explorer.action(time_step).action != greedy)
  assert differs == pytest.approx(
    0.2 / 2, abs=0.02
  )  # half of the random actions hit the greedy one


def test_boltzmann_samples_by_the_values():
  config = dataclasses.replace(TOY, exploration='boltzmann', temperature=0.5, environments=4000)
  agent = build.hand('dqn', worlds.TwoStates(), config, seed=0)
  time_step = agent.episodes.current_time_step()
  values = agent.values(time_step.observation)[0].numpy() / 0.5
  share = np.exp(values[1]) / np.exp(values).sum()
  assert np.mean(agent.explorer.action(time_step).action) == pytest.approx(share, abs=0.03)


def test_what_is_logged_of_collecting_is_what_happened():
  agent = build.hand('dqn', worlds.TwoStates(), TOY, seed=0)
  best = agent.values({'place': agent.episodes.current_time_step().observation['place']})
  logged = agent.collect()
  assert float(logged['q']) == pytest.approx(float(tf.reduce_mean(tf.reduce_max(best, -1))))
  assert float(logged['epsilon']) == 1.0


def test_replay_gives_only_whole_runs_each_equally_often():
  replay = replay_lib.Replay(
    {'n': tensor_spec.TensorSpec([], tf.int32)}, batch_size=2, max_length=5, seed=0
  )
  for i in range(8):  # block 0 holds 3..7, block 1 holds 103..107
    replay.add_batch({'n': tf.constant([i, 100 + i])})
  runs = replay.sample(6000, 3)['n'].numpy()
  assert (np.diff(runs, axis=1) == 1).all()
  firsts, counts = np.unique(runs[:, 0], return_counts=True)
  assert firsts.tolist() == [3, 4, 5, 103, 104, 105]
  assert counts == pytest.approx(1000, rel=0.15)


class _AsPyEnvironment(py_environment.PyEnvironment):
  """One episode of a World in the form that TF-Agents' checks take."""

  def __init__(self, world):
    super().__init__()
    self._world = world

  def observation_spec(self):
    return tensor_spec.to_nest_array_spec(self._world.observation_spec())

  def action_spec(self):
    return tensor_spec.to_nest_array_spec(self._world.action_spec())

  def _reset(self):
    return self._one(self._world.reset())

  def _step(self, action):
    return self._one(self._world.step(tf.constant([action])))

  def _one(self, time_step):
    return tf.nest.map_structure(lambda t: t.numpy()[0], time_step)


def test_world_passes_the_checks_of_tf_agents():
  world = graph_world.World(pixel_art.PixelArt(size=4), batch_size=1, seed=0)
  works = tf.constant(np.random.default_rng(0).integers(0, 4, (1, 4, 4)), tf.uint8)
  world.refresh(works_lib.Works(works, tf.constant([7])))
  environment_utils.validate_py_environment(_AsPyEnvironment(world), episodes=5)


def test_world_restarts_each_episode_by_itself_and_pays_nothing_for_it():
  world = graph_world.World(pixel_art.PixelArt(size=2, colors=2, horizon=2), batch_size=2, seed=0)
  white = tf.ones([2, 2, 2], tf.uint8)
  world.refresh(works_lib.Works(white, tf.zeros([2], tf.int32)))
  action = tf.constant([1, 0])  # paint the first pixel white; paint it black, as it is
  steps = [world.step(action) for _ in range(4)]
  assert [s.step_type.numpy().tolist() for s in steps] == [[0, 0], [1, 1], [2, 2], [0, 0]]
  assert [s.reward.numpy().tolist() for s in steps] == [[0, 0], [1, 0], [0, 0], [0, 0]]
  assert [s.discount.numpy().tolist() for s in steps] == [[1, 1], [1, 1], [0, 0], [1, 1]]
  assert steps[2].observation['canvas'].numpy()[0].tolist() == [[1, 0], [0, 0]]
  assert steps[3].observation['canvas'].numpy().max() == 0
  # The first painter was paid 1 for the one right stroke, the second painted nothing new.
  assert world.returns.numpy().tolist() == [1, 0]


def test_the_bank_renews_its_oldest_first():
  world = graph_world.World(worlds.TwoStates(), batch_size=4, seed=0)
  for first in (1, 4):
    numbers = tf.range(first, first + 3)
    world.refresh(works_lib.Works(tf.cast(numbers, tf.uint8), numbers))
  assert world.bank.label.numpy().tolist() == [5, 6, 3, 4]


def test_time_step_spec_is_bounded():
  world = graph_world.World(pixel_art.PixelArt(), batch_size=2, seed=0)
  assert isinstance(world.time_step_spec(), ts.TimeStep)
  for bounded in tf.nest.flatten(world.observation_spec()):
    assert isinstance(bounded, tensor_spec.BoundedTensorSpec)
