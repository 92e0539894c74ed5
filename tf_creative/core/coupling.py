"""The contract of a coupling: what ties the imagination (GAN) and the hand (agent)."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import tensorflow as tf

from tf_creative.core import batch as batch_lib
from tf_creative.core import hand as hand_lib
from tf_creative.core import imagination as imagination_lib
from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib


class Foresight(Protocol):
  """Imagines what follows an action, where no rules tell; it learns that from the hand's replay."""

  def transitions(self, count: int, tries: float) -> tuple[batch_lib.Batch, Any]:
    """Imagine a step from each of `count` replayed states: sequences of two frames.

    Actions are the best by today's values, or, with the probability `tries`, any. The second has
    `doubt` [B], how far an ensemble disagrees, and `logit` [B], higher for what looks more real.
    """
    ...

  def foresee(self, observation: hand_lib.Observation, action: tf.Tensor, seed: tf.Tensor) -> Any:
    """Imagine what follows actions [B]; it has `doubt` and `logit`, too."""
    ...

  def learn(self) -> dict[str, tf.Tensor]:
    """Make one update on replayed transitions; return scalars for the log."""
    ...

  def steps(self, batch: batch_lib.Batch) -> Any:
    """Return the steps from each frame to the next, as critics read them: [B x (T - 1), ...]."""
    ...

  def new_critic(self, seed: int, **changes: Any) -> StepCritic:
    """Build an independent critic with the same settings, except `changes`."""
    ...


class StepCritic(Protocol):
  """Learns to tell some steps from others; what comes after the end of an episode is judged, too.

  As in Kostrikov et al. 2019: who ends an episode is then in a state of rest for ever.
  """

  def score(self, steps: Any) -> tf.Tensor:
    """Return logits [N], higher for steps that look more like the first kind."""
    ...

  def rest(self) -> tf.Tensor:
    """Return the logit of a step at rest: a scalar."""
    ...

  def train_step(self, real: Any, fake: Any, seed: tf.Tensor) -> dict[str, tf.Tensor]:
    """Make one update on equal numbers of both kinds; return scalars for the log."""
    ...


class Parts(NamedTuple):
  """The built parts of a learner, as the couplings receive them."""

  world: world_lib.World
  gan: imagination_lib.Imagination | Any  # None where the world has no works
  agent: hand_lib.Hand
  episodes: hand_lib.Episodes
  real: works_lib.Works | Any  # the training works, held as constants; None as for `gan`
  foresight: Foresight | Any = None  # where transitions are imagined


class Coupling(Protocol):
  """Five hooks into a training round; `couplings.base.Coupling` changes nothing in any of them."""

  def concept(self, concept: works_lib.Works) -> works_lib.Works:
    """Return the works with labels that the next episodes are about, e.g. imagined ones."""
    ...

  def experience(self, batch: batch_lib.Batch) -> batch_lib.Batch:
    """Return the transitions for the hand to learn from, with the world's own reward."""
    ...

  def reward(self, batch: batch_lib.Batch) -> batch_lib.Batch:
    """Return the batch with the coupling's own reward added to the world's.

    Where `batch.tells_every_action`, the hand learns from `action_rewards` alone: add to them what
    each action would earn. `core.batch.plus` adds a reward that is the same for all of them.
    """
    ...

  def generator_loss(self, values: tf.Tensor, labels: tf.Tensor, gradient: tf.Tensor) -> tf.Tensor:
    """Return a scalar to add to the generator's loss on the imagined `values` [B, ...].

    `gradient` is the gradient of the loss without this term at `values`, so that the term can be
    scaled relative to it.
    """
    ...

  def metrics(self) -> dict[str, tf.Tensor]:
    """Return scalars of the last round for the log, by name."""
    ...
