"""The hand's settings; this file imports nothing heavy, so that `--help` is quick."""

from __future__ import annotations

import dataclasses

from tf_creative.spec import setting


@dataclasses.dataclass(frozen=True)
class AgentConfig:
  network: str = setting(
    'conv', 'Q-network: conv (one value map per colour), dense, map (for who walks)'
  )
  width: int = setting(32, "channels or units of the Q-network's layers")
  depth: int = setting(3, "number of the Q-network's layers")
  reader: int = setting(64, 'channels of the layers that read a code, where the hand is told one')
  dueling: bool = setting(True, 'split the Q-network into a value and advantages')
  n_step: int = setting(1, 'steps of pay before the value of the next state is trusted')
  discount: float = setting(0.5, 'what the pay of the next step is worth today')
  learning_rate: float = setting(1e-3, 'of the Adam optimizer')
  decay_steps: int = setting(
    0, 'updates in which the rate falls to a hundredth, by a cosine; 0: never'
  )
  batch_size: int = setting(128, 'replayed transitions in a batch')
  target_period: int = setting(200, 'updates between two copies to the target network')
  atoms: int = setting(51, 'support points of the return distribution (c51)')
  exploration: str = setting('epsilon', 'how the hand explores: epsilon, boltzmann')
  epsilon: float = setting(0.1, 'share of random actions at the end of their decay from 1')
  epsilon_decay: int = setting(500, 'updates in which epsilon falls from 1')
  temperature: float = setting(0.02, 'of boltzmann exploration')
  environments: int = setting(32, 'episodes that run side by side')
  collect_steps: int = setting(2, 'steps in every environment before each update')
  replay_capacity: int = setting(20_000, 'transitions kept for replay')
  warmup: int = setting(1_000, 'transitions collected before the first update')
