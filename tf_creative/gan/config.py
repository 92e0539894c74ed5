"""The imagination's settings; this file imports nothing heavy, so that `--help` is quick."""

from __future__ import annotations

import dataclasses

from tf_creative.spec import setting


@dataclasses.dataclass(frozen=True)
class GanConfig:
  network: str = setting('conv', 'networks of generator and critic: conv, dense, recurrent')
  loss: str = setting('r3gan', 'adversarial loss: r3gan, non_saturating, minimax, hinge, wgan_gp')
  conditional: bool = setting(True, 'tell generator and critic the label of a work')
  latent_size: int = setting(32, 'length of the code z')
  width: int = setting(64, 'channels or units of a layer')
  batch_size: int = setting(64, 'real works in a batch')
  learning_rate: float = setting(4e-4, 'of both Adam optimizers')
  decay_steps: int = setting(
    0, 'updates in which the rate falls to a hundredth, by a cosine; 0: never'
  )
  beta_1: float = setting(0.0, "Adam's first decay")
  r1: float = setting(1.0, 'weight of the critic gradient penalty at real works')
  r2: float = setting(1.0, 'weight of the critic gradient penalty at imagined works')
  gp: float = setting(10.0, 'weight of the penalty that wgan_gp has in place of r1 and r2')
  ema_decay: float = setting(0.998, 'decay of the averaged generator that imagines')
