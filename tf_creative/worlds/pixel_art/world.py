"""Painting on a small canvas, stroke by stroke, what is in sight or only known by its code."""

from __future__ import annotations

import dataclasses
import functools
import os
from typing import Any, NamedTuple

import numpy as np
from PIL import Image
import tensorflow as tf

from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.worlds import drawings, files, images
from tf_creative.worlds.pixel_art import easel, palettes, squash

_CODE_BOUND = 10  # of a number that is drawn from a standard normal
_SOFT = 0.1  # width of the soft steps between colours, in squared distance


class State(NamedTuple):
  canvas: tf.Tensor  # uint8 [B, H, W], places in the palette
  target: tf.Tensor  # uint8 [B, H, W]
  label: tf.Tensor  # int32 [B]
  code: Any  # float32 [B, C] where the hand is told it, else ()
  time: tf.Tensor  # int32 [B], strokes made


@dataclasses.dataclass(frozen=True)
class PixelArt(easel.Easel):
  """An action is (row, column, shape, colour) as one integer; the pay is the error it removes."""

  @functools.cached_property
  def _planes(self) -> np.ndarray:
    """What `features` says of each pair of colours, and room for the time that is left.

    One look-up is quicker than computing it, and adding the time than putting it beside.
    """
    hot = np.eye(len(self.colours), dtype=np.float32)
    canvas, target = hot.repeat(len(hot), axis=0), np.tile(hot, (len(hot), 1))
    owed = self._pay.reshape(-1, 1)
    return np.concatenate([canvas, target, owed, np.zeros_like(owed)], axis=1)

  @property
  def label_names(self) -> list[str]:
    return images.label_names(self.data)

  @property
  def code_size(self) -> int:
    return 0 if self.target == 'shown' else self.code

  @property
  def rewards_target(self) -> bool:
    return self.target != 'none'

  name = 'pixel_art'
  scores = {
    'equal_pixels': world_lib.Measure('.2%', 'of pixels equal'),
    'perfect_pictures': world_lib.Measure('.1%', 'of pictures perfect'),
  }

  @property
  def splits(self) -> tuple[str, ...]:
    if self.code_size:
      return ()  # a real work has no code by which the hand could know it
    return ('unseen',) if 'unseen' in images.splits(self.data) else ('test',)

  @property
  def value_shape(self) -> tuple[int, int, int]:
    return self.size, self.width, self.colours.shape[1]

  @property
  def work_spec(self) -> works_lib.Bounded:
    return works_lib.Bounded((self.size, self.width), tf.uint8, 0, len(self.colours) - 1)

  @property
  def observation_spec(self) -> dict[str, works_lib.Bounded]:
    code = works_lib.Bounded((self.code_size,), tf.float32, -_CODE_BOUND, _CODE_BOUND)
    return {
      'canvas': self.work_spec,
      **({'code': code} if self.code_size else {'target': self.work_spec}),
      'label': works_lib.Bounded((), tf.int32, 0, len(self.label_names) - 1),
      'time_left': works_lib.Bounded((), tf.int32, 0, self.horizon),
    }

  @property
  def action_spec(self) -> works_lib.Bounded:
    return works_lib.Bounded((), tf.int32, 0, self._brush.actions - 1)

  @property
  def reward_bound(self) -> float:
    return float(self._pay.max()) * self._brush.most

  def real(self, split: str) -> tf.data.Dataset:
    return images.works(self.data, split, self.size, self.width, self.colours)

  def read(
    self, path: str | os.PathLike, mask: str | os.PathLike = ''
  ) -> tuple[np.ndarray, np.ndarray]:
    return files.read(path, mask, self.size, self.width, self.colours)

  def portrait(self, path: str | os.PathLike, given: np.ndarray) -> tuple[Image.Image, np.ndarray]:
    return files.open_rgba(path), given

  def store(self, works: works_lib.Works, seeds: np.ndarray, folder: str | os.PathLike) -> None:
    pictures = self.render(works.work)
    if self.palette == 'grey':
      pictures = pictures[..., :1]
    files.store(pictures, works.label, self.label_names, seeds, folder)

  def start(self, concept: works_lib.Works, seed: tf.Tensor) -> State:
    del seed  # every picture begins blank
    time = tf.zeros(tf.shape(concept.label), tf.int32)
    code = concept.code
    if self.code_size:
      code = tf.clip_by_value(code, -_CODE_BOUND, _CODE_BOUND)
    return State(tf.zeros_like(concept.work), concept.work, concept.label, code, time)

  def step(self, state: State, action: tf.Tensor, seed: tf.Tensor):
    del seed  # a stroke does what it says
    colour = tf.cast(action % len(self.colours), tf.uint8)
    canvas = tf.where(self._brush.covered(action), colour[:, None, None], state.canvas)
    new = state._replace(canvas=canvas, time=state.time + 1)
    over = new.time >= self.horizon
    if not self.rewards_target:
      return new, tf.zeros_like(state.time, tf.float32), over
    pay = self._errors(state.canvas, state.target) - self._errors(canvas, state.target)
    if self.target == 'shown':  # who does not see it cannot know that it is done
      over |= tf.reduce_all(canvas == state.target, [1, 2])
    return new, tf.reduce_sum(pay, [1, 2]), over

  def observe(self, state: State) -> dict[str, tf.Tensor]:
    return {
      'canvas': state.canvas,
      **({'code': state.code} if self.code_size else {'target': state.target}),
      'label': state.label,
      'time_left': self.horizon - state.time,
    }

  def resume(self, observation: dict[str, tf.Tensor]) -> State:
    canvas = observation['canvas']
    return State(
      canvas,
      observation.get('target', canvas),
      observation['label'],
      observation.get('code', ()),
      self.horizon - observation['time_left'],
    )

  def midway(self, concept: works_lib.Works, time: tf.Tensor, seed: tf.Tensor) -> State:
    """As many of the pixels as there was time for, those that pay more rather earlier."""
    start = self.start(concept, seed)
    pay = self._errors(start.canvas, start.target)
    ink_count = tf.math.count_nonzero(pay, [1, 2], dtype=tf.int32)
    # Where strokes are scarcer than ink, a whole picture is still what the last stroke leads to.
    done = time * tf.maximum(ink_count, self.horizon) // self.horizon
    luck = tf.reshape(
      pay * tf.random.stateless_uniform(tf.shape(pay), seed), [-1, self.size * self.width]
    )
    turn = tf.argsort(tf.argsort(luck, direction='DESCENDING'))
    painted = tf.reshape(turn < done[:, None], tf.shape(pay))
    return start._replace(canvas=tf.where(painted, start.target, start.canvas), time=time)

  def error(self, work: tf.Tensor, goal: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(self._errors(work, goal), [1, 2])

  def goal_values(self, state: State) -> tf.Tensor:
    worth = self.cell_values(state.target)
    return worth if self.target == 'shown' else tf.zeros_like(worth)

  def cell_values(self, goal: tf.Tensor) -> tf.Tensor:
    """What a pixel is worth in each colour, if the picture is to be `goal`: [B, H, W, palette]."""
    return -tf.gather(self._pay, tf.cast(goal, tf.int32))

  def action_rewards(self, state: State, worth: tf.Tensor) -> tf.Tensor:
    now = tf.gather(worth, tf.cast(state.canvas, tf.int32), batch_dims=3)
    gain = self._brush.under(worth - now[..., None])
    return tf.reshape(gain, [-1, self._brush.actions])

  def work(self, state: State) -> tf.Tensor:
    return state.canvas

  def place(self, state: State, work: tf.Tensor) -> State:
    return state._replace(canvas=work)

  def allowed(self, state: State, keep: tf.Tensor) -> tf.Tensor:
    del state  # a pixel may be painted at any time
    touched = self._brush.under(tf.cast(keep, tf.float32)[..., None])[..., 0]
    return tf.repeat(touched == 0, len(self.colours), axis=1)

  def features(self, observation: dict[str, tf.Tensor]) -> tf.Tensor:
    """Both pictures one-hot, their squared distance and the time left: [B, H, W, 2 palette + 2].

    Of a picture that is not shown there is nothing: [B, H, W, palette + 1].
    """
    canvas, time_left = observation['canvas'], observation['time_left']
    if self.code_size:
      planes = tf.one_hot(tf.cast(canvas, tf.int32), len(self.colours))
      return tf.concat([planes, self._time(time_left) + tf.zeros_like(planes[..., :1])], -1)
    planes = tf.gather(self._planes, self._pair(canvas, observation['target']))
    return planes + self._time(time_left) * tf.one_hot(planes.shape[-1] - 1, planes.shape[-1])

  def brief(self, observation: dict[str, tf.Tensor]) -> tf.Tensor:
    if not self.code_size:
      return tf.zeros([tf.shape(observation['label'])[0], 0])
    label = tf.one_hot(observation['label'], len(self.label_names))
    return tf.concat([observation['code'], label], 1)

  def prospect(self, values: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Hard colours with soft slopes: which colour a pixel has, by its nearness to each."""
    del labels  # whoever sees the picture needs none
    works = self.to_works(values)
    blank = tf.zeros_like(works)
    near = tf.reduce_sum(tf.square(values[..., None, :] - self.colours), -1)
    soft = tf.nn.softmax(-near / _SOFT)
    colours = len(self.colours)
    hard = tf.gather(self._planes, self._pair(blank, works))
    target = hard[..., colours : 2 * colours] + soft - tf.stop_gradient(soft)
    owed = tf.tensordot(target, self._pay[:, :1], 1)  # colour 0 is blank
    all_time = tf.ones_like(owed)
    features = tf.concat([hard[..., :colours], target, owed, all_time], -1)
    return features, tf.reduce_sum(owed, [1, 2, 3])

  def legal(self, raw: tf.Tensor) -> tf.Tensor:
    soft = squash.squash(raw)
    return soft + tf.stop_gradient(self.to_values(self.to_works(soft)) - soft)

  def to_values(self, works: tf.Tensor) -> tf.Tensor:
    return tf.gather(self.colours, tf.cast(works, tf.int32))

  def to_works(self, values: tf.Tensor) -> tf.Tensor:
    return palettes.places(values, self.colours)

  @functools.cached_property
  def _rgb(self) -> np.ndarray:
    return palettes.rgb(self.colours)

  def render(self, works: tf.Tensor) -> np.ndarray:
    return self._rgb[np.asarray(works)]

  def encode(self, works: tf.Tensor, zoom: int) -> dict[str, tf.Tensor]:
    return {'png_bytes': drawings.png(tf.gather(self._rgb, tf.cast(works, tf.int32)), zoom)}

  def metrics(self, works: tf.Tensor, concept: tf.Tensor) -> dict[str, np.ndarray]:
    equal = np.asarray(works) == np.asarray(concept)
    return {'equal_pixels': equal.mean((1, 2)), 'perfect_pictures': equal.all((1, 2))}

  def strokes(self, actions: tf.Tensor) -> tf.Tensor:
    return self._brush.strokes(actions)

  def legend(self) -> dict[str, np.ndarray]:
    # palette[work] is the picture
    return {'view': np.array('canvas'), 'palette': self._rgb, **self._brush.legend}

  def drawing(self, start: np.ndarray, actions: np.ndarray, zoom: int) -> str:
    codes = ['#' + bytes(rgb).hex() for rgb in self._rgb]
    marks = self._brush.covered(tf.constant(actions)).numpy()
    return drawings.svg(start, marks, actions % len(self.colours), codes, zoom)

  def _errors(self, canvas: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    return tf.gather(self._pay.ravel(), self._pair(canvas, target))

  def _time(self, left: tf.Tensor) -> tf.Tensor:
    """The share of the time that is left: [B, 1, 1, 1]."""
    return tf.cast(left, tf.float32)[:, None, None, None] / self.horizon

  def _pair(self, canvas: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    """The place of (colour on the canvas, colour of the target) in a table of all such pairs."""
    return tf.cast(canvas, tf.int32) * len(self.colours) + tf.cast(target, tf.int32)
