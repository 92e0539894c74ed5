"""Episodes of a hand: how they are played, measured, watched and drawn."""

import numpy as np
import pytest
from tensorboard.backend.event_processing import event_accumulator

from tests.shared.runs import parse
from tf_creative import train
from tf_creative.core import spec
from tf_creative.evaluation import measured
from tf_creative.runs import blocks, run
from tf_creative.studio import player
from tf_creative.worlds import simulated

SMALL = (
  '--world=gym(id=CartPole-v1) --agent_network=dense --agent_width=8 --agent_depth=1 '
  '--agent_batch_size=8 --agent_warmup=20 --agent_environments=2 --agent_replay_capacity=400 '
  '--rounds_per_call=2 --rounds=4 --evaluate_every=0 --picture_every=4 --noprogress --noexport'
).split()


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
  """A run of four rounds."""
  path = tmp_path_factory.mktemp('runs') / 'cartpole'
  with pytest.MonkeyPatch.context() as patch:
    patch.setattr(player, 'EPISODES', 3)
    assert train.train(parse(*SMALL, f'--run_dir={path}')) == 0
  return path


def test_numbers_of_episodes_are_those_that_were_played(trained):
  path, seeds = trained, player.held_out(12, 1)
  config, learner = run.load(path)
  one = measured.evaluate(path, config, learner, 12, 0, lambda what: None)
  returns = np.sort(player.play(learner.world, player.Player(learner).act, seeds).returns)
  numbers = one.hands['episodes', 'hand']
  assert one.count == 12 and numbers['return'][0] == pytest.approx(returns.mean())
  # The middle half of twelve are six.
  assert numbers['interquartile_return'][0] == pytest.approx(returns[3:9].mean())


def test_many_episodes_are_played_in_parts(monkeypatch):
  world, act = simulated.Gym('CartPole-v1'), lambda seen: (seen['seen'][:, 2] > 0).astype(np.int32)
  at_once = player.play(world, act, player.held_out(5))
  monkeypatch.setattr(player, '_AT_ONCE', 2)
  for one, other in zip(at_once, player.play(world, act, player.held_out(5)), strict=True):
    np.testing.assert_array_equal(one, other)


def test_an_episode_is_watched_that_goes_on(trained):
  _, learner = run.load(trained)
  scene = player.Scene(learner)
  first, second = scene.look(), scene.look()
  assert first.shape == second.shape == (6, 160, 240, 3) and first.dtype == np.uint8
  moments = np.concatenate([first, second])
  assert len({moment.tobytes() for moment in moments}) > 6
  brief = scene.brief()
  assert brief.shape == (1, 6, 30, 45, 3)  # for a terminal
  assert blocks.mount(brief, 80, 15).shape == (30, 45, 3)
  np.testing.assert_array_equal(blocks.mount(brief, 80, 15), brief[0, 0])
  events = event_accumulator.EventAccumulator(str(trained / 'tensorboard')).Reload()
  (shown,) = events.Tensors('episode')  # of --picture_every=4
  assert shown.step == 4
  assert [int(side) for side in shown.tensor_proto.string_val[:2]] == [6 * 244 + 4, 168]


def test_a_small_picture_is_magnified_so_that_words_have_room():
  small = np.arange(84 * 84 * 3, dtype=np.uint8).reshape(84, 84, 3)
  assert player._grown(small).shape == (168, 168, 3)
  np.testing.assert_array_equal(player._grown(small)[::2, 1::2], small)
  assert player._grown(np.zeros((160, 240, 3), np.uint8)).shape == (160, 240, 3)


def test_what_cannot_be_drawn_is_not_watched(trained, monkeypatch):
  _, learner = run.load(trained)

  def missing(envs):
    raise spec.UserError('there are no pictures: no pygame')

  monkeypatch.setattr(simulated.Told, 'render', missing)
  assert player.Scene(learner).look() is None and player.Scene(learner).brief() is None
  assert player.Player(learner).frames() is None


def test_the_last_frame_says_what_the_episode_came_to(trained):
  _, learner = run.load(trained)
  told = []

  def caption(moment):
    told.append((moment.step, moment.paid))
    return moment.picture

  with pytest.MonkeyPatch.context() as patch:
    patch.setattr(player, '_captioned', caption)
    frames = player.Player(learner).frames()
  (steps,) = player.play(
    learner.world, player.Player(learner).act, player.held_out(1)
  ).steps.tolist()
  assert told[0] == (0, 0) and told[-1] == (steps, steps) and len(told) == len(frames)
  assert player.Player(learner).frames().shape[1:] == (178, 240, 3)  # a line of text below
