"""The world of levels: the hand walks to the goal by MiniGrid's rules; a GAN makes levels."""

from __future__ import annotations

import dataclasses
import functools
from typing import ClassVar

import numpy as np
import tensorflow as tf

from tf_creative.core import streams
from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.worlds.level import levels as level_works
from tf_creative.worlds.level import measuring, showing, tiles
from tf_creative.worlds.level import rules as level_rules
from tf_creative.worlds.level import solver as level_solver
from tf_creative.worlds.level import survey as level_survey

_PLANES = 9  # planes of `features` that differ from cell to cell


@dataclasses.dataclass(frozen=True)
class Level(
  level_works.LevelWorks,
  world_lib.Play,
  world_lib.Rules,
  world_lib.Levels,
  world_lib.Whole,
):
  """An action is one of MiniGrid's; the only reward is 1 - 0.9 t/T, at the goal.

  An episode is about a level. Its work is the same level with the traces of play, which tell how
  far the agent came.
  """

  name = 'level'
  reward_bound: ClassVar[float] = 1.0

  @functools.cached_property
  def media(self) -> showing.LevelMedia:
    return showing.LevelMedia(self._size, self.label_names, self.horizon)

  @functools.cached_property
  def measures(self) -> measuring.LevelMeasures:
    return measuring.LevelMeasures(self.horizon, self.label_names)

  @property
  def observation_spec(self) -> dict[str, works_lib.Bounded]:
    return {
      'work': self.work_spec,
      'label': works_lib.Bounded((), tf.int32, 0, len(self.label_names) - 1),
      'time_left': works_lib.Bounded((), tf.int32, 0, self.horizon),
    }

  @property
  def action_spec(self) -> works_lib.Bounded:
    return works_lib.Bounded((), tf.int32, 0, len(level_rules.ACTIONS) - 1)

  def start(self, concept: works_lib.Works, seed: tf.Tensor) -> level_rules.State:
    del seed  # the start is in the level
    return level_rules.begin(concept.work, concept.label)

  def step(self, state: level_rules.State, action: tf.Tensor, seed: tf.Tensor):
    del seed  # the rules are deterministic
    return level_rules.step(state, action, self.horizon)

  def observe(self, state: level_rules.State) -> dict[str, tf.Tensor]:
    return {'work': state.work, 'label': state.label, 'time_left': self.horizon - state.time}

  def resume(self, observation: dict[str, tf.Tensor]) -> level_rules.State:
    time = self.horizon - observation['time_left']
    return level_rules.read(observation['work'], observation['label'], time)

  def work(self, state: level_rules.State) -> tf.Tensor:
    return state.work

  def place(self, state: level_rules.State, work: tf.Tensor) -> level_rules.State:
    """Put works into states; in a level without an agent, it stands at the start."""
    here = tf.reduce_any(tiles.trace(work) >= tiles.HERE, [1, 2])
    begun = level_rules.begin(work, state.label)._replace(time=state.time)
    return works_lib.select(here, level_rules.read(work, state.label, state.time), begun)

  def survey(self, observation: dict[str, tf.Tensor], seed: tf.Tensor) -> world_lib.Survey:
    strides, turn = streams.split(seed, 2)
    state = level_survey.ahead(self.resume(observation), strides)
    return level_survey.survey(state, self.horizon, self._seen, turn)

  def allowed(self, state: level_rules.State, keep: tf.Tensor) -> tf.Tensor:
    """Allow all actions: none of them can change what a level is."""
    del keep
    return tf.ones([tf.shape(state.label)[0], len(level_rules.ACTIONS)], tf.bool)

  @functools.cached_property
  def _planes(self) -> np.ndarray:
    return tiles.planes()

  def features(self, observation: dict[str, tf.Tensor]) -> tf.Tensor:
    """Return planes [B, H, W, 4 + 8]: the agent by its direction, then tiles, doors, key, time."""
    return self._seen(self.resume(observation))

  def _seen(self, state: level_rules.State) -> tf.Tensor:
    """Return the `features` of states."""
    planes = tf.gather(self._planes, tf.cast(state.work, tf.int32))
    lacks_key = tf.cast(state.locked & ~state.carries, tf.float32)
    return self._with_whole(planes, lacks_key, state.carries, self.horizon - state.time)

  def prospect(self, values: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    del labels  # everything is in the level
    parts = dict(zip(tiles.NAMES, tf.unstack(values, axis=-1), strict=True))
    cells = [parts['start'], *[tf.zeros_like(parts['start'])] * (tiles.DIRECTIONS - 1)]
    cells += [parts[name] for name in ('wall', 'goal', 'lava', 'key', 'door')]
    # At the start a door lacks its key if there is a key in the level.
    has_key = tf.reduce_sum(parts['key'], [1, 2])
    count = tf.shape(values)[:1]
    time_left = tf.fill(count, self.horizon)
    features = self._with_whole(tf.stack(cells, -1), has_key, tf.zeros(count, tf.bool), time_left)
    solution = level_solver.solve(self.to_works(values))
    best = 1 - 0.9 * tf.cast(solution.length / self.horizon, tf.float32)
    return features, tf.where(solution.solvable & (solution.length <= self.horizon), best, 0.0)

  def _with_whole(self, planes, lacks_key, carries, time_left) -> tf.Tensor:
    """Append planes to [B, H, W, 9]: doors that lack their key, whether one is carried, time."""
    whole = lambda number: tf.cast(number, tf.float32)[:, None, None, None]  # noqa: E731
    shut = planes[..., _PLANES - 1 :] * whole(lacks_key)
    everywhere = tf.concat([whole(carries), whole(time_left) / self.horizon], -1)
    return tf.concat([planes, shut, everywhere + tf.zeros_like(shut)], -1)
