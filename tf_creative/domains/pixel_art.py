"""Painting on a small canvas, one pixel a stroke, towards a target picture that is in sight."""

from __future__ import annotations

import dataclasses
import functools
import os
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tf_creative import spec, types
from tf_creative.domains import files, images, palettes

_STROKE_MS = 80  # of a drawing in the making
_STEEP = 3.0  # where a sigmoid's slope is still a twentieth


class State(NamedTuple):
  canvas: tf.Tensor  # uint8 [B, H, W], places in the palette
  target: tf.Tensor  # uint8 [B, H, W]
  time: tf.Tensor  # int32 [B], strokes made


@dataclasses.dataclass(frozen=True)
class PixelArt:
  """An action is (row, column, colour) as one integer; the pay is the error that it removes."""

  data: str = 'digits'  # one of our own data sets or any image data set of TFDS
  size: int = 8  # height, and width if that is 0
  width: int = 0
  palette: str = 'grey'
  colors: int = 4  # how many greys; a named palette has its own number
  horizon: int = 0  # strokes in an episode; 0: five for every eight pixels

  def __post_init__(self):
    if min(self.size, self.width or self.size) < 2:
      raise spec.SpecError('a canvas of pixel_art must be at least 2 pixels high and wide.')
    if not self.width:
      object.__setattr__(self, 'width', self.size)
    if self.horizon < 0:
      raise spec.SpecError("option 'horizon' of pixel_art must not be negative.")
    if not self.horizon:
      object.__setattr__(self, 'horizon', self.size * self.width * 5 // 8)

  @functools.cached_property
  def colours(self) -> np.ndarray:
    return palettes.load(self.palette, self.colors)  # [palette, channels]

  @functools.cached_property
  def _pay(self) -> np.ndarray:
    """Squared distance between any two colours: [palette, palette]."""
    return np.square(self.colours[:, None] - self.colours[None]).sum(-1)

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
  def hand_splits(self) -> tuple[str, ...]:
    return ('unseen',) if 'unseen' in images.splits(self.data) else ('test',)

  @property
  def value_shape(self) -> tuple[int, int, int]:
    return self.size, self.width, self.colours.shape[1]

  @property
  def work_spec(self) -> types.Bounded:
    return types.Bounded((self.size, self.width), tf.uint8, 0, len(self.colours) - 1)

  @property
  def observation_spec(self) -> dict[str, types.Bounded]:
    return {
      'canvas': self.work_spec,
      'target': self.work_spec,
      'time_left': types.Bounded((), tf.int32, 0, self.horizon),
    }

  @property
  def action_spec(self) -> types.Bounded:
    strokes = self.size * self.width * len(self.colours)
    return types.Bounded((), tf.int32, 0, strokes - 1)

  @property
  def reward_bound(self) -> float:
    return float(self._pay.max())

  def real(self, split: str) -> tf.data.Dataset:
    return images.works(self.data, split, self.size, self.width, self.colours)

  def read(
    self, path: str | os.PathLike, mask: str | os.PathLike = ''
  ) -> tuple[np.ndarray, np.ndarray]:
    return files.read(path, mask, self.size, self.width, self.colours)

  def store(self, works: types.Works, seeds: np.ndarray, folder: str | os.PathLike) -> None:
    pictures = self.render(works.work)
    if self.palette == 'grey':
      pictures = pictures[..., :1]
    files.store(pictures, works.label, self.label_names, seeds, folder)

  def start(self, concept: types.Works, seed: tf.Tensor) -> State:
    del seed  # every picture begins blank
    time = tf.zeros(tf.shape(concept.label), tf.int32)
    return State(tf.zeros_like(concept.work), concept.work, time)

  def step(self, state: State, action: tf.Tensor, seed: tf.Tensor):
    del seed  # a stroke does what it says
    shape = tf.shape(state.canvas)
    pixel = action // len(self.colours)
    colour = tf.cast(action % len(self.colours), tf.uint8)
    here = tf.one_hot(pixel, self.size * self.width, on_value=True, off_value=False, dtype=tf.bool)
    canvas = tf.where(tf.reshape(here, shape), colour[:, None, None], state.canvas)
    before, after = self._pair(state.canvas, state.target), self._pair(canvas, state.target)
    pay = tf.gather(self._pay.ravel(), before) - tf.gather(self._pay.ravel(), after)
    new = State(canvas, state.target, state.time + 1)
    finished = tf.reduce_all(canvas == state.target, [1, 2])
    return new, tf.reduce_sum(pay, [1, 2]), finished | (new.time >= self.horizon)

  def observe(self, state: State) -> dict[str, tf.Tensor]:
    return {
      'canvas': state.canvas,
      'target': state.target,
      'time_left': self.horizon - state.time,
    }

  def work(self, state: State) -> tf.Tensor:
    return state.canvas

  def place(self, state: State, work: tf.Tensor) -> State:
    return state._replace(canvas=work)

  def allowed(self, keep: tf.Tensor) -> tf.Tensor:
    free = tf.reshape(~keep, [-1, self.size * self.width])
    return tf.repeat(free, len(self.colours), axis=1)

  def features(self, observation: dict[str, tf.Tensor]) -> tf.Tensor:
    """Both pictures one-hot, their squared distance and the time left: [B, H, W, 2 palette + 2]."""
    pairs = self._pair(observation['canvas'], observation['target'])
    planes = tf.gather(self._planes, pairs)
    time_left = tf.cast(observation['time_left'], tf.float32) / self.horizon
    time_left = tf.broadcast_to(time_left[:, None, None], tf.shape(pairs))
    return tf.concat([planes, time_left[..., None]], -1)

  def legal(self, raw: tf.Tensor) -> tf.Tensor:
    soft = _squash(raw)
    return soft + tf.stop_gradient(self.to_values(self.to_works(soft)) - soft)

  def to_values(self, works: tf.Tensor) -> tf.Tensor:
    return tf.gather(self.colours, tf.cast(works, tf.int32))

  def to_works(self, values: tf.Tensor) -> tf.Tensor:
    if self.palette == 'grey':
      return tf.cast(tf.round(values[..., 0] * (len(self.colours) - 1)), tf.uint8)
    # |v - c|^2 without |v|^2, which is the same for every colour: [B, H, W, palette]
    distance = np.square(self.colours).sum(-1) - 2 * tf.tensordot(values, self.colours.T, 1)
    return tf.cast(tf.argmin(distance, -1), tf.uint8)

  def render(self, works: tf.Tensor) -> np.ndarray:
    rgb = np.broadcast_to(self.colours, (len(self.colours), 3))
    return np.round(rgb[np.asarray(works)] * 255).astype(np.uint8)

  def metrics(self, works: tf.Tensor, concept: tf.Tensor) -> dict[str, np.ndarray]:
    equal = np.asarray(works) == np.asarray(concept)
    return {'equal_pixels': equal.mean((1, 2)), 'perfect_pictures': equal.all((1, 2))}

  def transcript(self, actions: np.ndarray) -> dict[str, np.ndarray]:
    return {
      'strokes': self._strokes(actions),  # row, column, colour
      'palette': self.render(np.arange(len(self.colours))),  # palette[work] is the picture
    }

  def drawing(self, start: np.ndarray, actions: np.ndarray, zoom: int) -> str:
    """A square for each stroke, which waits for its turn where animations are played.

    Everywhere else the work stands finished.
    """
    codes = ['#' + bytes(rgb).hex() for rgb in self.render(np.arange(len(self.colours)))]
    cells = ''.join(
      f'<path d="M{x},{y}h1v1h-1z" fill="{codes[start[y, x]]}"/>'
      for y, x in np.argwhere(start)  # colour 0 is the background
    )
    strokes = ''.join(
      f'<path d="M{x},{y}h1v1h-1z" fill="{codes[colour]}" style="--t:{time}"/>'
      for time, (y, x, colour) in enumerate(self._strokes(actions), 1)
    )
    height, width = self.size, self.width
    return (
      f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
      f'width="{width * zoom}" height="{height * zoom}" shape-rendering="crispEdges">'
      '<style>@media (prefers-reduced-motion:no-preference){path[style]{animation:wait '
      f'calc(var(--t)*{_STROKE_MS}ms)}}}}@keyframes wait{{from,to{{visibility:hidden}}}}</style>'
      f'<path d="M0,0h{width}v{height}h-{width}z" fill="{codes[0]}"/>{cells}{strokes}</svg>\n'
    )

  def _strokes(self, actions: np.ndarray) -> np.ndarray:
    """Actions as (row, column, colour), -1 as three of its kind: [..., 3]."""
    pixel, colour = np.divmod(actions, len(self.colours))
    strokes = np.stack([*np.divmod(pixel, self.width), colour], -1)
    return np.where(np.asarray(actions)[..., None] < 0, -1, strokes)

  def _pair(self, canvas: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    """The place of (colour on the canvas, colour of the target) in a table of all such pairs."""
    return tf.cast(canvas, tf.int32) * len(self.colours) + tf.cast(target, tf.int32)


@tf.custom_gradient
def _squash(raw: tf.Tensor):
  """A sigmoid that can be climbed back from: beyond `_STEEP` only pushes inwards go through.

  Plain, a generator of mostly blank pictures rushes to where nothing has a slope and stays there
  for half of its training; with a slope for pushes outwards it drifts until it breaks.
  """
  soft = tf.sigmoid(raw)

  def gradient(upstream: tf.Tensor) -> tf.Tensor:
    near = tf.sigmoid(tf.clip_by_value(raw, -_STEEP, _STEEP))
    inwards = (tf.abs(raw) < _STEEP) | (upstream * raw > 0)
    return tf.where(inwards, upstream * near * (1 - near), 0.0)

  return soft, gradient
