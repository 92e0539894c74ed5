"""Ways to imagined works among what was lived through, and exploring where it is strange."""

import dataclasses
import types as python_types

import numpy as np
import pytest
import tensorflow as tf

from tests.shared import tiny, worlds
from tf_creative.agent import build
from tf_creative.agent import config as agent_config
from tf_creative.core import spec
from tf_creative.couplings import augment
from tf_creative.learner import learner as learner_lib

STILL = tf.zeros([2], tf.int32)


@pytest.fixture(scope='module')
def parts():
  learner = tiny.learner(couplings='', agent='informed')
  for _ in range(8):
    learner.agent.collect()
  return learner.loop._parts


def built(parts, **options):
  return augment.Augment(parts, augment.Options(**options), seed=0)


def rows(batch):
  """What of each transition is an array, as bytes."""
  flat = [part.numpy() for part in tf.nest.flatten(batch)]
  return [b''.join(part[i].tobytes() for part in flat) for i in range(len(flat[0]))]


def kept(logits, percentile=50.0, seed=0):
  seed = tf.constant([seed, 1])
  return augment.accept(tf.constant(logits, tf.float32), seed, percentile).numpy()


def test_works_that_are_all_alike_are_accepted_like_tossed_coins():
  assert kept([1.5] * 4000).mean() == pytest.approx(0.5, abs=0.03)


def test_works_are_accepted_by_how_much_likelier_they_are_among_real_ones():
  """Densities of 1, 1/2 and 1/4 of the greatest, and the middle one at the percentile.

  sigmoid(log(r / (1 - r)) - log(r' / (1 - r'))) with r' = 1/2, whose odds are 1: r itself.
  """
  accepted = kept(np.repeat(np.log([1, 1 / 2, 1 / 4]), 4000))
  np.testing.assert_allclose(accepted.reshape(3, -1).mean(1), [1, 1 / 2, 1 / 4], atol=0.03)
  # At another percentile, r' = 1/4 with the odds 1/3: from r = 1/2 with the odds 1 to 3 of 1 + 3.
  accepted = kept(np.repeat(np.log([1, 1 / 2, 1 / 4]), 4000), percentile=20.0)
  np.testing.assert_allclose(accepted.reshape(3, -1).mean(1), [1, 3 / 4, 1 / 2], atol=0.03)


def test_only_differences_of_logits_count():
  """As a relativistic critic's are known up to a constant only."""
  logits = np.arange(-32, 32) / 8
  expected = [kept(logits, seed=seed) for seed in range(20)]
  for more in (16.0, -4.0):
    found = [kept(logits + more, seed=seed) for seed in range(20)]
    np.testing.assert_array_equal(found, expected)
  rates = np.mean(expected, 0)
  assert rates[-1] == 1
  assert rates[:16].mean() < rates[16:32].mean() < rates[32:48].mean() < rates[48:].mean()


def test_every_imagined_transition_is_a_step_of_the_world(parts):
  world, coupling = parts.world, built(parts, tries=0)
  concept, accepted = coupling._imagine(64)
  assert accepted.shape == (64,)
  batch = coupling._transitions(concept, True)
  now, following = ({k: x[:, t] for k, x in batch.observation.items()} for t in (0, 1))
  np.testing.assert_array_equal(now['target'], concept.work)
  np.testing.assert_array_equal(now['label'], concept.label)
  state, action = world.rules.resume(now), batch.action[:, 0]
  moved, pay, done = world.rules.step(state, action, STILL)
  tf.nest.map_structure(np.testing.assert_array_equal, following, world.rules.observe(moved))
  np.testing.assert_array_equal(batch.reward[:, 0], pay)
  np.testing.assert_array_equal(batch.discount[:, 0], np.where(done, 0, 1))
  np.testing.assert_array_equal(batch.last[:, 1], done)
  assert not batch.last[:, 0].numpy().any()  # the agent would not learn from those
  # It is at random times of its way, on it, and goes on: no step costs anything, and where
  # something is still to be painted, it pays.
  times = world.rules.horizon - now['time_left'].numpy()
  assert set(times) == set(range(10))
  canvas, target = now['canvas'].numpy(), now['target'].numpy()
  assert ((canvas == 0) | (canvas == target)).all()
  unfinished = (canvas != target).any((1, 2))
  np.testing.assert_array_equal(pay.numpy() > 0, unfinished)
  assert (pay.numpy() >= 0).all()
  # The informed are told what every other action would have been paid.
  every = world.making.action_rewards(state, world.making.cell_values(concept.work))
  np.testing.assert_array_equal(batch.action_rewards, np.stack([every, every], 1))
  taken = np.take_along_axis(every.numpy(), action.numpy()[:, None], 1)[:, 0]
  np.testing.assert_allclose(taken, pay, atol=1e-6)


@pytest.mark.parametrize('tries', [0.5, 1.0])
def test_some_imagined_steps_try_anything_and_are_paid_for_it(parts, tries):
  world, coupling = parts.world, built(parts, tries=tries)
  concept, _ = coupling._imagine(400)
  batch = coupling._transitions(concept, False)
  assert not batch.tells_every_action
  state = world.rules.resume({name: x[:, 0] for name, x in batch.observation.items()})
  _, pay, _ = world.rules.step(state, batch.action[:, 0], STILL)
  np.testing.assert_array_equal(batch.reward[:, 0], pay)
  # On 4x4 canvases with a bar of four pixels any action seldom pays: mostly it costs, or changes
  # nothing (colour 0 on a blank pixel, a quarter of all).
  pays, costs = np.mean(pay > 0), np.mean(pay < 0)
  assert costs > 0.3 * tries and pays < 1.1 - 0.7 * tries
  assert len(set(batch.action[:, 0].numpy())) > 32  # of 64


@pytest.mark.parametrize('share', [0.25, 0.5, 1.0])
def test_no_more_than_the_share_is_imagined_and_so_much_is_logged(parts, share):
  coupling, changed = built(parts, share=share), []
  for _ in range(4):
    batch = parts.agent.sample()
    new = coupling.experience(batch)
    tf.nest.assert_same_structure(new, batch)
    for one, other in zip(*map(tf.nest.flatten, (new, batch)), strict=True):
      assert one.dtype == other.dtype and one.shape == other.shape
    differs = np.array(rows(new)) != np.array(rows(batch))
    assert differs.sum() <= 8 * share
    assert float(coupling.metrics()['share']) == differs.mean()
    changed.append(differs.mean())
  assert 0 < np.mean(changed) < share  # some are accepted, not all


def test_what_is_imagined_can_be_learnt_from(parts):
  coupling = built(parts, share=1.0, percentile=1.0)
  batch = coupling.experience(parts.agent.sample())
  assert float(coupling.metrics()['share']) > 0.5
  assert np.isfinite(parts.agent.learn(batch)['loss'])


def test_no_share_leaves_the_batch_as_it_is(parts):
  batch = parts.agent.sample()
  assert built(parts, share=0.0).experience(batch) is batch


def test_options_that_cannot_be_are_refused():
  def check(options, n_step=1):
    config = tiny.config(couplings=f'augment({options})')
    agent = dataclasses.replace(config.agent, n_step=n_step)
    learner_lib.check_couplings(
      tiny.Bars(),
      dataclasses.replace(config, agent=agent),
      learner_lib.read_couplings(config.run.couplings),
    )

  for percentile in (0.0, 100.0):
    with pytest.raises(spec.SpecError, match=f'above 0 and below 100, not {percentile}'):
      check(f'percentile={percentile}')
  with pytest.raises(spec.SpecError, match="'share' of coupling 'augment' must be 0 to 1, not 1.5"):
    check('share=1.5')
  with pytest.raises(spec.SpecError, match='use --agent_n_step=1'):
    check('share=0.5', n_step=3)
  check('share=0.0', n_step=3)  # nothing is imagined


HERE = python_types.SimpleNamespace(observation=None)  # a time step that nobody looks at
TOY = agent_config.AgentConfig(network='dense', depth=0, environments=4, epsilon=0.1)


@pytest.fixture
def explorer():
  """In four worlds, of which the last but one is the least strange."""
  agent = build.hand('dqn', worlds.TwoStates(), TOY, seed=0)
  explorer = agent.explorer
  explorer.gate = lambda observation, action: tf.constant([0.3, 7.0, -2.0, 0.1])
  return explorer


@pytest.mark.parametrize('epsilon', [0.0, 0.1, 0.5, 0.6, 1.0])
def test_a_gate_shifts_exploration_to_where_it_is_strange(explorer, epsilon):
  explorer._epsilon = lambda: tf.constant(epsilon)
  rates = explorer._rates(HERE, None).numpy()
  # Ranks 2, 3, 0, 1 are at 1/3, 1, -1, -1/3 of the way to nothing or to certainty, whichever of
  # them is nearer.
  swing = min(epsilon, 1 - epsilon)
  expected = epsilon + swing * np.array([1 / 3, 1, -1, -1 / 3])
  np.testing.assert_allclose(rates, expected, atol=1e-6)
  assert rates.mean() == pytest.approx(epsilon, abs=1e-7)
  explorer.gate = None
  assert float(explorer._rates(HERE, None)) == np.float32(epsilon)


def test_a_gate_of_one_world_has_nowhere_to_shift_to(explorer):
  explorer._epsilon = lambda: tf.constant(0.3)
  explorer.gate = lambda observation, action: tf.constant([5.0])
  assert explorer._rates(HERE, None).numpy().tolist() == [np.float32(0.3)]


def test_a_gate_leaves_the_share_of_random_actions_as_it_is():
  def actions(gate):
    config = dataclasses.replace(TOY, environments=64, epsilon=0.4, epsilon_decay=1)
    agent = build.hand('dqn', worlds.TwoStates(), config, seed=0)
    agent.updates.assign(10)
    agent.explorer.gate = gate
    time_step = agent.episodes.current_time_step()
    greedy = agent.act(time_step.observation).numpy()
    return greedy, [agent.explorer.action(time_step).action.numpy() for _ in range(20)]

  greedy, free = actions(None)
  _, gated = actions(lambda observation, action: tf.range(64.0))
  # Half of the random actions are the greedy one: .4 / 2 with a gate and without.
  assert np.mean(free != greedy) == pytest.approx(0.2, abs=0.03)
  assert np.mean(gated != greedy) == pytest.approx(0.2, abs=0.03)
  # With it, from 0 in the first world to .8 in the last.
  quarters = np.mean(gated != greedy, axis=0).reshape(4, 16).mean(1)
  np.testing.assert_allclose(quarters, [0.05, 0.15, 0.25, 0.35], atol=0.06)


def test_the_gate_asks_the_critic_what_the_action_leads_to():
  learner = tiny.learner(couplings='augment(gate=true,share=0)')
  [coupling] = learner.coupling.each
  world, explorer, asked = learner.world, learner.agent.explorer, []
  gate = explorer.gate
  explorer.gate = lambda *args: asked.append(args) or gate(*args)
  for _ in range(4):
    learner.agent.collect()
  assert asked  # when the driver's loop was traced
  batch = learner.agent.sample()
  now = {name: part[:, 0] for name, part in batch.observation.items()}
  ahead, _, _ = world.rules.step(world.rules.resume(now), batch.action[:, 0], STILL)
  strange = -coupling._critic.score(world.rules.observe(ahead))
  np.testing.assert_allclose(gate(now, batch.action[:, 0]), strange, atol=1e-6)
  # And the critic learns, from what was lived through.
  assert coupling.experience(batch) is batch
  later = -coupling._critic.score(world.rules.observe(ahead))
  assert np.abs(later - strange).max() > 0
