"""Environments of Gymnasium, stepped while the graph learns: what is remembered, and when."""

import _thread
from concurrent import futures
import dataclasses
import statistics
import time

import gymnasium
import numpy as np
import pytest
import tensorflow as tf
from tf_agents.trajectories import trajectory

from tests import worlds
from tf_creative import spec
from tf_creative.agent import agent as agent_lib
from tf_creative.agent import config as config_lib
from tf_creative.agent import vector

FIRST, MID, LAST = range(3)
SMALL = config_lib.AgentConfig(
  network='dense',
  width=16,
  depth=1,
  discount=0.9,
  batch_size=16,
  target_period=10,
  environments=3,
  collect_steps=1,
  epsilon=0.5,
  epsilon_decay=20,
  replay_capacity=1000,
)


class Dice(gymnasium.Env):
  """Chance alone: it pays a throw, ends at some and is cut short after six; actions are seen."""

  observation_space = gymnasium.spaces.Dict(
    {
      'throw': gymnasium.spaces.Box(-np.inf, np.inf, (2,), np.float64),
      'action': gymnasium.spaces.Box(0, 4, (1, 2, 1), np.uint8),
    }
  )
  action_space = gymnasium.spaces.Discrete(3, start=2)

  def __init__(self, in_between=lambda: None):
    self._in_between = in_between

  def reset(self, *, seed=None, options=None):
    super().reset(seed=seed, options=options)
    self._left = 6
    return self._seen(0), {}

  def step(self, action):
    assert self.action_space.contains(action)
    self._in_between()
    self._left -= 1
    end = self.np_random.random() < 0.1
    return self._seen(action), self.np_random.normal(), end, self._left == 0, {}

  def _seen(self, action):
    return {'throw': self.np_random.normal(size=2), 'action': np.full((1, 2, 1), action, np.uint8)}


class Endless(gymnasium.Env):
  """worlds.TwoStates, to be cut short."""

  observation_space = gymnasium.spaces.Box(0, 1, (2,), np.float32)
  action_space = gymnasium.spaces.Discrete(2)

  def reset(self, *, seed=None, options=None):
    super().reset(seed=seed, options=options)
    self._place = 0
    return np.eye(2, dtype=np.float32)[0], {}

  def step(self, action):
    pay, self._place = worlds.REWARDS[self._place, action], action
    return np.eye(2, dtype=np.float32)[action], float(pay), False, False, {}


class AtOnce:
  """In place of the thread: who begins a step waits for it. The control of all that is below."""

  def submit(self, step, *args):
    future = futures.Future()
    future.set_result(step(*args))
    return future

  def shutdown(self):
    pass


def dice(count=3, **options):
  return gymnasium.vector.SyncVectorEnv([lambda: Dice(**options)] * count, copy=False)


def build(envs, seed=0, kind='ddqn', **changes):
  world = vector.World(envs, seed)
  config = dataclasses.replace(SMALL, environments=world.batch_size, **changes)
  return agent_lib.Agent(kind, world.domain, config, seed, world)


def rounds(agent):
  """So many rounds in one graph; the first few without learning."""

  def step(i):
    agent.collect()
    agent.learn(agent.sample())
    return i + 1

  for _ in range(4):
    agent.collect()
  return tf.function(lambda n: tf.while_loop(lambda i: i < n, step, [0]), autograph=False)


@pytest.fixture(scope='module')
def played():
  """An agent after 60 rounds of two steps, its environments closed."""
  agent = build(dice(), collect_steps=2)
  run = rounds(agent)
  run(tf.constant(30))
  run(tf.constant(30))
  agent.world.close()
  assert run.experimental_get_tracing_count() == 1
  return agent


def test_what_is_remembered_is_what_the_environments_did(played):
  """Against a plain loop that takes the same actions on the same seeds."""
  frames = tf.nest.map_structure(lambda part: part.numpy(), played.replay.newest(128))
  assert (frames.step_type[:, 0] == LAST).all()  # as if an episode had just ended
  assert (frames.next_step_type[:, 0] == FIRST).all()
  envs = dice()
  seen, _ = envs.reset(seed=0)
  step_type, ways, paid, returns = np.full(3, FIRST), set(), np.zeros(3), np.zeros(3)
  for t in range(1, 128):
    np.testing.assert_array_equal(frames.observation['throw'][:, t], seen['throw'].astype('f'))
    np.testing.assert_array_equal(frames.observation['action'][:, t], seen['action'])
    np.testing.assert_array_equal(frames.step_type[:, t], step_type)
    seen, pay, ended, cut, _ = envs.step(frames.action[:, t] + 2)
    over = step_type == LAST
    step_type = np.where(over, FIRST, np.where(ended | cut, LAST, MID))
    np.testing.assert_array_equal(frames.next_step_type[:, t], step_type)
    np.testing.assert_array_equal(frames.reward[:, t], pay.astype('f'))
    np.testing.assert_array_equal(frames.discount[:, t], 1 - ended.astype('f'))
    ways |= set(zip(ended.tolist(), cut.tolist(), over.tolist(), strict=True))
    paid = np.where(over, 0, paid + pay)
    returns = np.where(step_type == LAST, paid, returns)
  # Went on, ended, was cut short, began again: all of it happened.
  assert ways >= {(False, False, False), (True, False, False), (False, True, False)}
  assert (False, False, True) in ways
  np.testing.assert_allclose(played.world.returns, returns, rtol=1e-5)


def test_the_same_seed_is_the_same_run_whatever_the_time_a_step_takes():
  chance = np.random.default_rng()
  ends = []
  for nap in (lambda: time.sleep(chance.uniform(0, 0.004)), lambda: None):
    agent = build(dice(in_between=nap), seed=3)
    if ends:
      agent.world._worker.shutdown()
      agent.world._worker = AtOnce()
    rounds(agent)(tf.constant(50))
    agent.world.close()
    ends.append(
      [*agent.learner._q_network.variables, *agent.replay.newest(54).observation.values()]
    )
    assert int(agent.updates) == 50
  for slow, quick in zip(*ends, strict=True):
    np.testing.assert_array_equal(slow, quick)


def test_environments_move_while_the_graph_learns():
  """A sleeping step needs no processor, so this holds on a busy machine, too."""
  nap = [0.0]
  agent = build(dice(1, in_between=lambda: time.sleep(nap[0])), width=256, depth=2, batch_size=128)
  run, workers, seconds = rounds(agent), [AtOnce(), agent.world._worker], {}

  def timed():
    began = time.perf_counter()
    run(tf.constant(10))
    return (time.perf_counter() - began) / 10

  timed()
  nap[0] = statistics.median(timed() for _ in range(5))  # a step is to take as long as the rest
  for _ in range(7):
    for worker in workers:
      agent.world._worker = worker
      seconds.setdefault(worker, []).append(timed())
  agent.world.close()
  waiting, overlapped = (statistics.median(seconds[worker]) for worker in workers)
  print(f'\na step {nap[0]:.4f} s; a round {waiting:.4f} s one by one, {overlapped:.4f} s at once')
  assert overlapped < 0.85 * waiting


def test_an_end_by_the_clock_is_not_the_end_of_all_pay():
  """The values are those of the world that never ends, which are larger than of five steps."""
  envs = gymnasium.vector.SyncVectorEnv(
    [lambda: gymnasium.wrappers.TimeLimit(Endless(), 5)] * 8,
  )
  agent = build(
    envs, kind='dqn', depth=0, learning_rate=5e-2, batch_size=64, epsilon=1.0, epsilon_decay=0
  )
  rounds(agent)(tf.constant(1500))
  agent.world.close()
  values = agent.values({'seen': np.eye(2, dtype=np.float32)})
  np.testing.assert_allclose(values, worlds.values_by_iteration(0.9), rtol=0.01)


def test_several_steps_are_added_up_within_an_episode_only():
  step_types = tf.constant([[1, 1, 1, 1], [1, 1, 1, 2], [1, 1, 2, 0], [1, 2, 0, 1], [1, 2, 0, 1]])
  discounts = tf.constant([[1.0, 1, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1], [0, 1, 1, 1]])
  none = tf.zeros_like(discounts)
  batch = trajectory.Trajectory(step_types, none, none, (), step_types, none, discounts)
  # All within; cut short where the last value is taken; before that, twice; a true end.
  assert vector.whole(batch).numpy().tolist() == [1, 1, 0, 0, 1]


def test_an_error_in_an_environment_is_told():
  left = [25]

  def fail():
    left[0] -= 1
    if left[0] < 0:
      raise ZeroDivisionError('the pole is of rubber')

  agent = build(dice(in_between=fail))
  run = rounds(agent)
  for _ in range(2):  # and is told to whoever asks again
    with pytest.raises(tf.errors.OpError, match='failed at step .*: the pole is of rubber') as told:
      run(tf.constant(50))
    assert ', in fail\n' in str(told.value)  # where it happened is told as well
  with pytest.raises(RuntimeError, match='failed at step .*: the pole is of rubber'):
    agent.collect()
  threads = agent.world._worker._threads
  agent.world.close()
  assert threads
  assert not any(thread.is_alive() for thread in threads)
  with pytest.raises(RuntimeError, match='the environments are closed'):
    agent.collect()


def test_ctrl_c_ends_the_call_and_nothing_else():
  left = [30]

  def press():
    left[0] -= 1
    if not left[0]:
      _thread.interrupt_main()

  agent = build(dice(in_between=press))
  run = rounds(agent)
  with pytest.raises(KeyboardInterrupt):
    run(tf.constant(20))
  run(tf.constant(20))
  agent.world.close()
  assert int(agent.updates) in (20, 40)


def test_what_is_seen_becomes_numbers(played):
  observation = {
    'throw': tf.constant([[7.0, -1.0]]),
    'action': tf.constant([[[[2], [4]]]], tf.uint8),
  }
  domain = played.world.domain
  assert domain.features(observation).numpy().tolist() == [[0.5, 1, 7, -1]]
  assert domain.observation_spec['throw'].maximum == np.finfo(np.float32).max
  planes = vector.World(gymnasium.make_vec('tf_creative/PixelArt-v0', size=4), 0)
  planes.close()
  assert planes.domain.observation_spec['canvas'].shape == (4, 4)


def test_what_does_not_fit_is_refused_in_words():
  envs = dice()
  with pytest.raises(spec.SpecError, match='--agent=ppo .* use dqn, ddqn, c51'):
    build(envs, kind='ppo')
  world = vector.World(envs, 0)
  with pytest.raises(spec.SpecError, match='--agent_environments=4, and there are 3'):
    agent_lib.Agent('dqn', world.domain, dataclasses.replace(SMALL, environments=4), 0, world)
  same_step = {'autoreset_mode': gymnasium.vector.AutoresetMode.SAME_STEP}
  make = lambda name, **options: gymnasium.make_vec(name, 2, 'sync', **options)  # noqa: E731
  with pytest.raises(spec.SpecError, match='autoreset_mode=.*NEXT_STEP'):
    vector.World(make('CartPole-v1', vector_kwargs=same_step), 0)
  with pytest.raises(spec.SpecError, match='Discrete, not Box'):
    vector.World(make('Pendulum-v1'), 0)
  with pytest.raises(spec.SpecError, match="'seen' is Discrete.*FlattenObservation"):
    vector.World(make('FrozenLake-v1'), 0)


@pytest.mark.slow
@pytest.mark.parametrize(
  ('mode', 'count'), [('vector_entry_point', 32), ('sync', 8), ('sync', 32), ('async', 8)]
)
def test_cart_pole_is_learnt_and_stepped_meanwhile(mode, count):
  """Steps a second beside those of who waits; the machine otherwise idle."""
  envs = gymnasium.make_vec('CartPole-v1', count, mode)
  agent = build(envs, width=64, depth=2, discount=0.99, batch_size=64, target_period=100,
                epsilon=0.05, epsilon_decay=1000, replay_capacity=20_000)  # fmt: skip
  run, workers, speeds, best = rounds(agent), [AtOnce(), agent.world._worker], {}, 0.0
  run(tf.constant(100))
  for _ in range(15):
    for worker in workers:
      agent.world._worker = worker
      began = time.perf_counter()
      run(tf.constant(200))
      speeds.setdefault(worker, []).append(200 * count / (time.perf_counter() - began))
      best = max(best, float(tf.reduce_mean(agent.world.returns)))
  agent.world.close()
  waiting, overlapped = (statistics.median(speeds[worker]) for worker in workers)
  ratios = sorted(b / a for a, b in zip(*(speeds[worker] for worker in workers), strict=True))
  print(
    f'\n| CartPole-v1, {count} by `{mode}`: environment steps a second, an update after each step '
    f'of all | {overlapped:,.0f} beside {waiting:,.0f} of who waits: {ratios[7]:.2f} times '
    f'({ratios[0]:.2f} to {ratios[-1]:.2f}), medians of 15 alternating pairs |'
  )
  assert best > 100
