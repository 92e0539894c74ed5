"""Agents of stable-baselines3 in our worlds; see README.md here.

  python pipelines/peers/sb3_worlds.py --steps=2048

Its check of environments, then its DQN and its PPO for so many steps in each world. Ends by
printing the steps per second that all of it took.
"""

import argparse
import time

import gymnasium
from stable_baselines3 import DQN, PPO
from stable_baselines3.common import env_checker
import torch

import tf_creative  # noqa: F401  (registers the worlds)


def main() -> None:
  parser = argparse.ArgumentParser()
  parser.add_argument('--steps', type=int, default=2048)
  given = parser.parse_args()
  torch.set_num_threads(1)
  began, count = time.perf_counter(), 0
  for name in ('PixelArt', 'Level', 'Melody'):
    env = gymnasium.make(f'tf_creative/{name}-v0', render_mode='rgb_array')
    env_checker.check_env(env.unwrapped)
    for model in (
      DQN('MultiInputPolicy', env, buffer_size=10_000, learning_starts=200, seed=0),
      PPO('MultiInputPolicy', env, seed=0),
    ):
      model.learn(given.steps)
      print(f'{type(model).__name__} did {model.num_timesteps} steps in {name}', flush=True)
      count += model.num_timesteps
  print(count / (time.perf_counter() - began))


if __name__ == '__main__':
  main()
