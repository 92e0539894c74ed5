"""The rules against MiniGrid's own, step by step, and the search against a plain one."""

import functools
import statistics
import time
from typing import NamedTuple

from minigrid.envs import CrossingEnv, DoorKeyEnv, FourRoomsEnv, MultiRoomEnv
import numpy as np
import pytest
import tensorflow as tf

from tests.shared import mazes
from tf_creative.core import works as works_lib
from tf_creative.worlds.level import minigrid_play, tiles
from tf_creative.worlds.level import rules as level_rules
from tf_creative.worlds.level import solver as level_solver
from tf_creative.worlds.level.minigrid_levels import minigrid_levels_dataset_builder as builder

STEP = tf.function(level_rules.step, autograph=False)
SOLVE = tf.function(level_solver.solve, autograph=False)


def begin(levels) -> level_rules.State:
  levels = tf.constant(np.stack(levels))
  return level_rules.begin(levels, tf.zeros([len(levels)], tf.int32))


def play(level: np.ndarray, actions: list[int], horizon: int = 100):
  """The last state, all pays, and whether it is over."""
  state, pays, done = begin([level]), [], False
  for action in actions:
    state, pay, done = STEP(state, tf.constant([action]), tf.constant(horizon))
    pays.append(float(pay[0]))
  return state, pays, bool(done)


# Right of the agent a key, then a door, then the goal.
HALL = mazes.parse('########', '#SK D G#', '########')
L, R, F, P, T = range(5)


def test_a_key_is_taken_a_door_opened_and_the_goal_pays_what_is_left_of_it():
  # pickup, forward, forward, toggle, forward, forward, forward: 7 actions; 1 - .9 x 7 / 100 = .937.
  state, pays, done = play(HALL, [P, F, F, T, F, F, F])
  assert pays[:-1] == [0.0] * 6 and pays[-1] == pytest.approx(0.937)
  assert done and bool(state.carries)
  assert tiles.ascii_map(state.work[0].numpy()).split('\n')[1] == '#S....>#'
  assert int(SOLVE(HALL[None]).length[0]) == 7


def test_what_is_shut_stays_shut():
  # Without the key: pickup is missing, so that the key itself is in the way.
  state, _, _ = play(HALL, [F, F, T, F])
  assert int(state.place[0]) == 9 and not bool(state.carries)
  # The door is only closed where the level has no key, and shuts again.
  closed = mazes.parse('#####', '#SDG#', '#####')
  state, _, _ = play(closed, [T])
  assert tiles.ascii_map(state.work[0].numpy()).split('\n')[1] == '#> G#'
  state, _, done = play(closed, [T, T, F])
  assert int(state.place[0]) == 6 and not done


def test_lava_and_time_end_it_unpaid():
  lava = mazes.parse('#####', '#S~G#', '#####')
  state, pays, done = play(lava, [F])
  assert done and pays == [0.0] and int(state.place[0]) == 7
  _, pays, done = play(lava, [R, R, R], horizon=3)
  assert done and pays == [0.0] * 3
  assert not bool(SOLVE(lava[None]).solvable[0])


def test_a_state_is_read_off_its_work():
  for actions in ([], [P], [R, P], [L, P], [P, F, F, T], [P, F, F, T, F, R, R]):
    state, _, _ = play(HALL, actions)
    again = level_rules.read(state.work, state.label, state.time)
    for one, other in zip(state, again, strict=True):
      np.testing.assert_array_equal(one, other)


MAKERS = (
  functools.partial(CrossingEnv, size=11, num_crossings=3, obstacle_type='wall'),
  functools.partial(CrossingEnv, size=11, num_crossings=2, obstacle_type='lava'),
  functools.partial(DoorKeyEnv, size=6),
  functools.partial(DoorKeyEnv, size=8),
  FourRoomsEnv,
  functools.partial(MultiRoomEnv, minNumRooms=3, maxNumRooms=3, maxRoomSize=5),
)


class Episode(NamedTuple):
  """One in a real environment: as it began, what was done, and what came of each action."""

  level: np.ndarray
  direction: int
  horizon: int
  actions: list[int]
  rewards: list[float]
  places: list[int]
  directions: list[int]
  carries: list[bool]
  changed: list[np.ndarray]  # where a key is gone or a door open
  ended: bool  # by the goal or by lava, not by the time


def episode(env, seed: int) -> Episode:
  """Every other one goes the shortest way, with a random action now and then.

  So keys, doors, lava and goals are met.
  """
  rng = np.random.default_rng(seed)
  env.reset(seed=seed)
  env.max_steps = int(rng.integers(20, 120))
  level = builder.tile_map(env)
  way = mazes.shortest(level) if seed // len(MAKERS) % 2 else None
  lead = [L] * env.agent_dir + way if way else []  # the way begins to the right
  told = Episode(level, env.agent_dir, env.max_steps, [], [], [], [], [], [], False)
  ended = late = False
  while not (ended or late):
    wild = not lead or rng.random() < 0.02
    action = int(rng.choice(5, p=[0.15, 0.15, 0.4, 0.15, 0.15])) if wild else lead[0]
    lead = [] if wild else lead[1:]
    _, reward, ended, late, _ = env.step(level_rules.MINIGRID[action])
    changed = np.zeros(level.shape, bool)
    for y, x in np.argwhere((level == tiles.DOOR) | (level == tiles.KEY)):
      cell = env.grid.get(int(x), int(y))
      changed[y, x] = cell is None or (cell.type == 'door' and cell.is_open)
    told.actions.append(action)
    told.rewards.append(reward)
    told.places.append(env.agent_pos[1] * level.shape[1] + env.agent_pos[0])
    told.directions.append(env.agent_dir)
    told.carries.append(env.carrying is not None)
    told.changed.append(changed)
  return told._replace(ended=ended)


def compare(count: int) -> dict[str, int]:
  """Does the same in both worlds, ours side by side; in how many episodes what was met."""
  met = dict.fromkeys(('goal', 'lava', 'late', 'key', 'door', 'steps'), 0)
  for number, make in enumerate(MAKERS):
    env = make()
    real = [episode(env, seed) for seed in range(number, count, len(MAKERS))]
    lengths = np.array([len(one.actions) for one in real])
    longest = lengths.max()

    def column(name, longest=longest, real=real):
      """[T, B] of what was told, the last repeated to the longest."""
      return [
        [getattr(one, name)[min(t, len(one.actions) - 1)] for one in real] for t in range(longest)
      ]

    told = {name: np.array(column(name)) for name in Episode._fields[3:9]}
    horizon = tf.constant([one.horizon for one in real])
    state = begin([one.level for one in real])
    state = state._replace(direction=tf.constant([one.direction for one in real]))
    for time_ in range(longest):
      state, pay, done = STEP(state, tf.constant(told['actions'][time_], tf.int32), horizon)
      alive = time_ < lengths
      for name, ours in (
        ('rewards', pay), ('places', state.place), ('directions', state.direction),
        ('carries', state.carries), ('changed', tiles.changed(state.work.numpy())),
      ):  # fmt: skip
        theirs = told[name][time_][alive]
        np.testing.assert_allclose(np.asarray(ours)[alive], theirs, atol=1e-6, err_msg=name)
      np.testing.assert_array_equal(done.numpy()[alive], (time_ == lengths - 1)[alive])
    for one in real:
      met['goal'] += one.rewards[-1] > 0
      met['lava'] += one.ended and not one.rewards[-1]
      met['late'] += not one.ended
      met['key'] += one.carries[-1]
      met['door'] += (one.changed[-1] & (one.level == tiles.DOOR)).any()
      met['steps'] += len(one.actions)
  return met


def test_a_hundred_episodes_are_those_of_minigrid():
  met = compare(102)
  assert min(met[name] for name in ('goal', 'lava', 'late', 'key', 'door')) >= 4, met


@pytest.mark.slow
def test_a_thousand_episodes_are_those_of_minigrid():
  met = compare(1002)
  print(met)
  assert min(met[name] for name in ('goal', 'lava', 'late', 'key', 'door')) >= 40, met


def test_the_search_finds_what_a_plain_one_finds():
  levels = mazes.random_levels(400, 7, 1)
  ways = [mazes.shortest(level) for level in levels]
  found = SOLVE(levels)
  np.testing.assert_array_equal(found.solvable, [way is not None for way in ways])
  np.testing.assert_array_equal(found.length, [len(way or []) for way in ways])
  solvable = np.mean([way is not None for way in ways])
  assert 0.2 < solvable < 0.9  # both kinds are there
  with_key = sum(P in way for way in ways if way)
  with_door = sum(T in way for way in ways if way)
  assert with_key > 10 and with_door > 20


def test_a_shortest_way_is_one_in_minigrid():
  """What the plain search is checked by: the real rules pay at its last action, and not before."""
  for level in mazes.random_levels(40, 7, 3):
    way = mazes.shortest(level)
    if way is None:
      continue
    env = minigrid_play.MapEnv(level, 100)
    env.reset(seed=0)
    rewards = [env.step(level_rules.MINIGRID[action])[1] for action in way]
    assert rewards[-1] == pytest.approx(1 - 0.9 * len(way) / 100) and not any(rewards[:-1])


def test_of_several_keys_the_one_that_is_nearer_by_the_door_is_taken():
  level = mazes.parse('#######', '#K SKD#', '#####G#', '#######')
  # Right of the start is a key: pickup, forward, toggle, forward, right, forward: 6 actions.
  assert int(SOLVE(level[None]).length[0]) == 6 == len(mazes.shortest(level))


def test_levels_of_the_data_are_played_alike_in_minigrid():
  """The hand sees in the real package what it would see in our world."""
  levels = mazes.random_levels(6, 7, 5)
  rng = np.random.default_rng(0)
  plan = rng.integers(0, 5, (30, len(levels)))
  labels, shown = np.arange(len(levels), dtype=np.int32), []

  def act(seen):
    shown.append(seen)
    return plan[30 - seen['time_left'], seen['label']]

  returns = minigrid_play.played(works_lib.Works(levels, labels), 30, act)
  state, over = begin(list(levels)), np.zeros(len(levels), bool)
  expected = np.zeros(len(levels))
  for seen, actions in zip(shown, plan, strict=False):
    np.testing.assert_array_equal(seen['label'], labels[~over])
    np.testing.assert_array_equal(seen['work'], state.work.numpy()[~over])
    state, pay, done = STEP(state, tf.constant(actions, tf.int32), tf.constant(30))
    expected += np.where(over, 0, pay)
    over |= done.numpy()
  assert over.all()
  np.testing.assert_allclose(returns, expected, atol=1e-6)


@pytest.mark.slow
def test_the_graph_is_twenty_times_as_quick_as_minigrid():
  """World steps a second of 1,024 levels side by side against env.step, alternating, no network."""
  side, count = 1024, 200
  env, other = MAKERS[0](), MAKERS[1]()
  env.reset(seed=0)
  other.reset(seed=1)
  levels = [builder.tile_map(env), builder.tile_map(other)] * (side // 2)
  state = begin(levels)

  @tf.function(autograph=False)
  def many():
    def body(i, state, paid):
      actions = tf.random.stateless_uniform([side], tf.stack([i, 0]), 0, 5, tf.int32)
      state, pay, _ = level_rules.step(state, actions, 10**6)
      return i + 1, state, paid + tf.reduce_sum(pay)

    return tf.while_loop(lambda i, *_: i < count, body, [0, state, 0.0])[2]

  rng, rates = np.random.default_rng(0), {'graph': [], 'minigrid': []}
  actions = level_rules.MINIGRID[rng.integers(0, 5, 2000)]
  for repeat in range(6):
    began = time.perf_counter()
    many().numpy()
    middle = time.perf_counter()
    for action in actions:
      if env.step(action)[2]:
        env.reset(seed=repeat)
    if repeat:  # the first one traces
      rates['graph'].append(side * count / (middle - began))
      rates['minigrid'].append(len(actions) / (time.perf_counter() - middle))
  medians = {name: statistics.median(each) for name, each in rates.items()}
  print('\n' + ', '.join(f'{name} {rate:,.0f} steps a second' for name, rate in medians.items()))
  assert medians['graph'] >= 20 * medians['minigrid']
