"""The hand's settings; this file imports nothing heavy, so that `--help` is quick."""

from __future__ import annotations

import dataclasses

from tf_creative.agent import NETWORKS
from tf_creative.core.spec import setting


@dataclasses.dataclass(frozen=True)
class AgentConfig:
  network: str = setting(
    'conv',
    'Q-network (conv: a map of values per colour; map: for who walks)',
    one_of=NETWORKS,
  )
  width: int = setting(32, "channels or units of the Q-network's layers", at_least=1, at_most=8192)
  depth: int = setting(3, "number of the Q-network's layers", at_least=0, at_most=100)
  reader: int = setting(
    64,
    'channels of the layers that read a code, where the hand is told one',
    at_least=1,
    at_most=8192,
  )
  dueling: bool = setting(True, 'split the Q-network into a value and advantages')
  n_step: int = setting(
    1, 'steps of pay before the value of the next state is trusted', at_least=1, at_most=1000
  )
  discount: float = setting(
    0.5, 'what the pay of the next step is worth today', at_least=0, at_most=1
  )
  learning_rate: float = setting(1e-3, 'of the Adam optimizer', above=0)
  decay_steps: int = setting(
    0, 'updates in which the rate falls to a hundredth, by a cosine; 0: never', at_least=0
  )
  average: float = setting(
    0.0,
    'memory of the running average of the Q-network that works are made with; 0: the newest',
    at_least=0,
    below=1,
  )
  batch_size: int = setting(128, 'replayed transitions in a batch', at_least=1, at_most=1_000_000)
  target_period: int = setting(200, 'updates between two copies to the target network', at_least=1)
  atoms: int = setting(
    51, 'support points of the return distribution (c51)', at_least=2, at_most=10_000
  )
  entropy: float = setting(
    0.01, 'pay for each nat of -log of the chance of what is done (reinforce, ppo)', at_least=0
  )
  epochs: int = setting(4, 'updates on what was just collected (ppo)', at_least=1, at_most=1000)
  exploration: str = setting('epsilon', 'how the hand explores', one_of=('epsilon', 'boltzmann'))
  epsilon: float = setting(
    0.1, 'share of random actions at the end of their decay from 1', at_least=0, at_most=1
  )
  epsilon_decay: int = setting(500, 'updates in which epsilon falls from 1', at_least=0)
  temperature: float = setting(0.02, 'of boltzmann exploration', above=0)
  environments: int = setting(32, 'episodes that run side by side', at_least=1, at_most=100_000)
  collect_steps: int = setting(
    2, 'steps in every environment before each update', at_least=1, at_most=10_000
  )
  replay_capacity: int = setting(
    20_000, 'transitions kept for replay', at_least=1, at_most=1_000_000_000
  )
  warmup: int = setting(
    1_000, 'transitions collected before the first update', at_least=0, at_most=1_000_000_000
  )
