"""Painting on a small canvas, stroke by stroke, what is in sight or only known by its code."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tf_creative import spec, types
from tf_creative.domains import brushes, drawings, files, images, palettes, squash

_CODE_BOUND = 10  # of a number that is drawn from a standard normal
_WORDS = {'target': ('shown', 'hidden', 'none'), 'pay': ('error', 'pixels')}
_SOFT = 0.1  # width of the soft steps between colours, in squared distance


class State(NamedTuple):
  canvas: tf.Tensor  # uint8 [B, H, W], places in the palette
  target: tf.Tensor  # uint8 [B, H, W]
  label: tf.Tensor  # int32 [B]
  code: Any  # float32 [B, C] where the hand is told it, else ()
  time: tf.Tensor  # int32 [B], strokes made


@dataclasses.dataclass(frozen=True)
class PixelArt:
  """An action is (row, column, shape, colour) as one integer; the pay is the error it removes."""

  data: str = 'digits'  # one of our own data sets or any image data set of TFDS
  size: int = 8  # height, and width if that is 0
  width: int = 0
  palette: str = 'grey'
  colors: int = 4  # how many greys; a named palette has its own number
  horizon: int = 0  # strokes in an episode; 0: five for every eight pixels
  target: str = 'shown'  # to the hand; hidden: it is told the code alone; none: nor is it paid
  code: int = 32  # numbers in a code
  brush: str = 'pixel'  # or square (up to three pixels wide), line (to a pixel nearby)
  pay: str = 'error'  # the squared error that a stroke removes; pixels: how many it puts right

  knows_ways, formats, measures = True, {}, {'equal_pixels': '.2%', 'perfect_pictures': '.1%'}

  def __post_init__(self):
    if min(self.size, self.width or self.size) < 2:
      raise spec.SpecError('a canvas of pixel_art must be at least 2 pixels high and wide.')
    if not self.width:
      object.__setattr__(self, 'width', self.size)
    for option, valid in _WORDS.items():
      if getattr(self, option) not in valid:
        raise spec.SpecError(
          f"unknown {option} '{getattr(self, option)}' of pixel_art."
          + spec.nearest(getattr(self, option), valid)
        )
    if self.horizon < 0:
      raise spec.SpecError("option 'horizon' of pixel_art must not be negative.")
    if not self.horizon:
      object.__setattr__(self, 'horizon', self.size * self.width * 5 // 8)

  @functools.cached_property
  def colours(self) -> np.ndarray:
    return palettes.load(self.palette, self.colors)  # [palette, channels]

  @functools.cached_property
  def _brush(self) -> brushes.Brush:
    return brushes.Brush(self.brush, self.size, self.width, len(self.colours))

  @functools.cached_property
  def _pay(self) -> np.ndarray:
    """How wrong each colour is in place of another: [palette, palette]."""
    distance = np.square(self.colours[:, None] - self.colours[None]).sum(-1)
    return distance if self.pay == 'error' else (distance > 0).astype(np.float32)

  @functools.cached_property
  def _planes(self) -> np.ndarray:
    """What `features` says of each pair of colours; one look-up is quicker than computing it."""
    hot = np.eye(len(self.colours), dtype=np.float32)
    canvas, target = hot.repeat(len(hot), axis=0), np.tile(hot, (len(hot), 1))
    return np.concatenate([canvas, target, self._pay.reshape(-1, 1)], axis=1)

  @property
  def label_names(self) -> list[str]:
    return images.label_names(self.data)

  @property
  def code_size(self) -> int:
    return 0 if self.target == 'shown' else self.code

  @property
  def target_pays(self) -> bool:
    return self.target != 'none'

  @property
  def hand_splits(self) -> tuple[str, ...]:
    if self.code_size:
      return ()  # a real work has no code by which the hand could know it
    return ('unseen',) if 'unseen' in images.splits(self.data) else ('test',)

  @property
  def value_shape(self) -> tuple[int, int, int]:
    return self.size, self.width, self.colours.shape[1]

  @property
  def work_spec(self) -> types.Bounded:
    return types.Bounded((self.size, self.width), tf.uint8, 0, len(self.colours) - 1)

  @property
  def observation_spec(self) -> dict[str, types.Bounded]:
    code = types.Bounded((self.code_size,), tf.float32, -_CODE_BOUND, _CODE_BOUND)
    return {
      'canvas': self.work_spec,
      **({'code': code} if self.code_size else {'target': self.work_spec}),
      'label': types.Bounded((), tf.int32, 0, len(self.label_names) - 1),
      'time_left': types.Bounded((), tf.int32, 0, self.horizon),
    }

  @property
  def action_spec(self) -> types.Bounded:
    return types.Bounded((), tf.int32, 0, self._brush.actions - 1)

  @property
  def reward_bound(self) -> float:
    return float(self._pay.max()) * self._brush.most

  def real(self, split: str) -> tf.data.Dataset:
    return images.works(self.data, split, self.size, self.width, self.colours)

  def read(self, path: files.Path, mask: files.Path = '') -> tuple[np.ndarray, np.ndarray]:
    return files.read(path, mask, self.size, self.width, self.colours)

  def store(self, works: types.Works, seeds: np.ndarray, folder: files.Path) -> None:
    pictures = self.render(works.work)
    if self.palette == 'grey':
      pictures = pictures[..., :1]
    files.store(pictures, works.label, self.label_names, seeds, folder)

  def random(self, count: int, seed: tf.Tensor) -> tf.Tensor:
    return self.to_works(tf.random.stateless_uniform([count, *self.value_shape], seed))

  def start(self, concept: types.Works, seed: tf.Tensor) -> State:
    del seed  # every picture begins blank
    time = tf.zeros(tf.shape(concept.label), tf.int32)
    bound = lambda code: tf.clip_by_value(code, -_CODE_BOUND, _CODE_BOUND)  # noqa: E731
    code = bound(concept.code) if self.code_size else concept.code
    return State(tf.zeros_like(concept.work), concept.work, concept.label, code, time)

  def step(self, state: State, action: tf.Tensor, seed: tf.Tensor):
    del seed  # a stroke does what it says
    colour = tf.cast(action % len(self.colours), tf.uint8)
    canvas = tf.where(self._brush.covered(action), colour[:, None, None], state.canvas)
    new = state._replace(canvas=canvas, time=state.time + 1)
    over = new.time >= self.horizon
    if not self.target_pays:
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

  def midway(self, concept: types.Works, time: tf.Tensor, seed: tf.Tensor) -> State:
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

  def own_worth(self, state: State) -> tf.Tensor:
    worth = self.worth(state.target)
    return worth if self.target == 'shown' else tf.zeros_like(worth)

  def worth(self, goal: tf.Tensor) -> tf.Tensor:
    """What a pixel is worth in each colour, if the picture is to be `goal`: [B, H, W, palette]."""
    return -tf.gather(self._pay, tf.cast(goal, tf.int32))

  def pays(self, state: State, worth: tf.Tensor) -> tf.Tensor:
    now = tf.gather(worth, tf.cast(state.canvas, tf.int32), batch_dims=3)
    gain = self._brush.under(worth - now[..., None])
    return tf.reshape(gain, [-1, self._brush.actions])

  def work(self, state: State) -> tf.Tensor:
    return state.canvas

  def place(self, state: State, work: tf.Tensor) -> State:
    return state._replace(canvas=work)

  def allowed(self, keep: tf.Tensor) -> tf.Tensor:
    touched = self._brush.under(tf.cast(keep, tf.float32)[..., None])[..., 0]
    return tf.repeat(touched == 0, len(self.colours), axis=1)

  def features(self, observation: dict[str, tf.Tensor]) -> tf.Tensor:
    """Both pictures one-hot, their squared distance and the time left: [B, H, W, 2 palette + 2].

    Of a picture that is not shown there is nothing: [B, H, W, palette + 1].
    """
    canvas = observation['canvas']
    if self.code_size:
      planes = tf.one_hot(tf.cast(canvas, tf.int32), len(self.colours))
    else:
      planes = tf.gather(self._planes, self._pair(canvas, observation['target']))
    return self._with_time(planes, observation['time_left'])

  def brief(self, observation: dict[str, tf.Tensor]) -> tf.Tensor:
    if not self.code_size:
      return tf.zeros([tf.shape(observation['label'])[0], 0])
    label = tf.one_hot(observation['label'], len(self.label_names))
    return tf.concat([observation['code'], label], 1)

  def prospect(self, values: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Hard colours with soft slopes: which colour a pixel has, by its nearness to each."""
    works = self.to_works(values)
    blank = tf.zeros_like(works)
    near = tf.reduce_sum(tf.square(values[..., None, :] - self.colours), -1)
    soft = tf.nn.softmax(-near / _SOFT)
    colours = len(self.colours)
    hard = tf.gather(self._planes, self._pair(blank, works))
    target = hard[..., colours:-1] + soft - tf.stop_gradient(soft)
    owed = tf.tensordot(target, self._pay[:, :1], 1)  # colour 0 is blank
    planes = tf.concat([hard[..., :colours], target, owed], -1)
    features = self._with_time(planes, tf.fill([tf.shape(values)[0]], self.horizon))
    return features, tf.reduce_sum(owed, [1, 2, 3])

  def legal(self, raw: tf.Tensor) -> tf.Tensor:
    soft = squash.squash(raw)
    return soft + tf.stop_gradient(self.to_values(self.to_works(soft)) - soft)

  def to_values(self, works: tf.Tensor) -> tf.Tensor:
    return tf.gather(self.colours, tf.cast(works, tf.int32))

  def to_works(self, values: tf.Tensor) -> tf.Tensor:
    if self.palette == 'grey':
      return tf.cast(tf.round(values[..., 0] * (len(self.colours) - 1)), tf.uint8)
    # |v - c|^2 without |v|^2, which is the same for every colour: [B, H, W, palette]
    distance = np.square(self.colours).sum(-1) - 2 * tf.tensordot(values, self.colours.T, 1)
    return tf.cast(tf.argmin(distance, -1), tf.uint8)

  @functools.cached_property
  def _rgb(self) -> np.ndarray:
    rgb = np.broadcast_to(self.colours, (len(self.colours), 3))
    return np.round(rgb * 255).astype(np.uint8)

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
    return {'palette': self._rgb, **self._brush.legend}  # palette[work] is the picture

  def drawing(self, start: np.ndarray, actions: np.ndarray, zoom: int) -> str:
    codes = ['#' + bytes(rgb).hex() for rgb in self._rgb]
    marks = self._brush.covered(tf.constant(actions)).numpy()
    return drawings.svg(start, marks, actions % len(self.colours), codes, zoom)

  def _errors(self, canvas: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    return tf.gather(self._pay.ravel(), self._pair(canvas, target))

  def _with_time(self, planes: tf.Tensor, time_left: tf.Tensor) -> tf.Tensor:
    time_left = tf.cast(time_left, tf.float32)[:, None, None, None] / self.horizon
    return tf.concat([planes, time_left + tf.zeros_like(planes[..., :1])], -1)

  def _pair(self, canvas: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    """The place of (colour on the canvas, colour of the target) in a table of all such pairs."""
    return tf.cast(canvas, tf.int32) * len(self.colours) + tf.cast(target, tf.int32)
