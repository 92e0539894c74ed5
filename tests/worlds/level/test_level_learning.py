"""Learning to walk through levels: the survey and the Q-network."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from tests.shared import mazes, tiny, walks
from tf_creative.core import spec
from tf_creative.core import works as works_lib
from tf_creative.learner import learner as learner_lib
from tf_creative.worlds.level import rules as level_rules
from tf_creative.worlds.level import solver as level_solver
from tf_creative.worlds.level import survey as level_survey
from tf_creative.worlds.level import tiles
from tf_creative.worlds.level import world as level_lib


@pytest.fixture(scope='module')
def world():
  return level_lib.Level()


def test_a_survey_tells_of_every_pose_what_a_step_from_there_does(world):
  """Each known pose and action against the rules, in levels of anything, some in mid-play."""
  places = mazes.random_levels(20, 11, 4)
  state = walks.begin(world, places)
  for action in (3, 2, 4, 2):
    state, _, _ = world.rules.step(state, tf.fill([20], action), None)
  survey = level_survey.survey(state, world.rules.horizon, world._seen, tf.constant([0, 1]))
  known, follows = survey.known.numpy(), survey.follows.numpy()
  rng, met = np.random.default_rng(0), set()
  rare = rng.permutation(np.argwhere(known & (follows >= 484)))[:60]
  step = tf.function(world.rules.step, autograph=False)
  for row, pose, action in np.concatenate([rare, rng.permutation(np.argwhere(known))[:250]]):
    direction, cell = divmod(int(pose), 121)
    work = state.work[row].numpy().reshape(-1)
    bare = work - 7 * tiles.trace(work)
    bare[cell] += 7 * (tiles.HERE + direction)
    one = level_rules.read(
      tf.constant(bare.reshape(1, 11, 11)), state.label[row : row + 1], state.time[row : row + 1]
    )
    moved, pay, done = step(one, tf.constant([int(action)]), tf.zeros([2]))
    assert float(pay[0]) == pytest.approx(float(survey.reward[row, pose, action]))
    assert bool(done[0]) != bool(survey.goes_on[row, pose, action])
    changed, after = divmod(int(follows[row, pose, action]), 484)
    assert after == int(moved.direction[0]) * 121 + int(moved.place[0])
    was, became = (tiles.changed(x.numpy()) for x in (one.work, moved.work))
    assert changed == (was != became).any()
    met.add((int(action), bool(changed), bool(done[0])))
    seen = world.play.features(world.rules.observe(moved)).numpy()[0]
    np.testing.assert_array_equal(survey.later[row + 20 * changed][..., 4:], seen[..., 4:])
  assert met >= {(2, False, False), (2, False, True), (3, True, False), (4, True, False)}


def test_some_worlds_are_put_ahead_by_a_key_and_a_door(world):
  hall = mazes.parse(*['#' * 11] * 4, '#SK D   G##', *['#' * 11] * 6)
  state = level_survey.ahead(walks.begin(world, [hall] * 300), tf.constant([0, 1]))
  keys = state.carries.numpy()
  doors = (tiles.changed(state.work.numpy()) * (hall == tiles.DOOR)).any((1, 2))
  # Each of two strides is taken by a third: both by a ninth, none by four ninths.
  assert not (doors & ~keys).any()
  assert np.mean(doors) == pytest.approx(1 / 9, abs=0.05)
  assert np.mean(keys) == pytest.approx(5 / 9, abs=0.08)


def test_values_by_the_survey_are_those_of_the_shortest_way(world):
  """V = discount^(length - 1) (1 - .9 / 100) where nothing need be opened: the first step's pay."""
  plain = [level for level in mazes.random_levels(60, 11, 9) if not (level > 4).any()]
  corridor = mazes.parse(*['#' * 11] * 5, '#S      G##', *['#' * 11] * 5)
  state = walks.begin(world, plain or [corridor])
  survey = level_survey.survey(state, world.rules.horizon, world._seen, tf.constant([0, 1]))
  worth = tf.zeros([len(state.label), 968])
  for _ in range(60):
    values = survey.reward + 0.9 * tf.where(
      survey.goes_on, tf.gather(worth, survey.follows, batch_dims=1), 0.0
    )
    best = tf.reduce_max(tf.where(survey.known, values, 0.0), -1)
    worth = tf.concat([best, tf.zeros_like(best)], 1)
  found = level_solver.solve(state.work)
  expected = tf.where(found.solvable, 0.9 ** (tf.cast(found.length, tf.float32) - 1) * 0.991, 0.0)
  own = tf.gather(worth, state.direction * 121 + state.place, batch_dims=1)
  np.testing.assert_allclose(own, expected, atol=1e-5)


def test_the_network_says_of_a_pose_what_it_says_of_all():
  agent = walks.learner('').agent
  world = level_lib.Level(horizon=20)
  state = walks.begin(world, list(mazes.random_levels(5, 11, 2)))
  state, _, _ = world.rules.step(state, tf.constant([0, 1, 2, 1, 0]), None)
  survey = level_survey.survey(state, world.rules.horizon, world._seen, tf.constant([0, 1]))
  everywhere = agent.learner._q_network.everywhere(survey.now)
  own = tf.gather(everywhere, state.direction * 121 + state.place, batch_dims=1)
  np.testing.assert_allclose(own, agent.values(world.rules.observe(state)), atol=1e-6)


@pytest.mark.parametrize('agent', ['ddqn', 'dqn', 'c51', 'qr', 'pqn', 'survey', 'ppo'])
def test_every_agent_learns_on_levels(agent):
  assert np.isfinite(tiny.taste(walks.learner('', agent))['loss'])


@pytest.mark.parametrize(
  ('couplings', 'agent', 'world', 'words'),
  [
    ('augment', 'survey', 'level', 'works are not made in it'),
    ('reward', 'survey', 'level', 'works are not made in it'),
    ('', 'informed', 'level', 'works are not made in it'),
    ('environment|curriculum', 'ddqn', 'bars(target=hidden, code=4)', 'shown the work'),
    ('', 'survey', 'bars', 'walked through'),
    ('level_replay(capacity=2)', 'survey', 'level', 'as many levels'),
    ('curriculum(real=2)', 'survey', 'level', '0 to 1'),
  ],
)
def test_what_does_not_fit_is_refused(couplings, agent, world, words):
  config = tiny.config(world=world, couplings=couplings, agent=agent)
  config = dataclasses.replace(config, agent=walks.AGENT if world == 'level' else tiny.AGENT)
  with pytest.raises(spec.SpecError, match=words):
    learner_lib.Learner(config)


def test_a_hand_is_moved_to_larger_levels_with_all_that_it_knows():
  """Of a level that is walled in, it says the same wherever that stands in 25x25."""
  one = walks.learner('', horizon=100, depth=12)
  far = level_lib.Level('minigrid_levels/multi_room')
  moved = walks.moved(one.agent, far)
  small, wall = mazes.random_levels(5, 11, 8), tiles.WALL
  here, there = (
    np.pad(small, [(0, 0), (top, 14 - top), (left, 14 - left)], constant_values=wall)
    for top, left in ((2, 3), (9, 7))
  )
  own, same = (
    moved.values(far.rules.observe(walks.begin(far, list(levels_)))) for levels_ in (here, there)
  )
  assert np.ptp(own, 1).min() > 0
  np.testing.assert_allclose(own, same, atol=1e-5)


def test_a_corridor_is_learnt(world):
  """A hand that is told of every place learns the way in one level: 8 steps forward."""
  corridor = mazes.parse(*['#' * 11] * 5, '#S       G#', *['#' * 11] * 5)
  one = walks.learner(
    '', depth=8, width=8, batch_size=4, learning_rate=5e-3, n_step=8, target_period=10
  )
  works = works_lib.Works(tf.constant(corridor[None].repeat(4, 0)), tf.zeros([4], tf.int32))
  one.agent.episodes.refresh(works)
  for _ in range(12):
    one.agent.collect()
  learn = tf.function(lambda: one.agent.learn(one.agent.sample()), autograph=False)
  for _ in range(150):
    learn()
  made = one.creator.make(works_lib.Works(corridor[None], np.zeros(1, np.int32)))
  assert made.steps.tolist() == [8] and made.actions[0].tolist() == [level_rules.FORWARD] * 8
  assert made.returns[0] == pytest.approx(1 - 0.9 * 8 / 20)


def test_a_seed_has_other_codes_where_its_first_has_no_way():
  one = walks.learner('', horizon=100)
  seeds, labels = np.arange(12), np.arange(12) % 3
  works = one.creator.imagine(seeds, labels)
  first = one.creator.decode(one.creator.latents(seeds), labels)
  found, had = (one.world.measures.describe(each.work)['solvable'] for each in (works, first))
  assert found.all() and 0 < had.sum() < 12
  np.testing.assert_array_equal(works.work[had], first.work[had])
  for place in (int(np.argmin(had)), 11):  # the same in other company
    alone = one.creator.imagine(seeds[place : place + 1], labels[place : place + 1])
    np.testing.assert_array_equal(alone.work[0], works.work[place])
