"""The contract of a coupling: what ties imagination and hand."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import tensorflow as tf

from tf_creative.core import batch as batch_lib
from tf_creative.core import hand as hand_lib
from tf_creative.core import imagination as imagination_lib
from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib


class Parts(NamedTuple):
  """The built parts of a learner, as the couplings receive them."""

  world: world_lib.World
  gan: imagination_lib.Imagination | Any  # as `real`, None where the world has no works
  agent: hand_lib.Hand
  episodes: hand_lib.Episodes
  real: works_lib.Works | Any  # what the learner is trained on, held as constants


class Coupling(Protocol):
  """Five hooks; `couplings.base` holds the identity."""

  def concept(self, concept: works_lib.Works) -> works_lib.Works:
    """Chooses what the next episodes are about: works with labels."""
    ...

  def experience(self, batch: batch_lib.Batch) -> batch_lib.Batch:
    """Changes the transitions that the hand learns from, with the world's own reward."""
    ...

  def reward(self, batch: batch_lib.Batch) -> batch_lib.Batch:
    """Adds a reward of its own to the world's."""
    ...

  def generator_loss(self, values: tf.Tensor, labels: tf.Tensor, gradient: tf.Tensor) -> tf.Tensor:
    """Adds a term to the generator's loss on the values that it imagined.

    `gradient` is that of the loss without it at `values`: what a term must be balanced against.
    """
    ...

  def metrics(self) -> dict[str, tf.Tensor]:
    """Tells what is worth logging of the last round."""
    ...
