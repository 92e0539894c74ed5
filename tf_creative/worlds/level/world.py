"""Walking through a level to its goal, by MiniGrid's rules; the imagination makes the levels."""

from __future__ import annotations

from collections.abc import Callable
import dataclasses
import functools
import os
from typing import Any

import numpy as np
from PIL import Image
import tensorflow as tf
import tensorflow_datasets as tfds

from tf_creative.core import spec, streams
from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.worlds import drawings, files, options
from tf_creative.worlds.level import files as levels
from tf_creative.worlds.level import rules as level_rules
from tf_creative.worlds.level import solver as level_solver
from tf_creative.worlds.level import survey as level_survey
from tf_creative.worlds.level import tiles

_PLAIN = np.array([tiles.FLOOR, tiles.WALL, tiles.LAVA, tiles.DOOR])  # as many as there may be
_NEVER = 1e9
# How often each tile stands in a level of chance, at most, for once that the floor does.
_MOST_OFTEN = (2.0, 1.0, 1.0, 1.0, 0.3, 0.1, 0.02)  # in the order of the names
_PLANES = 9  # of `features`, before those that are the same all over a level


@dataclasses.dataclass(frozen=True)
class Level(
  options.Level,
  world_lib.Play,
  world_lib.Rules,
  world_lib.Works,
  world_lib.Levels,
  world_lib.Media,
  world_lib.Measures,
  world_lib.Whole,
):
  """An action is one of MiniGrid's; the goal pays 1 - 0.9 t/T, and nothing else does.

  A work is the level with the traces of play, so that it tells how far the agent came. An episode
  is about a level; that of the work is the same, as nobody here can build.
  """

  name, participle = 'level', 'walked'
  splits = ('test',)
  reward_bound = 1.0
  scores = {'solved': world_lib.Measure('.1%', 'of levels solved')}
  traits = {
    'solvable': world_lib.Measure('.1%', 'of levels solvable'),
    'unique': world_lib.Measure('.1%', 'of levels that are no other'),
    'path_length': world_lib.Measure('.1f', 'actions on the shortest way'),
    'walls': world_lib.Measure('.1f', 'tiles of wall inside'),
    'lava': world_lib.Measure('.1f', 'tiles of lava'),
    'doors': world_lib.Measure('.2f', 'doors'),
    'keys': world_lib.Measure('.2f', 'keys'),
  }

  @functools.cached_property
  def _size(self) -> tuple[int, int]:
    return levels.shape(self.data)

  @functools.cached_property
  def label_names(self) -> list[str]:
    return levels.label_names(self.data)

  @property
  def value_shape(self) -> tuple[int, int, int]:
    return *self._size, len(tiles.NAMES)

  @property
  def work_spec(self) -> works_lib.Bounded:
    return works_lib.Bounded(self._size, tf.uint8, 0, tiles.CODES - 1)

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

  def real(self, split: str) -> tf.data.Dataset:
    return levels.works(self.data, split)

  def read(
    self, path: str | os.PathLike, mask: str | os.PathLike = ''
  ) -> tuple[np.ndarray, np.ndarray]:
    if mask:
      raise spec.UserError('a level says by itself what is to be imagined: mark it by ? in it.')
    return levels.read(path, self._size)

  def filled(self, work: np.ndarray, given: np.ndarray, works: np.ndarray) -> np.ndarray:
    """With the start, the goal and the key that are given, or else one of each in the gaps."""
    wanted = self.to_values(np.where(given, work, works)).numpy()
    wanted += given[..., None] * (4 * wanted + 3 * np.eye(len(tiles.NAMES))[tiles.FLOOR])
    return np.where(given, work, self.to_works(wanted))

  def portrait(self, path: str | os.PathLike, given: np.ndarray) -> tuple[Image.Image, np.ndarray]:
    picture, _ = super().portrait(path, given)
    return picture, given.repeat(tiles.SIDE, 0).repeat(tiles.SIDE, 1)

  def store(self, works: works_lib.Works, seeds: np.ndarray, folder: str | os.PathLike) -> None:
    feature = tfds.features.Tensor(shape=self._size, dtype=np.uint8)
    bare = works.work % len(tiles.NAMES)
    files.save('tiles', feature, bare, works.label, self.label_names, seeds, folder)

  def random(self, count: int, seed: tf.Tensor) -> tf.Tensor:
    """Each level has rates of its own of what stands in it: from open halls to thickets."""
    rates, places = streams.split(seed, 2)
    most = np.array(_MOST_OFTEN, np.float32)
    rates = most * tf.random.stateless_uniform([count, len(most)], rates, 1e-3)
    chance = tf.random.stateless_uniform([count, *self.value_shape], places, 1e-7)
    # The largest of these is each tile as often as its rate says (Gumbel).
    return self.to_works(tf.math.log(rates)[:, None, None] - tf.math.log(-tf.math.log(chance)))

  def start(self, concept: works_lib.Works, seed: tf.Tensor) -> level_rules.State:
    del seed  # the level says where
    return level_rules.begin(concept.work, concept.label)

  def step(self, state: level_rules.State, action: tf.Tensor, seed: tf.Tensor):
    del seed  # nothing is left to chance
    return level_rules.step(state, action, self.horizon)

  def observe(self, state: level_rules.State) -> dict[str, tf.Tensor]:
    return {'work': state.work, 'label': state.label, 'time_left': self.horizon - state.time}

  def resume(self, observation: dict[str, tf.Tensor]) -> level_rules.State:
    time = self.horizon - observation['time_left']
    return level_rules.read(observation['work'], observation['label'], time)

  def work(self, state: level_rules.State) -> tf.Tensor:
    return state.work

  def place(self, state: level_rules.State, work: tf.Tensor) -> level_rules.State:
    """Where nobody stands in the work, the agent begins."""
    here = tf.reduce_any(tiles.trace(work) >= tiles.HERE, [1, 2])
    begun = level_rules.begin(work, state.label)._replace(time=state.time)
    return works_lib.select(here, level_rules.read(work, state.label, state.time), begun)

  def survey(self, observation: dict[str, tf.Tensor], seed: tf.Tensor) -> world_lib.Survey:
    strides, turn = streams.split(seed, 2)
    state = level_survey.ahead(self.resume(observation), strides)
    return level_survey.survey(state, self.horizon, self._seen, turn)

  def allowed(self, state: level_rules.State, keep: tf.Tensor) -> tf.Tensor:
    """All actions: none of them can build."""
    del keep
    return tf.ones([tf.shape(state.label)[0], len(level_rules.ACTIONS)], tf.bool)

  @functools.cached_property
  def _planes(self) -> np.ndarray:
    return tiles.planes()

  def features(self, observation: dict[str, tf.Tensor]) -> tf.Tensor:
    """Where the agent is and looks to comes first: [B, H, W, 4 + 8]."""
    return self._seen(self.resume(observation))

  def _seen(self, state: level_rules.State) -> tf.Tensor:
    planes = tf.gather(self._planes, tf.cast(state.work, tf.int32))
    lacks_key = tf.cast(state.locked & ~state.carries, tf.float32)
    return self._with_whole(planes, lacks_key, state.carries, self.horizon - state.time)

  def prospect(self, values: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    del labels  # the level says all
    parts = dict(zip(tiles.NAMES, tf.unstack(values, axis=-1), strict=True))
    cells = [parts['start'], *[tf.zeros_like(parts['start'])] * (tiles.DIRECTIONS - 1)]
    cells += [parts[name] for name in ('wall', 'goal', 'lava', 'key', 'door')]
    has_key = tf.reduce_sum(parts['key'], [1, 2])
    count = tf.shape(values)[:1]
    time_left = tf.fill(count, self.horizon)
    features = self._with_whole(tf.stack(cells, -1), has_key, tf.zeros(count, tf.bool), time_left)
    solution = level_solver.solve(self.to_works(values))
    best = 1 - 0.9 * tf.cast(solution.length / self.horizon, tf.float32)
    return features, tf.where(solution.solvable & (solution.length <= self.horizon), best, 0.0)

  def _with_whole(self, planes, lacks_key, carries, time_left) -> tf.Tensor:
    """The planes with those of doors that stay shut as yet, of a key in the hand and of time."""
    whole = lambda number: tf.cast(number, tf.float32)[:, None, None, None]  # noqa: E731
    shut = planes[..., _PLANES - 1 :] * whole(lacks_key)
    everywhere = tf.concat([whole(carries), whole(time_left) / self.horizon], -1)
    return tf.concat([planes, shut, everywhere + tf.zeros_like(shut)], -1)

  def legal(self, raw: tf.Tensor) -> tf.Tensor:
    """One start, one goal and at most one key, each where it is most wanted; walls all around."""
    hard = tf.one_hot(self._tiles(raw), len(tiles.NAMES))
    soft = tf.where(self._inner[..., None], tf.nn.softmax(raw), hard)
    return hard + soft - tf.stop_gradient(soft)

  def to_values(self, works: tf.Tensor) -> tf.Tensor:
    return tf.one_hot(tf.cast(works, tf.int32) % len(tiles.NAMES), len(tiles.NAMES))

  def to_works(self, values: tf.Tensor) -> tf.Tensor:
    return tf.cast(self._tiles(values), tf.uint8)

  @functools.cached_property
  def _inner(self) -> np.ndarray:
    return np.pad(np.ones([side - 2 for side in self._size], bool), 1)

  def _tiles(self, values: tf.Tensor) -> tf.Tensor:
    plain = tf.gather(values, _PLAIN, axis=-1)
    chosen = tf.gather(_PLAIN.astype(np.int32), tf.argmax(plain, -1))
    chosen = tf.reshape(tf.where(self._inner, chosen, tiles.WALL), [-1, self._inner.size])
    free = tf.reshape(self._inner, [-1]) & tf.ones_like(chosen, tf.bool)
    best = tf.reduce_max(plain, -1)
    for tile in (tiles.START, tiles.GOAL, tiles.KEY):
      want = tf.where(free, tf.reshape(values[..., tile] - best, tf.shape(chosen)), -_NEVER)
      here = tf.one_hot(tf.argmax(want, 1), self._inner.size, True, False)
      if tile == tiles.KEY:
        here &= want > 0
      chosen, free = tf.where(here, tile, chosen), free & ~here
    return tf.reshape(chosen, [-1, *self._size])

  @functools.cached_property
  def _pictures(self) -> np.ndarray:
    return tiles.pictures()

  def render(self, works: tf.Tensor) -> np.ndarray:
    return self._rgb(tf.constant(np.asarray(works))).numpy()

  def encode(self, works: tf.Tensor, zoom: int) -> dict[str, tf.Tensor]:
    return {'png_bytes': drawings.png(self._rgb(works), zoom), **self._told(works)}

  def _rgb(self, works: tf.Tensor) -> tf.Tensor:
    cells = tf.gather(self._pictures, tf.cast(works, tf.int32))  # [B, H, W, SIDE, SIDE, 3]
    height, width = (tiles.SIDE * side for side in self._size)
    return tf.reshape(tf.transpose(cells, [0, 1, 3, 2, 4, 5]), [-1, height, width, 3])

  def _told(self, works: tf.Tensor) -> dict[str, tf.Tensor]:
    solution = level_solver.solve(works)
    there = (tiles.trace(works) >= tiles.HERE) & (works % len(tiles.NAMES) == tiles.GOAL)
    return {
      'solved': tf.reduce_any(there, [1, 2]),
      'solvable': solution.solvable,
      'path_length': solution.length,
    }

  def metrics(self, works: tf.Tensor, concept: tf.Tensor) -> dict[str, np.ndarray]:
    del concept  # the work has it in it
    return {'solved': self._tell(tf.constant(works))['solved'].numpy()}

  def describe(self, works: np.ndarray) -> dict[str, np.ndarray]:
    bare = np.asarray(works) % len(tiles.NAMES)
    _, first = np.unique(bare.reshape(len(bare), -1), axis=0, return_index=True)
    told = self._tell(tf.constant(bare))
    inside = {'walls': tiles.WALL, 'lava': tiles.LAVA, 'doors': tiles.DOOR, 'keys': tiles.KEY}
    return {
      'solvable': told['solvable'].numpy(),
      'unique': np.isin(np.arange(len(bare)), first),
      'path_length': told['path_length'].numpy(),
      **{name: ((bare == tile) & self._inner).sum((1, 2)) for name, tile in inside.items()},
    }

  @functools.cached_property
  def _tell(self) -> Any:
    return tf.function(self._told, autograph=False, reduce_retracing=True)

  def reference_scores(self, works: works_lib.Works, act: Callable) -> dict[str, np.ndarray]:
    """The share that is solved in the `minigrid` package: of all, and of each family."""
    from tf_creative.worlds.level import minigrid_play

    solved = minigrid_play.played(works, self.horizon, act) > 0
    shares = {
      f'minigrid_{name}': solved[np.asarray(works.label) == label]
      for label, name in enumerate(self.label_names)
    }
    return {'minigrid': solved, **shares}

  def strokes(self, actions: tf.Tensor) -> tf.Tensor:
    return tf.expand_dims(actions, -1)

  def legend(self) -> dict[str, np.ndarray]:
    return {**tiles.legend(), 'actions': np.array(level_rules.ACTIONS)}

  def drawing(self, start: np.ndarray, actions: np.ndarray, zoom: int) -> str:
    codes = ['#' + bytes(rgb).hex() for rgb in tiles.colours()]
    return drawings.svg(start, *level_rules.trail(start, actions, self.horizon), codes, zoom)

  @property
  def files(self) -> dict[str, Callable[[np.ndarray], bytes]]:
    return {kind: functools.partial(self._file, kind) for kind in ('json', 'txt')}

  def _file(self, kind: str, work: np.ndarray) -> bytes:
    told = {name: part[0].numpy() for name, part in self._tell(tf.constant(work[None])).items()}
    return levels.written(work, kind, told)
