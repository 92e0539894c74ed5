"""A critic of transitions: what its logits come to where both kinds of steps are known."""

import numpy as np
import pytest
import tensorflow as tf

from tf_creative.gan import config as config_lib
from tf_creative.gan import transition_critic
from tf_creative.gan.transition_networks import Kind

CONFIG = config_lib.GanConfig(
  width=8, learning_rate=3e-3, decay_steps=0, loss='minimax', r1=0.0, r2=0.0, ema_decay=0.99
)
KIND = Kind(shape=(2,), newest=2, actions=2, bits=False)
PLANES = Kind(shape=(4, 4, 2), newest=1, actions=2, bits=True)


def steps(rng, count, action, end, kind=KIND):
  """Steps of which these shares take action 1, and end their episode."""
  state = rng.normal(size=(count, *kind.shape)).astype(np.float32)
  state = np.float32(state > 0) if kind.bits else state
  return transition_critic.Steps(
    tf.constant(state),
    tf.constant((rng.random(count) < action).astype(np.int32)),
    tf.constant(state[..., -kind.newest :]),
    tf.constant((rng.random(count) < end).astype(np.float32)),
  )


def learnt(real, fake, kind=KIND, updates=400):
  """A critic after some updates; both kinds are shares of action 1 and of ends."""
  critic = transition_critic.TransitionCritic(CONFIG, kind, seed=0)
  step, rng = tf.function(critic.train_step, autograph=False), np.random.default_rng(0)
  for number in range(updates):
    both = steps(rng, 256, *real, kind), steps(rng, 256, *fake, kind)
    told = step(*both, tf.constant([number, 0]))
  return critic, told


def of(critic, action, end=0.0, kind=KIND):
  return critic.score(steps(np.random.default_rng(1), 200, action, end, kind)).numpy().mean()


@pytest.mark.parametrize('kind', [KIND, PLANES])
def test_a_logit_is_the_log_of_how_much_more_often_a_step_is_real(kind):
  """Of three in four against one in four: log 3, and of the other action -log 3."""
  critic, told = learnt((0.75, 0.0), (0.25, 0.0), kind)
  assert of(critic, 1.0, kind=kind) == pytest.approx(np.log(3), abs=0.3)
  assert of(critic, 0.0, kind=kind) == pytest.approx(-np.log(3), abs=0.3)
  assert np.isfinite(list(told.values())).all()


def test_rest_is_as_real_as_ends_are_frequent():
  """One step in four ends against one in sixteen: log 4, at the end and for ever after it."""
  critic, _ = learnt((0.5, 1 / 4), (0.5, 1 / 16))
  assert float(critic.rest()) == pytest.approx(np.log(4), abs=0.4)
  assert of(critic, 0.5, end=1.0) == pytest.approx(np.log(4), abs=0.4)
  assert of(critic, 0.5, end=0.0) == pytest.approx(np.log((3 / 4) / (15 / 16)), abs=0.3)


def test_equal_kinds_cannot_be_told_apart():
  critic, _ = learnt((0.5, 1 / 8), (0.5, 1 / 8), updates=200)
  assert abs(float(critic.rest())) < 0.3 and abs(of(critic, 0.5)) < 0.3
