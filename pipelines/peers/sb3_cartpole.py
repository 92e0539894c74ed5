"""DQN of stable-baselines3 in CartPole; see README.md here.

  python pipelines/peers/sb3_cartpole.py --threads=1

The same network, episodes, batches and updates as `pipelines/peers/dqn.flags`: four episodes take
a step, the network learns from 64 transitions. Ends by printing such rounds per second.
"""

import argparse
import time

from stable_baselines3 import DQN
from stable_baselines3.common import env_util
import torch

WORLDS = 4


def main() -> None:
  parser = argparse.ArgumentParser()
  parser.add_argument('--threads', type=int, default=1)
  parser.add_argument('--rounds', type=int, default=2000)
  given = parser.parse_args()
  torch.set_num_threads(given.threads)
  model = DQN(
    'MlpPolicy',
    env_util.make_vec_env('CartPole-v1', WORLDS, seed=0),
    learning_rate=1e-3,
    buffer_size=100_000,
    learning_starts=1000,
    batch_size=64,
    gamma=0.99,
    train_freq=1,
    gradient_steps=1,
    target_update_interval=50 * WORLDS,
    policy_kwargs={'net_arch': [256, 256]},
  )
  model.learn(1000 + WORLDS * 100)
  began = time.perf_counter()
  model.learn(WORLDS * given.rounds, reset_num_timesteps=False)
  print(given.rounds / (time.perf_counter() - began))


if __name__ == '__main__':
  main()
