"""What does not depend on the machine: a guard against slipping back."""

import dataclasses
import subprocess
import sys

import pytest
import tensorflow as tf

from tests.shared import toys
from tf_creative.cli import flags as flags_lib
from tf_creative.experiments import costs
from tf_creative.learner import config as config_lib
from tf_creative.learner import learner

FLAGS = ['--flagfile=pipelines/pixel_art.flags', '--noprogress']


@pytest.fixture(scope='module')
def digits():
  made = learner.Learner(flags_lib.from_arguments(FLAGS))
  made.loop.warm_up()
  return made


def test_products_are_counted_in_the_bodies_of_loops_too():
  kernel = tf.ones([3, 3, 2, 5])

  def step():
    picture = tf.ones([4, 8, 8, 2])
    with tf.GradientTape() as tape:
      tape.watch([picture, kernel])
      seen = tf.nn.conv2d(picture, kernel, 2, 'SAME')  # 2 x 4 x 4 x 4 x 5 x (3 x 3 x 2) = 11,520
    slope, _ = tape.gradient(seen, [picture, kernel])  # as many again; the other is not asked for
    square = lambda i, x: (i + 1, tf.matmul(x, x, transpose_a=True))  # noqa: E731
    rows = tf.while_loop(lambda i, x: i < 9, square, [0, tf.ones([6, 6])])  # 2 x 6^3 = 432, once
    return seen, slope, rows

  assert costs.of(step).flops == 2 * 11_520 + 432


def test_a_round_costs_what_it_did(digits):
  """Raise a bound only with a row in pipelines/RESULTS.md that says what is bought with it."""
  part = costs.of_parts(digits)
  # A value network's layers on one canvas of 8x8, in products: three convolutions by 3x3, the last
  # by 1x1; then the summary, its bias and the dueling value.
  convolutions = 64 * (9 * (12 * 32 + 32 * 32 + 32 * 32) + 32 * 4)
  forward = 2 * (convolutions + 32 * 32 + 32 * 32 + 64)
  assert part['collect'].flops == 2 * 32 * forward  # steps x worlds
  # Three times forward (now, and both networks on what follows); backward twice, but nobody asks
  # for the slope at the canvas.
  backward = 2 * forward - 2 * 64 * 9 * 12 * 32
  assert part['learn'].flops == 128 * (3 * forward + backward)
  assert sum(cost.flops for cost in part.values()) < 2.97e9
  assert costs.of(digits.loop._round).nodes < 3_150
  assert digits.agent.frame_bytes == 2 * 64 + 7 * 4  # two canvases, seven numbers


def test_a_million_steps_of_replay_fit(digits):
  assert 1e6 * digits.agent.frame_bytes < 400e6


def test_the_variables_are_those_that_were(digits):
  """Weights of the hand, its target and its optimizer; of two generators and a critic."""
  networks = [digits.agent.learner._q_network, digits.gan.generator, digits.gan.critic.network]
  assert [sum(v.numpy().size for v in one.trainable_variables) for one in networks] == [
    3 * 3 * (12 + 32 + 32) * 32 + 3 * 32 + 2 * (32 * 32 + 32) + 32 * 4 + 4 + 64 + 1,
    42 * 1024 + 1024 + 9 * 64 * 64 + 64 + 16 * 64 * 32 + 32 + 9 * 32 + 1,
    16 * 64 + 64 + 16 * 64 * 64 + 64 + 256 * 64 + 64 + 64 + 1 + 64 * 10,
  ]


def test_help_imports_little():
  code = """
import runpy, sys
sys.argv = ['train', '--help']
try:
  runpy.run_module('tf_creative.train', run_name='__main__')
except SystemExit:
  print(len(sys.modules), *sys.modules, file=sys.stderr)
"""
  done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
  count, *names = done.stderr.split()
  assert int(count) < 420
  assert not {'tensorflow', 'keras', 'tf_agents', 'matplotlib', 'sklearn', 'scipy'} & set(names)


@pytest.mark.parametrize('agent', ['ddqn', 'pqn'])
def test_a_hand_without_an_imagination_has_costs_too(agent):
  run = config_lib.RunConfig(world='gym(id=CartPole-v1)', agent=agent)
  settings = dataclasses.replace(toys.SMALL, updates=1 if agent == 'pqn' else 3, collect_steps=4)
  made = learner.Learner(config_lib.Config(run, agent=settings))
  found = costs.of_parts(made)
  assert found.keys() == {'collect', 'learn'}
  each = {name: costs.of(part).flops for name, part in made.loop.parts().items()}
  assert found['learn'].flops == each['learn'] * settings.updates > 0
  assert found['collect'].flops == each['collect'] * 4 > 0
  made.agent.episodes.close()
