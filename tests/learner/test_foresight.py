"""Transitions that are imagined where no rules tell: what is learnt from, and what is taken."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from tests.shared import toys
from tf_creative import train
from tf_creative.core import batch as batch_lib
from tf_creative.core import spec
from tf_creative.gan import config as gan_config
from tf_creative.learner import config as config_lib
from tf_creative.learner import foresight
from tf_creative.learner import learner as learner_lib
from tf_creative.runs import run as run_lib

GAN = gan_config.GanConfig(width=8, latent_size=4, batch_size=24, decay_steps=0, members=2)
RUN = config_lib.RunConfig(
  world='gym(id=CartPole-v1)', gan='transitions', couplings='augment(share=0.5)'
)


def learner(of_gan=GAN, of_agent=toys.SMALL, **run):
  return learner_lib.Learner(config_lib.Config(dataclasses.replace(RUN, **run), of_gan, of_agent))


@pytest.fixture(scope='module')
def played():
  """A learner after some rounds."""
  made = learner()
  made.loop.warm_up()
  for _ in range(3):
    made.told = made.loop.step(40)
  yield made
  made.agent.episodes.close()


def test_a_round_updates_hand_and_imagination(played):
  assert int(played.imagination.updates) == 120 == int(played.agent.updates)
  assert 0 < played.told['coupling/augment/share'] <= 0.5
  assert played.told['gan/ends'] == pytest.approx(0.04, abs=0.03)
  assert 0 < played.told['gan/step_error'] < 0.8
  assert not played.broken()


def test_what_follows_the_end_of_an_episode_is_not_learnt_from(played):
  """Against a hand whose replay holds little else; rewards tell rows apart."""
  seen = {}

  class Hand:
    def sample(self, count):
      last = np.arange(count)[:, None] % 4 > 0
      tile = lambda x, kind: tf.constant(np.tile(x, (1, 2)).astype(kind))  # noqa: E731
      number = np.arange(count)[:, None]
      return batch_lib.Batch(
        observation={'seen': tf.zeros([count, 2, 4])},
        action=tile(number % 2, np.int32),
        reward=tile(number, np.float32),
        discount=tile(number > 3, np.float32),
        first=tile(last < 0, bool),
        last=tile(last, bool),
      )

  looks = foresight.Foresight(played.world, Hand(), GAN, seed=0)
  looks.model.train_step = lambda **given: seen.update(given) or {}
  looks.learn()
  assert set(seen['reward'].numpy()) == set(range(0, 24, 4))
  np.testing.assert_array_equal(seen['action'], seen['reward'].numpy() % 2)
  np.testing.assert_array_equal(seen['end'], seen['reward'].numpy() <= 3)


def test_imagined_steps_begin_where_the_hand_was(played):
  imagined, told = played.foresight.transitions(64, tries=0.0)
  now, following = (imagined.observation['seen'].numpy()[:, time] for time in (0, 1))
  frames = played.agent.replay.newest(400).observation['seen'].numpy().reshape(-1, 4)
  known = {row.tobytes() for row in frames}
  assert all(row.tobytes() in known for row in now)
  np.testing.assert_array_equal(following, told.state)
  best = tf.argmax(played.agent.values({'seen': tf.constant(now)}), 1).numpy()
  np.testing.assert_array_equal(imagined.action[:, 0], best)
  others, _ = played.foresight.transitions(200, tries=1.0)
  assert 60 < others.action.numpy()[:, 0].sum() < 140
  np.testing.assert_array_equal(imagined.last[:, 1], imagined.discount[:, 0] == 0)
  assert not imagined.last.numpy()[:, 0].any()


def test_steps_in_a_row_are_each_imagined_from_the_one_before(played):
  seen = {'seen': tf.constant(np.random.default_rng(0).normal(size=(7, 4)).astype(np.float32))}
  actions, seed = tf.constant(np.arange(21).reshape(7, 3) % 2, tf.int32), tf.constant([1, 2])
  first, told = played.foresight.ahead(seen, actions[:, :1], seed)
  np.testing.assert_array_equal(
    told.state, played.foresight.foresee(seen, actions[:, 0], seed).state
  )
  np.testing.assert_array_equal(first['seen'], told.state)
  last, told = played.foresight.ahead(seen, actions, seed)
  assert told.end.shape == (7,) and (last['seen'].numpy() != first['seen'].numpy()).all()


def test_the_unit_of_errors_is_how_much_numbers_change(played):
  frames = tf.nest.map_structure(lambda part: part.numpy(), played.agent.replay.newest(400))
  goes_on = frames.step_type[:, :-1] != 2
  change = np.diff(frames.observation['seen'], axis=1)[goes_on]
  np.testing.assert_allclose(played.foresight.unit, change.std(0), rtol=0.2)


def test_the_doubtful_are_left_out(played):
  [coupling] = played.coupling.each
  options = dataclasses.replace(coupling.options, percentile=1e-3, trust=0.25)
  coupling = type(coupling)(played.loop.built, options, seed=0)
  kept = []

  def told(count, tries):
    batch, found = played.foresight.transitions(count, tries)
    kept.append(found.doubt.numpy())
    return batch, found

  looks = type('Looks', (), {'transitions': staticmethod(told)})
  coupling.parts = coupling.parts._replace(foresight=looks)
  _, accepted = coupling._foreseen(100)
  accepted = accepted.numpy()
  assert 0 < accepted.sum() <= 26
  assert kept[0][accepted].max() <= np.sort(kept[0])[25]


def test_imagined_rows_take_the_place_of_replayed_ones(played):
  [coupling] = played.coupling.each
  batch = played.agent.sample()
  mixed = coupling.experience(batch)
  same = (mixed.observation['seen'].numpy() == batch.observation['seen'].numpy()).all((1, 2))
  share = float(coupling.metrics()['share'])
  assert (~same).mean() == pytest.approx(share) and 0 < share <= 0.5
  assert same[8:].all()


def test_the_gate_explores_by_what_the_critic_does_not_know():
  made = learner(couplings='augment(share=0.0, gate=true)')
  made.loop.warm_up()
  assert np.isfinite(made.loop.step(3)['agent/loss'])
  seen, action = {'seen': tf.zeros([5, 4])}, tf.zeros([5], tf.int32)
  assert made.agent.explorer.gate(seen, action).shape == (5,)
  made.agent.episodes.close()


def test_a_hand_may_learn_more_often_than_it_acts():
  made = learner(of_agent=dataclasses.replace(toys.SMALL, updates=4))
  made.loop.warm_up()
  before = int(made.agent.replay._get_last_id())
  made.loop.step(5)
  assert int(made.agent.updates) == 20
  assert int(made.agent.replay._get_last_id()) - before == 5
  made.agent.episodes.close()


@pytest.mark.parametrize(
  ('changes', 'words'),
  [
    (
      {'world': 'pixel_art'},
      "--gan=transitions needs a world with 'simulator', and 'pixel_art' has none",
    ),
    ({'gan': 'works'}, "the coupling 'augment' .* needs a world with 'rules'"),
    ({'agent': 'pqn'}, 'use an agent that learns off policy'),
    ({'batch_size': 1}, '--gan_batch_size=1 is less than a transition for each of --gan_members=2'),
    ({'distort': 0.5}, 'use --gan_distort=0'),
  ],
)
def test_what_does_not_fit_is_said_in_a_line(changes, words):
  own = {name: value for name, value in changes.items() if name in ('batch_size', 'distort')}
  run = {name: value for name, value in changes.items() if name not in own}
  with pytest.raises(spec.SpecError, match=words):
    learner(dataclasses.replace(GAN, **own), **run)


def test_a_run_keeps_what_it_imagines(tmp_path):
  run = dataclasses.replace(
    RUN,
    run_dir=str(tmp_path / 'run'),
    rounds=6,
    rounds_per_call=3,
    evaluate_every=0,
    works=12,
    export=False,
  )
  config = config_lib.Config(run, GAN, toys.SMALL)
  assert train.train(config) == 0
  _, restored = run_lib.load(tmp_path / 'run')
  fresh = learner_lib.Learner(config)
  assert int(restored.imagination.updates) == 6
  pairs = list(zip(restored.imagination.variables, fresh.imagination.variables, strict=True))
  moved = [not np.array_equal(one, other) for one, other in pairs]
  assert sum(moved) > 0.9 * len(moved)  # the variance of a reward that is always 1 stays 0
  for made in (restored, fresh):
    made.agent.episodes.close()
