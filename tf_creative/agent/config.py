"""The hand's settings; this file imports nothing heavy, so that `--help` is quick."""

from __future__ import annotations

import dataclasses

from tf_creative.agent import NETWORKS
from tf_creative.core.spec import setting


@dataclasses.dataclass(frozen=True)
class AgentConfig:
  network: str = setting(
    'conv',
    'Q-network (conv: for painting, a map of values per colour; map: for walking; nature: Atari)',
    one_of=NETWORKS,
    common=True,
  )
  width: int = setting(
    32, "channels or units of the Q-network's layers", at_least=1, at_most=8192, common=True
  )
  depth: int = setting(
    3, "number of the Q-network's layers (map: of its iterations)", at_least=0, at_most=100
  )
  reader: int = setting(
    64,
    "channels of the layers that read a work's latent code, in worlds that show the hand one",
    at_least=1,
    at_most=8192,
  )
  dueling: bool = setting(True, 'split the Q-network into a state value and advantages')
  norm: bool = setting(
    False,
    'normalise the dense layers, each before its ReLU (dense, strided, minatar, nature, pooled)',
  )
  n_step: int = setting(
    1, 'rewards that a target sums up before it bootstraps', at_least=1, at_most=1000
  )
  discount: float = setting(
    0.5, 'discount of future rewards per step (gamma)', at_least=0, at_most=1, common=True
  )
  learning_rate: float = setting(1e-3, 'learning rate of the Adam optimizer', above=0, common=True)
  decay_steps: int = setting(
    0, 'updates in which the learning rate falls to 1%, by a cosine; 0: constant', at_least=0
  )
  average: float = setting(
    0.0,
    'decay of the averaged Q-network that makes works; 0: the newest Q-network makes them',
    at_least=0,
    below=1,
  )
  batch_size: int = setting(128, 'transitions in a batch', at_least=1, at_most=1_000_000)
  target_period: int = setting(200, 'updates between copies to the target network', at_least=1)
  atoms: int = setting(
    51,
    'support points of the return distribution (c51), or its quantiles (qr)',
    at_least=2,
    at_most=10_000,
  )
  entropy: float = setting(
    0.01, 'weight of the entropy reward, -log p(action) (reinforce, ppo)', at_least=0
  )
  epochs: int = setting(
    4, 'updates on each collected batch (ppo), or passes over it (pqn)', at_least=1, at_most=1000
  )
  trace: float = setting(
    0.65, 'lambda of the returns: 0 bootstraps at once, 1 at the end (pqn)', at_least=0, at_most=1
  )
  exploration: str = setting('epsilon', 'how the hand explores', one_of=('epsilon', 'boltzmann'))
  epsilon: float = setting(
    0.1, 'final share of random actions; it decays from 1', at_least=0, at_most=1
  )
  epsilon_decay: int = setting(500, 'updates in which epsilon decays from 1', at_least=0)
  temperature: float = setting(0.02, 'temperature of boltzmann exploration', above=0)
  environments: int = setting(32, 'episodes that run in parallel', at_least=1, at_most=100_000)
  collect_steps: int = setting(
    2, 'steps in every environment before each update', at_least=1, at_most=10_000
  )
  updates: int = setting(
    1, 'updates after each collection of steps (agents that replay)', at_least=1, at_most=10_000
  )
  replay_capacity: int = setting(
    20_000, 'transitions that the replay holds', at_least=1, at_most=1_000_000_000
  )
  warmup: int = setting(
    1_000, 'transitions collected before the first update', at_least=0, at_most=1_000_000_000
  )
