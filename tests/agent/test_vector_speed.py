"""What it brings that environments step while the graph learns: rows of pipelines/RESULTS.md.

python -m pytest -m slow tests/agent/test_vector_speed.py -s
"""

import statistics
import time

import gymnasium
import pytest
import tensorflow as tf

from tests.shared import toys

pytestmark = pytest.mark.slow


def compare(agent, count: int) -> float:
  """Prints a row of steps a second with and without overlap, and gives the largest return."""
  envs, world, best, speeds = agent.episodes.batch_size, agent.episodes, 0.0, {}
  run, workers = toys.rounds(agent), [toys.AtOnce(), world._worker]
  run(tf.constant(count))
  for _ in range(15):
    for worker in workers:
      world._worker = worker
      began = time.perf_counter()
      run(tf.constant(count))
      speeds.setdefault(worker, []).append(count * envs / (time.perf_counter() - began))
      best = max(best, float(tf.reduce_mean(world.returns)))
  world.close()
  waiting, overlapped = (speeds[worker] for worker in workers)
  ratios = sorted(b / a for a, b in zip(waiting, overlapped, strict=True))
  print(
    f'\n{statistics.median(overlapped):,.0f} steps/s beside {statistics.median(waiting):,.0f} of '
    f'who waits: {ratios[7]:.2f} times ({ratios[0]:.2f} to {ratios[-1]:.2f})'
  )
  return best


@pytest.mark.parametrize(
  ('mode', 'count'), [('vector_entry_point', 32), ('sync', 8), ('sync', 32), ('async', 8)]
)
def test_cart_pole_is_learnt_meanwhile(mode, count):
  agent = toys.build(
    gymnasium.make_vec('CartPole-v1', count, mode),
    width=64,
    depth=2,
    discount=0.99,
    batch_size=64,
    target_period=100,
    epsilon=0.05,
    epsilon_decay=1000,
    replay_capacity=20_000,
  )
  assert compare(agent, 200) > 100


def test_a_step_that_is_waited_for_costs_less_than_itself():
  """4 ms away, beside an update of about as much work."""
  envs = toys.dice(1, in_between=lambda: time.sleep(0.004))
  compare(toys.build(envs, width=256, depth=2, batch_size=128), 25)
