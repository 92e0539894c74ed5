"""C51: its projection and its loss, beside TF-Agents' own."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from tf_agents.agents.categorical_dqn import categorical_dqn_agent

from tests.shared import worlds
from tf_creative.agent import batches, build
from tf_creative.agent import config as config_lib
from tf_creative.agent.learners import c51
from tf_creative.core import batch as batch_lib

CONFIG = config_lib.AgentConfig(
  network='dense',
  depth=1,
  width=8,
  atoms=21,
  discount=0.9,
  environments=2,
  replay_capacity=100,
)


def test_a_share_goes_to_the_two_atoms_beside_its_value():
  support = tf.constant([-1.0, 0, 1, 2])
  values = tf.constant([[-9.0, 0.25, 2, 2.5], [1, 1, 1, 1]])
  odds = tf.constant([[0.1, 0.4, 0.2, 0.3], [0.25] * 4])
  expected = [[0.1, 0.3, 0.1, 0.5], [0, 0, 1, 0]]
  np.testing.assert_allclose(c51.project(values, odds, support), expected, atol=1e-6)


def test_the_projection_is_that_of_tf_agents():
  rng = np.random.default_rng(0)
  support = tf.linspace(-7.0, 7.0, 31)
  values = tf.constant(rng.normal(0, 6, (40, 31)), tf.float32)
  odds = tf.constant(rng.dirichlet(np.ones(31), 40), tf.float32)
  theirs = categorical_dqn_agent.project_distribution(values, odds, support)
  np.testing.assert_allclose(c51.project(values, odds, support), theirs, atol=1e-5)


@pytest.mark.parametrize('n_step', [1, 3])
def test_the_loss_is_that_of_tf_agents_but_from_where_an_episode_is_over(n_step):
  config = dataclasses.replace(CONFIG, n_step=n_step)
  learner = build.hand('c51', worlds.TwoStates(), config, seed=0).learner
  theirs = categorical_dqn_agent.CategoricalDqnAgent._loss
  rng = np.random.default_rng(1)
  count, steps = 16, n_step + 1
  batch = batch_lib.Batch(
    observation={'place': tf.constant(rng.integers(0, 2, (count, steps)), tf.int32)},
    action=tf.constant(rng.integers(0, 2, (count, steps)), tf.int32),
    reward=tf.constant(rng.normal(size=(count, steps)), tf.float32),
    discount=tf.constant(rng.integers(0, 2, (count, steps)), tf.float32),
    first=tf.fill([count, steps], False),
    last=tf.fill([count, steps], False),
  )
  frames = batches.to_trajectory(batch)
  expected = theirs(learner, frames, gamma=0.9).loss
  assert float(learner._loss(frames, gamma=0.9).loss) == pytest.approx(float(expected), rel=1e-5)
  over = tf.fill([count, steps], True)
  nothing = learner._loss(batches.to_trajectory(batch._replace(last=over)), gamma=0.9).loss
  assert float(nothing) == 0
