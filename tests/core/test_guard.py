"""What is no number never reaches the weights: of hand, generator and both kinds of critic."""

import dataclasses
import time

import numpy as np
import pytest
import tensorflow as tf

from tests.shared import tiny
from tests.shared.runs import rows, tiny_config
from tf_creative import train
from tf_creative.core import guard
from tf_creative.learner import alarms
from tf_creative.learner import config as config_lib
from tf_creative.learner import learner as learner_lib
from tf_creative.runs import checkpoints


@pytest.fixture(autouse=True)
def _healthy():
  yield
  tiny.POISON.assign(1.0)


def weights(learner):
  """All that is learnt, by who learns it."""
  coupling = learner.coupling.each[-1]._critic._critic
  return {
    'the hand': learner.agent.learner._q_network.variables,
    'the generator': learner.gan.generator_variables,
    "the generator's critic": learner.gan.critic.variables,
    "a coupling's critic": coupling.variables,
  }


@pytest.mark.parametrize(
  ('agent', 'bad'),
  [
    ('ddqn', float('nan')),
    ('informed', float('inf')),
    pytest.param('c51', float('nan'), marks=pytest.mark.slow),
    pytest.param('ddqn', float('inf'), marks=pytest.mark.slow),
    pytest.param('c51', float('inf'), marks=pytest.mark.slow),
    pytest.param('informed', float('nan'), marks=pytest.mark.slow),
  ],
)
def test_bad_numbers_change_no_weight_and_good_ones_go_on(agent, bad):
  learner = tiny.learner(
    world='poisoned', agent=agent, couplings='environment|reward(width=8, batch_size=8)'
  )
  learner.loop.warm_up()
  learner.loop.step(2)
  guards = {each.of: each for each in guard.guards(learner)}
  assert set(guards) == set(weights(learner))
  assert not any(int(each.skipped) for each in guards.values())
  before = {of: [part.numpy() for part in parts] for of, parts in weights(learner).items()}
  tiny.POISON.assign(bad)
  learner.loop.step(3)
  for of, parts in weights(learner).items():
    assert int(guards[of].skipped) == int(guards[of].in_a_row) == 3, of
    for one, other in zip(before[of], parts, strict=True):
      np.testing.assert_array_equal(one, other, of)
  tiny.POISON.assign(1.0)
  learner.agent.replay.clear()
  learner.loop.warm_up()
  learner.loop.step(2)
  for of, parts in weights(learner).items():
    assert (int(guards[of].skipped), int(guards[of].in_a_row)) == (3, 0), of
    assert all(np.isfinite(part).all() for part in parts)
    assert any(map(np.any, map(np.not_equal, before[of], parts))), of


def test_a_run_that_learns_nothing_any_more_ends_with_its_own_code(tmp_path, monkeypatch):
  look = alarms.Alarms.look

  def poison(self, round_, metrics):
    look(self, round_, metrics)
    tiny.POISON.assign(float('nan') if round_ == 4 else tiny.POISON)

  monkeypatch.setattr(alarms.Alarms, 'look', poison)
  config = tiny_config(tmp_path, world='poisoned', rounds=40, evaluate_every=0, skip_limit=6)
  with pytest.raises(alarms.Diverged, match='(?s)updates of the .* before round 10 .*Try lower'):
    train.train(config)
  assert alarms.Diverged.code == 3
  assert rows(tmp_path)[-1]['round'] == 10


@pytest.fixture(scope='module')
def learner():
  return tiny.learner()


def told(learner, *looks):
  """What is said of so many looks at numbers."""
  said = []
  watch = alarms.Alarms(learner, 20, lambda round_, text: said.append((round_, text)))
  for round_, numbers in enumerate(looks):
    watch.look(round_, numbers)
  return said


def test_values_beyond_all_that_can_be_earned_are_told_once(learner):
  bound = 2 * learner.world.play.reward_bound / (1 - learner.agent.config.discount)
  fine, high = {'agent/q': bound}, {'agent/q': -1.01 * bound}
  said = told(learner, fine, high, high, fine, high)
  assert [round_ for round_, _ in said] == [1, 4]
  assert 'Try a lower --agent_learning_rate' in said[0][1]


def test_the_bound_grows_with_what_couplings_pay():
  learner = tiny.learner(couplings='environment|constant_reward(weight=50)')
  learner.loop.warm_up()
  metrics = learner.loop.step(1)
  assert 49 < metrics['agent/largest_reward'] < 52
  bound = 2 * metrics['agent/largest_reward'] / (1 - learner.agent.config.discount)
  assert not told(learner, metrics | {'agent/q': 0.99 * bound})
  assert told(learner, metrics | {'agent/q': 1.01 * bound})


def test_a_critic_that_has_won_and_a_coverage_that_falls_are_told(learner):
  gap = {'gan/critic_gap': 11.0}
  assert '--gan_r1' in told(learner, {'gan/critic_gap': 9.0}, gap)[0][1]
  covered = [{'imagined/coverage': value} for value in (0.8, 0.41, 0.39, 0.2, 0.8, 0.3)]
  covered.insert(3, gap)  # at which nobody looked at coverage
  said = told(learner, *covered)
  assert [(round_, 'collapses' in text) for round_, text in said] == [
    (2, True),
    (3, False),
    (6, True),
  ]


def test_a_wasserstein_critic_may_be_far_apart():
  config = tiny.config()
  config = dataclasses.replace(config, gan=dataclasses.replace(config.gan, loss='wgan_gp'))
  assert not told(learner_lib.Learner(config), {'gan/critic_gap': 500.0})


@pytest.mark.slow
def test_trust_costs_little(monkeypatch, tmp_path):
  """Guards, and draws that a checkpoint holds, by turns with none and TF-Agents' own draws."""
  from tf_agents.policies import epsilon_greedy_policy
  from tf_agents.replay_buffers import tf_uniform_replay_buffer as stock_replay

  config = config_lib.Config()
  ours = learner_lib.Learner(config)
  with monkeypatch.context() as patch:
    patch.setattr(guard.Guard, 'apply', lambda self, gradients, update, *_: update(gradients))
    patch.setattr(guard, 'checked', lambda loss: loss)
    stock = learner_lib.Learner(config)
    agent = stock.agent
    agent._collector._policy = epsilon_greedy_policy.EpsilonGreedyPolicy(
      agent.learner.policy.wrapped_policy, epsilon=agent.epsilon
    )

    def sample(count, num_steps):
      return stock_replay.TFUniformReplayBuffer._get_next(
        agent.replay, count, num_steps, time_stacked=True
      )[0]

    agent.replay.sample = sample
    for learner in (ours, stock):
      learner.loop.warm_up()
      learner.loop.step(50)  # traced under the patch
  ratios = []
  for _ in range(20):
    seconds = []
    for learner in (ours, stock):
      began = time.perf_counter()
      learner.loop.step(50)
      seconds.append(time.perf_counter() - began)
    ratios.append(seconds[0] / seconds[1])
  big = dataclasses.replace(config.agent, replay_capacity=100_000)
  learner = learner_lib.Learner(dataclasses.replace(config, agent=big))
  shelf = checkpoints.Shelf(tmp_path, tf.train.Checkpoint(learner=learner), 3)
  began = time.perf_counter()
  shelf.save(1)
  saving = time.perf_counter() - began
  size = sum(path.stat().st_size for path in tmp_path.iterdir()) / 2**20
  print(
    f'\na round with guards and keyed draws: {np.median(ratios):.3f} times one without '
    f'({min(ratios):.3f}-{max(ratios):.3f}); a replay of 100,000 steps saved in {saving:.2f} s '
    f'({size:.0f} MiB)'
  )
  assert np.median(ratios) <= 1.05 and saving <= 2
