"""DQN of stable-baselines3 on a 16x16 canvas; see README.md here.

  python pipelines/peers/sb3_canvas.py --threads=2

The same canvas, planes, network, worlds, batches and updates as `pipelines/peers/canvas.flags`: 64
worlds take a step, the network learns from 64 transitions. The worlds are one NumPy batch, which is
the quickest that the library takes. Ends by printing such rounds per second.
"""

import argparse
import time

import gymnasium
import numpy as np
from stable_baselines3 import DQN
from stable_baselines3.common import torch_layers, vec_env
import torch
from torch import nn
from torch.nn import functional as F

SIDE, COLOURS, HORIZON, WORLDS, BATCH, CAPACITY = 16, 2, 160, 64, 64, 20_000


class Canvas(vec_env.VecEnv):
  """64 canvases to be painted as noise is, all in a few NumPy calls."""

  def __init__(self):
    self.rng = np.random.default_rng(0)
    space = gymnasium.spaces.Box(0, 255, (3, SIDE, SIDE), np.uint8)
    super().__init__(WORLDS, space, gymnasium.spaces.Discrete(SIDE * SIDE * COLOURS))

  def reset(self) -> np.ndarray:
    self.seen = np.zeros((WORLDS, 3, SIDE, SIDE), np.uint8)  # canvas, target, time left
    self.seen[:, 1], self.seen[:, 2] = self._works(WORLDS), HORIZON
    return self.seen.copy()

  def step_async(self, actions: np.ndarray) -> None:
    self.actions = actions

  def step_wait(self):
    cells, worlds = self.actions // COLOURS, np.arange(WORLDS)
    canvas = self.seen[:, 0].reshape(WORLDS, -1)
    target = self.seen[:, 1].reshape(WORLDS, -1)[worlds, cells]
    before = canvas[worlds, cells] != target
    canvas[worlds, cells] = self.actions % COLOURS
    self.seen[:, 0] = canvas.reshape(WORLDS, SIDE, SIDE)
    pay = before.astype(np.float32) - (canvas[worlds, cells] != target)
    self.seen[:, 2] -= 1
    over = (self.seen[:, 2, 0, 0] == 0) | (self.seen[:, 0] == self.seen[:, 1]).all((1, 2))
    infos = [{} for _ in range(WORLDS)]
    for world in np.flatnonzero(over):
      infos[world]['terminal_observation'] = self.seen[world].copy()
    self.seen[over, 0], self.seen[over, 1] = 0, self._works(over.sum())
    self.seen[over, 2] = HORIZON
    return self.seen.copy(), pay, over, infos

  def _works(self, count: int) -> np.ndarray:
    return self.rng.integers(0, 2, (count, SIDE, SIDE)).astype(np.uint8)

  def close(self) -> None:
    pass

  def get_attr(self, name, indices=None):
    return [None] * WORLDS

  def set_attr(self, name, value, indices=None) -> None:
    pass

  def env_method(self, name, *args, indices=None, **options):
    return [None] * WORLDS

  def env_is_wrapped(self, wrapper, indices=None):
    return [False] * WORLDS


class Strided(torch_layers.BaseFeaturesExtractor):
  """Two convolutions that halve the sides, and a layer of 128: as --agent_network=strided."""

  def __init__(self, space: gymnasium.spaces.Box):
    super().__init__(space, 128)
    self.layers = nn.Sequential(
      *(nn.Conv2d(6, 16, 3, 2, 1), nn.ReLU(), nn.Conv2d(16, 32, 3, 2, 1), nn.ReLU()),
      *(nn.Flatten(), nn.Linear(32 * 4 * 4, 128), nn.ReLU()),
    )

  def forward(self, seen: torch.Tensor) -> torch.Tensor:
    pair = seen[:, :2].long()
    hot = F.one_hot(pair, COLOURS).movedim(-1, 2).flatten(1, 2).float()
    owed = (pair[:, :1] != pair[:, 1:]).float()
    return self.layers(torch.cat([hot, owed, seen[:, 2:].float() / HORIZON], 1))


def main() -> None:
  parser = argparse.ArgumentParser()
  parser.add_argument('--threads', type=int, default=1)
  parser.add_argument('--rounds', type=int, default=400)
  given = parser.parse_args()
  torch.set_num_threads(given.threads)
  model = DQN(
    'CnnPolicy',
    Canvas(),
    learning_rate=1e-3,
    buffer_size=CAPACITY,
    learning_starts=1000,
    batch_size=BATCH,
    gamma=0.5,
    train_freq=1,
    gradient_steps=1,
    target_update_interval=200 * WORLDS,
    policy_kwargs={
      'features_extractor_class': Strided,
      'net_arch': [],
      'normalize_images': False,
    },
  )
  model.learn(WORLDS * 100)
  began = time.perf_counter()
  model.learn(WORLDS * given.rounds, reset_num_timesteps=False)
  print(given.rounds / (time.perf_counter() - began))


if __name__ == '__main__':
  main()
