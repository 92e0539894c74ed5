"""A control for curricula: solvable levels in which the hand failed are played again."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tf_creative.core import coupling as coupling_lib
from tf_creative.core import spec, streams
from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.couplings import base
from tf_creative.couplings import options as options_lib
from tf_creative.couplings import random_levels as levels

_NONE = -1.0  # marks an empty place in the memory; a true regret is never negative

Options = options_lib.LevelReplay


class LevelReplay(base.Coupling):
  """Prioritized level replay (Jiang et al. 2021, 'Replay-guided adversarial environment design').

  The paper estimates a level's regret from the agent's values. Here it is known: the largest
  possible return, by search, minus the last episode's. Unlike in their robust variant (PLR-perp),
  the hand learns from new levels, too: off policy, no episode needs to be thrown away.
  """

  Options = Options

  @classmethod
  def check(cls, options: Options, config: Any) -> None:
    if options.capacity < config.agent.environments:
      raise spec.SpecError(
        'level_replay must keep as many levels as there are episodes side by side: give capacity='
        f'{config.agent.environments} or more.',
        'capacity=',
      )

  def __init__(self, parts: coupling_lib.Parts, options: Options, seed: int):
    super().__init__(parts, options, seed)
    self._new = levels.RandomLevels(parts, levels.Options(options.real), seed + 1)
    self._stream = streams.Stream(seed, 'level replay')
    work = parts.world.works.work_spec
    kept = tf.zeros([options.capacity, *work.shape], work.dtype)
    self.works = tf.Variable(kept, trainable=False)
    self.labels = tf.Variable(tf.zeros([options.capacity], tf.int32), trainable=False)
    self.regrets = tf.Variable(tf.fill([options.capacity], _NONE), trainable=False)
    self.meter('regret', 'kept')

  def concept(self, concept: works_lib.Works) -> works_lib.Works:
    self.remember(*self.parts.episodes.ended())
    new, count = self._new.concept(concept), concept.label.shape[0]
    which, share = streams.split(self._stream.next(), 2)
    # Rank-based sampling, P ~ rank^(-1 / temperature); an argsort of an argsort gives the ranks.
    rank = tf.argsort(tf.argsort(self.regrets, direction='DESCENDING')) + 1
    logits = -tf.math.log(tf.cast(rank, tf.float32)) / self.options.temperature
    places = tf.random.stateless_categorical(logits[None], count, which, tf.int32)[0]
    again = tf.random.stateless_uniform([count], share) < self.options.replay
    again &= tf.gather(self.regrets, places) > 0
    old = works_lib.Works(tf.gather(self.works, places), tf.gather(self.labels, places))
    return works_lib.select(again, old, works_lib.Works(new.work, new.label))

  def remember(self, played: works_lib.Works, paid: tf.Tensor, over: tf.Tensor) -> None:
    """Keep the levels with the largest regrets, each once and with its newest regret."""
    owed = world_lib.max_return(self.parts.world, played)
    regret = tf.where(over & (owed > 0), owed - paid, _NONE)
    # Equal levels may end in the same round: only the first of them is stored.
    twins = _equal(played.work, played.work) & over  # bool [B, B]
    first = tf.argmax(twins, 1, tf.int32) == tf.range(tf.shape(paid)[0])
    same = _equal(played.work, self.works) & (self.regrets > _NONE)  # bool [B, capacity]
    known = tf.reduce_any(same, 1)
    # A known level keeps its place; new ones take the places of smallest regret among the others.
    held = tf.reduce_any(same & over[:, None], 0)
    worst = tf.where(held, -tf.float32.max, -self.regrets)
    worst = tf.math.top_k(worst, tf.shape(paid)[0]).indices
    place = tf.where(known, tf.argmax(same, 1, tf.int32), worst)
    takes = over & first & (known | (regret > tf.gather(self.regrets, place)))
    rows = tf.where(takes)[:, 0]
    place = tf.gather(place, rows)
    for kept, new in (
      (self.works, played.work),
      (self.labels, played.label),
      (self.regrets, regret),
    ):
      kept.scatter_update(tf.IndexedSlices(tf.gather(new, rows), place))
    unsolved = tf.cast(self.regrets > 0, tf.float32)
    self.show(
      kept=tf.reduce_sum(unsolved),
      regret=tf.reduce_sum(unsolved * self.regrets) / tf.maximum(tf.reduce_sum(unsolved), 1.0),
    )


def _equal(one: tf.Tensor, other: tf.Tensor) -> tf.Tensor:
  """Compare all pairs of works [N, ...] and [M, ...] for equality: bool [N, M]."""
  one, other = (tf.reshape(works, [tf.shape(works)[0], -1]) for works in (one, other))
  return tf.reduce_all(one[:, None] == other[None], 2)
