"""The hand's settings; this file imports nothing heavy, so that `--help` is quick."""

from __future__ import annotations

import dataclasses


def _field(default, help_text: str):
  return dataclasses.field(default=default, metadata={'help': help_text})


@dataclasses.dataclass(frozen=True)
class AgentConfig:
  network: str = _field('conv', 'Q-network: conv (one value map per colour), dense')
  width: int = _field(32, "channels or units of the Q-network's layers")
  depth: int = _field(3, "number of the Q-network's layers")
  dueling: bool = _field(True, 'split the Q-network into a value and advantages')
  n_step: int = _field(1, 'steps of pay before the value of the next state is trusted')
  discount: float = _field(0.5, 'what the pay of the next step is worth today')
  learning_rate: float = _field(1e-3, 'of the Adam optimizer')
  batch_size: int = _field(128, 'replayed transitions in a batch')
  target_period: int = _field(200, 'updates between two copies to the target network')
  atoms: int = _field(51, 'support points of the return distribution (c51)')
  exploration: str = _field('epsilon', 'how the hand explores: epsilon, boltzmann')
  epsilon: float = _field(0.1, 'share of random actions at the end of their decay from 1')
  epsilon_decay: int = _field(500, 'updates in which epsilon falls from 1')
  temperature: float = _field(0.02, 'of boltzmann exploration')
  environments: int = _field(32, 'episodes that run side by side')
  collect_steps: int = _field(2, 'steps in every environment before each update')
  replay_capacity: int = _field(20_000, 'transitions kept for replay')
  warmup: int = _field(1_000, 'transitions collected before the first update')
