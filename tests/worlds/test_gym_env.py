"""The world as other libraries see it."""

import os
import pathlib
import re
import signal
import subprocess

import gymnasium
from gymnasium.utils import env_checker
import numpy as np
import pytest

from tf_creative.core import spec

ROOT = pathlib.Path(__file__).parents[2]
WORLDS = [
  ('PixelArt', {'size': 4, 'target': 'hidden', 'code': 5}),
  ('Level', {'horizon': 9}),
  ('Melody', {'given': 24}),
]


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
  assert 256 <= max(env.render().shape) < 512
  done = False
  for step in range(40):
    _, _, done, _, _ = env.step(step % 2)  # left and right: nobody gets anywhere
    if done:
      break
  assert done and step + 1 == env.unwrapped.world.rules.horizon


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


@pytest.mark.parametrize(('name', 'options'), WORLDS)
def test_worlds_side_by_side_are_the_single_ones(name, options):
  """Gymnasium's own loop over single environments is the reference: restarts, seeds and all."""
  loop, graph = (
    gymnasium.make_vec(f'tf_creative/{name}-v0', 3, mode, **options) for mode in ('sync', None)
  )
  assert graph.spec.kwargs['vectorization_mode'] == 'vector_entry_point'
  for space in ('single_observation_space', 'single_action_space', 'observation_space'):
    assert getattr(graph, space) == getattr(loop, space)
  assert graph.action_space == loop.action_space
  mode = gymnasium.vector.AutoresetMode.NEXT_STEP
  assert graph.metadata['autoreset_mode'] is loop.metadata['autoreset_mode'] is mode
  rng, ends = np.random.default_rng(0), 0
  for seed in (5, None, [7, None, 8]):
    np.testing.assert_equal(graph.reset(seed=seed), loop.reset(seed=seed))
    for _ in range(25):
      actions = rng.integers(loop.single_action_space.n, size=3)
      got, wanted = graph.step(actions), loop.step(actions)
      for part, same in zip(got, wanted, strict=True):
        np.testing.assert_equal(part, same)
      assert got[0] in graph.observation_space
      ends += got[2].sum()
  assert ends > 6
  assert len(graph._play._told) == 3  # that is one batch


def test_worlds_side_by_side_repeat_are_seen_and_refuse_what_is_wrong():
  envs = gymnasium.make_vec('tf_creative/Level-v0', 2, render_mode='rgb_array')
  with pytest.raises(gymnasium.error.ResetNeeded):
    envs.step([0, 0])
  first, second, other = (envs.reset(seed=seed)[0]['work'] for seed in (1, 1, 3))
  assert (first == second).all()
  assert (first != other).any()
  frames = envs.render()
  assert len(frames) == 2
  assert 256 <= frames[0].shape[0] < 512
  with pytest.raises(gymnasium.error.InvalidAction, match='not in'):
    envs.step([0, 5])
  with pytest.raises(ValueError, match='3 seeds for 2 worlds'):
    envs.reset(seed=[1, 2, 3])
  with pytest.raises(ValueError, match="'human'. Valid: rgb_array"):
    gymnasium.make_vec('tf_creative/Level-v0', 2, render_mode='human')


def test_a_window_shows_what_is_done(monkeypatch):
  monkeypatch.setattr('sys.platform', 'linux')
  for name in ('DISPLAY', 'WAYLAND_DISPLAY', 'SDL_VIDEODRIVER'):
    monkeypatch.delenv(name, raising=False)
  with pytest.raises(spec.UserError, match='needs a display'):
    gymnasium.make('tf_creative/Level-v0', render_mode='human')
  monkeypatch.setenv('SDL_VIDEODRIVER', 'dummy')
  env = gymnasium.make('tf_creative/Level-v0', render_mode='human')
  env.reset(seed=0)
  window = env.get_wrapper_attr('window')
  before = np.array(window.get_view('3'))
  env.step(0)  # turns
  assert 256 <= max(window.get_size()) < 512
  assert (np.array(window.get_view('3')) != before).any()
  env.close()


@pytest.fixture
def _time_limit():
  """What would hang is an error after a minute or two."""

  def late(*_):
    raise TimeoutError('it hangs')

  before = signal.signal(signal.SIGALRM, late)
  signal.alarm(120)
  yield
  signal.alarm(0)
  signal.signal(signal.SIGALRM, before)


@pytest.mark.usefixtures('_time_limit')
def test_forked_processes_are_refused_in_words_and_fresh_ones_work():
  make = lambda context: gymnasium.make_vec(  # noqa: E731
    'tf_creative/PixelArt-v0', 1, 'async', {'context': context}, size=4
  )
  forked = make('fork')
  with pytest.raises(gymnasium.error.Error, match="in a forked process: .* 'spawn'"):
    forked.reset(seed=0)
  fresh, here = make('spawn'), gymnasium.make_vec('tf_creative/PixelArt-v0', 1, size=4)
  np.testing.assert_equal(fresh.reset(seed=0), here.reset(seed=0))
  np.testing.assert_equal(fresh.step(np.array([1])), here.step(np.array([1])))
  fresh.close()


@pytest.mark.skipif(
  'TF_CREATIVE_SB3' not in os.environ,
  reason='TF_CREATIVE_SB3 names no Python with stable-baselines3: see pipelines/peers/README.md',
)
def test_stable_baselines3_learns_in_every_world():
  script = [os.environ['TF_CREATIVE_SB3'], 'pipelines/peers/sb3_worlds.py']
  paths = os.pathsep.join([str(ROOT), os.environ.get('PYTHONPATH', '')])
  done = subprocess.run(
    script, cwd=ROOT, env={**os.environ, 'PYTHONPATH': paths}, capture_output=True, text=True
  )
  assert done.returncode == 0, done.stderr
  learnt = re.findall(r'(DQN|PPO) did (\d+) steps in (\w+)', done.stdout)
  assert len(learnt) == 6
  assert all(int(steps) >= 2048 for _, steps, _ in learnt)
