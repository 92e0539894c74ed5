"""The world as other libraries see it."""

import gymnasium
from gymnasium.utils import env_checker
import numpy as np
import pytest

from tf_creative import spec


def test_passes_the_checks_of_gymnasium():
  env = gymnasium.make('tf_creative/PixelArt-v0', render_mode='rgb_array')
  env_checker.check_env(env.unwrapped)
  env.reset()
  assert env.render().shape == (256, 256, 3)


@pytest.mark.parametrize(('name', 'options'), [('Level', {'horizon': 30}), ('Melody', {})])
def test_every_world_has_an_id(name, options):
  env = gymnasium.make(f'tf_creative/{name}-v0', render_mode='rgb_array', **options)
  env_checker.check_env(env.unwrapped)
  env.reset(seed=1)
  assert env.render().ndim == 3
  done = False
  for step in range(40):
    _, _, done, _, _ = env.step(step % 2)  # left and right: nobody gets anywhere
    if done:
      break
  assert done and step + 1 == env.unwrapped.world.horizon


def test_an_episode_painted_right_is_paid_in_full():
  env = gymnasium.make('tf_creative/PixelArt-v0', data='digits', size=8, horizon=64)
  observation, _ = env.reset(seed=3)
  target = observation['target']
  total, done = 0.0, False
  for place in np.flatnonzero(target):
    assert not done
    observation, reward, done, _, _ = env.step(place * 4 + int(target.flat[place]))
    total += reward
  assert done
  assert (observation['canvas'] == target).all()
  assert total == pytest.approx(np.square(target / 3).sum(), rel=1e-5)


def test_the_same_seed_gives_the_same_episode():
  env = gymnasium.make('tf_creative/PixelArt-v0')
  first, second, other = (env.reset(seed=seed)[0]['target'] for seed in (1, 1, 2))
  assert (first == second).all()
  assert (first != other).any()


def test_a_wrong_option_is_answered():
  with pytest.raises(spec.SpecError, match="Did you mean 'size'"):
    gymnasium.make('tf_creative/PixelArt-v0', siz=8)
