"""A critic of works in the making: is this how a real one looks after so much time?"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tf_creative import streams, types


class CanvasCritic(tf.Module):
  """Never the generator's: that one, shown canvases too, has no good word left for whole works.

  It compares what the hand has made with real works that are as far along, of the same label where
  they can be had. Where the hand is told a code, real is what the imagination makes of that code,
  and the critic is told it, too: else it would have nothing to know a work from its code by.
  """

  def __init__(self, parts: types.Parts, seed: int, batch_size: int, **settings: float):
    super().__init__()
    self._parts, self._batch_size = parts, batch_size
    *space, channels = parts.domain.value_shape
    self._shape = (*space, channels + 1 + parts.domain.code_size)
    self._critic = parts.gan.another_critic(self._shape, seed, **settings)
    self._works = streams.Stream(seed, 'canvas critic/works')
    self._chance = streams.Stream(seed, 'canvas critic/chance')

  def score(self, seen: dict[str, tf.Tensor]) -> tf.Tensor:
    """Logits [N] of what stands on the easel."""
    return self._critic.score(self._values(seen), seen['label'])

  def score_and_slope(self, seen: dict[str, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
    """The logits, and their gradients at the works' own values [N, *value_shape]."""
    values = self._values(seen)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
      tape.watch(values)
      logits = self._critic.score(values, seen['label'])
    return logits, tape.gradient(logits, values)[..., : self._parts.domain.value_shape[-1]]

  def train_step(self, seen: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """One update on what was seen, as the hand's, against real works at the same times."""
    made = {name: part[: self._batch_size] for name, part in seen.items()}
    real = self._real(made)
    return self._critic.train_step(
      self._values(real), self._values(made), real['label'], self._chance.next(), made['label']
    )

  def _real(self, made: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    domain, gan = self._parts.domain, self._parts.gan
    if domain.code_size:
      imagined = domain.to_works(gan.generate(made['code'], made['label']))
      concept = types.Works(imagined, made['label'], made['code'])
    else:
      pool = self._parts.real
      picks = tf.random.stateless_uniform(
        tf.shape(made['label']), self._works.next(), maxval=pool.label.shape[0], dtype=tf.int32
      )
      concept = tf.nest.map_structure(lambda part: tf.gather(part, picks), pool)
    time = domain.horizon - made['time_left']
    return domain.observe(domain.midway(concept, time, self._chance.next()))

  def _values(self, seen: dict[str, tf.Tensor]) -> tf.Tensor:
    """A work with its time, and its code where there is one, as planes beside it."""
    domain = self._parts.domain
    values = domain.to_values(domain.work(domain.resume(seen)))
    time = tf.cast(seen['time_left'], tf.float32)[:, None] / domain.horizon
    told = tf.concat([time, seen['code']], 1) if domain.code_size else time
    told = tf.reshape(told, [-1, *[1] * (len(self._shape) - 1), told.shape[1]])
    return tf.concat([values, told + tf.zeros_like(values[..., :1])], -1)


def after(batch: Any) -> dict[str, tf.Tensor]:
  """What was seen after the first step of each transition."""
  return {name: part[:, 1] for name, part in batch.observation.items()}
