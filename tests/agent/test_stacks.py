"""Stacks of frames, of which the replay holds single ones; and rewards that are clipped."""

import gymnasium
import numpy as np
import pytest
import tensorflow as tf

from tests.shared import toys
from tf_creative.agent import build as build_lib
from tf_creative.worlds import simulated

STACK, STEPS, ROWS = 3, 4, 20
LAST = 2


class World(toys.Given):
  """Dice whose frames are stacked; it notes each stack that its environments return."""

  def __init__(self, count=3, stack=STACK, **parts):
    envs = toys.dice(count)
    super().__init__(envs)
    self.play = simulated.Play(envs, parts.pop('reward_bound', 1.0), stack)
    self.clip, self.noted = parts.pop('clip', False), {}

  def vector(self, count, render=False):
    envs = super().vector(count, render)
    told = envs._told

    def note(seen):
      found = told(seen)
      for throw, action in zip(found['throw'], found['action'], strict=True):
        self.noted[tuple(throw[-2:])] = throw, action  # the newest throw is never seen again
      return found

    envs._told = note
    return envs


def hand(world, seed=0, **changes):
  config = toys.SMALL.__class__(
    **{**vars(toys.SMALL), 'n_step': STEPS - 1, 'replay_capacity': 3 * ROWS, **changes}
  )
  return build_lib.hand('ddqn', world, config, seed)


def hold(frames, noted):
  """Compare each frame of samples with what the environments returned."""
  seen = tf.nest.map_structure(lambda part: part.numpy(), frames.observation)
  throws = seen['throw'].reshape(-1, 2 * STACK)
  actions = seen['action'].reshape(-1, 1, 2, STACK)
  for throw, action in zip(throws, actions, strict=True):
    right_throw, right_action = noted[tuple(throw[-2:])]
    np.testing.assert_array_equal(throw, right_throw)
    np.testing.assert_array_equal(action, right_action)
  return {*map(tuple, seen['throw'][:, 0, -2:])}


@pytest.mark.parametrize('steps', [10, ROWS, ROWS + 1, 57, 80])
def test_what_is_sampled_is_what_was_stacked(steps):
  """Before the ring is full, when it is, and with its seam at several places."""
  world = World()
  agent = hand(world)
  for _ in range(steps):
    agent.collect()
  agent.episodes.close()
  world.noted[0.0, 0.0] = np.zeros(2 * STACK), np.zeros((1, 2, STACK))  # before the first reset
  frames = agent.replay.sample(1500, STEPS)
  begun = hold(frames, world.noted)
  # Every run of STEPS frames is among them, but for those whose stacks have been overwritten.
  runs = steps - STEPS + 1 if steps < ROWS - STACK + 1 else ROWS - STACK + 1 - STEPS + 1
  blank = (0.0, 0.0) in begun  # one for all three environments
  assert len(begun) == 3 * runs - 2 * blank
  over = frames.step_type.numpy() == LAST
  assert over[:, 0].any() and over[:, 1:-1].any()  # episodes end within runs, and before them
  hold(agent.replay.newest(STEPS), world.noted)


def test_a_resumed_run_stacks_no_frames_of_the_episodes_that_it_left(tmp_path):
  one, other = World(), World()
  first, second = hand(one), hand(other, seed=1)
  for _ in range(9):
    first.collect()
  path = tf.train.Checkpoint(hand=first).write(str(tmp_path / 'hand'))
  tf.train.Checkpoint(hand=second).read(path)
  for _ in range(6):
    second.collect()
  first.episodes.close()
  second.episodes.close()
  hold(second.replay.newest(12), one.noted | other.noted)


def test_a_stack_takes_no_more_room_than_a_frame():
  single, stacked = hand(World(stack=1)), hand(World(stack=STACK))
  assert stacked.frame_bytes == single.frame_bytes == 2 * 4 + 2 + 5 * 4
  for agent in (single, stacked):
    agent.episodes.close()


def test_a_hand_learns_from_clipped_rewards_and_reports_true_returns():
  true, clipped = hand(World()), hand(World(clip=True, reward_bound=0.5))
  for agent in (true, clipped):
    for _ in range(ROWS):
      agent.collect()
    agent.episodes.close()
  paid, learnt = (agent.replay.newest(ROWS - STACK).reward.numpy() for agent in (true, clipped))
  assert (np.abs(paid) > 0.5).any()
  np.testing.assert_array_equal(learnt, paid.clip(-0.5, 0.5))
  np.testing.assert_array_equal(true.episodes.returns, clipped.episodes.returns)
  assert (np.abs(true.episodes.returns) > 0).all()


def test_classes_are_not_stacked():
  with pytest.raises(ValueError, match="stacked of boxes, and 'seen' is Discrete"):
    simulated.Play(gymnasium.make_vec('FrozenLake-v1', 1), stack=2)
