"""A critic of unfinished works: it compares them with real works at the same time."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tf_creative.core import coupling as coupling_lib
from tf_creative.core import streams
from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib


class CanvasCritic(tf.Module):
  """Learns to tell the hand's canvases (unfinished works) from real works at the same stage.

  It is not the generator's critic: that one would get worse at whole works. With `whole`, it
  compares with finished real works instead. In worlds that show the hand only a latent code, 'real'
  is what the imagination makes of the code. The critic then sees that work beside the canvas, as in
  SPIRAL (Ganin et al. 2018, section 3.3), so that it can judge whether the two match.
  """

  def __init__(
    self,
    parts: coupling_lib.Parts,
    seed: int,
    batch_size: int,
    whole: bool = False,
    by_code: bool = True,
    **settings: float,
  ):
    super().__init__()
    self._parts, self._batch_size, self._whole = parts, batch_size, whole
    *space, channels = parts.world.works.value_shape
    self._by_code = by_code and bool(parts.world.play.code_size)
    planes = channels * (2 if self._by_code else 1) + 1
    self._critic = parts.gan.new_critic((*space, planes), seed, **settings)
    self._works = streams.Stream(seed, 'canvas critic/works')
    self._chance = streams.Stream(seed, 'canvas critic/chance')

  def goal(self, seen: dict[str, tf.Tensor]) -> tf.Tensor:
    """Return the works that the observed codes stand for, as values; without codes, 0 channels."""
    world, gan = self._parts.world, self._parts.gan
    if self._by_code:
      return gan.generate(seen['code'], seen['label'])
    return tf.zeros([tf.shape(seen['label'])[0], *world.works.value_shape[:-1], 0])

  def score(self, seen: dict[str, tf.Tensor], goal: tf.Tensor | None = None) -> tf.Tensor:
    """Return logits [N] of observed canvases; pass `goal` if `goal(seen)` is known already."""
    return self._critic.score(self._shown(seen, self.goal(seen) if goal is None else goal))

  def train_step(self, seen: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Make one update on observed canvases [N] against real works at the same times."""
    made = self._latest(seen) if self._whole else seen
    made = {name: part[: self._batch_size] for name, part in made.items()}
    goal = self.goal(made)
    real = self._real(made, goal)
    refused = (made, goal)
    if self._by_code:
      refused = self._mistaken(made, real, goal)
    return self._critic.train_step(
      self._shown(real, goal), self._shown(*refused), self._chance.next()
    )

  def _latest(self, seen: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Sort observations by the time left, least first: only those should look whole."""
    order = tf.argsort(seen['time_left'], stable=True)
    return {name: tf.gather(part, order) for name, part in seen.items()}

  def _mistaken(
    self, made: dict[str, tf.Tensor], real: dict[str, tf.Tensor], goal: tf.Tensor
  ) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
    """Return what the critic must reject: the hand's works, and real works with a wrong goal.

    Half of the batch each. The wrong goals force the critic to compare work and goal (as the
    matching-aware critic of Reed et al. 2016); from the hand's works alone it would learn to
    recognize the hand's style, whatever the goal.
    """
    # Rolling by one row gives every work the goal and label of another.
    half = self._batch_size // 2
    mix = lambda one, other: tf.concat([one[:half], other[half:]], 0)  # noqa: E731
    other = {**real, 'label': tf.roll(real['label'], 1, 0)}
    return tf.nest.map_structure(mix, (made, goal), (other, tf.roll(goal, 1, 0)))

  def _real(self, made: dict[str, tf.Tensor], goal: tf.Tensor) -> dict[str, tf.Tensor]:
    world = self._parts.world
    if self._by_code:
      concept = works_lib.Works(world.works.to_works(goal), made['label'], made['code'])
    else:
      count = tf.shape(made['label'])[0]
      concept = works_lib.draw(self._parts.real, count, self._works.next())
      nothing = tf.zeros([count, world.play.code_size])
      concept = world_lib.told(world, concept.work, concept.label, nothing)
    # Real works at the same times as the hand's: `midway` takes random steps towards a work.
    time, chance = world.rules.horizon - made['time_left'], self._chance.next()
    done = tf.fill(tf.shape(time), world.rules.horizon) if self._whole else time
    real = world.rules.observe(world.making.midway(concept, done, chance))
    return {**real, 'time_left': made['time_left']}

  def _shown(self, seen: dict[str, tf.Tensor], goal: tf.Tensor) -> Any:
    """Pack the critic's input: work, a plane of the time left, and goal as channels; labels."""
    world = self._parts.world
    values = world.works.to_values(world.rules.work(world.rules.resume(seen)))
    time = tf.cast(seen['time_left'], tf.float32) / world.rules.horizon
    time = tf.reshape(time, [-1, *[1] * (values.shape.rank - 1)]) + tf.zeros_like(values[..., :1])
    return self._critic.shown(tf.concat([values, time, goal], -1), seen['label'])
