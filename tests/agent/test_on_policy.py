"""Who learns from what was just done: REINFORCE and PPO, collecting, and what they are shown."""

import dataclasses
import types as python_types

import numpy as np
import pytest
import tensorflow as tf

from tests.shared import tiny, worlds
from tf_creative.agent import batches, build, rollout
from tf_creative.agent import config as config_lib
from tf_creative.core import batch as batch_lib
from tf_creative.core import coupling as coupling_lib
from tf_creative.core import spec
from tf_creative.core import works as works_lib
from tf_creative.couplings import augment
from tf_creative.learner import learner as learner_lib

ON_POLICY = ('reinforce', 'ppo')
TOY = config_lib.AgentConfig(
  network='dense',
  width=16,
  depth=1,
  discount=1.0,
  learning_rate=1e-2,
  environments=32,
  epochs=2,
)


def learning(agent, pay=lambda batch: batch):
  """A function that makes so many updates, traced once."""

  def step(i):
    agent.collect()
    agent.learn(pay(agent.sample()))
    return i + 1

  agent.collect()
  return tf.function(lambda n: tf.while_loop(lambda i: i < n, step, [0]), autograph=False)


def learn(agent, updates, pay=lambda batch: batch):
  learning(agent, pay)(tf.constant(updates))


@pytest.mark.parametrize('kind', ON_POLICY)
def test_what_only_pays_at_the_end_is_found(kind):
  # Each step up costs 1/2; three of them are worth 20 - 3/2, and any other way is a loss.
  agent = build.hand(kind, worlds.Detour(), TOY, seed=0)
  # Not for ever: advantages are measured by their spread, of which in the end there is none.
  learn(agent, 60)
  agent.collect()
  assert float(tf.reduce_mean(agent.episodes.returns)) > 17
  seen = {'place': tf.constant([0, 1, 2]), 'time': tf.constant([0, 1, 2])}
  assert agent.act(seen).numpy().tolist() == [1, 1, 1]
  # What is left to be earned there: 18.5, 19, 19.5.
  worth = agent.value_of(worlds.Detour().play.features(seen)).numpy()[:, 0]
  if kind == 'ppo':
    np.testing.assert_allclose(worth, [18.5, 19, 19.5], rtol=0.1)
  else:  # TF-Agents gives its value a fifth of the loss, and it is later
    assert (worth > 8).all()  # at random it would be 20/8 - 3/4 at first


class Kin(worlds.Detour):
  """Of 40 actions every second one is the same, as it tells."""

  action_spec = works_lib.Bounded((), tf.int32, 0, 39)

  def step(self, state, action, seed):
    return super().step(state, action % 2, seed)

  def action_features(self):
    return tf.one_hot(tf.range(40) % 2, 2)


@pytest.mark.parametrize('kind', ['ppo', 'ddqn', 'c51', 'qr'])
def test_actions_that_are_alike_are_valued_alike(kind):
  config = dataclasses.replace(TOY, discount=0.9)
  agent = build.hand(kind, Kin(), config, seed=0)
  values = agent.values({'place': tf.constant([0, 1, 2]), 'time': tf.constant([0, 1, 2])}).numpy()
  assert values.shape == (3, 40)
  for odd in (0, 1):
    same = np.repeat(values[:, odd : odd + 1], 20, 1)
    np.testing.assert_allclose(values[:, odd::2], same, rtol=1e-5)
  assert (np.abs(values[:, 0] - values[:, 1]) > 1e-6).all()


def test_what_is_learnt_of_an_action_holds_for_those_alike():
  agent = build.hand('ppo', Kin(), TOY, seed=0)
  learn(agent, 60)
  agent.collect()
  assert float(tf.reduce_mean(agent.episodes.returns)) > 17


@pytest.mark.parametrize('kind', ON_POLICY)
def test_the_bars_are_painted_better_than_at_random(kind):
  config = dataclasses.replace(TOY, network='conv', width=8, discount=0.5, learning_rate=3e-3)
  world = tiny.Bars()
  agent = build.hand(kind, world, config, seed=0)
  works = tf.nest.map_structure(lambda part: tf.constant(part[:32]), tiny.works())
  agent.episodes.refresh(works)
  run = learning(agent)
  run(tf.constant(1))
  before = float(tf.reduce_mean(agent.episodes.returns))
  run(tf.constant(80))
  assert before < 0  # any colour anywhere costs more than it puts right
  assert float(tf.reduce_mean(agent.episodes.returns)) > before + 1


@pytest.mark.parametrize('kind', ON_POLICY)
def test_each_frame_is_learnt_from_once_and_in_its_order(kind):
  agent = build.hand(kind, worlds.Detour(), TOY, seed=0)
  agent.collect()
  taken = []
  for _ in range(3):
    agent.collect()
    taken.append(agent.sample())
  for batch in taken:
    # The restart, an episode, and the next restart, which tells what came of its last step.
    assert batch.first.numpy().tolist() == [[False, True, False, False, False]] * 32
    assert batch.last.numpy().tolist() == [[True, False, False, False, True]] * 32
    assert batch.observation['time'].numpy().tolist() == [[3, 0, 1, 2, 3]] * 32
    lesson, weights = rollout.lesson(batches.to_trajectory(batch), kind == 'reinforce')
    assert weights.numpy()[0].tolist() == [0, 1, 1, 1] + [0] * (kind == 'ppo')
    assert lesson.reward.shape == weights.shape
  for one, following in zip(taken, taken[1:], strict=False):
    np.testing.assert_array_equal(
      one.observation['place'][:, -1], following.observation['place'][:, 0]
    )


def test_pay_at_a_restart_is_not_learnt_from():
  agent = build.hand('ppo', worlds.Detour(), TOY, seed=0)
  for _ in range(2):
    agent.collect()
  batch = agent.sample()
  batch = batch._replace(reward=tf.ones_like(batch.reward))
  lesson, _ = rollout.lesson(batches.to_trajectory(batch), whole=False)
  assert lesson.reward.numpy()[0].tolist() == [0, 1, 1, 1, 0]


@pytest.mark.parametrize('kind', ON_POLICY)
def test_the_pay_of_a_coupling_is_what_is_learnt(kind):
  """With the world's pay replaced by one for staying below, the hand stays below."""
  agent = build.hand(kind, worlds.Detour(), TOY, seed=0)
  learn(agent, 40, lambda batch: batch._replace(reward=1 - tf.cast(batch.action, tf.float32)))
  seen = {'place': tf.constant([0, 0, 0]), 'time': tf.constant([0, 1, 2])}
  assert agent.act(seen).numpy().tolist() == [0, 0, 0]


@pytest.mark.parametrize('kind', ON_POLICY)
def test_what_is_undecided_is_paid_by_the_nat(kind, monkeypatch):
  """That what is paid is what is learnt, the tests above see to."""
  agent = build.hand(kind, worlds.Detour(), dataclasses.replace(TOY, entropy=0.5), seed=0)
  for _ in range(2):
    agent.collect()
  batch, told = agent.sample(), []
  monkeypatch.setattr(rollout, 'lesson', lambda batch, whole: told.append(batch) or (batch, None))
  monkeypatch.setattr(agent.learner, 'train', lambda *_: python_types.SimpleNamespace(loss=0.0))
  agent.learn(batch)
  chances = tf.nn.softmax(agent.values(batch_lib.frames(batch))).numpy()
  taken = chances[np.arange(len(chances)), batch.action.numpy().ravel()].reshape(batch.reward.shape)
  np.testing.assert_allclose(told[0].reward, batch.reward - 0.5 * np.log(taken), rtol=1e-4)


@pytest.mark.parametrize('kind', ON_POLICY)
def test_actions_are_drawn_from_the_policy(kind):
  agent = build.hand(kind, worlds.Detour(), dataclasses.replace(TOY, environments=4000), 0)
  step = agent.episodes.current_time_step()
  logits = agent.values(step.observation)[0].numpy()
  share = np.exp(logits[1]) / np.exp(logits).sum()
  assert np.mean(agent.explorer.action(step).action) == pytest.approx(share, abs=0.03)
  assert float(agent.epsilon()) == 0


@pytest.mark.parametrize(
  ('kind', 'exploration', 'temperature'), [('ppo', 'epsilon', 1), ('ddqn', 'boltzmann', 0.5)]
)
def test_works_are_drawn_from_the_policy_by_their_codes(kind, exploration, temperature):
  config = tiny.config(agent=kind, world='bars(target=none, code=4)')
  hand = dataclasses.replace(config.agent, exploration=exploration, temperature=0.5)
  learner = learner_lib.Learner(dataclasses.replace(config, agent=hand))
  concept = learner.creator.imagine(np.arange(600))
  start = learner.world.rules.start(concept, tf.zeros([2], tf.int32))
  values = learner.agent.values(learner.world.rules.observe(start))
  chances = tf.nn.softmax(values / temperature).numpy()
  first = learner.creator.make(concept).actions[:, 0]
  counts = np.bincount(first, minlength=chances.shape[1])
  spread = np.sqrt((chances * (1 - chances)).sum(0))
  assert np.all(np.abs(counts - chances.sum(0)) < 4 * spread + 1)
  assert len(np.unique(first)) > 1
  np.testing.assert_array_equal(first, learner.creator.make(concept).actions[:, 0])


def test_reinforce_needs_an_end():
  with pytest.raises(spec.SpecError, match='use --agent=ppo'):
    build.hand('reinforce', worlds.TwoStates(), TOY, seed=0)


def test_ppo_learns_where_nothing_ends():
  config = dataclasses.replace(TOY, collect_steps=16, discount=0.5, depth=0, decay_steps=1000)
  agent = build.hand('ppo', worlds.TwoStates(), config, seed=0)
  learn(agent, 60)
  assert agent.act({'place': tf.constant([0, 1])}).numpy().tolist() == [1, 0]


@pytest.mark.parametrize('kind', [*ON_POLICY, 'pqn'])
def test_what_was_never_done_cannot_be_learnt_from(kind):
  learner = tiny.learner(agent=kind)
  parts = coupling_lib.Parts(
    learner.world, learner.gan, learner.agent, learner.agent.episodes, learner.real
  )
  with pytest.raises(spec.SpecError, match='imagines what was not done'):
    augment.Augment(parts, augment.Options(), 0)


@pytest.mark.parametrize('kind', [*ON_POLICY, 'pqn'])
def test_a_learner_trains_with_every_coupling_that_pays(kind):
  config = tiny.config(agent=kind, couplings='environment|reward|guide', rounds_per_call=2)
  config = dataclasses.replace(config, agent=dataclasses.replace(config.agent, epochs=1))
  learner = learner_lib.Learner(config)
  first, again = tiny.taste(learner), tiny.taste(learner)
  assert all(np.isfinite(value) for value in (*first.values(), *again.values()))
  assert first['loss'] != again['loss']
