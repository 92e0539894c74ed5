"""A round of the default learner as one would write it by hand in PyTorch; see README.md here.

  python pipelines/peers/torch_round.py --threads=2 [--compile]

Same canvases, networks, batches and updates as `pipelines/pixel_art.flags`: 32 worlds take two
steps, a double DQN learns from 128 transitions, an R3GAN from 64 works with labels. Speed is all
that counts here, so the works are noise. Ends by printing rounds per second.
"""

import argparse
import copy
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

SIDE, COLOURS, HORIZON, LABELS, CODE = 8, 4, 40, 10, 32
WORLDS, STEPS, BATCH, WORKS, CAPACITY = 32, 2, 128, 64, 20_000
ACTIONS = SIDE * SIDE * COLOURS


class QNetwork(nn.Module):
  """Three 3x3 convolutions of 32 channels, a summary added everywhere, dueling."""

  def __init__(self, width: int = 32):
    super().__init__()
    planes = 2 * COLOURS + 2 + 2
    self.first = nn.Conv2d(planes, width, 3, padding=1)
    self.second = nn.Conv2d(width, width, 3, padding=1)
    self.last = nn.Conv2d(width, width, 3, padding=1)
    self.summary, self.bias = nn.Linear(width, width), nn.Linear(width, width)
    self.out, self.value = nn.Conv2d(width, COLOURS, 1), nn.Linear(2 * width, 1)
    line = torch.linspace(-1, 1, SIDE)
    self.register_buffer('place', torch.stack(torch.meshgrid(line, line, indexing='ij'))[None])

  def forward(self, canvas: torch.Tensor, target: torch.Tensor, left: torch.Tensor) -> torch.Tensor:
    count = len(canvas)
    hot = [F.one_hot(each.long(), COLOURS).permute(0, 3, 1, 2).float() for each in (canvas, target)]
    owed = ((canvas.float() - target.float()) / (COLOURS - 1)).square()[:, None]
    time_left = (left.float() / HORIZON)[:, None, None, None].expand(count, 1, SIDE, SIDE)
    x = torch.cat([*hot, owed, time_left, self.place.expand(count, -1, -1, -1)], 1)
    x = F.relu(self.second(F.relu(self.first(x))))
    summary = F.relu(self.summary(x.mean((2, 3))))
    x = F.relu(self.last(x) + self.bias(summary)[:, :, None, None])
    each = self.out(x).permute(0, 2, 3, 1).reshape(count, -1)
    value = self.value(torch.cat([x.mean((2, 3)), summary], 1))
    return value + each - each.mean(1, keepdim=True)


class Generator(nn.Module):
  def __init__(self, width: int = 64):
    super().__init__()
    self.coarse = nn.Linear(CODE + LABELS, 16 * width)
    self.compose = nn.Conv2d(width, width, 3, padding=1)
    self.enlarge = nn.ConvTranspose2d(width, width // 2, 4, 2, 1)
    self.paint = nn.Conv2d(width // 2, 1, 3, padding=1)

  def forward(self, code: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
    x = F.leaky_relu(self.coarse(torch.cat([code, F.one_hot(label, LABELS).float()], 1)), 0.2)
    x = F.leaky_relu(self.compose(x.view(len(code), -1, 4, 4)), 0.2)
    soft = torch.sigmoid(self.paint(F.leaky_relu(self.enlarge(x), 0.2)))[:, 0]
    hard = torch.round(soft * (COLOURS - 1)) / (COLOURS - 1)
    return soft + (hard - soft).detach()


class Critic(nn.Module):
  def __init__(self, width: int = 64):
    super().__init__()
    self.look = nn.Conv2d(1, width, 4, 2, 1)
    self.closer = nn.Conv2d(width, width, 4, 2, 1)
    self.think = nn.Linear(4 * width, width)
    self.real, self.kind = nn.Linear(width, 1), nn.Linear(width, LABELS, bias=False)

  def forward(self, works: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
    x = F.leaky_relu(self.closer(F.leaky_relu(self.look(works[:, None]), 0.2)), 0.2)
    x = F.leaky_relu(self.think(x.flatten(1)), 0.2)
    return self.real(x)[:, 0] + self.kind(x).gather(1, label[:, None])[:, 0]


class Learner:
  def __init__(self, compiled: bool):
    self.rng = np.random.default_rng(0)
    self.q = QNetwork()
    self.q_target = copy.deepcopy(self.q)
    self.generator, self.critic = Generator(), Critic()
    self.average = copy.deepcopy(self.generator)
    self.q_adam = torch.optim.Adam(self.q.parameters(), 1e-3, fused=True)
    gan = {'lr': 1e-3, 'betas': (0.0, 0.99), 'fused': True}
    self.g_adam = torch.optim.Adam(self.generator.parameters(), **gan)
    self.c_adam = torch.optim.Adam(self.critic.parameters(), **gan)
    self.values = torch.compile(self.q) if compiled else self.q
    self.target_values = torch.compile(self.q_target) if compiled else self.q_target
    self.imagine = torch.compile(self.generator) if compiled else self.generator
    works = self.rng.integers(0, COLOURS, (1437, SIDE, SIDE)).astype(np.uint8)
    self.works = torch.from_numpy(works)
    self.labels = torch.from_numpy(self.rng.integers(0, LABELS, 1437))
    self.canvas = np.zeros((WORLDS, SIDE, SIDE), np.uint8)
    self.target = works[:WORLDS].copy()
    self.left = HORIZON - np.arange(WORLDS) % HORIZON
    shape = (CAPACITY, SIDE, SIDE)
    self.replay = {name: np.zeros(shape, np.uint8) for name in ('canvas', 'next', 'target')}
    self.replay |= {'action': np.zeros(CAPACITY, np.int64), 'left': np.zeros(CAPACITY, np.int64)}
    self.replay |= {'pay': np.zeros(CAPACITY, np.float32), 'over': np.zeros(CAPACITY, bool)}
    self.seen = self.updates = 0

  @torch.no_grad()
  def collect(self) -> None:
    seen = map(torch.from_numpy, (self.canvas, self.target, self.left))
    action = self.q(*seen).argmax(1).numpy()
    tries = self.rng.random(WORLDS) < 0.1
    action = np.where(tries, self.rng.integers(0, ACTIONS, WORLDS), action)
    following = self.canvas.copy()
    following.reshape(WORLDS, -1)[np.arange(WORLDS), action // COLOURS] = action % COLOURS

    def error(canvas: np.ndarray) -> np.ndarray:
      return np.square((canvas.astype(np.float32) - self.target) / (COLOURS - 1)).sum((1, 2))

    over = (self.left <= 1) | (following == self.target).all((1, 2))
    step = {'canvas': self.canvas, 'next': following, 'target': self.target, 'action': action}
    step |= {'left': self.left, 'pay': error(self.canvas) - error(following), 'over': over}
    places = np.arange(self.seen, self.seen + WORLDS) % CAPACITY
    for name, values in step.items():
      self.replay[name][places] = values
    self.seen += WORLDS
    self.left = np.where(over, HORIZON, self.left - 1)
    self.canvas = np.where(over[:, None, None], 0, following).astype(np.uint8)
    if over.any():
      fresh = self.rng.integers(0, COLOURS, self.target.shape)
      self.target = np.where(over[:, None, None], fresh, self.target).astype(np.uint8)

  def learn(self) -> None:
    rows = self.rng.integers(0, min(self.seen, CAPACITY), BATCH)
    batch = {name: torch.from_numpy(values[rows]) for name, values in self.replay.items()}
    target, left = batch['target'], batch['left']
    with torch.no_grad():
      best = self.values(batch['next'], target, left - 1).argmax(1, keepdim=True)
      worth = self.target_values(batch['next'], target, left - 1).gather(1, best)[:, 0]
      aim = batch['pay'] + 0.5 * (~batch['over']).float() * worth
    value = self.values(batch['canvas'], target, left).gather(1, batch['action'][:, None])[:, 0]
    loss = F.smooth_l1_loss(value, aim)
    self.q_adam.zero_grad()
    loss.backward()
    self.q_adam.step()
    self.updates += 1
    if self.updates % 200 == 0:
      self.q_target.load_state_dict(self.q.state_dict())

  def train_gan(self) -> None:
    rows = torch.randint(0, len(self.works), (WORKS,))
    real, label = self.works[rows].float() / (COLOURS - 1), self.labels[rows]
    fake = self.imagine(torch.randn(WORKS, CODE), label)
    both = torch.cat([real, fake.detach()]).requires_grad_()
    logits = self.critic(both, label.repeat(2))
    (slope,) = torch.autograd.grad(logits.sum(), both, create_graph=True)
    loss = F.softplus(logits[WORKS:] - logits[:WORKS]).mean()
    loss = loss + 0.5 * slope.square().sum((1, 2)).mean() * 2  # R1 and R2, each of its half
    self.c_adam.zero_grad()
    loss.backward()
    self.c_adam.step()
    with torch.no_grad():
      of_real = self.critic(real, label)
    loss = F.softplus(of_real - self.critic(fake, label)).mean()
    self.g_adam.zero_grad()
    loss.backward()
    self.g_adam.step()
    with torch.no_grad():
      pairs = [list(model.parameters()) for model in (self.average, self.generator)]
      torch._foreach_lerp_(*pairs, 0.002)

  @torch.no_grad()
  def imagine_some(self) -> None:
    """Imagine targets for the next episodes: a quarter as many as there are worlds."""
    self.average(torch.randn(WORLDS // 4, CODE), torch.randint(0, LABELS, (WORLDS // 4,)))

  def round(self) -> None:
    self.imagine_some()
    for _ in range(STEPS):
      self.collect()
    self.learn()
    self.train_gan()


def main() -> None:
  parser = argparse.ArgumentParser()
  parser.add_argument('--threads', type=int, default=1)
  parser.add_argument('--rounds', type=int, default=200)
  parser.add_argument('--compile', action='store_true')
  given = parser.parse_args()
  torch.set_num_threads(given.threads)
  learner = Learner(given.compile)
  for _ in range(30):
    learner.round()
  began = time.perf_counter()
  for _ in range(given.rounds):
    learner.round()
  print(given.rounds / (time.perf_counter() - began))


if __name__ == '__main__':
  main()
