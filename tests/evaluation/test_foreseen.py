"""How well transitions are foreseen: of imaginations that are right, wrong, and learnt."""

import dataclasses
import json
import types

import numpy as np
from PIL import Image
import pytest
import tensorflow as tf

from tests.shared import toys
from tf_creative import evaluate, train
from tf_creative.evaluation import exhibition, foreseen, foreseen_tables, measured
from tf_creative.gan import config as gan_config
from tf_creative.gan import transitions
from tf_creative.learner import config as config_lib
from tf_creative.runs import run
from tf_creative.studio import player
from tf_creative.worlds import simulated

KIND = transitions.Kind(shape=(4,), newest=4, actions=2, bits=False)
GAN = gan_config.GanConfig(width=8, latent_size=4, batch_size=24, decay_steps=0, members=2)


def foresight(kind=KIND, unit=1.0):
  """What is asked of a Foresight besides its answers."""
  return types.SimpleNamespace(key='seen', model=types.SimpleNamespace(kind=kind), unit=unit)


def right(observation, actions, seed):
  """The environment itself, in the place of an imagination."""
  del seed
  none = np.zeros(len(actions))
  for action in actions.T:
    answer = simulated.Gym('CartPole-v1').ask(
      *tf.nest.map_structure(tf.constant, (observation, action))
    )
    observation, reward, ended = tf.nest.map_structure(lambda part: part.numpy(), answer)
  return observation, transitions.Foreseen(observation['seen'], reward, 1.0 * ended, none, none)


def wrong(observation, actions, seed):
  """The same, which takes each action for the other."""
  seen, told = right(observation, 1 - actions, seed)
  return seen, told._replace(end=1 - told.end, reward=told.reward + 2)


@pytest.fixture(scope='module')
def steps():
  """Steps of six episodes, four of them by chance and the others always to one side."""

  def act(seen):
    return np.where(np.arange(6) < 4, np.random.default_rng(len(told)).integers(2, size=6), 1)

  told = []
  world = simulated.Gym('CartPole-v1')
  counted = lambda seen: told.append(1) or act(seen)  # noqa: E731
  return foreseen.play(world, counted, player.held_out(6), foresight())


def measured_of(steps, ahead, **given):
  told = foreseen.foresee(steps, ahead, foresight(**given), seed=0)
  return {name: mean for name, (mean, _, _) in foreseen.measure(steps, told, 0).items()}


def test_steps_are_those_of_whole_episodes(steps):
  ends = np.flatnonzero(np.diff(steps.episode, append=6))
  np.testing.assert_array_equal(np.flatnonzero(steps.end), ends)  # each has one, its last step
  assert set(steps.episode) == set(range(6)) and (steps.reward == 1).all()
  goes_on = ~steps.end[:-1]
  np.testing.assert_array_equal(steps.seen[1:][goes_on], steps.after[:-1][goes_on])
  np.testing.assert_array_equal(steps.time[1:][goes_on], steps.time[:-1][goes_on] + 1)


def test_who_is_cut_short_has_not_ended():
  world = simulated.Gym('CartPole-v1', max_steps=5, clip=True, reward_bound=0.5)
  act = lambda seen: np.zeros(3, np.int32)  # noqa: E731
  found = foreseen.play(world, act, player.held_out(3), foresight())
  assert len(found.end) == 15 and not found.end.any()
  assert (found.reward == 0.5).all()  # as the hand learns from it


def test_who_is_right_has_no_error_and_who_is_wrong_has_more_than_who_knows_nothing(steps):
  best, worst = measured_of(steps, right), measured_of(steps, wrong)
  assert best['state_error'] < 1e-6 and best['state_error_10'] < 1e-5
  assert best['reward_error'] == best['end_brier'] == best['end_calibration'] == 0
  assert best['ends_foreseen'] == best['ends'] == pytest.approx(6 / len(steps.end))
  assert worst['end_brier'] == worst['end_calibration'] == 1 and worst['reward_error'] == 2
  known = foreseen.baselines(steps, foresight())
  still, mean = (measured_of(steps, known[name]) for name in ('still', 'action_mean'))
  for name in ('state_error', 'state_error_10'):
    assert best[name] < mean[name] < still[name] < worst[name]
  share = best['ends']
  assert still['end_brier'] == pytest.approx(share * (1 - share))
  assert mean['end_brier'] <= still['end_brier'] and still['end_calibration'] < 1e-12
  half = measured_of(steps, wrong, unit=np.full(4, 2.0))
  assert half['state_error'] == pytest.approx(worst['state_error'] / 2)


def test_who_doubts_what_is_wrong_is_better_where_sure(steps):
  rng = np.random.default_rng(0)

  def now_and_then(observation, actions, seed):
    seen, told = right(observation, actions, seed)
    miss = rng.random(len(actions)) < 0.3
    shown = {'seen': np.where(miss[:, None], seen['seen'] + 1, seen['seen'])}
    return shown, told._replace(doubt=np.where(miss, 1.0, rng.random(len(actions))))

  found = measured_of(steps, now_and_then)
  assert 0.2 < found['state_error'] < 0.4 and found['state_error_sure'] < 1e-6


def test_windows_lie_within_episodes():
  none = np.zeros(0)
  episode = np.repeat([0, 1, 2], [25, 9, 10])
  time = np.concatenate([np.arange(25), np.arange(9), np.arange(10)])
  found = foreseen.windows(foreseen.Steps(none, none, none, none, none, episode, time))
  assert found.tolist() == [0, 10, 34]


def test_of_bits_the_wrong_ones_are_counted():
  kind = transitions.Kind(shape=(2, 2, 2), newest=1, actions=2, bits=True)
  seen, after = np.zeros((4, 2, 2, 2), np.uint8), np.zeros((4, 2, 2, 1), np.uint8)
  after[0, 0, 0] = after[1, 0] = 1  # one bit of four, and two
  none, action = np.zeros(4), np.array([0, 0, 1, 1])
  given = foreseen.Steps(seen, action, after, none, none > 0, np.arange(4), np.zeros(4, int))
  known = foreseen.baselines(given, foresight(kind))
  assert measured_of(given, known['still'], kind=kind)['state_error'] == pytest.approx(3 / 16)
  # Action 0 sets the first bit each time, and the second one every second time, which rounds to 0.
  assert measured_of(given, known['action_mean'], kind=kind)['state_error'] == pytest.approx(1 / 16)


def test_next_frames_are_shown_beside_those_that_came(steps):
  some = foreseen._some(steps, right, foresight(), seed=0)
  np.testing.assert_allclose(some.foreseen, some.after, atol=1e-6)
  assert len(some.now) == 8 and (some.now[0] == steps.seen[0]).all()
  kind = transitions.Kind(shape=(5, 5, 2), newest=2, actions=2, bits=True)
  frames = np.zeros((3, 3, 5, 5, 2), np.uint8)
  found = foreseen.Found({}, [], 3, kind, foreseen.Next(*frames))
  page = exhibition.following(types.SimpleNamespace(foreseen=found))
  assert page.count('<figure>') == 3 and f'width="{3 * 110 + 2}"' in page and 'red frame' in page
  assert exhibition.following(types.SimpleNamespace(foreseen=found._replace(next=None))) == ''


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
  """A run of a few rounds, evaluated by the command."""
  path = tmp_path_factory.mktemp('runs') / 'run'
  settings = config_lib.RunConfig(
    world='gym(id=CartPole-v1)', gan='transitions', couplings='augment(share=0.5)',
    run_dir=str(path), rounds=6, rounds_per_call=3, evaluate_every=0, export=False,
  )  # fmt: skip
  with pytest.MonkeyPatch.context() as patch:
    patch.setattr(player, 'EPISODES', 3)
    assert train.train(config_lib.Config(settings, GAN, toys.SMALL)) == 0
    assert evaluate.evaluate(evaluate.EvaluateConfig(run_dir=str(path), works=12)) == 0
  return path


def test_a_run_leaves_an_animation_with_what_was_foreseen(trained):
  with Image.open(trained / 'painting.gif') as animation:
    assert animation.size == (240 + 6 + 240, 160 + 18)


def test_the_page_and_the_numbers_have_what_is_foreseen(trained):
  page = (trained / 'evaluation/report.html').read_text()
  for text in (
    'id="Foreseen"',
    'id="Foresight"',
    'foreseen 10 steps before',
    'What the columns mean',
  ):
    assert text in page
  assert 'id="Episode"' not in page
  rows = map(json.loads, (trained / 'evaluation/metrics.jsonl').read_text().splitlines())
  found = {(row['acts'], row['foresees']): row for row in rows if 'foresees' in row}
  assert set(found) == {(acts, by) for acts in foreseen.ACTS for by in foreseen.BY}
  own, still = (found['random_policy', by] for by in ('imagination', 'still'))
  assert own['ends_low'] <= own['ends'] <= own['ends_high'] and 'ends' not in still
  assert own['state_error'] > 0 and still['state_error_low'] > 0


def test_equal_seeds_tell_equal_numbers_in_a_table(trained):
  config, learner = run.load(trained)
  one, other = (foreseen.evaluate(learner, 3, seed=1, say=lambda what: None) for _ in range(2))
  assert one == other and one.episodes == 3
  result = measured.Evaluation(
    trained, config, learner, {}, {}, None, None, None, [], 3, foreseen=one
  )
  head, rows = foreseen_tables.table(result)
  assert len(rows) == 9 and {len(row) for row in rows} == {len(head)} == {9}
  assert rows[0][0] == 'the hand: imagination' and '%' in rows[0][-1] and rows[1][-1] == '·'
  assert sum(part.count for part in one.ends) > 3 * 3
  nothing = dataclasses.replace(result, foreseen=None)
  assert foreseen_tables.section(nothing) == '' and foreseen_tables.notes(nothing) == []
