"""MinAtar and Atari: their games, side by side, are those that their packages play."""

import logging
import sys
import time

import numpy as np
import pytest

from tests.shared import toys
from tests.shared.runs import parse
from tf_creative import testing, train
from tf_creative.agent import build as build_lib
from tf_creative.agent import config as config_lib
from tf_creative.core import spec
from tf_creative.learner import config as learner_config
from tf_creative.runs import log as log_lib
from tf_creative.worlds import played
from tf_creative.worlds.arcade import atari, minatar, published

CHANNELS = {'asterix': 4, 'breakout': 4, 'freeway': 7, 'seaquest': 10, 'space_invaders': 6}
TINY = (
  '--agent=dqn --agent_network=strided --agent_width=4 --agent_depth=2 --agent_batch_size=8 '
  '--agent_environments=2 --agent_warmup=20 --agent_replay_capacity=200 --rounds_per_call=2 '
  '--evaluate_every=4 --picture_every=4 --checkpoint_every=4 --rounds=4 --noexport --noprogress'
).split()


@pytest.fixture
def mini():
  toys.skip_without('minatar')
  return sys.modules['minatar']


@pytest.fixture
def ale():
  toys.skip_without('atari')
  return sys.modules['ale_py']


@pytest.mark.parametrize('game', CHANNELS)
def test_a_game_of_minatar_is_the_one_of_its_package(game, mini):
  """Against a plain loop, one game at a time."""
  world = minatar.Minatar(game, max_steps=60)
  testing.check_world(world)
  assert world.play.observation_spec['seen'].shape == (10, 10, CHANNELS[game])
  envs, seeds = world.vector(3), [3, 14, 15]
  actions = np.random.default_rng(0).integers(6, size=(300, 3), dtype=np.int32)
  told = [(envs.reset(seed=seeds)[0], None, np.zeros(3), np.zeros(3))]
  told += [envs.step(action)[:4] for action in actions]
  for place, seed in enumerate(seeds):
    alone, steps, over, ends = mini.Environment(game), 0, True, set()
    alone.seed(seed)
    for row, (seen, reward, ended, cut) in enumerate(told):
      paid, done = 0, False
      if over:
        alone.reset()
        steps = 0
      else:
        paid, done = alone.act(actions[row - 1, place])
        steps += 1
      np.testing.assert_array_equal(seen['seen'][place], alone.state())
      if row:
        assert (reward[place], ended[place]) == (paid, done)
        assert cut[place] == (steps == 60 and not done)
      over = done or steps == 60
      ends |= {(done, over)}
    assert ends >= {(False, False), (False, True) if game == 'freeway' else (True, True)}


def test_equal_seeds_are_equal_games_however_the_last_ones_ended(mini):
  envs = minatar.Minatar('asterix', sticky=0.9).vector(4)
  found = []
  for _ in range(2):
    envs.reset(seed=5)
    found.append([envs.step(np.full(4, action % 5, np.int32))[0]['seen'] for action in range(90)])
  np.testing.assert_array_equal(*found)
  assert (found[0][20][0] != found[0][20][1]).any()  # each game has a seed of its own


def test_fewer_actions_are_those_that_do_something(mini):
  world = minatar.Minatar('freeway', sticky=0.0, actions='minimal')
  assert world.play.action_spec.maximum == 2  # nothing, up, down
  rows = []
  for action in range(3):
    envs = world.vector(1)
    envs.reset(seed=0)
    for _ in range(4):
      seen = envs.step(np.array([action], np.int32))[0]['seen']
    rows.append(int(np.argwhere(seen[0, :, :, 0])[0, 0]))
  assert rows[1] < rows[0] == rows[2] == 9  # it begins at the bottom


def test_a_picture_of_minatar_shows_each_object_in_a_shade(mini):
  envs = minatar.Minatar('breakout').vector(2, render=True)
  envs.reset(seed=0)
  for _ in range(2):  # the ball leaves the bricks
    envs.step(np.zeros(2, np.int32))
  pictures = envs.render()
  assert pictures.shape == (2, 160, 160, 3) and pictures.dtype == np.uint8
  shades = np.unique(pictures.reshape(-1, 3), axis=0)
  assert len(shades) == 5  # ground, paddle, ball, its trail, bricks
  assert not pictures[0, 0, 0].any() and pictures[0, 16, 0].any()


def test_minatar_leaves_the_messages_of_others_alone(mini, monkeypatch):
  for name in [name for name in sys.modules if name.split('.')[0] == 'minatar']:
    monkeypatch.delitem(sys.modules, name)
  root = logging.getLogger()
  before = [*root.handlers]
  minatar.Minatar()
  assert root.handlers == before and root.isEnabledFor(logging.WARNING)


@pytest.mark.slow
@pytest.mark.parametrize('game', CHANNELS)
def test_minatar_is_quick(game, mini):
  envs = minatar.Minatar(game).vector(64)
  envs.reset(seed=0)
  actions = np.random.default_rng(0).integers(6, size=(400, 64), dtype=np.int32)
  began = time.process_time()
  for action in actions:
    envs.step(action)
  rate = actions.size / (time.process_time() - began)
  print(f'\n{game}: {rate:,.0f} steps a second and core')
  assert rate > 15_000


def test_atari_keeps_the_contract(ale):
  testing.check_world(atari.Atari('pong', size=40))
  testing.check_world(atari.Atari('breakout', stack=1, size=20, max_steps=20))


def test_a_game_of_atari_is_the_one_of_its_package(ale):
  from ale_py import vector_env

  world = atari.Atari('pong', stack=2, max_steps=30)
  assert world.play.observation_spec['seen'].shape == (84, 84, 2)
  assert world.play.action_spec.maximum == 5
  envs, seeds = world.vector(2, render=True), [3, 14]
  alone = vector_env.AtariVectorEnv(
    'pong',
    2,
    stack_num=2,
    repeat_action_probability=0.25,
    reward_clipping=False,
    max_num_frames_per_episode=120,
  )
  rng, begun, over = np.random.default_rng(0), np.ones(2, bool), np.zeros(2, bool)
  seen, _ = envs.reset(seed=seeds)
  right, _ = alone.reset(seed=np.array(seeds))
  ends = 0
  for _ in range(100):
    picture = np.moveaxis(right, 1, -1)
    np.testing.assert_array_equal(seen['seen'][..., 1], picture[..., 1])
    older = np.where(begun[:, None, None], picture[..., 1], picture[..., 0])  # that pads by black
    np.testing.assert_array_equal(seen['seen'][..., 0], older)
    np.testing.assert_array_equal(envs.render(), picture[..., 1:].repeat(3, -1))
    action = rng.integers(6, size=2, dtype=np.int32)
    seen, *others, _ = envs.step(action)
    right, *told, _ = alone.step(action)
    np.testing.assert_array_equal(others, told)
    begun, over = over, (others[1] | others[2]) & ~over
    ends += over.sum()
  assert ends >= 4


def test_scores_are_true_where_rewards_are_clipped(ale):
  """Pellets pay 10 each."""
  world = atari.Atari('ms_pacman', size=20, stack=2, max_steps=100)
  config = config_lib.AgentConfig(
    network='strided', width=4, depth=1, environments=2, replay_capacity=400, collect_steps=1
  )
  agent = build_lib.hand('dqn', world, config, 0)
  for _ in range(105):
    agent.collect()
  agent.episodes.close()
  rewards = agent.replay.newest(105).reward.numpy()
  assert set(rewards.flat) == {0.0, 1.0}
  returns = agent.episodes.returns.numpy()
  assert (returns >= 50).all() and not (returns % 10).any()
  assert agent.frame_bytes == 20 * 20 + 5 * 4  # one frame, not two, and five numbers


@pytest.mark.parametrize('world', ['minatar(game=breakout, max_steps=50)', 'atari(max_steps=40)'])
def test_a_run_in_a_game(world, tmp_path, capsys):
  toys.skip_without(world.partition('(')[0])
  assert train.train(parse(*TINY, f'--world={world}', f'--run_dir={tmp_path}')) == 0
  assert 'return of 20 held-out episodes' in capsys.readouterr().out
  numbers = log_lib.newest_numbers(tmp_path)
  assert numbers['held_out/steps'] <= 50
  assert (tmp_path / 'painting.gif').exists()


@pytest.mark.parametrize(('name', 'cls'), [('minatar', minatar.Minatar), ('atari', atari.Atari)])
def test_a_missing_package_is_told_in_a_line(name, cls, monkeypatch):
  for module in [name for name in sys.modules if name.split('.')[0] in toys.EXTRAS.values()]:
    monkeypatch.delitem(sys.modules, module)
  monkeypatch.setitem(sys.modules, toys.EXTRAS[name], None)
  with pytest.raises(spec.SpecError) as told:
    cls()
  assert str(told.value).count('\n') == 0
  assert f"'{name}' needs a package" in str(told.value)
  assert str(told.value).endswith(f"run pip install 'tf_creative[{name}]'.")


@pytest.mark.parametrize(
  ('world', 'fault'),
  [
    ('minatar(game=pong)', "minatar has no game 'pong'.*Valid: asterix, breakout, f"),
    ('minatar(actions=few)', "cannot be 'few'"),
    ('minatar(max_steps=0)', "'max_steps' of world 'minatar' must be 1 to"),
    ('atari(sticky=2)', "'sticky' of world 'atari' must be 0 to 1"),
    ('atari', 'conv needs an action for each pixel or place, which atari has not; use .*=strided'),
    ('minatar', '--agent_network=conv needs an action .* use --agent_network=strided'),
  ],
)
def test_what_cannot_be_is_refused_before_a_package_is_looked_for(world, fault):
  with pytest.raises(spec.UserError, match=fault):
    learner_config.check(parse(f'--world={world}', '--couplings='))


def test_a_game_that_is_not_there_is_told(ale):
  with pytest.raises(spec.SpecError, match="atari has no game 'pacmann'. Did you mean 'pacman'"):
    atari.Atari('pacmann')


def test_scores_are_told_as_shares_of_a_human(ale):
  pong = atari.Atari('pong').published
  assert pong is not None
  assert (pong.normalised(-20.7), pong.normalised(14.6)) == (0, 1)
  assert pong.normalised(np.array([-3.05])).tolist() == [pytest.approx(0.5)]
  assert atari.Atari('pacman').published is None  # not among the 57 games
  assert atari.Atari('pong', max_steps=26_999).published is None  # cut short, all lose by less
  assert len(published.ATARI) == 57
  assert all(one.random < one.human for one in published.ATARI.values())
  games = sys.modules['ale_py'].roms.get_all_rom_ids()
  assert set(published.ATARI) <= set(games)


def test_the_games_are_those_of_the_package(mini):
  for game in played.MINATAR:
    minatar.Minatar(game)
  assert set(played.MINATAR) == set(CHANNELS)
