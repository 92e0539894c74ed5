"""Rewards of steps where no rules are known: like recorded play, or new."""

import dataclasses

import gymnasium
import numpy as np
import pytest
import tensorflow as tf

from tests.shared import tiny, toys
from tf_creative.core import spec
from tf_creative.couplings import transition_reward
from tf_creative.gan import config as gan_config
from tf_creative.learner import config as config_lib
from tf_creative.learner import learner as learner_lib

GAN = gan_config.GanConfig(width=8, latent_size=4, batch_size=24, decay_steps=0, members=2)
gymnasium.register('Endless-v0', toys.Endless, max_episode_steps=20)


def learner(couplings, world='gym(id=CartPole-v1)', gan=GAN, **changes):
  run = config_lib.RunConfig(world=world, couplings=couplings, gan='transitions', gan_steps=0)
  run = dataclasses.replace(run, **{k: v for k, v in changes.items() if hasattr(run, k)})
  agent = {k: v for k, v in changes.items() if not hasattr(run, k)}
  return learner_lib.Learner(config_lib.Config(run, gan, dataclasses.replace(toys.SMALL, **agent)))


def recorded(path, seen, actions, ends):
  """Write play whose rows follow each other; the last one is left out when it is read."""
  np.savez(
    path,
    observations=np.float32(seen),
    next_observations=np.roll(np.float32(seen), -1, 0),
    actions=actions,
    terminations=ends,
    truncations=np.zeros_like(ends),
  )
  return str(path)


@pytest.fixture(scope='module')
def poles(tmp_path_factory):
  """Play of poles that never fall far."""
  rng = np.random.default_rng(0)
  path = tmp_path_factory.mktemp('play') / 'poles.npz'
  return recorded(
    path, 0.1 * rng.normal(size=(60, 4)), rng.integers(0, 2, 60), rng.random(60) < 0.1
  )


@pytest.fixture(scope='module')
def imitator(poles):
  made = learner(f'reward(of=transitions, demonstrations={poles}, world=0.5, weight=0.25, width=8)')
  made.loop.warm_up()
  for _ in range(40):
    made.agent.collect()
  yield made
  made.agent.episodes.close()


def test_steps_are_paid_by_how_recorded_they_look_and_ends_by_rest(imitator):
  [coupling] = imitator.coupling.each
  assert isinstance(coupling, transition_reward.Imitation)
  batch = imitator.agent.sample(200)
  paid = coupling.reward(batch)
  logits = coupling._critic.score(imitator.foresight.steps(batch)).numpy()
  ended, step = batch.discount.numpy()[:, 0] == 0, ~batch.last.numpy()[:, 0]
  assert 0 < ended.sum() < 60 and 0 < (~step).sum() < 60
  scale = 0.25 / np.abs(logits[step]).mean()
  # With a discount of .9, rest for ever from the next step on: .9 + .81 + ... = 9 of its steps.
  rest = 9 * float(coupling._critic.rest())
  own = (paid.reward - 0.5 * batch.reward).numpy()
  np.testing.assert_allclose(
    own[step, 0], (scale * (logits + rest * ended))[step], rtol=1e-3, atol=1e-4
  )
  assert not own[~step, 0].any() and not own[:, 1].any()
  told = coupling.metrics()
  assert float(told['rest']) == pytest.approx(rest / 9, rel=1e-4)
  assert float(told['size']) == pytest.approx(np.abs(logits[step]).mean(), rel=1e-3)


def test_all_steps_of_a_sequence_are_paid(poles):
  made = learner(f'reward(of=transitions, demonstrations={poles}, world=0, width=8)', n_step=3)
  made.loop.warm_up()
  batch = made.agent.sample()
  [coupling] = made.coupling.each
  own = coupling.reward(batch).reward.numpy()
  assert own.shape == (16, 4)
  steps = ~batch.last.numpy()[:, :3]
  assert (own[:, :3] != 0)[steps].all() and not own[:, 3].any()
  made.agent.episodes.close()


def test_the_critic_learns_from_recorded_against_replayed_steps(imitator):
  [coupling] = imitator.coupling.each
  train, given = coupling._critic.train_step, []
  coupling._critic.train_step = lambda *args: given.append(args[:2]) or train(*args)
  before = [variable.numpy() for variable in imitator.agent.learner._q_network.variables]
  for _ in range(60):
    told = coupling._train()
  coupling._critic.train_step = train
  real, fake = given[-1]
  known = {row.tobytes() for row in coupling._recorded.observation['seen'].numpy()[:, 0]}
  assert {row.tobytes() for row in real.state.numpy()} <= known
  assert not {row.tobytes() for row in fake.state.numpy()} & known
  assert float(told['critic_gap']) > 0.5
  for one, other in zip(before, imitator.agent.learner._q_network.variables, strict=True):
    np.testing.assert_array_equal(one, other)


def test_a_checkpoint_holds_the_critic(imitator, tmp_path):
  [coupling] = imitator.coupling.each
  steps = imitator.foresight.steps(imitator.agent.sample(50))
  coupling._train()
  fresh = transition_reward.Imitation(coupling.parts, coupling.options, seed=5)
  scores = [each._critic.score(steps).numpy() for each in (coupling, fresh)]
  assert np.abs(scores[0] - scores[1]).max() > 1e-3
  tf.train.Checkpoint(it=fresh).read(tf.train.Checkpoint(it=coupling).write(f'{tmp_path}/state'))
  np.testing.assert_array_equal(fresh._critic.score(steps), scores[0])


@pytest.mark.parametrize('form', ['logit', 'softplus'])
def test_a_hand_learns_what_it_was_shown_and_nothing_else(tmp_path, form):
  """To go to the other of two places at every step, where the world pays most for staying."""
  place = np.arange(101) % 2
  play = recorded(tmp_path / 'play.npz', np.eye(2)[place], 1 - place, np.zeros(101, bool))
  coupling = f'reward(of=transitions, demonstrations={play}, world=0, width=8, form={form})'
  made = learner(coupling, world='gym(id=Endless-v0)', learning_rate=1e-2)
  made.loop.warm_up()
  made.loop.step(250)
  values = made.agent.values({'seen': tf.eye(2)}).numpy()
  assert values.argmax(1).tolist() == [1, 0]
  made.agent.episodes.close()


def test_newness_is_where_the_imagination_is_in_doubt():
  made = learner('reward(of=transitions, weight=0.25)', gan_steps=1)
  made.loop.warm_up()
  told = made.loop.step(10)
  assert told['coupling/novelty/size'] > 0
  [coupling] = made.coupling.each
  foresee, doubts = made.foresight.foresee, []

  def seen(*given):
    doubts.append((given[1], foresee(*given)))
    return doubts[-1][1]

  coupling.parts.foresight.foresee = seen
  coupling._size.assign(0.0)
  coupling._seen.assign(0.0)
  batch = made.agent.sample(100)
  own = (coupling.reward(batch).reward - batch.reward).numpy()
  [(action, found)] = doubts
  np.testing.assert_array_equal(action, batch.action[:, 0])
  step, doubt = ~batch.last.numpy()[:, 0], found.doubt.numpy()
  expected = 0.25 * doubt / doubt[step].mean()
  np.testing.assert_allclose(own[step, 0], expected[step], rtol=1e-3)
  assert not own[~step].any() and not own[:, 1].any()
  made.agent.episodes.close()


def test_nothing_of_the_worlds_reward_is_left_to_a_constant(poles):
  """The control of imitation: a weight of 0 keeps the flags and takes the critic's say."""
  alone = f'reward(of=transitions, demonstrations={poles}, world=0, weight=0, width=8)'
  made = learner(f'{alone}|constant_reward(weight=0.5)')
  made.loop.warm_up()
  np.testing.assert_array_equal(made.coupling.reward(made.agent.sample()).reward, 0.5)
  made.agent.episodes.close()


@pytest.mark.parametrize(
  ('changes', 'words'),
  [
    ({'gan': 'works'}, 'of=transitions. judges what is imagined with --gan=transitions'),
    ({'couplings': 'reward(of=transitions, whole=true)'}, "the option 'whole' .* for of=works"),
    ({'couplings': 'reward(world=0.0)'}, "the option 'world' of reward is for of=transitions"),
    ({'couplings': 'reward(of=transitions, demonstrations=no.npz)'}, 'no.npz is no recorded play'),
    (
      {'couplings': 'reward(of=transitions, demonstrations=no.npz)', 'discount': 1.0},
      '--agent_discount below 1',
    ),
    ({'world': 'bars'}, "the coupling 'reward' .* needs a world with 'simulator'"),
  ],
)
def test_what_does_not_fit_is_said_in_a_line(changes, words):
  assert tiny.Bars()  # which registers that world
  given = {'couplings': 'reward(of=transitions)', **changes}
  run = {name: value for name, value in given.items() if name in ('gan', 'world', 'couplings')}
  agent = {name: value for name, value in given.items() if name not in run}
  config = config_lib.Config(
    dataclasses.replace(
      config_lib.RunConfig(world='gym(id=CartPole-v1)', gan='transitions'), **run
    ),
    GAN,
    dataclasses.replace(toys.SMALL, **agent),
  )
  with pytest.raises(spec.SpecError, match=words):
    config_lib.check(config)  # as the command does
    learner_lib.Learner(config)


def test_one_member_is_never_in_doubt():
  with pytest.raises(spec.SpecError, match='--gan_members=2'):
    learner('reward(of=transitions)', gan=dataclasses.replace(GAN, members=1))
