"""The critic's judgement as pay, the hand that is told every action's pay, and the controls."""

import dataclasses
import tempfile

import numpy as np
import pytest
import tensorflow as tf

from tests.shared import tiny, worlds
from tf_creative import couplings
from tf_creative.agent import batches, build
from tf_creative.agent import config as agent_config
from tf_creative.core import batch as batch_lib
from tf_creative.core import spec, streams
from tf_creative.couplings import base, canvas, controls, reward
from tf_creative.learner import learner as learner_lib

HEIGHTS = {
  'logit': lambda x: x,
  'log_sigmoid': lambda x: -np.log1p(np.exp(-x)),
  'softplus': lambda x: np.log1p(np.exp(x)),
}


def lived(**run):
  """The parts of a learner without couplings whose replay is full: 25 episodes, or more."""
  config = tiny.config(couplings='', **run)
  warm = dataclasses.replace(config.agent, warmup=400)
  learner = learner_lib.Learner(dataclasses.replace(config, agent=warm))
  learner.loop.warm_up()
  return learner.loop._parts


@pytest.fixture(scope='module')
def parts():
  return lived()


@pytest.fixture(scope='module')
def informed():
  return lived(agent='informed')


def saved(module):
  """Everything that a checkpoint of the module holds, sorted: a variable may have several names."""
  with tempfile.TemporaryDirectory() as folder:
    reader = tf.train.load_checkpoint(tf.train.Checkpoint(module=module).write(f'{folder}/state'))
    names = [name for name in reader.get_variable_to_shape_map() if name.startswith('module/')]
    return sorted(np.asarray(reader.get_tensor(name)).tobytes() for name in names)


def heights(coupling, batch, form='logit'):
  """What the critic says of every frame, by today's weights: [B, T]."""
  logits = coupling._critic.score(batch_lib.frames(batch)).numpy()
  return HEIGHTS[form](logits.reshape(batch.reward.shape))


@pytest.mark.parametrize('form', HEIGHTS)
def test_an_episode_is_paid_by_how_much_better_its_work_is_than_nothing(parts, form):
  batch = batches.from_trajectory(parts.agent.replay.sample(100, parts.world.rules.horizon + 1))
  whole = batch.first[:, 0] & batch.last[:, -1]
  batch = tf.nest.map_structure(lambda part: tf.boolean_mask(part, whole), batch)
  assert batch.reward.shape[0] > 3
  coupling = reward.Reward(parts, reward.Options(weight=0.25, form=form), seed=0)
  paid = (coupling.reward(batch).reward - batch.reward).numpy()
  height = heights(coupling, batch, form)
  # Every step by what it adds, to be found where the step begins; the last frame begins none.
  # The unit is the mean size of the first steps of a batch: so they are paid the weight on average.
  scale = 0.25 / np.abs(height[:, 1] - height[:, 0]).mean()
  np.testing.assert_allclose(paid[:, :-1], scale * np.diff(height), atol=1e-4)
  np.testing.assert_array_equal(paid[:, -1], 0)
  assert np.abs(paid[:, 0]).mean() == pytest.approx(0.25, rel=1e-4)
  # What happens in the middle of an episode does not matter in the end.
  np.testing.assert_allclose(paid.sum(1), scale * (height[:, -1] - height[:, 0]), atol=1e-3)


def test_final_pay_comes_with_the_last_stroke_only(parts):
  batch = parts.agent.sample(100)
  coupling = reward.Reward(parts, reward.Options(weight=0.5, shaping='final'), seed=0)
  paid = (coupling.reward(batch).reward - batch.reward).numpy()[:, 0]
  ends = batch.last.numpy()[:, 1]  # the step from the first frame leads there
  assert 0 < ends.sum() < 50
  step = ~batch.last.numpy()[:, 0]  # else no step, but a new episode: never learnt
  np.testing.assert_array_equal(paid[step & ~ends], 0)
  # By the whole height of what then stands there, in the unit of the differences.
  height = heights(coupling, batch)
  scale = 0.5 / np.abs(height[:, 1] - height[:, 0]).mean()
  np.testing.assert_allclose(paid[ends], scale * height[ends, 1], rtol=1e-3)


def test_the_same_stroke_is_paid_by_what_the_critic_has_learnt_since(parts):
  batch = parts.agent.sample()
  coupling = reward.Reward(parts, reward.Options(weight=1.0, learning_rate=1e-2), seed=0)
  gan, own, sizes, paid = saved(parts.gan), saved(coupling._critic), [], []
  for _ in range(2):
    paid.append((coupling.reward(batch).reward - batch.reward).numpy()[:, 0])
    height = heights(coupling, batch)
    sizes.append(np.abs(height[:, 1] - height[:, 0]).mean())
  assert np.abs(paid[1] - paid[0]).max() > 1e-3
  # It is another critic's pay than the imagination's, and that one alone has learnt.
  assert saved(parts.gan) == gan
  assert saved(coupling._critic) != own
  # The unit follows the critic slowly: m = .99 of the first size, and 1 of the second, over 1.99.
  unit = (base.MEMORY * sizes[0] + sizes[1]) / (1 + base.MEMORY)
  assert np.abs(paid[1]).mean() == pytest.approx(sizes[1] / unit, rel=1e-3)


def test_the_critic_of_canvases_has_settings_of_its_own(parts):
  options = reward.Options(learning_rate=1e-3, penalty=2.0, width=5, batch_size=3)
  coupling = reward.Reward(parts, options, seed=0)
  critic = coupling._critic._critic
  assert (critic.config.r1, critic.config.r2, critic.config.width) == (2, 2, 5)
  assert float(critic.optimizer.learning_rate) == pytest.approx(1e-3)
  assert coupling._critic._batch_size == 3


def test_the_critic_that_pays_is_the_average_of_the_one_that_learns(parts):
  options = reward.Options(weight=1.0, average=0.5, learning_rate=1e-2)
  coupling = reward.Reward(parts, options, seed=0)
  critic = coupling._critic._critic
  seen = batch_lib.after(parts.agent.sample())
  score = coupling._critic.score(seen).numpy()
  before = [variable.numpy() for variable in critic.average.variables]
  for now, then in zip(critic.network.variables, before, strict=True):
    np.testing.assert_array_equal(now, then)
    now.assign(now + 1)  # who learns has no say
  np.testing.assert_array_equal(coupling._critic.score(seen), score)
  coupling._critic.train_step(seen)
  for now, then, new in zip(
    critic.average.variables, before, critic.network.variables, strict=True
  ):
    np.testing.assert_allclose(now, (2 * then + 9 * new.numpy()) / 11, atol=1e-5)
  assert (coupling._critic.score(seen).numpy() != score).any()
  assert parts.gan.critic.average is parts.gan.critic.network


def test_the_critic_knows_canvas_time_and_label_but_not_the_target(parts):
  critic = canvas.CanvasCritic(parts, seed=0, batch_size=8)
  seen = batch_lib.after(parts.agent.sample())
  before = critic.score(seen).numpy()
  changes = {
    'canvas': 3 - seen['canvas'],
    'label': 1 - seen['label'],
    'time_left': parts.world.rules.horizon - seen['time_left'] + 1,
  }
  for name, value in changes.items():
    assert (np.abs(critic.score({**seen, name: value}) - before) > 1e-6).all(), name
  np.testing.assert_array_equal(critic.score({**seen, 'target': 3 - seen['target']}), before)


def test_real_canvases_are_as_far_along_as_the_hands(parts):
  critic = canvas.CanvasCritic(parts, seed=0, batch_size=64)
  made = batch_lib.after(parts.agent.sample(64))
  real = {name: part.numpy() for name, part in critic._real(made, critic.goal(made)).items()}
  np.testing.assert_array_equal(real['time_left'], made['time_left'])
  # A bar has four pixels and there is time for ten strokes: one pixel in each of the first four.
  strokes = np.minimum(10 - real['time_left'], 4)
  np.testing.assert_array_equal((real['canvas'] != 0).sum((1, 2)), strokes)
  right = (real['canvas'] == 0) | (real['canvas'] == real['target'])
  assert right.all()
  bars = {(work.numpy().tobytes(), int(label)) for work, label in zip(*parts.real[:2], strict=True)}
  assert {(t.tobytes(), int(n)) for t, n in zip(real['target'], real['label'], strict=True)} <= bars


def test_the_critic_learns_to_tell_noise_from_bars_in_the_making(parts):
  critic = canvas.CanvasCritic(parts, 0, 32, learning_rate=5e-3, r1=0.1, r2=0.1, width=8)
  stream = streams.Stream(0, 'test')

  @tf.function(autograph=False)
  def step():
    draw = lambda shape, most: tf.random.stateless_uniform(  # noqa: E731
      shape, stream.next(), maxval=most + 1, dtype=tf.int32
    )
    noise = tf.cast(draw([32, 4, 4], 3), tf.uint8)
    seen = {'canvas': noise, 'target': noise, 'label': draw([32], 1), 'time_left': draw([32], 10)}
    return critic.train_step(seen)['critic_gap']

  gaps = [float(step()) for _ in range(60)]
  assert np.mean(gaps[:3]) < 0.5 < 1 < np.mean(gaps[-10:])


@pytest.mark.parametrize(
  ('options', 'words'),
  [
    ('form=logits', "cannot be 'logits'. Did you mean 'logit'"),
    ('shaping=finale', "cannot be 'finale'. Did you mean 'final'"),
  ],
)
def test_names_that_are_not_known_are_answered_with_the_nearest(options, words):
  with pytest.raises(spec.SpecError, match=words):
    learner_lib.read_couplings(f'reward({options})')


def test_who_learns_from_every_pay_is_not_paid_at_the_end_only(informed):
  with pytest.raises(spec.SpecError, match='shaping=difference'):
    reward.Reward(informed, reward.Options(shaping='final'), seed=0)


@pytest.mark.parametrize('form', HEIGHTS)
def test_the_informed_are_told_what_every_stroke_would_earn(informed, form):
  world, batch = informed.world, informed.agent.sample()
  coupling = reward.Reward(informed, reward.Options(weight=0.25, form=form), seed=0)
  paid = coupling.reward(batch)
  told = (paid.action_rewards - batch.action_rewards).numpy()
  height = heights(coupling, batch, form)
  scale = 0.25 / np.abs(height[:, 1] - height[:, 0]).mean()
  steps = ~batch.last.numpy()[:, 0]
  for row in np.flatnonzero(steps)[:3]:
    seen = {name: part[row, :1] for name, part in batch.observation.items()}
    for action in range(0, 64, 3):
      state = world.rules.resume(seen)
      ahead, _, _ = world.rules.step(state, tf.constant([action]), tf.zeros([2], tf.int32))
      logit = coupling._critic.score(world.rules.observe(ahead)).numpy()[0]
      earned = scale * (HEIGHTS[form](logit) - height[row, 0])
      assert told[row, 0, action] == pytest.approx(earned, abs=1e-4)
  # What was done has been paid by what it led to; so it is by what they are told of it.
  done = np.take_along_axis(told[:, 0], batch.action.numpy()[:, :1], -1)[:, 0]
  np.testing.assert_allclose(done[steps], (paid.reward - batch.reward)[:, 0][steps], atol=1e-4)
  assert np.abs(done[steps]).max() > 0.1


def test_the_informed_are_told_the_worlds_own_pay_of_every_action(informed):
  batch = informed.agent.sample()
  taken = batch.action.numpy()[..., None]
  told = np.take_along_axis(batch.action_rewards.numpy(), taken, -1)[..., 0]
  steps = ~batch.last.numpy()[:, 0]
  np.testing.assert_allclose(told[steps, 0], batch.reward.numpy()[steps, 0], atol=1e-6)
  paid = controls.ConstantReward(informed, controls.Options(weight=0.25), seed=0).reward(batch)
  np.testing.assert_allclose(paid.action_rewards, batch.action_rewards + 0.25, atol=1e-6)
  np.testing.assert_allclose(paid.reward, batch.reward + 0.25, atol=1e-6)


@pytest.mark.parametrize('discount, rtol', [(0.0, 0.01), (0.5, 0.05)])
def test_the_informed_learn_all_actions_of_a_state_at_once(discount, rtol):
  """A state's values are its pays where only the next step counts."""
  config = agent_config.AgentConfig(
    network='dense',
    depth=0,  # a table: its two inputs are one-hot
    discount=discount,
    learning_rate=5e-2,
    target_period=10,
    environments=8,
    epsilon=1.0,
    replay_capacity=1000,
  )
  agent = build.hand('informed', worlds.TwoStates(), config, seed=0)
  for _ in range(4):
    agent.collect()

  @tf.function(autograph=False)
  def learn():
    agent.collect()
    # Whatever was done, and whatever was paid for it: only the told pays of all actions teach.
    agent.learn(agent.sample()._replace(reward=tf.fill([128, 2], 99.0)))

  for _ in range(400):
    learn()
  values = agent.values({'place': tf.constant([0, 1])}).numpy()
  if not discount:
    np.testing.assert_allclose(values, worlds.REWARDS, rtol=rtol)
    return
  # What follows stands in for what would: the mean of the best values of both next states, which a
  # random hand reaches equally often from either.
  later = np.zeros(2)
  for _ in range(100):
    later = (worlds.REWARDS + discount * later.mean()).max(1)
  np.testing.assert_allclose(values, worlds.REWARDS + discount * later.mean(), rtol=rtol)


def test_a_constant_may_be_a_whole_number(parts):
  """As the command line gives it: 'constant_reward(weight=1)' passes as a float's value."""
  batch = parts.agent.sample()
  paid = controls.ConstantReward(parts, controls.Options(weight=1), seed=0).reward(batch)
  np.testing.assert_allclose(paid.reward, batch.reward + 1.0)


def three_rounds(spec_text):
  learner = tiny.learner(couplings=spec_text)
  for _ in range(4):
    learner.agent.collect()
  for _ in range(3):
    learner.loop._round()
  return saved(learner.agent), saved(learner.gan)


@pytest.fixture(scope='module')
def control():
  return three_rounds('')


@pytest.mark.parametrize('same', ['identity', 'constant_reward(weight=0.0)'])
def test_what_changes_nothing_is_no_coupling_to_the_bit(control, same, monkeypatch):
  monkeypatch.setitem(couplings.COUPLINGS, 'identity', 'tf_creative.couplings.base:Coupling')
  assert three_rounds(same) == control


def test_random_pay_changes_the_hand_alone(control):
  agent, gan = three_rounds('random_reward(weight=0.1)')
  assert gan == control[1]
  assert agent != control[0]
