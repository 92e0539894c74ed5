"""Environments of Gymnasium, stepped while the graph learns: what is remembered, and when."""

import _thread
import signal
import statistics
import time

import gymnasium
import numpy as np
import pytest
import tensorflow as tf

from tests.shared import toys, worlds
from tf_creative.agent import batches, vector
from tf_creative.core import batch as batch_lib
from tf_creative.core import spec, stepping
from tf_creative.worlds import simulated

FIRST, MID, LAST = range(3)


@pytest.fixture(scope='module')
def played():
  """An agent after 60 rounds of two steps, its environments closed."""
  agent = toys.build(toys.dice(), collect_steps=2)
  run = toys.rounds(agent)
  run(tf.constant(30))
  run(tf.constant(30))
  agent.episodes.close()
  assert run.experimental_get_tracing_count() == 1
  return agent


def test_what_is_remembered_is_what_the_environments_did(played):
  """Against a plain loop that takes the same actions on the same seeds."""
  frames = tf.nest.map_structure(lambda part: part.numpy(), played.replay.newest(128))
  assert (frames.step_type[:, 0] == LAST).all()  # as if an episode had just ended
  assert (frames.next_step_type[:, 0] == FIRST).all()
  envs = toys.dice()
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
  np.testing.assert_allclose(played.episodes.returns, returns, rtol=1e-5)


def test_the_same_seed_is_the_same_run_whatever_the_time_a_step_takes():
  chance = np.random.default_rng()
  ends = []
  for nap in (lambda: time.sleep(chance.uniform(0, 0.004)), lambda: None):
    agent = toys.build(toys.dice(in_between=nap), seed=3)
    if ends:
      agent.episodes.side._worker.shutdown()
      agent.episodes.side._worker = toys.AtOnce()
    toys.rounds(agent)(tf.constant(50))
    agent.episodes.close()
    ends.append(
      [*agent.learner._q_network.variables, *agent.replay.newest(54).observation.values()]
    )
    assert int(agent.updates) == 50
  for slow, quick in zip(*ends, strict=True):
    np.testing.assert_array_equal(slow, quick)


def test_steps_keep_their_order_where_no_loop_does():
  agent = toys.build(toys.dice())
  steps = tf.function(lambda: [agent._collector.run()[0] for _ in range(8)], autograph=False)
  steps()  # a step that is waited for before it was begun, or begun twice, is an error
  agent.episodes.close()
  first, frames = toys.build(toys.dice()), agent.replay.newest(8)
  for _ in range(8):
    first.collect()
  first.episodes.close()
  tf.nest.map_structure(np.testing.assert_array_equal, frames, first.replay.newest(8))


def test_environments_move_while_the_graph_goes_on():
  """Both sides sleep, which needs no processor, so that this holds on a busy machine as well."""
  nap = lambda: time.sleep(0.02)  # noqa: E731
  agent = toys.build(toys.dice(1, in_between=nap))
  run = toys.rounds(agent, lambda: tf.numpy_function(nap, [], []))
  workers, seconds = [toys.AtOnce(), agent.episodes.side._worker], {}
  for repeat in range(4):
    for worker in workers:
      agent.episodes.side._worker = worker
      began = time.perf_counter()
      run(tf.constant(5))
      if repeat:  # the first one traces
        seconds.setdefault(worker, []).append((time.perf_counter() - began) / 5)
  agent.episodes.close()
  waiting, overlapped = (statistics.median(seconds[worker]) for worker in workers)
  print(f'\na round of who waits {1e3 * waiting:.1f} ms, with overlap {1e3 * overlapped:.1f} ms')
  assert overlapped < 0.85 * waiting


def test_an_end_by_the_clock_is_not_the_end_of_all_pay():
  """The values are those of the world that never ends, which are larger than of five steps."""
  envs = gymnasium.vector.SyncVectorEnv(
    [lambda: gymnasium.wrappers.TimeLimit(toys.Endless(), 5)] * 8,
  )
  agent = toys.build(
    envs, kind='dqn', depth=0, learning_rate=5e-2, batch_size=64, epsilon=1.0, epsilon_decay=0
  )
  toys.rounds(agent)(tf.constant(1500))
  agent.episodes.close()
  values = agent.values({'seen': np.eye(2, dtype=np.float32)})
  np.testing.assert_allclose(values, worlds.values_by_iteration(0.9), rtol=0.01)


def test_several_steps_are_added_up_within_an_episode_only():
  step_types = tf.constant([[1, 1, 1, 1], [1, 1, 1, 2], [1, 1, 2, 0], [1, 2, 0, 1], [1, 2, 0, 1]])
  discounts = tf.constant([[1.0, 1, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1], [0, 1, 1, 1]])
  none = tf.zeros_like(discounts)
  batch = batch_lib.Batch({}, none, none, discounts, step_types == FIRST, step_types == LAST)
  # All within; cut short where the last value is taken; before that, twice; a true end.
  assert vector.whole(batch).numpy().tolist() == [1, 1, 0, 0, 1]


def test_what_leads_on_from_a_cut_is_found_among_what_was_remembered(played):
  frames = played.replay.sample(600, 4)
  over = frames.step_type.numpy() == LAST
  cut = over[:, 1:-1] & (frames.discount.numpy()[:, :-2] == 1)  # told in the frame before
  np.testing.assert_array_equal(vector.whole(batches.from_trajectory(frames)), ~cut.any(1))
  assert cut.any() and (over[:, 1:-1] & ~cut).any()


def test_an_error_in_an_environment_is_told():
  left = [25]

  def fail():
    left[0] -= 1
    if left[0] < 0:
      raise ZeroDivisionError('the pole is of rubber')

  agent = toys.build(toys.dice(in_between=fail))
  run = toys.rounds(agent)
  for _ in range(2):  # and is told to whoever asks again
    with pytest.raises(tf.errors.OpError, match='failed at step .*: the pole is of rubber') as told:
      run(tf.constant(50))
    assert ', in fail\n' in str(told.value)  # where it happened is told as well
  with pytest.raises(stepping.Fault, match='failed at step .*: the pole is of rubber'):
    agent.collect()
  thread = agent.episodes.side._worker.thread
  assert thread.is_alive()
  agent.episodes.close()
  assert not thread.is_alive()
  with pytest.raises(RuntimeError, match='the episodes are closed'):
    agent.collect()


@pytest.fixture
def _interruptible():
  """As in a terminal: a shell may have started this with Ctrl-C ignored."""
  before = signal.signal(signal.SIGINT, signal.default_int_handler)
  yield
  signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures('_interruptible')
def test_ctrl_c_ends_the_call_and_nothing_else():
  left = [30]

  def press():
    left[0] -= 1
    if not left[0]:
      _thread.interrupt_main()

  agent = toys.build(toys.dice(in_between=press))
  run = toys.rounds(agent)
  with pytest.raises(KeyboardInterrupt):
    run(tf.constant(20))
  run(tf.constant(20))
  agent.episodes.close()
  assert int(agent.updates) == 40


def test_what_is_seen_becomes_numbers():
  observation = {
    'throw': tf.constant([[7.0, -1.0]]),
    'action': tf.constant([[[[51], [255]]]], tf.uint8),
  }
  play = toys.Given(toys.dice()).play
  assert play.features(observation).numpy().tolist() == [[pytest.approx(0.2), 1, 7, -1]]
  assert play.observation_spec['throw'].maximum == np.finfo(np.float32).max
  lake = simulated.Gym('FrozenLake-v1').play
  assert lake.features({'seen': tf.constant([2])}).numpy().tolist() == [[0, 0, 1] + [0] * 13]


def test_classes_are_learnt_from():
  """A lake of 16 places by number, without slipping: six right steps, and one pay at their end."""
  envs = gymnasium.make_vec('FrozenLake-v1', 8, is_slippery=False)
  agent = toys.build(
    envs, width=32, learning_rate=1e-2, batch_size=64, epsilon=0.1, epsilon_decay=1000
  )
  toys.rounds(agent)(tf.constant(2000))
  agent.episodes.close()
  env, over, paid = gymnasium.make('FrozenLake-v1', is_slippery=False), False, 0
  place, _ = env.reset()
  while not over:
    action = int(agent.act({'seen': tf.constant([place])})[0])
    place, paid, ended, cut, _ = env.step(action)
    over = ended or cut
  assert paid == 1


@pytest.mark.parametrize('name', ['Level', 'PixelArt'])
def test_our_own_worlds_are_learnt_in_side_by_side(name):
  envs = gymnasium.make_vec(f'tf_creative/{name}-v0', 4, horizon=8)
  agent = toys.build(envs)
  toys.rounds(agent)(tf.constant(20))
  agent.episodes.close()
  assert int(agent.updates) == 20
  frames = agent.replay.newest(24)
  assert {FIRST, MID, LAST} == set(frames.step_type.numpy().flat)
  assert len(set(frames.observation['label'].numpy().flat)) > 1


def test_learning_from_nothing_is_an_error_in_words():
  agent = toys.build(toys.dice())
  agent.collect()
  with pytest.raises(tf.errors.InvalidArgumentError, match='too little to learn from'):
    tf.function(agent.sample, autograph=False)()
  agent.episodes.close()


def test_what_does_not_fit_is_refused_in_words():
  for kind, part in (('ppo', 'rules'), ('reinforce', 'rules'), ('informed', 'rules')):
    with pytest.raises(spec.SpecError, match=f"--agent={kind} needs a world with '{part}'"):
      toys.build(toys.dice(), kind=kind)
  same_step = {'autoreset_mode': gymnasium.vector.AutoresetMode.SAME_STEP}
  make = lambda name, **options: gymnasium.make_vec(name, 2, 'sync', **options)  # noqa: E731
  with pytest.raises(spec.SpecError, match='autoreset_mode=.*NEXT_STEP'):
    toys.build(make('CartPole-v1', vector_kwargs=same_step))
  with pytest.raises(spec.SpecError, match='Discrete, not Box'):
    toys.build(make('Pendulum-v1'))
  with pytest.raises(spec.SpecError, match="'seen' is Tuple.*FlattenObservation"):
    toys.build(make('Blackjack-v1'))
