"""Learning to walk through levels: the survey, the Q-network, and the couplings of levels."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from tests import mazes, tiny
from tf_creative import learner as learner_lib
from tf_creative import spec, types
from tf_creative.couplings import base, curriculum, level_replay, levels
from tf_creative.domains import level as level_lib
from tf_creative.domains import level_rules, level_solver, level_survey, tiles

AGENT = dataclasses.replace(tiny.AGENT, network='map', depth=2, discount=0.9)


def learner(
  couplings: str, agent: str = 'survey', horizon: int = 20, **changes
) -> learner_lib.Learner:
  config = tiny.config(domain=f'level(horizon={horizon})', couplings=couplings, agent=agent)
  config = dataclasses.replace(config, agent=dataclasses.replace(AGENT, **changes))
  return learner_lib.Learner(config)


@pytest.fixture(scope='module')
def world():
  return level_lib.Level()


def begin(world, levels_) -> level_rules.State:
  levels_ = tf.constant(np.stack(levels_))
  return world.start(types.Works(levels_, tf.zeros([len(levels_)], tf.int32)), None)


def test_a_survey_tells_of_every_pose_what_a_step_from_there_does(world):
  """Each known pose and action against the rules, in levels of anything, some in mid-play."""
  places = mazes.random_levels(20, 11, 4)
  state = begin(world, places)
  for action in (3, 2, 4, 2):
    state, _, _ = world.step(state, tf.fill([20], action), None)
  survey = level_survey.survey(state, world.horizon, world._seen, tf.constant([0, 1]))
  known, follows = survey.known.numpy(), survey.follows.numpy()
  rng, met = np.random.default_rng(0), set()
  rare = rng.permutation(np.argwhere(known & (follows >= 484)))[:60]
  step = tf.function(world.step, autograph=False)
  for row, pose, action in np.concatenate([rare, rng.permutation(np.argwhere(known))[:250]]):
    direction, cell = divmod(int(pose), 121)
    work = state.work[row].numpy().reshape(-1)
    bare = work - 7 * tiles.trace(work)
    bare[cell] += 7 * (tiles.HERE + direction)
    one = level_rules.read(
      tf.constant(bare.reshape(1, 11, 11)), state.label[row : row + 1], state.time[row : row + 1]
    )
    moved, pay, done = step(one, tf.constant([int(action)]), tf.zeros([2]))
    assert float(pay[0]) == pytest.approx(float(survey.pay[row, pose, action]))
    assert bool(done[0]) != bool(survey.goes_on[row, pose, action])
    changed, after = divmod(int(follows[row, pose, action]), 484)
    assert after == int(moved.direction[0]) * 121 + int(moved.place[0])
    was, became = (tiles.changed(x.numpy()) for x in (one.work, moved.work))
    assert changed == (was != became).any()
    met.add((int(action), bool(changed), bool(done[0])))
    seen = world.features(world.observe(moved)).numpy()[0]
    np.testing.assert_array_equal(survey.later[row + 20 * changed][..., 4:], seen[..., 4:])
  assert met >= {(2, False, False), (2, False, True), (3, True, False), (4, True, False)}


def test_some_worlds_are_put_ahead_by_a_key_and_a_door(world):
  hall = mazes.parse(*['#' * 11] * 4, '#SK D   G##', *['#' * 11] * 6)
  state = level_survey.ahead(begin(world, [hall] * 300), tf.constant([0, 1]))
  keys = state.carries.numpy()
  doors = (tiles.changed(state.work.numpy()) * (hall == tiles.DOOR)).any((1, 2))
  # Each of two strides is taken by a third: both by a ninth, none by four ninths.
  assert not (doors & ~keys).any()
  assert np.mean(doors) == pytest.approx(1 / 9, abs=0.05)
  assert np.mean(keys) == pytest.approx(5 / 9, abs=0.08)


def test_values_by_the_survey_are_those_of_the_shortest_way(world):
  """V = discount^(length - 1) (1 - .9 / 100) where nothing need be opened: the first step's pay."""
  state = begin(world, [level for level in mazes.random_levels(60, 11, 9) if not (level > 4).any()]
                or [mazes.parse(*['#' * 11] * 5, '#S      G##', *['#' * 11] * 5)])  # fmt: skip
  survey = level_survey.survey(state, world.horizon, world._seen, tf.constant([0, 1]))
  worth = tf.zeros([len(state.label), 968])
  for _ in range(60):
    values = survey.pay + 0.9 * tf.where(
      survey.goes_on, tf.gather(worth, survey.follows, batch_dims=1), 0.0
    )
    best = tf.reduce_max(tf.where(survey.known, values, 0.0), -1)
    worth = tf.concat([best, tf.zeros_like(best)], 1)
  found = level_solver.solve(state.work)
  expected = tf.where(found.solvable, 0.9 ** (tf.cast(found.length, tf.float32) - 1) * 0.991, 0.0)
  own = tf.gather(worth, state.direction * 121 + state.place, batch_dims=1)
  np.testing.assert_allclose(own, expected, atol=1e-5)


def test_the_network_says_of_a_pose_what_it_says_of_all():
  agent = learner('').agent
  world = level_lib.Level(horizon=20)
  state = begin(world, list(mazes.random_levels(5, 11, 2)))
  state, _, _ = world.step(state, tf.constant([0, 1, 2, 1, 0]), None)
  survey = level_survey.survey(state, world.horizon, world._seen, tf.constant([0, 1]))
  everywhere = agent.learner._q_network.everywhere(survey.now)
  own = tf.gather(everywhere, state.direction * 121 + state.place, batch_dims=1)
  np.testing.assert_allclose(own, agent.values(world.observe(state)), atol=1e-6)


@pytest.mark.parametrize('agent', ['ddqn', 'dqn', 'c51', 'survey', 'ppo'])
def test_every_agent_learns_on_levels(agent):
  one = learner('', agent)
  one.loop.warm_up()
  assert np.isfinite(one.loop.step(2)['agent/loss'])


@pytest.mark.parametrize(
  ('couplings', 'agent', 'domain', 'words'),
  [
    ('augment', 'survey', 'level', 'hand makes works'),
    ('reward', 'survey', 'level', 'hand makes works'),
    ('', 'informed', 'level', 'make works'),
    ('environment|curriculum', 'ddqn', 'bars(target=hidden, code=4)', 'shown the work'),
    ('', 'survey', 'bars', 'walked through'),
    ('level_replay(capacity=2)', 'survey', 'level', 'as many levels'),
    ('curriculum(real=2)', 'survey', 'level', '0 to 1'),
  ],
)
def test_what_does_not_fit_is_refused(couplings, agent, domain, words):
  config = tiny.config(domain=domain, couplings=couplings, agent=agent)
  config = dataclasses.replace(config, agent=AGENT if domain == 'level' else tiny.AGENT)
  with pytest.raises(spec.SpecError, match=words):
    learner_lib.Learner(config)


def test_a_hand_is_moved_to_larger_levels_with_all_that_it_knows():
  """Of a level that is walled in, it says the same wherever that stands in 25x25."""
  one = learner('', horizon=100, depth=12)
  far = level_lib.Level('minigrid_levels/multi_room')
  moved = one.agent.moved(far)
  for own, new in zip(one.agent._weights, moved._weights, strict=True):
    np.testing.assert_array_equal(own, new)
  small, wall = mazes.random_levels(5, 11, 8), tiles.WALL
  here, there = (
    np.pad(small, [(0, 0), (top, 14 - top), (left, 14 - left)], constant_values=wall)
    for top, left in ((2, 3), (9, 7))
  )
  own, same = (moved.values(far.observe(begin(far, list(levels_)))) for levels_ in (here, there))
  assert np.ptp(own, 1).min() > 0
  np.testing.assert_allclose(own, same, atol=1e-5)


def test_a_corridor_is_learnt(world):
  """A hand that is told of every place learns the way in one level: 8 steps forward."""
  corridor = mazes.parse(*['#' * 11] * 5, '#S       G#', *['#' * 11] * 5)
  one = learner('', depth=8, width=8, batch_size=4, learning_rate=5e-3, n_step=8, target_period=10)
  works = types.Works(tf.constant(corridor[None].repeat(4, 0)), tf.zeros([4], tf.int32))
  one.agent.world.refresh(works)
  for _ in range(12):
    one.agent.collect()
  learn = tf.function(lambda: one.agent.learn(one.agent.sample()), autograph=False)
  for _ in range(150):
    learn()
  made = one.creator.make(types.Works(corridor[None], np.zeros(1, np.int32)))
  assert made.steps.tolist() == [8] and made.actions[0].tolist() == [level_rules.FORWARD] * 8
  assert made.returns[0] == pytest.approx(1 - 0.9 * 8 / 20)


def parts_of(one: learner_lib.Learner) -> types.Parts:
  return one.loop._parts


def concepts(one: learner_lib.Learner, count: int = 4) -> types.Works:
  return types.draw(parts_of(one).real, count, tf.constant([0, 3]))


def test_levels_of_chance_replace_as_many_as_asked_for():
  one = learner('')
  concept = concepts(one, 400)
  for real, low, high in ((0.0, 0, 0), (0.5, 150, 250), (1.0, 400, 400)):
    coupling = levels.RandomLevels(parts_of(one), levels.Options(real), 0)
    same = (coupling.concept(concept).work == concept.work).numpy().all((1, 2)).sum()
    assert low <= same <= high
  chance = one.domain.random(200, tf.constant([1, 1])).numpy()
  assert ((chance == tiles.START).sum((1, 2)) == 1).all()
  told = one.domain.describe(chance)
  assert 0.2 < told['solvable'].mean() < 0.95 and told['unique'].all()
  assert 0.2 < (chance == tiles.KEY).any((1, 2)).mean() < 0.8


def test_replay_keeps_what_could_have_been_earned_and_was_not():
  one = learner('')
  options = level_replay.Options(capacity=6, replay=1.0, real=0.0)
  coupling = level_replay.LevelReplay(parts_of(one), options, 0)
  short, long, shut = '#SG########', '#S   G#####', '#S# G######'
  works = rows_of(short, long, shut, long)
  paid, over = tf.constant([0.955, 0.0, 0.0, 0.0]), tf.constant([True, True, True, True])
  coupling.remember(works, paid, over)
  # 1 - .9 x 1 / 20 = .955 was paid of .955; 1 - .9 x 4 / 20 = .82 was not; there is no third way.
  kept = coupling.regrets.numpy()
  np.testing.assert_allclose(np.sort(kept), [-1.0] * 4 + [0.0, 0.82], atol=1e-6)
  np.testing.assert_array_equal(coupling.works[int(kept.argmax())], works.work[1])
  coupling.remember(works, tf.constant([0.955, 0.82, 0.0, 0.82]), over)  # solved at last
  assert coupling.regrets.numpy().max() == pytest.approx(0, abs=1e-6)
  assert coupling.metrics()['kept'] == 0


def rows_of(*inner: str) -> types.Works:
  """Levels of one row each."""
  made = [mazes.parse(*['#' * 11] * 5, row, *['#' * 11] * 5) for row in inner]
  return types.Works(tf.constant(np.stack(made)), tf.zeros([len(made)], tf.int32))


def test_the_curriculum_plays_only_what_can_be_solved():
  one = learner('', horizon=100)  # enough for all real ones, which stand in where no try is good
  options = curriculum.Options(real=0.0, replay=0.0, memory=32, tries=1, after=0)
  coupling = curriculum.Curriculum(parts_of(one), options, 0)
  real = concepts(one, 16)
  made = coupling.concept(real)
  assert (base.owed(one.domain, made).numpy() > 0).all()
  assert not coupling.counts.numpy().any()  # what nobody can solve says nothing of the hand
  found = float(coupling.metrics()['found'])
  assert 0 < found < 1
  stayed = (made.work == real.work).numpy().all((1, 2))
  assert stayed.mean() == 1 - found
  # Where something is remembered, that stands in.
  coupling.remember(rows_of(*['#SG########'] * 64), tf.range(64) < 32, tf.fill([64], True))
  again = coupling.concept(real)
  assert not (again.work == real.work).numpy().all((1, 2)).any()
  known = (again.work == rows_of('#SG########').work).numpy().all((1, 2))
  assert known.mean() == 1 - float(coupling.metrics()['found']) > 0


def test_of_the_imagined_works_the_hardest_with_a_way_is_played(monkeypatch):
  """Say success is as likely as there are walls: the solvable work with the fewest is taken."""
  one = learner('', horizon=100)
  coupling = curriculum.Curriculum(parts_of(one), curriculum.Options(tries=20), 0)
  walls = lambda values: tf.reduce_sum(values[:, 1:-1, 1:-1, tiles.WALL], [1, 2])  # noqa: E731
  monkeypatch.setattr(coupling, '_success', lambda values, _: walls(values) / 81)
  fewest, generate = [], one.gan.generate

  def counted(latents, labels):
    values = generate(latents, labels)
    way = base.owed(one.domain, types.Works(one.domain.to_works(values), labels)) > 0
    fewest.append(np.where(way, walls(values), np.inf).reshape(-1, 20).min(1))
    return values

  monkeypatch.setattr(one.gan, 'generate', counted)
  made, found = coupling._imagine(tf.constant([0, 1, 2]))
  np.testing.assert_allclose(walls(one.domain.to_values(made.work)), fewest[0], atol=1e-4)
  assert found.numpy().all() and np.isfinite(fewest).all()


def test_the_curriculum_begins_with_works_of_chance():
  one = learner('', horizon=100)
  coupling = curriculum.Curriculum(parts_of(one), curriculum.Options(real=0.5, after=2), 0)
  real = concepts(one, 100)
  made = coupling.concept(real)
  other = ~(made.work == real.work).numpy().all((1, 2))
  assert 35 < other.sum() < 65
  # Levels of chance are not all solvable, what the imagination is asked for is.
  assert 0 < (base.owed(one.domain, made).numpy() <= 0).sum() <= other.sum()
  one.gan.generator_optimizer.iterations.assign(2)
  assert (base.owed(one.domain, coupling.concept(real)).numpy() > 0).all()


def test_the_curriculum_remembers_the_newest_of_either_outcome():
  coupling = curriculum.Curriculum(parts_of(learner('')), curriculum.Options(memory=32), 0)
  works = rows_of('#SG########', '#S G#######', '#S  G######', '#S   G#####')
  solved, which = tf.constant([True, False, True, True]), tf.constant([True, True, False, True])
  coupling.remember(works, solved, which)
  assert coupling.counts.numpy().tolist() == [1, 2]
  for kind, place, row in ((0, 0, 1), (1, 0, 0), (1, 1, 3)):
    np.testing.assert_array_equal(coupling.memory.work[kind, place], works.work[row])
  for _ in range(15):  # 2 + 15 x 2 = 32: all places are taken
    coupling.remember(works, solved, which)
  coupling.remember(works, tf.fill([4], True), tf.constant([False, True, False, False]))
  assert coupling.counts.numpy().tolist() == [16, 33]
  np.testing.assert_array_equal(coupling.memory.work[1, 0], works.work[1])
  np.testing.assert_array_equal(coupling.memory.work[1, 1], works.work[3])


def test_the_curriculum_plays_again_what_is_neither_easy_nor_hopeless():
  """Short rows are solved, long ones not, and those in between as often as not; shut ones never."""
  one = learner('')
  options = curriculum.Options(real=0.0, replay=1.0, memory=64)
  coupling = curriculum.Curriculum(parts_of(one), options, 0)
  easy, middling, hard, shut = '#SG########', '#S   G#####', '#S       G#', '#S  # G####'
  works = rows_of(*[easy] * 32, *[middling] * 32, *[hard] * 16, *[shut] * 16)
  solved = tf.constant([True] * 32 + [True, False] * 16 + [False] * 32)
  coupling.remember(works, solved, tf.fill([96], True))
  learn = tf.function(lambda: coupling._learn(coupling._some(), 200), autograph=False)
  for _ in range(60):
    again = learn()
  goal = (again.work.numpy() == tiles.GOAL).any(1).argmax(1)  # its column
  assert set(goal) <= {2, 5, 9} and (goal == 5).mean() > 0.6


def test_the_curriculum_learns_what_was_solved_and_pulls_to_the_middle():
  one = learner('')
  coupling = curriculum.Curriculum(parts_of(one), curriculum.Options(weight=0.5), 0)
  values = tf.nn.softmax(tf.random.stateless_normal([4, 11, 11, 7], [1, 2]))
  push = tf.ones_like(values)

  def slope():
    with tf.GradientTape() as tape:
      tape.watch(values)
      loss = coupling.generator_loss(values, tf.zeros([4], tf.int32), push)
    return tape.gradient(loss, values)

  assert not np.any(slope())  # nothing is known of either outcome: all is left to the critic
  coupling.counts.assign([40, 40])
  pull = slope() + 0.5 * push
  assert float(tf.norm(pull)) == pytest.approx(0.5 * float(tf.norm(push)), rel=1e-3)


def test_a_seed_has_other_codes_where_its_first_has_no_way():
  one = learner('', horizon=100)
  seeds, labels = np.arange(12), np.arange(12) % 3
  works = one.creator.imagine(seeds, labels)
  first = one.creator.decode(one.creator.latents(seeds), labels)
  found, had = (one.domain.describe(each.work)['solvable'] for each in (works, first))
  assert found.all() and 0 < had.sum() < 12
  np.testing.assert_array_equal(works.work[had], first.work[had])
  for place in (int(np.argmin(had)), 11):  # the same in other company
    alone = one.creator.imagine(seeds[place : place + 1], labels[place : place + 1])
    np.testing.assert_array_equal(alone.work[0], works.work[place])


@pytest.mark.parametrize(
  'couplings', ['random_levels', 'level_replay', 'curriculum', 'adversarial', 'guide(warmup=1)']
)
def test_every_coupling_of_levels_trains_without_tracing_again(couplings):
  one = learner(couplings)
  one.loop.warm_up()
  first = one.loop.step(2)
  traces = one.loop.rounds.experimental_get_tracing_count()
  second = one.loop.step(2)
  assert one.loop.rounds.experimental_get_tracing_count() == traces
  assert all(np.isfinite(list({**first, **second}.values())))
