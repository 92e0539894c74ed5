"""The couplings of levels: the curriculum, and what it must beat."""

import numpy as np
import pytest
import tensorflow as tf

from tests.shared import walks
from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.couplings import curriculum, level_replay
from tf_creative.couplings import random_levels as levels
from tf_creative.worlds.level import tiles


@pytest.fixture(scope='module')
def one():
  return walks.learner('')


@pytest.fixture(scope='module')
def far():
  """With time enough for all real levels, which stand in where no try is good."""
  return walks.learner('', horizon=100)


def test_levels_of_chance_replace_as_many_as_asked_for(one):
  concept = walks.concepts(one, 400)
  for real, low, high in ((0.0, 0, 0), (0.5, 150, 250), (1.0, 400, 400)):
    coupling = levels.RandomLevels(walks.parts_of(one), levels.Options(real), 0)
    same = (coupling.concept(concept).work == concept.work).numpy().all((1, 2)).sum()
    assert low <= same <= high
  chance = one.world.levels.random(200, tf.constant([1, 1])).numpy()
  assert ((chance == tiles.START).sum((1, 2)) == 1).all()
  told = one.world.measures.describe(chance)
  assert 0.2 < told['solvable'].mean() < 0.95 and told['unique'].all()
  assert 0.2 < (chance == tiles.KEY).any((1, 2)).mean() < 0.8


def test_replay_keeps_what_could_have_been_earned_and_was_not(one):
  options = level_replay.Options(capacity=6, replay=1.0, real=0.0)
  coupling = level_replay.LevelReplay(walks.parts_of(one), options, 0)
  short, long, shut = '#SG########', '#S   G#####', '#S# G######'
  works = walks.rows_of(short, long, shut, long)
  paid, over = tf.constant([0.955, 0.0, 0.0, 0.0]), tf.constant([True, True, True, True])
  coupling.remember(works, paid, over)
  # 1 - .9 x 1 / 20 = .955 was paid of .955; 1 - .9 x 4 / 20 = .82 was not; there is no third way.
  kept = coupling.regrets.numpy()
  np.testing.assert_allclose(np.sort(kept), [-1.0] * 4 + [0.0, 0.82], atol=1e-6)
  np.testing.assert_array_equal(coupling.works[int(kept.argmax())], works.work[1])
  coupling.remember(works, tf.constant([0.955, 0.82, 0.0, 0.82]), over)  # solved at last
  assert coupling.regrets.numpy().max() == pytest.approx(0, abs=1e-6)
  assert coupling.metrics()['kept'] == 0


def test_the_curriculum_plays_only_what_can_be_solved(far):
  options = curriculum.Options(real=0.0, replay=0.0, memory=32, tries=1, after=0)
  coupling = curriculum.Curriculum(walks.parts_of(far), options, 0)
  real = walks.concepts(far, 16)
  made = coupling.concept(real)
  assert (world_lib.max_return(far.world, made).numpy() > 0).all()
  assert not coupling.counts.numpy().any()  # what nobody can solve says nothing of the hand
  found = float(coupling.metrics()['found'])
  assert 0 < found < 1
  stayed = (made.work == real.work).numpy().all((1, 2))
  assert stayed.mean() == 1 - found
  # Where something is remembered, that stands in.
  coupling.remember(walks.rows_of(*['#SG########'] * 64), tf.range(64) < 32, tf.fill([64], True))
  again = coupling.concept(real)
  assert not (again.work == real.work).numpy().all((1, 2)).any()
  known = (again.work == walks.rows_of('#SG########').work).numpy().all((1, 2))
  assert known.mean() == 1 - float(coupling.metrics()['found']) > 0


def test_of_the_imagined_works_the_hardest_with_a_way_is_played(far, monkeypatch):
  """Say success is as likely as there are walls: the solvable work with the fewest is taken."""
  coupling = curriculum.Curriculum(walks.parts_of(far), curriculum.Options(tries=20), 0)
  walls = lambda values: tf.reduce_sum(values[:, 1:-1, 1:-1, tiles.WALL], [1, 2])  # noqa: E731
  monkeypatch.setattr(coupling, '_success', lambda values, _: walls(values) / 81)
  fewest, generate = [], far.gan.generate

  def counted(latents, labels):
    values = generate(latents, labels)
    way = (
      world_lib.max_return(far.world, works_lib.Works(far.world.works.to_works(values), labels)) > 0
    )
    fewest.append(np.where(way, walls(values), np.inf).reshape(-1, 20).min(1))
    return values

  monkeypatch.setattr(far.gan, 'generate', counted)
  made, found = coupling._imagine(tf.constant([0, 1, 2]))
  np.testing.assert_allclose(walls(far.world.works.to_values(made.work)), fewest[0], atol=1e-4)
  assert found.numpy().all() and np.isfinite(fewest).all()


def test_the_curriculum_begins_with_works_of_chance(far):
  coupling = curriculum.Curriculum(walks.parts_of(far), curriculum.Options(real=0.5, after=2), 0)
  real = walks.concepts(far, 100)
  made = coupling.concept(real)
  other = ~(made.work == real.work).numpy().all((1, 2))
  assert 35 < other.sum() < 65
  # Levels of chance are not all solvable, what the imagination is asked for is.
  assert 0 < (world_lib.max_return(far.world, made).numpy() <= 0).sum() <= other.sum()
  far.gan.generator_optimizer.iterations.assign(2)
  assert (world_lib.max_return(far.world, coupling.concept(real)).numpy() > 0).all()
  far.gan.generator_optimizer.iterations.assign(0)


def test_the_curriculum_remembers_the_newest_of_either_outcome(one):
  coupling = curriculum.Curriculum(walks.parts_of(one), curriculum.Options(memory=32), 0)
  works = walks.rows_of('#SG########', '#S G#######', '#S  G######', '#S   G#####')
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


def test_the_curriculum_plays_again_what_is_neither_easy_nor_hopeless(one):
  """Short rows are solved, long ones not, and those in between as often as not; shut ones never."""
  options = curriculum.Options(real=0.0, replay=1.0, memory=64)
  coupling = curriculum.Curriculum(walks.parts_of(one), options, 0)
  easy, middling, hard, shut = '#SG########', '#S   G#####', '#S       G#', '#S  # G####'
  works = walks.rows_of(*[easy] * 32, *[middling] * 32, *[hard] * 16, *[shut] * 16)
  solved = tf.constant([True] * 32 + [True, False] * 16 + [False] * 32)
  coupling.remember(works, solved, tf.fill([96], True))
  learn = tf.function(lambda: coupling._learn(coupling._some(), 200), autograph=False)
  for _ in range(60):
    again = learn()
  goal = (again.work.numpy() == tiles.GOAL).any(1).argmax(1)  # its column
  assert set(goal) <= {2, 5, 9} and (goal == 5).mean() > 0.6


def test_the_curriculum_learns_what_was_solved_and_pulls_to_the_middle(one):
  coupling = curriculum.Curriculum(walks.parts_of(one), curriculum.Options(weight=0.5), 0)
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


@pytest.mark.parametrize(
  'couplings',
  [
    'random_levels|adversarial',  # a curriculum is trained in test_level_run
    *(
      pytest.param(each, marks=pytest.mark.slow)
      for each in ('random_levels', 'level_replay', 'curriculum', 'adversarial', 'guide(warmup=1)')
    ),
  ],
)
def test_every_coupling_of_levels_trains_without_tracing_again(couplings):
  one = walks.learner(couplings)
  one.loop.warm_up()
  first = one.loop.step(2)
  traces = one.loop.rounds.experimental_get_tracing_count()
  second = one.loop.step(2)
  assert one.loop.rounds.experimental_get_tracing_count() == traces
  assert all(np.isfinite(list({**first, **second}.values())))
