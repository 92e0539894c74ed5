"""What it brings that environments step while the graph learns: a row of pipelines/RESULTS.md.

python -m pytest -m slow tests/test_vector_speed.py -s
"""

import statistics
import time

import gymnasium
import pytest
import tensorflow as tf

from tests import toys


@pytest.mark.slow
@pytest.mark.parametrize(
  ('mode', 'count'), [('vector_entry_point', 32), ('sync', 8), ('sync', 32), ('async', 8)]
)
def test_cart_pole_is_learnt_and_stepped_meanwhile(mode, count):
  """Steps a second beside those of who waits; the machine otherwise idle."""
  envs = gymnasium.make_vec('CartPole-v1', count, mode)
  agent = toys.build(envs, width=64, depth=2, discount=0.99, batch_size=64, target_period=100,
                epsilon=0.05, epsilon_decay=1000, replay_capacity=20_000)  # fmt: skip
  run, workers, speeds, best = toys.rounds(agent), [toys.AtOnce(), agent.world._worker], {}, 0.0
  run(tf.constant(100))
  for _ in range(15):
    for worker in workers:
      agent.world._worker = worker
      began = time.perf_counter()
      run(tf.constant(200))
      speeds.setdefault(worker, []).append(200 * count / (time.perf_counter() - began))
      best = max(best, float(tf.reduce_mean(agent.world.returns)))
  agent.world.close()
  waiting, overlapped = (statistics.median(speeds[worker]) for worker in workers)
  ratios = sorted(b / a for a, b in zip(*(speeds[worker] for worker in workers), strict=True))
  print(
    f'\n| CartPole-v1, {count} by `{mode}`: environment steps a second, an update after each step '
    f'of all | {overlapped:,.0f} beside {waiting:,.0f} of who waits: {ratios[7]:.2f} times '
    f'({ratios[0]:.2f} to {ratios[-1]:.2f}), medians of 15 alternating pairs |'
  )
  assert best > 100
