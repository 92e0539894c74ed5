"""The imagination makes what the hand faces: the picture to paint, the theme to play, the level."""

from __future__ import annotations

import dataclasses

import tensorflow as tf

from tf_creative import spec, streams, types
from tf_creative.couplings import base


@dataclasses.dataclass(frozen=True)
class Options:
  real: float = 0.25  # share of episodes that stay about a real work


class Environment(base.Coupling):
  """Replaces the works that the next episodes are about by imagined ones of the same labels."""

  Options = Options

  def __init__(self, parts: types.Parts, options: Options, seed: int):
    super().__init__(parts, options, seed)
    if not 0 <= options.real <= 1:
      raise spec.SpecError(f"option 'real' of environment must be 0 to 1, not {options.real}.")
    self._stream = streams.Stream(seed, 'environment')

  def concept(self, concept: types.Works) -> types.Works:
    latent_seed, share_seed = streams.split(self._stream.next(), 2)
    count = tf.shape(concept.label)[0]
    latents = tf.random.stateless_normal([count, self.parts.gan.config.latent_size], latent_seed)
    imagined = self.parts.domain.to_works(self.parts.gan.generate(latents, concept.label))
    stays = tf.random.stateless_uniform([count], share_seed) < self.options.real
    return concept._replace(work=types.select(stays, concept.work, imagined))
