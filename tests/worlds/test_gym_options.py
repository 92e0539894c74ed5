"""What the options of the world `gym` change in an environment."""

import gymnasium
import numpy as np
import pytest

from tests.shared import toys
from tf_creative import testing
from tf_creative.core import spec
from tf_creative.studio import player
from tf_creative.worlds import simulated

WIDE = 6


class Pictures(gymnasium.Env):
  """Noise in colour; the first pixel tells the action. It pays 5, and ends after six steps."""

  observation_space = gymnasium.spaces.Box(0, 255, (4, WIDE, 3), np.uint8)
  action_space = gymnasium.spaces.Discrete(4)

  def reset(self, *, seed=None, options=None):
    super().reset(seed=seed, options=options)
    self._left = 6
    return self._seen(0), {}

  def step(self, action):
    self._left -= 1
    return self._seen(action), 5.0, self._left == 0, False, {}

  def _seen(self, action):
    seen = self.np_random.integers(256, size=(4, WIDE, 3), dtype=np.uint8)
    seen[0, 0] = action
    return seen


class Plane(gymnasium.ObservationWrapper):
  """Pictures without colours: [H, W]."""

  observation_space = gymnasium.spaces.Box(0, 255, (4, WIDE), np.uint8)

  def observation(self, observation):
    return observation[..., 0]


@pytest.fixture(autouse=True, scope='module')
def _registered():
  made = {
    'tests/Pictures-v0': Pictures,
    'tests/Plane-v0': lambda **_: Plane(Pictures()),
    'tests/Dice-v0': lambda **_: toys.Dice(),
  }
  for name, entry in made.items():
    gymnasium.register(name, entry)
  yield
  for name in made:
    del gymnasium.registry[name]


def steps(world, count=40, seed=3):
  """What is seen, paid and over in steps by actions of chance, of two environments."""
  envs = world.vector(2)
  rng, most = np.random.default_rng(seed), world.play.action_spec.maximum + 1
  found = [(envs.reset(seed=7)[0]['seen'],)]
  for _ in range(count):
    seen, *others = envs.step(rng.integers(most, size=2, dtype=np.int32))
    found.append((seen['seen'], *others[:3]))
  envs.close()
  return [np.stack(part) for part in zip(*found[1:], strict=True)]


@pytest.mark.parametrize('name', ['CartPole-v1', 'tests/Pictures-v0', 'tests/Plane-v0'])
def test_frames_are_stacked_as_gymnasium_stacks_those_of_one_environment(name):
  seen, _, ended, cut = steps(simulated.Gym(name, frame_stack=3, max_steps=5))
  assert (ended | cut).any(axis=0).all()
  for place in range(2):
    env = gymnasium.make(name, max_episode_steps=5)
    if env.observation_space.shape == (4, WIDE):
      env = gymnasium.wrappers.ReshapeObservation(env, (4, WIDE, 1))
    env = gymnasium.wrappers.FrameStackObservation(env, 3)
    rng, most = np.random.default_rng(3), env.action_space.n
    env.reset(seed=7 + place)
    over = False
    for told in seen:
      action = rng.integers(most, size=2, dtype=np.int32)[place]
      if over:
        stack, over = env.reset()[0], False
      else:
        stack, _, *ends, _ = env.step(action)
        over = any(ends)
      np.testing.assert_array_equal(told[place], np.concatenate([*stack], -1))


def test_pictures_become_grey_and_small():
  world = simulated.Gym('tests/Pictures-v0', grey=True, resize=2, frame_stack=2)
  assert world.play.observation_spec['seen'].shape == (2, 2, 2)
  colour, *_ = steps(simulated.Gym('tests/Pictures-v0'))
  grey, *_ = steps(simulated.Gym('tests/Pictures-v0', grey=True))
  weights = np.array([0.2125, 0.7154, 0.0721])
  np.testing.assert_allclose(grey[..., 0], colour @ weights, atol=1)
  # Each pixel is the mean of 2 x 3 of them.
  means = grey.reshape(*grey.shape[:2], 2, 2, 2, 3).mean((3, 5))
  np.testing.assert_allclose(steps(world)[0][..., -1], means, atol=1)
  small, *_ = steps(simulated.Gym('tests/Pictures-v0', resize=2))
  means = colour.reshape(*colour.shape[:2], 2, 2, 2, 3, 3).mean((3, 5))
  np.testing.assert_allclose(small, means, atol=1)


def test_a_plane_has_a_channel():
  world = simulated.Gym('tests/Plane-v0', resize=2)
  assert world.play.observation_spec['seen'].shape == (2, 2, 1)
  assert steps(world)[0].shape == (40, 2, 2, 2, 1)


def test_actions_stick():
  told = steps(simulated.Gym('tests/Pictures-v0', sticky=0.5), count=2000)[0][:, :, 0, 0, 0]
  given = np.random.default_rng(3).integers(4, size=(2000, 2), dtype=np.int32)
  began = np.arange(2000) % 7 == 6
  obeyed = (told == given)[~began].mean()
  assert obeyed == pytest.approx(1 - 5 / 6 * 0.5 * 0.75, abs=0.02)  # the first step has no other
  free = steps(simulated.Gym('tests/Pictures-v0'), count=2000)[0][:, :, 0, 0, 0]
  assert (free == given)[~began].all()


def test_what_is_clipped_for_the_hand_is_not_clipped_in_a_return():
  world = simulated.Gym('tests/Pictures-v0', clip=True)
  assert world.simulator.clip and world.play.reward_bound == 1
  played = player.play(world, lambda seen: np.zeros(3, np.int32), player.held_out(3))
  assert played.returns.tolist() == [30.0] * 3


@pytest.mark.parametrize(
  ('options', 'fault'),
  [
    ({'id': 'CartPole-v1', 'grey': True}, r"'grey' of gym needs pictures \[H, W, 3\]"),
    ({'id': 'tests/Plane-v0', 'grey': True}, "'grey' of gym needs pictures"),
    ({'id': 'CartPole-v1', 'resize': 8}, r"'resize' of gym needs .* what is seen is Box\(.*leave"),
    ({'id': 'tests/Dice-v0', 'resize': 8}, "'resize' of gym needs pictures"),
    ({'id': 'FrozenLake-v1', 'frame_stack': 2}, "stacked of boxes, and 'seen' is Discrete"),
    ({'frame_stack': 0}, "option 'frame_stack' of gym must be 1 to 16, not 0"),
    ({'sticky': 1.0}, "option 'sticky' of gym must be 0 or more and below 1"),
  ],
)
def test_what_does_not_fit_is_refused_in_a_line(options, fault):
  with pytest.raises(spec.SpecError, match=fault):
    simulated.Gym(**options)


@pytest.mark.parametrize(
  'options',
  [
    {'id': 'tests/Dice-v0', 'frame_stack': 2, 'clip': True},
    {'id': 'tests/Pictures-v0', 'grey': True, 'resize': 3, 'frame_stack': 4, 'sticky': 0.25},
    {'id': 'CartPole-v1', 'frame_stack': 2, 'max_steps': 7},
  ],
)
def test_the_contract_is_kept_with_options(options):
  testing.check_world(simulated.Gym(**options))


def test_a_world_whose_stacks_are_wrong_is_told():
  class Wrong(simulated.Gym):
    def vector(self, count, render=False):
      envs = super().vector(count, render)
      told = envs._told
      envs._told = lambda seen: {name: part[..., ::-1] for name, part in told(seen).items()}
      return envs

  with pytest.raises(AssertionError, match="breaks the rule 'stacks_are_of_frames'"):
    testing.check_world(Wrong(frame_stack=2))
