"""The world of verse: what a word pays, how a line ends, what the hand sees."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from tests.worlds.verse import verses
from tf_creative import testing
from tf_creative.core import spec
from tf_creative.core import works as works_lib
from tf_creative.worlds.verse import likelihood, rules, vocabulary
from tf_creative.worlds.verse import world as verse

STILL = tf.constant((0, 0))
LINE = 'we see the red leaf above my day'


@pytest.fixture(scope='module')
def own(tmp_path_factory):
  with verses.own(tmp_path_factory) as (path, _):
    yield path


def numbers(world, text=LINE):
  return world.corpus.words.numbers(text.split())


def start(world, *texts):
  works = np.stack([numbers(world, text) for text in texts or (LINE,)])
  code = tf.zeros([len(works), world.play.code_size]) if world.play.code_size else ()
  return world.rules.start(
    works_lib.Works(tf.constant(works), tf.zeros(len(works), tf.int32), code), STILL
  )


def play(world, state, words):
  paid, done = [], False
  for word in numbers(world, words) if isinstance(words, str) else words:
    if done:
      break
    state, pay, over = world.rules.step(state, tf.constant([word]), STILL)
    paid.append(float(pay[0]))
    done = bool(over[0])
  return state, paid, done


@pytest.mark.parametrize(
  'options',
  [
    {},
    {'given': 6},
    {'target': 'hidden', 'theory': 1.0},
    {'target': 'none', 'code': 0, 'theory': 0.5, 'likelihood': 1.0},
    {'theory': 0.7, 'likelihood': 0.3, 'given': 2, 'vocabulary': 25},
  ],
)
def test_the_world_keeps_all_promises(own, options):
  testing.check_world(verse.Verse(data=own, **options))


def test_a_word_is_paid_by_the_error_that_it_removes_and_a_blank_ends_the_line(own):
  world = verse.Verse(data=own)
  state, paid, done = play(world, start(world), LINE)
  assert paid == [1] * 8 + [0] and done  # the end, which is right, is paid nothing
  np.testing.assert_array_equal(world.rules.work(state)[0], numbers(world))
  # A wrong word leaves what is wrong, but one past the target's end makes it worse.
  _, paid, done = play(world, start(world), f'old {LINE[3:]} night')
  assert paid == [0, *[1] * 7, -1, 0] and done
  _, paid, _ = play(world, start(world), [int(numbers(world)[0]), 0])
  assert paid == [1, 0]


def test_what_comes_after_the_end_does_nothing(own):
  world = verse.Verse(data=own, theory=1.0, likelihood=1.0)
  state, *_ = play(world, start(world), LINE)
  moved, _, done = world.rules.step(state, tf.constant([-1]), STILL)
  np.testing.assert_array_equal(world.rules.work(moved), world.rules.work(state))
  assert done


def test_ten_words_end_a_line(own):
  world = verse.Verse(data=own)
  state, paid, done = play(world, start(world), [vocabulary.FIRST] * 12)
  assert done and len(paid) == 10
  assert world.rules.work(state).numpy().tolist() == [[vocabulary.FIRST] * 10]


def test_what_is_given_stands_and_is_gone_on_from(own):
  world = verse.Verse(data=own, given=3)
  state = start(world)
  assert world.corpus.words.text(world.rules.work(state)[0].numpy()) == 'we see the'
  state, paid, _ = play(world, state, [int(numbers(world)[3])])
  assert world.corpus.words.text(world.rules.work(state)[0].numpy()) == 'we see the red'
  assert paid == [1] and world.rules.horizon == 7


def test_every_action_is_paid_as_it_is_told(own):
  world = verse.Verse(data=own, theory=0.7, likelihood=0.2)
  rng, most = np.random.default_rng(0), len(world.corpus.words)
  state = start(world, LINE, 'on red leaf by new day we know your road')
  for _ in range(6):
    state, *_ = world.rules.step(state, tf.constant(rng.integers(1, most, 2), tf.int32), STILL)
  told = world.making.action_rewards(state, world.making.goal_values(state))
  told += world.making.side_reward(state, tf.tile(tf.range(most)[None], [2, 1]))
  for action in range(most):
    _, pay, _ = world.rules.step(state, tf.fill([2], action), STILL)
    np.testing.assert_allclose(told[:, action], pay, atol=1e-5)
    assert np.abs(pay).max() <= world.play.reward_bound


def test_rules_and_likelihood_are_weighed(own):
  ruled = verse.Verse(data=own, target='none', theory=2.0)
  # Ten syllables, in metre: 2 + 2 for the end, and a word twice costs 1 before.
  _, paid, _ = play(ruled, start(ruled), 'we see the leaf above my my old day')
  assert paid == [*[0] * 6, -1, 0, 0, 4]
  sure = verse.Verse(data=own, target='none', likelihood=0.5)
  _, paid, _ = play(sure, start(sure), LINE)
  said = sure.model.surprise(tf.constant(numbers(sure)[None]))[0, :9]
  np.testing.assert_allclose(paid, -0.5 * said, rtol=1e-5)
  assert sure.play.reward_bound == -0.5 * likelihood.LEAST
  assert ruled.play.reward_bound == 2 * rules.BOUND


def test_a_hand_begins_with_the_model_that_pays_it(own):
  world = verse.Verse(data=own, target='none', likelihood=1.0)
  state, *_ = play(world, start(world), [int(number) for number in numbers(world)[:4]])
  likely = world.play.prior_logits(world.rules.observe(state))
  every = tf.range(len(world.corpus.words))[None]
  np.testing.assert_array_equal(likely, world.making.side_reward(state, every))
  plain = verse.Verse(data=own, target='none')
  assert not np.any(plain.play.prior_logits(plain.rules.observe(start(plain))))


def test_lines_and_values_are_one_another_and_end_at_the_first_blank(own):
  world = verse.Verse(data=own)
  works = tf.stack([numbers(world), numbers(world, 'we see')])
  values = world.works.to_values(works)
  np.testing.assert_array_equal(world.works.to_works(values), works)
  gap = tf.concat([values[:, :1], world.works.to_values(0 * works[:, :1]), values[:, 2:]], 1)
  assert (world.works.to_works(gap).numpy()[:, 1:] == 0).all()


def test_words_of_like_use_are_near_each_other(own):
  world = verse.Verse(data=own)

  def near(*words):
    one, other, *_ = world.works.to_values(numbers(world, ' '.join(words)))
    return np.dot(one - 0.5, other - 0.5) / np.dot(one - 0.5, one - 0.5)

  same = np.mean([near('red', 'dark'), near('leaf', 'road'), near('see', 'find')])
  others = np.mean([near('red', 'we'), near('leaf', 'above'), near('see', 'night')])
  assert same > others + 0.15


def test_actions_are_alike_in_use_and_in_readings(own):
  world = verse.Verse(data=own, theory=1.0)
  every = world.making.action_features().numpy()
  assert len(every) == len(world.corpus.words)
  summer, winter, above, day, *_ = every[numbers(world, 'summer winter above day')]
  kinds = lambda row: row[vocabulary.SIZE :]  # noqa: E731
  np.testing.assert_array_equal(kinds(summer), kinds(winter))
  assert len({tuple(kinds(row)) for row in (summer, above, day, every[vocabulary.BLANK])}) == 4
  plain = verse.Verse(data=own).making.action_features().numpy()
  np.testing.assert_array_equal(plain, every[:, : plain.shape[1]])


def test_what_needs_no_hand_keeps_the_rules(own):
  world = verse.Verse(data=own, target='none', theory=1.0)
  drawn = world.measures.drawn(30, seed=0)
  assert [*drawn] == ['next-word model', 'rejection sampling', 'constrained decoding']
  kept = {name: rules.kept(tf.constant(lines), world.metre) for name, lines in drawn.items()}
  assert np.all(kept['rejection sampling']) and len(kept['rejection sampling']) == 30
  assert np.all(kept['constrained decoding']) and not np.all(kept['next-word model'])
  # A model of real lines tells more of held-out ones than a model of one line, again and again.
  real = world.corpus.real['train'].work
  assert world.measures.back(real) < world.measures.back(np.repeat(real[:1], len(real), 0))


def test_the_end_is_not_allowed_before_what_is_kept(own):
  world = verse.Verse(data=own)
  state = world.rules.place(start(world), tf.constant(numbers(world)[None]))
  keep = tf.constant([[False] * 4 + [True] + [False] * 5])
  allowed = world.rules.allowed(state, keep).numpy()[0]
  assert not allowed[0] and allowed[1:].all()
  state, *_ = play(world, state, [int(number) for number in numbers(world)[:4]])
  assert np.flatnonzero(world.rules.allowed(state, keep)[0]).tolist() == [numbers(world)[4]]
  state, *_ = play(world, state, [int(numbers(world)[4])])
  assert world.rules.allowed(state, keep).numpy().all()


def test_a_run_is_refused_when_its_lines_have_changed(own, tmp_path):
  kept = verse.Verse(data=own).keepsake()
  again = verse.Verse(data=own)
  again.recall(kept)
  assert again.keepsake() == kept
  path = tmp_path / 'other.txt'
  path.write_text(verses.text(30))
  other = dataclasses.replace(again, data=str(path))
  other.recall(kept)
  with pytest.raises(spec.UserError, match='has other lines than those of which this run'):
    other.keepsake()


@pytest.mark.parametrize(
  'options',
  [{'target': 'show'}, {'given': 7}, {'vocabulary': 1}, {'target': 'hidden', 'code': 0}],
)
def test_impossible_worlds_are_refused(options):
  with pytest.raises(spec.SpecError):
    verse.Verse(**options)
