"""Levels that the hand failed in, though it need not have, are played again."""

from __future__ import annotations

import dataclasses

import tensorflow as tf

from tf_creative import spec, streams, types
from tf_creative.couplings import base, levels

_NONE = -1.0  # the regret of a place in which no level is kept


@dataclasses.dataclass(frozen=True)
class Options:
  capacity: int = 256  # levels that are kept
  replay: float = 0.5  # share of episodes that are about kept levels
  temperature: float = 0.3  # of the ranks by which a kept level is drawn
  real: float = 0.5  # share of new levels that are real, the others being of chance


class LevelReplay(base.Coupling):
  """Prioritised level replay (Jiang et al. 2021, 'Replay-guided adversarial environment design').

  The papers guess a level's regret from the hand's values; here it is known: the search tells what
  could be earned, the last episode what was. Unlike their robust variant (PLR-perp), the hand
  learns from new levels, too: off policy, no episode need be thrown away.
  """

  Options = Options

  def __init__(self, parts: types.Parts, options: Options, seed: int):
    super().__init__(parts, options, seed)
    base.check_share(options.replay, 'replay', 'level_replay')
    if options.capacity < parts.agent.config.environments:
      raise spec.SpecError('level_replay must keep as many levels as there are environments.')
    self._new = levels.RandomLevels(parts, levels.Options(options.real), seed + 1)
    self._stream = streams.Stream(seed, 'level replay')
    kept = tf.zeros([options.capacity, *parts.domain.work_spec.shape], parts.domain.work_spec.dtype)
    self.works = tf.Variable(kept, trainable=False)
    self.labels = tf.Variable(tf.zeros([options.capacity], tf.int32), trainable=False)
    self.regrets = tf.Variable(tf.fill([options.capacity], _NONE), trainable=False)
    self.meter('regret', 'kept')

  def concept(self, concept: types.Works) -> types.Works:
    seen, paid, over = self.parts.agent.world.ended()
    self.remember(base.bare(self.parts.domain, seen), paid, over)
    new, count = self._new.concept(concept), concept.label.shape[0]
    which, share = streams.split(self._stream.next(), 2)
    rank = tf.argsort(tf.argsort(self.regrets, direction='DESCENDING')) + 1
    logits = -tf.math.log(tf.cast(rank, tf.float32)) / self.options.temperature
    places = tf.random.stateless_categorical(logits[None], count, which, tf.int32)[0]
    again = tf.random.stateless_uniform([count], share) < self.options.replay
    again &= tf.gather(self.regrets, places) > 0
    old = types.Works(tf.gather(self.works, places), tf.gather(self.labels, places))
    return types.select(again, old, types.Works(new.work, new.label))

  def remember(self, played: types.Works, paid: tf.Tensor, over: tf.Tensor) -> None:
    """Keeps those of the levels that taught the hand least, each once, with its newest regret."""
    owed = base.owed(self.parts.domain, played.work)
    regret = tf.where(over & (owed > 0), owed - paid, _NONE)
    flat = lambda works: tf.reshape(works, [tf.shape(works)[0], -1])  # noqa: E731
    same = tf.reduce_all(flat(self.works)[None] == flat(played.work)[:, None], 2)  # [B, kept]
    same &= self.regrets[None] > _NONE
    twin = tf.linalg.band_part(
      tf.reduce_all(flat(played.work)[None] == flat(played.work)[:, None], 2), 0, -1
    )  # later twins of the same round
    first = tf.reduce_sum(tf.cast(twin & (over[:, None] & over[None]), tf.int32), 0) <= 1
    known = tf.reduce_any(same, 1)
    worst = tf.math.top_k(-self.regrets, tf.shape(paid)[0]).indices
    place = tf.where(known, tf.argmax(same, 1, tf.int32), worst)
    takes = over & first & (known | (regret > tf.gather(self.regrets, place)))
    rows = tf.where(takes)[:, 0]
    place = tf.gather(place, rows)
    for variable, part in (
      (self.works, played.work),
      (self.labels, played.label),
      (self.regrets, regret),
    ):
      variable.scatter_update(tf.IndexedSlices(tf.gather(part, rows), place))
    kept = tf.cast(self.regrets > 0, tf.float32)
    self.show(
      kept=tf.reduce_sum(kept),
      regret=tf.reduce_sum(kept * self.regrets) / tf.maximum(tf.reduce_sum(kept), 1.0),
    )
