"""The imagination's settings; this file imports nothing heavy, so that `--help` is quick."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class GanConfig:
  network: str = dataclasses.field(
    default='conv', metadata={'help': 'networks of generator and critic: conv, dense, recurrent'}
  )
  loss: str = dataclasses.field(
    default='r3gan',
    metadata={'help': 'adversarial loss: r3gan, non_saturating, minimax, hinge, wgan_gp'},
  )
  conditional: bool = dataclasses.field(
    default=True, metadata={'help': 'tell generator and critic the label of a work'}
  )
  latent_size: int = dataclasses.field(default=32, metadata={'help': 'length of the code z'})
  width: int = dataclasses.field(default=64, metadata={'help': 'channels or units of a layer'})
  batch_size: int = dataclasses.field(default=64, metadata={'help': 'real works in a batch'})
  learning_rate: float = dataclasses.field(
    default=4e-4, metadata={'help': 'of both Adam optimizers'}
  )
  decay_steps: int = dataclasses.field(
    default=0,
    metadata={'help': 'updates in which the rate falls to a hundredth, by a cosine; 0: never'},
  )
  beta_1: float = dataclasses.field(default=0.0, metadata={'help': "Adam's first decay"})
  r1: float = dataclasses.field(
    default=1.0, metadata={'help': 'weight of the critic gradient penalty at real works'}
  )
  r2: float = dataclasses.field(
    default=1.0, metadata={'help': 'weight of the critic gradient penalty at imagined works'}
  )
  gp: float = dataclasses.field(
    default=10.0, metadata={'help': 'weight of the penalty that wgan_gp has in place of r1 and r2'}
  )
  ema_decay: float = dataclasses.field(
    default=0.998, metadata={'help': 'decay of the averaged generator that imagines'}
  )
