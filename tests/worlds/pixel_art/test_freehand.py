"""A hand that is told a code instead of a picture: what it sees, and what it is paid for it."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from tests.shared import tiny
from tf_creative.agent import batches, build
from tf_creative.core import batch as batch_lib
from tf_creative.core import spec
from tf_creative.core import works as works_lib
from tf_creative.couplings import canvas, environment
from tf_creative.learner import learner as learner_lib
from tf_creative.worlds.pixel_art import world as pixel_art

STILL = tf.zeros([2], tf.int32)


def told(target, **run):
  """A learner whose hand is told codes, and has painted ten pictures."""
  config = tiny.config(world=f'bars(target={target},code=4)', **run)
  warm = dataclasses.replace(config.agent, warmup=100)
  learner = learner_lib.Learner(dataclasses.replace(config, agent=warm))
  learner.loop.warm_up()
  return learner


@pytest.fixture(scope='module')
def hidden():
  return told('hidden', agent='informed')


@pytest.fixture(scope='module')
def none():
  return told('none', agent='informed')


def built(learner, **options):
  return environment.Environment(learner.loop._parts, environment.Options(**options), seed=0)


def decoded(learner, code, label):
  """What the averaged generator makes of a code today."""
  return learner.world.works.to_works(learner.world.works.legal(learner.gan.average(code, label)))


def by_hand(learner, batch):
  """How much nearer each step came to what its code stands for: [B, T - 1]."""
  seen = {name: part.numpy() for name, part in batch.observation.items()}
  count, frames = seen['label'].shape
  goal = decoded(learner, seen['code'].reshape(-1, 4), seen['label'].reshape(-1)).numpy()
  grey = np.array([0, 1 / 3, 2 / 3, 1])
  errors = np.square(grey[seen['canvas']] - grey[goal.reshape(count, frames, 4, 4)]).sum((2, 3))
  return errors[:, :-1] - errors[:, 1:]


def concept(*targets, code=()):
  return works_lib.Works(
    tf.constant(np.array(targets), tf.uint8), tf.zeros([len(targets)], tf.int32), code
  )


def test_what_is_seen_is_a_code_in_place_of_the_target():
  world = tiny.Bars(target='hidden', code=4)
  code = tf.constant([[0.5, -1.0, 99.0, -99.0]])
  seen = world.rules.observe(world.rules.start(concept(np.ones((4, 4)), code=code), STILL))
  assert list(seen) == list(world.play.observation_spec) == ['canvas', 'code', 'label', 'time_left']
  # What no normal distribution would draw is cut off, as the spec says.
  assert seen['code'].numpy().tolist() == [[0.5, -1, 10, -10]]
  assert world.play.observation_spec['code'].shape == (4,)
  # The canvas one-hot and the time; the code and the label, one-hot, in numbers.
  planes = world.play.features(seen).numpy()
  assert planes.shape == (1, 4, 4, 4 + 1)
  assert planes[0, 2, 3].tolist() == [1, 0, 0, 0, 1]
  assert world.play.brief(seen).numpy().tolist() == [[0.5, -1, 10, -10, 1, 0]]
  shown = tiny.Bars()
  assert 'code' not in shown.play.observation_spec and shown.play.code_size == 0
  seen = shown.rules.observe(shown.rules.start(concept(np.ones((4, 4))), STILL))
  assert shown.play.brief(seen).shape == (1, 0)


@pytest.mark.parametrize('target, pays', [('shown', True), ('hidden', True), ('none', False)])
def test_who_does_not_see_the_target_paints_to_the_end(target, pays):
  world = pixel_art.PixelArt(size=2, colors=2, horizon=3, target=target, code=1)
  state = world.rules.start(concept([[1, 0], [0, 0]], code=tf.zeros([1, 1])), STILL)
  found = []
  for action in (1, 3, 2):  # the whole picture; a pixel too much; and that one black again
    state, pay, done = world.rules.step(state, tf.constant([action]), STILL)
    found.append((float(pay[0]), bool(done[0])))
  done = [target == 'shown', False, True]
  assert found == list(zip([1, -1, 1] if pays else [0, 0, 0], done, strict=True))
  assert world.making.rewards_target == pays
  # Only who sees the target can be told what the world pays for.
  own = world.making.goal_values(state)
  expected = world.making.cell_values(state.target) if target == 'shown' else tf.zeros([1, 2, 2, 2])
  np.testing.assert_array_equal(own, expected)


@pytest.mark.parametrize('target', ['hidden', 'none'])
def test_a_real_work_has_no_code_to_be_painted_by(target):
  assert tiny.Bars(target=target, code=4).measures.splits == ()


def test_concepts_come_with_their_codes(hidden):
  real = tf.nest.map_structure(lambda part: tf.constant(part[:100]), hidden.real)
  coupling = built(hidden, real=1.0)  # no work stays real: none has a code
  first, second = coupling.concept(real), coupling.concept(real)
  np.testing.assert_array_equal(first.label, real.label)
  np.testing.assert_array_equal(first.work, decoded(hidden, first.code, first.label))
  assert first.code.shape == (100, 4) and (first.code != second.code).numpy().all()
  assert np.mean(first.code) == pytest.approx(0, abs=0.15)
  assert np.std(first.code) == pytest.approx(1, abs=0.15)


def test_pay_follows_the_imagination_of_today(hidden):
  batch = hidden.agent.sample()
  coupling = built(hidden, codes=0.0)
  first = coupling.experience(batch)
  np.testing.assert_array_equal(first.observation['code'], batch.observation['code'])
  np.testing.assert_allclose(first.reward[:, :-1], by_hand(hidden, batch), atol=1e-5)
  steps = ~batch.last.numpy()[:, 0]
  # The imagination is still the one that the world was paid by.
  np.testing.assert_allclose(first.reward[:, 0][steps], batch.reward[:, 0][steps], atol=1e-5)
  kept = [variable.numpy() for variable in hidden.gan.average.variables]
  try:
    for variable in hidden.gan.average.trainable_variables:
      variable.assign(-3 * variable)
    second = coupling.experience(batch)
    np.testing.assert_allclose(second.reward[:, :-1], by_hand(hidden, batch), atol=1e-5)
  finally:
    for variable, value in zip(hidden.gan.average.variables, kept, strict=True):
      variable.assign(value)
  assert (np.abs(second.reward - first.reward)[:, 0] > 0.01).sum() > 2


@pytest.mark.parametrize('codes', [0.0, 0.25, 1.0])
def test_the_share_of_other_codes_is_that_of_the_option(hidden, codes):
  batch = batches.from_trajectory(hidden.agent.replay.sample(400, 3))
  coupling = built(hidden, codes=codes)
  new = coupling.experience(batch)
  old, code = batch.observation['code'].numpy(), new.observation['code'].numpy()
  other = (code != old).any((1, 2))
  assert other.mean() == pytest.approx(codes, abs=0.05)
  # All frames of a transition are about the same other code; the others are as they were.
  np.testing.assert_array_equal(code[other], code[other][:, :1].repeat(3, 1))
  np.testing.assert_array_equal(code[~other], old[~other])
  assert len(np.unique(code[other][:, 0, 0])) == other.sum()
  np.testing.assert_allclose(new.reward[:, :-1], by_hand(hidden, new), atol=1e-5)
  for name in ('canvas', 'label', 'time_left'):
    np.testing.assert_array_equal(new.observation[name], batch.observation[name])
  if codes:
    again = coupling.experience(batch).observation['code'].numpy()
    assert not np.isin(again[other][:, 0, 0], code[other][:, 0, 0]).any()


def test_the_informed_are_told_the_pay_by_the_same_code(hidden):
  batch = built(hidden, codes=0.5).experience(hidden.agent.sample())
  steps = ~batch.last.numpy()[:, 0]
  taken = batch.action.numpy()[..., None]
  told = np.take_along_axis(batch.action_rewards.numpy(), taken, -1)[..., 0]
  np.testing.assert_allclose(told[steps, 0], batch.reward.numpy()[steps, 0], atol=1e-5)
  assert np.abs(told).max() > 0


def test_without_a_target_nothing_is_paid(none):
  batch = none.agent.sample()
  for new in (batch, built(none, codes=1.0).experience(batch)):
    np.testing.assert_array_equal(new.reward, 0)
    np.testing.assert_array_equal(new.action_rewards, 0)
  assert (new.observation['code'] != batch.observation['code']).numpy().all()


def test_the_critic_of_canvases_is_told_the_code(none):
  """Real is what the imagination makes of the same code, as far along."""
  critic = canvas.CanvasCritic(none.loop._parts, seed=0, batch_size=64)
  made = batch_lib.after(none.agent.sample(64))
  for name, value in (('code', made['code'] + 1.0), ('label', 1 - made['label'])):
    change = np.abs(critic.score({**made, name: value}) - critic.score(made))
    assert (change > 1e-6).all(), name
  real = critic._real(made, critic.goal(made))
  for name in ('code', 'label', 'time_left'):
    np.testing.assert_array_equal(real[name], made[name])
  goal, found = decoded(none, made['code'], made['label']).numpy(), real['canvas'].numpy()
  assert ((found == 0) | (found == goal)).all()
  finished = made['time_left'].numpy() == 0
  assert finished.any()
  np.testing.assert_array_equal(found[finished], goal[finished])


def test_the_critic_must_refuse_what_another_code_stands_for(none):
  critic = canvas.CanvasCritic(none.loop._parts, seed=0, batch_size=8)
  made = batch_lib.after(none.agent.sample(8))
  goal = critic.goal(made)
  real = critic._real(made, goal)
  refused, beside = critic._mistaken(made, real, goal)
  for name in made:
    np.testing.assert_array_equal(refused[name][:4], made[name][:4])
  for name in ('canvas', 'time_left'):
    np.testing.assert_array_equal(refused[name][4:], real[name][4:])
  np.testing.assert_array_equal(refused['label'][4:], real['label'][3:-1])
  np.testing.assert_array_equal(beside, tf.concat([goal[:4], goal[3:-1]], 0))


def test_all_that_the_critic_of_canvases_learns_is_in_a_checkpoint(none, tmp_path):
  critic = canvas.CanvasCritic(none.loop._parts, seed=0, batch_size=8)
  before = [variable.numpy() for variable in critic._critic.variables]
  critic.train_step(batch_lib.after(none.agent.sample()))
  path = tf.train.Checkpoint(module=critic).write(str(tmp_path / 'state'))
  other = canvas.CanvasCritic(none.loop._parts, seed=1, batch_size=8)
  tf.train.Checkpoint(module=other).read(path).assert_consumed()
  changed = 0
  for old, new, read in zip(before, critic._critic.variables, other._critic.variables, strict=True):
    np.testing.assert_array_equal(read, new)
    changed += (old != new.numpy()).any()
  # All weights, Adam's means and the running average of each; but not the rate, nor the last bias
  # with its three, which makes no difference between real and made.
  assert changed == len(before) - 5


@pytest.mark.parametrize('network', ['conv', 'dense', 'direct', 'strided'])
def test_the_hand_listens_to_code_and_label(network, hidden):
  config = dataclasses.replace(tiny.AGENT, network=network)
  agent = build.hand('ddqn', hidden.world, config, seed=0)
  seen = batch_lib.after(hidden.agent.sample())
  before = agent.values(seen).numpy()
  for name, value in (('code', seen['code'] + 1.0), ('label', 1 - seen['label'])):
    assert np.abs(agent.values({**seen, name: value}) - before).max(1).min() > 1e-5


def test_what_is_imagined_is_made_the_same_each_time(hidden):
  imagined = hidden.creator.imagine(np.arange(7))
  assert imagined.code.shape == (7, 4)
  first, second = (hidden.creator.make(imagined) for _ in range(2))
  tf.nest.map_structure(np.testing.assert_array_equal, first, second)
  assert first.work.shape == (7, 4, 4)
  assert (first.steps == hidden.world.rules.horizon).all()  # it cannot know that it is done
  # It has been paid, whole, by what it was told.
  blank = np.zeros_like(imagined.work)
  gone = hidden.world.making.error(blank, imagined.work) - hidden.world.making.error(
    first.work, imagined.work
  )
  np.testing.assert_allclose(first.returns, gone, atol=1e-4)
  alone = hidden.creator.make(hidden.creator.imagine([3]))
  np.testing.assert_array_equal(alone.work[0], first.work[3])


def test_codes_must_be_given_and_be_of_one_length():
  with pytest.raises(spec.SpecError, match=r"--couplings='environment\|reward'"):
    tiny.learner(world='bars(target=hidden,code=4)', couplings='reward')
  with pytest.raises(spec.SpecError, match="--couplings='environment'"):
    tiny.learner(world='bars(target=none,code=4)', couplings='')
  with pytest.raises(spec.SpecError, match='--gan_latent_size=5, or code=4 to the world'):
    tiny.learner(world='bars(target=hidden,code=5)')
  with pytest.raises(spec.SpecError, match="cannot be 'hiden'.* Did you mean 'hidden'"):
    tiny.learner(world='bars(target=hiden)')


def test_couplings_may_be_named_in_any_order():
  """All experience comes before any pay: both orders end with the same weights."""

  def ends(couplings):
    learner = tiny.learner(world='bars(target=hidden,code=4)', couplings=couplings)
    for _ in range(4):
      learner.agent.collect()
    losses = [learner.loop._agent_step()['loss'].numpy() for _ in range(2)]
    return losses, [variable.numpy() for variable in learner.agent.learner._q_network.variables]

  one, other = ends('environment|reward'), ends('reward|environment')
  tf.nest.map_structure(np.testing.assert_array_equal, one, other)


def test_a_critic_may_hold_a_hand_that_is_told_codes_to_the_data(none):
  critic = canvas.CanvasCritic(none.loop._parts, 0, 32, whole=True, by_code=False)
  seen = batch_lib.after(none.agent.sample(32))
  assert np.isfinite(critic.train_step(seen)['critic_gap'])
  goal = critic.goal(seen)
  assert goal.shape == (32, 4, 4, 0)
  bars = {work.tobytes() for work in tiny.works().work}
  assert all(work.tobytes() in bars for work in critic._real(seen, goal)['canvas'].numpy())
  # What was to be made of a code is nothing to it.
  np.testing.assert_array_equal(critic.score({**seen, 'code': -seen['code']}), critic.score(seen))
