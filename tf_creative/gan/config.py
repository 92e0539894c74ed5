"""The imagination's settings; this file imports nothing heavy, so that `--help` is quick."""

from __future__ import annotations

import dataclasses

from tf_creative.core.spec import setting
from tf_creative.gan import LOSSES, NETWORKS


@dataclasses.dataclass(frozen=True)
class GanConfig:
  network: str = setting('conv', 'networks of generator and critic', one_of=NETWORKS, common=True)
  loss: str = setting('r3gan', 'adversarial loss', one_of=LOSSES, common=True)
  conditional: bool = setting(True, 'give generator and critic the label of a work')
  latent_size: int = setting(32, 'size of the latent code z', at_least=1, at_most=65_536)
  width: int = setting(64, 'channels or units of a layer', at_least=1, at_most=8192, common=True)
  batch_size: int = setting(64, 'real works in a batch', at_least=1, at_most=1_000_000)
  learning_rate: float = setting(
    1e-3, 'learning rate of both Adam optimizers', above=0, common=True
  )
  decay_steps: int = setting(
    6000, 'updates in which the learning rate falls to 1%, by a cosine; 0: constant', at_least=0
  )
  beta_1: float = setting(
    0.0, "Adam's decay of the mean gradient (beta_1); GANs like it low", at_least=0, below=1
  )
  r1: float = setting(1.0, "weight of the critic's gradient penalty at real works", at_least=0)
  r2: float = setting(1.0, "weight of the critic's gradient penalty at imagined works", at_least=0)
  gp: float = setting(
    10.0, 'weight of the gradient penalty of wgan_gp, which ignores r1 and r2', at_least=0
  )
  distort: float = setting(
    0.0,
    'share of works that the critic sees shifted, cut and recoloured, real and imagined alike: '
    'differentiable augmentation, for few real works',
    at_least=0,
    at_most=1,
  )
  ema_decay: float = setting(
    0.998, 'decay of the averaged generator, which makes all imagined works', at_least=0, below=1
  )
  adversary: float = setting(
    1.0,
    "weight of the adversarial loss in the generator's; 0: a plain model, for a critic that only "
    'judges it (transitions)',
    at_least=0,
  )
  anchor: float = setting(
    1.0, 'weight of the distance to what really followed (transitions)', at_least=0
  )
  members: int = setting(
    3, 'networks whose disagreement tells what is not known (transitions)', at_least=1, at_most=100
  )
