"""An environment of Gymnasium through every command: what has no works is skipped or refused."""

import json

import gymnasium
import numpy as np
from PIL import Image
import pytest
import tensorflow as tf

from tests.shared.runs import parse, verify_here
from tf_creative import evaluate, testing, train
from tf_creative.cli import manual
from tf_creative.core import spec
from tf_creative.core.promises import simulating
from tf_creative.learner import learner as learner_lib
from tf_creative.runs import log as log_lib
from tf_creative.runs import run
from tf_creative.serving.server import client
from tf_creative.serving.server import server as server_lib
from tf_creative.studio import player, publishing
from tf_creative.worlds import simulated

TOY = (
  '--flagfile=pipelines/cartpole.flags --rounds_per_call=2 --evaluate_every=4 --checkpoint_every=4 '
  '--checkpoint_seconds=0 --works=12 --histogram_every=4 --picture_every=4 --agent_width=8 '
  '--agent_batch_size=8 --agent_warmup=20 --agent_replay_capacity=400 --noprogress'
).split()


@pytest.fixture(autouse=True, scope='module')
def _hasty():
  with pytest.MonkeyPatch.context() as patch:
    patch.setattr(player, 'EPISODES', 3)
    verify_here(patch)
    yield


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
  """A run of six rounds with its exports."""
  path = tmp_path_factory.mktemp('runs') / 'cartpole'
  assert train.train(parse(*TOY, f'--run_dir={path}', '--rounds=6')) == 0
  return path


def test_a_run_leaves_what_it_can(trained):
  assert {path.name for path in trained.glob('*')} == {
    *('best', 'build.json', 'checkpoints', 'exports', 'metrics.jsonl', 'painting.gif'),
    *('run.flags', 'tensorboard', '.lock'),
  }
  with Image.open(trained / 'painting.gif') as animation:
    assert 2 < animation.n_frames <= 60
    assert max(animation.size) == 240
  numbers = log_lib.newest_numbers(trained)
  for section in ('held_out', 'random'):
    mean, least = numbers[f'{section}/return'], numbers[f'{section}/return_min']
    assert least <= numbers[f'{section}/return_low'] <= mean <= numbers[f'{section}/return_high']
    assert mean == numbers[f'{section}/steps'] > 5  # each step pays one
  assert not [name for name in numbers if name.startswith(('gan/', 'imagined/', 'painted/'))]


def test_a_gym_world_alone_trains(tmp_path, capsys):
  flags = ['--noprogress', f'--run_dir={tmp_path / "run"}', '--rounds=1', '--noexport']
  assert train.train(parse('--world=gym(id=CartPole-v1)', '--agent_network=dense', *flags)) == 0
  assert "nothing can be imagined of the world 'gym': the hand learns" in capsys.readouterr().out


def test_the_best_round_is_that_of_the_highest_return(trained):
  looks = {
    row['round']: row['validation/return']
    for row in log_lib.rows(trained)
    if 'validation/return' in row and 'best/round' not in row
  }
  assert set(looks) == {4, 6}
  assert log_lib.newest_numbers(trained)['best/round'] == max(looks, key=looks.get)


def test_a_resumed_run_has_its_weights_and_its_replay_and_begins_anew(tmp_path):
  one, other = (learner_lib.Learner(parse(*TOY, f'--seed={seed}')) for seed in (0, 1))
  one.loop.warm_up()
  one.loop.step(4)
  path = tf.train.Checkpoint(learner=one).write(str(tmp_path / 'one'))
  tf.train.Checkpoint(learner=other).read(path).assert_consumed()
  kept = [[part.numpy() for part in each.variables] for each in (one, other)]
  assert len(kept[0]) > 30
  tf.nest.map_structure(np.testing.assert_array_equal, *kept)
  old = tf.nest.map_structure(lambda part: part.numpy(), one.agent.replay.newest(3))
  stood = one.agent.episodes.current_time_step().observation['seen'].numpy()
  other.loop.step(3)
  new = tf.nest.map_structure(lambda part: part.numpy(), other.agent.replay.newest(6))
  np.testing.assert_array_equal(new.observation['seen'][:, :3], old.observation['seen'])
  # What went on was cut short where it stood, which is worth what it was; then others begin.
  np.testing.assert_array_equal(new.observation['seen'][:, 3], stood)
  assert (new.step_type[:, 3] == 2).all() and (new.next_step_type[:, 3] == 0).all()
  assert (np.abs(new.observation['seen'][:, 4]) < 0.05).all()  # as CartPole begins
  frames = int(one.agent.replay._get_last_id()) + 1
  first = one.agent.replay.newest(frames).observation['seen'][:, 1]
  assert (np.abs(first) < 0.05).all()
  assert not np.isclose(new.observation['seen'][:, 4], first).any()  # and not as at first


def test_a_resumed_run_says_so(tmp_path, capsys):
  flags = [*TOY, f'--run_dir={tmp_path}', '--noexport', '--evaluate_every=0']
  assert train.train(parse(*flags, '--rounds=4')) == 0
  assert 'anew' not in capsys.readouterr().out
  assert train.train(parse(*flags, '--rounds=8')) == 0
  assert 'at round 4; episodes begin anew' in capsys.readouterr().out
  rounds = [row['round'] for row in log_lib.rows(tmp_path) if 'agent/loss' in row]
  assert rounds == [2, 4, 6, 8]


def test_the_same_seed_is_the_same_run(trained, tmp_path):
  assert train.train(parse(*TOY, f'--run_dir={tmp_path}', '--rounds=6', '--noexport')) == 0
  assert log_lib.rows(tmp_path) == log_lib.rows(trained)


def test_it_is_evaluated_beside_a_random_policy(trained, tmp_path, capsys):
  settings = evaluate.EvaluateConfig(str(trained), compare=(str(trained),), out=str(tmp_path))
  assert evaluate.evaluate(settings) == 0
  said = capsys.readouterr().out
  assert '100 episodes; in brackets 95% intervals, by a bootstrap over these' in said
  assert 'stratified bootstrap (Agarwal et al. 2021)\nrecipe ' in said
  assert 'all settings alike     2 ' in said and 'human' not in said  # which is not published
  assert 'episodes: the hand' in said and 'episodes: a random policy' in said
  rows = [json.loads(line) for line in (tmp_path / 'metrics.jsonl').read_text().splitlines()]
  assert [row['hand'] for row in rows[:2]] == ['hand', 'random_policy']
  for name in ('return', 'interquartile_return'):
    assert all(row[f'{name}_low'] <= row[name] <= row[f'{name}_high'] for row in rows)
  assert all(row['return_low'] < row['return_high'] for row in rows)
  assert 15 < rows[1]['return'] < 30  # as is known of CartPole
  page = (tmp_path / 'report.html').read_text()
  assert 'id="stage"' in page and 'return of the greedy hand' in page and 'run.flags' in page
  # A warm-up of 5 steps of 4 environments, and 6 rounds of one each.
  assert '>44 steps</text>' in page and ' rounds</text>' not in page
  for section in ('Episode', 'Hand', 'Compared', 'Curves', 'Settings'):
    assert f'<section id="{section}">' in page
  for section in ('Gallery', 'Works', 'Critic', 'Between'):
    assert f'<section id="{section}">' not in page


def test_what_is_exported_acts_as_the_run_does(trained):
  _, learner = run.load(trained)
  seen = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
  server = server_lib.Server(trained / 'exports', poll_seconds=0)
  server.start()
  try:
    wanted = {'q_values': tf.float32, 'action': tf.int32}
    ask = client.connect(f'127.0.0.1:{server.port}')
    answer = ask('agent', 'serving_default', {'seen': seen}, wanted)
  finally:
    server.stop()
  values = learner.agent.values({'seen': tf.constant(seen)})
  np.testing.assert_allclose(answer['q_values'], values, rtol=1e-4)
  np.testing.assert_array_equal(answer['action'], player.Player(learner).act({'seen': seen}))
  card = (trained / 'exports/README.md').read_text()
  assert '`agent`' in card and '`creator`' not in card and 'held_out/return:' in card


def test_what_needs_works_is_refused(trained):
  settings, learner = run.load(trained)
  with pytest.raises(spec.SpecError, match="--litert needs a world with 'works'"):
    publishing.publish(learner, settings, trained / 'exports', 3, {}, litert=True)


@pytest.mark.parametrize(
  ('changes', 'fault'),
  [
    (['--couplings=environment(real=.5)'], "'environment' .* a world with 'rules', and 'gym'"),
    (['--couplings=reward'], "'reward' .* needs a world with 'rules', and 'gym' has none"),
    (['--agent=ppo'], "--agent=ppo needs a world with 'rules', and 'gym' has none"),
    (['--agent=survey'], "--agent=survey needs a world with 'rules'"),
    (['--agent_network=conv'], 'use --agent_network=dense'),
    (['--world=gym(id=Carpole-v1)'], "no environment 'Carpole-v1': .*Did you mean: `CartPole`"),
    (['--world=gym(id=Pendulum-v1)'], 'Discrete, not Box'),
    (['--world=gym(id=Blackjack-v1)'], 'FlattenObservation'),
    (['--world=gym(id="os:CartPole-v1")'], "name of an environment, not a module's"),
    (['--world=gym(id=CartPole-v1, max_steps=-1)'], "'max_steps' of world 'gym' must be 0 to"),
  ],
)
def test_what_cannot_be_is_refused_in_a_line(changes, fault):
  with pytest.raises(spec.UserError, match=fault):
    learner_lib.Learner(parse(*TOY, *changes))


def test_episodes_end_by_the_clock_that_is_asked_for():
  world = simulated.Gym('CartPole-v1', max_steps=5)
  played = player.play(world, lambda seen: np.zeros(4, np.int32), player.held_out(4))
  assert played.steps.tolist() == [5] * 4 and played.returns.tolist() == [5] * 4
  for name, steps in (('CliffWalking-v1', 10_000), ('CartPole-v1', 500)):  # the first has no clock
    (env,) = simulated.Gym(name).vector(1).unwrapped.envs
    assert env.spec.max_episode_steps == steps


def test_episodes_are_those_that_gymnasium_makes():
  """Against a plain loop, one environment at a time."""
  world, act = simulated.Gym('CartPole-v1'), lambda seen: (seen['seen'][:, 2] > 0).astype(np.int32)
  seeds = player.held_out(3)
  played = player.play(world, act, seeds)
  for place, seed in enumerate(seeds):
    env, over, steps = gymnasium.make('CartPole-v1'), False, 0
    seen, _ = env.reset(seed=seed)
    while not over:
      seen, _, ended, cut, _ = env.step(int(seen[2] > 0))
      over, steps = ended or cut, steps + 1
    assert played.steps[place] == played.returns[place] == steps
  assert len(set(played.steps)) > 1


def test_seeds_of_looks_are_apart():
  chosen, held_out = player.episode_seeds(0, 100), player.held_out(100)
  assert len({*chosen, *held_out, *player.held_out(100, 1), *range(1000)}) == 1300
  assert max(*chosen, *held_out) < 2**31


def test_help_lists_the_world():
  shown = ' '.join(manual.text('', full=True).split())
  assert 'gym' in shown and '(id=CartPole-v1, max_steps=0' in shown


class Broken(simulated.Gym):
  """CartPole that breaks a rule."""

  def vector(self, count, render=False):
    envs = super().vector(count, render)
    if self.rule == 'restarts_are_steps_of_their_own':
      envs.metadata = {'autoreset_mode': gymnasium.vector.AutoresetMode.SAME_STEP}
    if self.rule == 'seeds_make_episodes':
      reset = envs.reset
      envs.reset = lambda seed: reset()
    if self.rule in ('rewards_are_numbers', 'episodes_end'):
      step = envs.step
      envs.step = lambda actions: self.spoil(*step(actions))
    if self.rule == 'environments_render':
      envs.render = lambda: np.zeros([1, 4, 4], np.uint8)
    if self.rule == 'observations_are_in_their_specs':
      reset = envs.reset
      envs.reset = lambda seed: ({'other': reset(seed=seed)[0]['seen']}, {})
    return envs

  def spoil(self, seen, reward, ended, cut, info):
    if self.rule == 'episodes_end':
      return seen, reward, ended & False, cut & False, info
    return seen, reward * np.nan, ended, cut, info


@pytest.mark.parametrize(
  'rule',
  [
    'restarts_are_steps_of_their_own',
    'observations_are_in_their_specs',
    'seeds_make_episodes',
    'rewards_are_numbers',
    'episodes_end',
    'environments_render',
  ],
)
def test_a_simulator_that_breaks_a_rule_is_told_which(rule, monkeypatch):
  monkeypatch.setattr(simulating, '_MOST', 300)
  broken = type('Broken', (Broken,), {'rule': rule})()
  with pytest.raises(AssertionError, match=f"the world 'gym' breaks the rule '{rule}': ."):
    testing.check_world(broken)


@pytest.mark.parametrize(
  'name', ['CartPole-v1', 'FrozenLake-v1', 'CliffWalking-v1', 'MountainCar-v0']
)
def test_environments_of_gymnasium_keep_the_contract(name):
  testing.check_world(simulated.Gym(name))
