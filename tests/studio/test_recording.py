"""Episodes of a hand that are recorded, by the command and from Python, for others to imitate."""

import numpy as np
import pytest

from tests.shared.runs import parse
from tests.studio.test_player import SMALL
import tf_creative as tc
from tf_creative import create, train
from tf_creative.core import spec
from tf_creative.couplings import demonstrations
from tf_creative.runs import run
from tf_creative.studio import player, recording
from tf_creative.worlds import asked


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
  """A run of four rounds."""
  path = tmp_path_factory.mktemp('runs') / 'cartpole'
  with pytest.MonkeyPatch.context() as patch:
    patch.setattr(player, 'EPISODES', 3)
    assert (
      train.train(parse(*SMALL, '--world=gym(id=CartPole-v1, max_steps=12)', f'--run_dir={path}'))
      == 0
    )
  return path


def test_the_command_records_what_imitation_reads(trained, tmp_path, monkeypatch, capsys):
  monkeypatch.setattr(recording, '_AT_ONCE', 3)
  config = create.CreateConfig(run_dir=str(trained), count=5, out=str(tmp_path / 'play'))
  assert create.create(config) == 0
  with np.load(tmp_path / 'play/episodes.npz') as held:
    play = dict(held)
  said = capsys.readouterr().out
  assert f'5 episodes, {len(play["actions"])} steps, recorded as of round' in said
  assert f'mean return {len(play["actions"]) / 5:.6g}' in said  # a step pays 1
  over = play['terminations'] | play['truncations']
  assert over.sum() == 5 and over[-1] and play['truncations'].any()
  assert not (play['terminations'] & play['truncations']).any()
  # Every row is a step of the environment, and begins where the row before it has led to.
  seen, then = play['observations'], play['next_observations']
  told, _, ended = asked.answers('CartPole-v1')({'seen': seen}, play['actions'])
  np.testing.assert_allclose(then, told['seen'], atol=1e-5)
  np.testing.assert_array_equal(play['terminations'], ended)
  np.testing.assert_array_equal(seen[1:][~over[:-1]], then[:-1][~over[:-1]])
  assert (np.diff(np.append(-1, np.flatnonzero(over))) <= 12).all()
  # It is the greedy hand's, and can be read.
  _, learner = run.load(trained)
  np.testing.assert_array_equal(player.Player(learner).act({'seen': seen}), play['actions'])
  batch = demonstrations.read(str(tmp_path / 'play/episodes.npz'), learner.world)
  np.testing.assert_array_equal(batch.observation['seen'][:, 1], then)


def test_episodes_are_those_of_a_seed_and_of_no_evaluation(trained):
  loaded = tc.load(trained)
  one, same, other = (loaded.record(3, seed) for seed in (0, 0, 1))
  for name, values in one.items():
    np.testing.assert_array_equal(values, same[name])
  assert not np.array_equal(one['observations'][0], other['observations'][0])
  mine = player.episode_seeds(recording._PURPOSE, 20)
  assert not {*mine} & {*player.held_out(20), *player.episode_seeds(0, 20)}


@pytest.mark.parametrize('wish', [{'label': ('3',)}, {'format': ('gif',)}, {'like': __file__}])
def test_wishes_for_works_are_refused(trained, wish, tmp_path):
  config = create.CreateConfig(run_dir=str(trained), out=str(tmp_path), **wish)
  with pytest.raises(spec.UserError, match='give only --count, --seed and --out'):
    create.create(config)
