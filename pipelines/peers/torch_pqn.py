"""PQN by hand in PyTorch, in the manner of CleanRL's single file; see README.md here.

  python pipelines/peers/torch_pqn.py --threads=1
  python pipelines/peers/torch_pqn.py --env=MinAtar/Breakout-v0

The same networks, episodes, batches and updates as `pipelines/peers/pqn.flags`, and with MinAtar
as `pipelines/minatar.flags`; environments are Gymnasium's SyncVectorEnv. Ends by printing rounds
per second.
"""

import argparse
import time

import gymnasium
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

GAMMA, TRACE, EPSILON = 0.99, 0.65, 0.05


def network(shape: tuple[int, ...], actions: int) -> nn.Module:
  """Return two normalised layers of 120 for numbers, or a convolution and one of 128 for planes."""
  if len(shape) == 1:
    return nn.Sequential(
      *(nn.Linear(*shape, 120), nn.LayerNorm(120), nn.ReLU()),
      *(nn.Linear(120, 120), nn.LayerNorm(120), nn.ReLU(), nn.Linear(120, actions)),
    )
  high, wide, planes = shape
  return nn.Sequential(
    *(nn.Conv2d(planes, 16, 3), nn.ReLU(), nn.Flatten()),
    *(nn.Linear(16 * (high - 2) * (wide - 2), 128), nn.LayerNorm(128), nn.ReLU()),
    nn.Linear(128, actions),
  )


class Learner:
  """Takes steps in all environments, then learns from them."""

  def __init__(self, given: argparse.Namespace):
    self.arcade = given.env.startswith('MinAtar')
    self.count, self.steps, self.epochs = (128, 32, 2) if self.arcade else (4, 128, 4)
    self.envs = gymnasium.make_vec(given.env, self.count, 'sync')
    shape = self.envs.single_observation_space.shape
    self.actions = self.envs.single_action_space.n
    self.network = network(shape, self.actions)
    self.optimizer = torch.optim.Adam(self.network.parameters(), 5e-4)
    self.seen = self._read(self.envs.reset(seed=0)[0])
    self.over = torch.zeros(self.count)

  def round(self) -> None:
    size = self.steps, self.count
    seen = torch.zeros(*size, *self.seen.shape[1:])
    action, reward = torch.zeros(size, dtype=torch.long), torch.zeros(size)
    begins, values = torch.zeros(size), torch.zeros(size)
    for step in range(self.steps):
      seen[step], begins[step] = self.seen, self.over
      with torch.no_grad():
        estimate = self.network(self.seen)
      best, greedy = estimate.max(1)
      bold = torch.rand(self.count) < EPSILON
      action[step] = torch.where(bold, torch.randint(self.actions, (self.count,)), greedy)
      values[step] = best
      after, paid, ended, cut, _ = self.envs.step(action[step].numpy())
      reward[step] = torch.from_numpy(np.float32(paid))
      self.seen, self.over = self._read(after), torch.from_numpy(np.float32(ended | cut))
    self._learn(seen, action, self._returns(reward, values, begins))

  def _returns(self, reward: torch.Tensor, values: torch.Tensor, begins: torch.Tensor):
    with torch.no_grad():
      beyond = self.network(self.seen).max(1).values
    worth, goes_on, returns = beyond, 1 - self.over, torch.zeros_like(reward)
    for step in reversed(range(self.steps)):
      mixed = TRACE * worth + (1 - TRACE) * beyond
      returns[step] = worth = reward[step] + GAMMA * goes_on * mixed
      beyond, goes_on = values[step], 1 - begins[step]
    return returns

  def _learn(self, seen: torch.Tensor, action: torch.Tensor, returns: torch.Tensor) -> None:
    seen, action, returns = seen.flatten(0, 1), action.flatten(), returns.flatten()
    for _ in range(self.epochs):
      for some in torch.randperm(len(seen)).split(128):
        values = self.network(seen[some]).gather(1, action[some, None])[:, 0]
        self.optimizer.zero_grad()
        F.mse_loss(values, returns[some]).backward()
        self.optimizer.step()

  def _read(self, seen: np.ndarray) -> torch.Tensor:
    seen = torch.from_numpy(np.float32(seen))
    return seen.permute(0, 3, 1, 2) if self.arcade else seen


def main() -> None:
  parser = argparse.ArgumentParser()
  parser.add_argument('--env', default='CartPole-v1')
  parser.add_argument('--threads', type=int, default=1)
  parser.add_argument('--rounds', type=int, default=0)
  given = parser.parse_args()
  torch.set_num_threads(given.threads)
  if given.env.startswith('MinAtar'):
    from minatar import gym

    gym.register_envs()
  learner = Learner(given)
  rounds = given.rounds or (3 if learner.arcade else 20)
  for _ in range(2):
    learner.round()
  began = time.perf_counter()
  for _ in range(rounds):
    learner.round()
  print(rounds / (time.perf_counter() - began))


if __name__ == '__main__':
  main()
