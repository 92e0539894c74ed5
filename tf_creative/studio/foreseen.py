"""Asks an imagination of transitions in arrays, and draws what it foresaw beside what came."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import functools
from typing import Any, NamedTuple

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont
import tensorflow as tf

from tf_creative.core import world as world_lib
from tf_creative.learner import batches
from tf_creative.learner import foresight as foresight_lib

AHEAD = 10  # steps that are imagined one from the other
# (observation, actions [B, T], seed) -> what is observed after the last of them, what was foreseen
Ahead = Callable[[Any, np.ndarray, int], tuple[Any, foresight_lib.Foreseen]]
Colour = tuple[int, int, int]
Words = list[tuple[str, Colour]]

WHITE = (255, 255, 255)

_SPAN = 30  # newest steps in a plot of numbers
_MOST, _ROWS = 8, 4  # plots of numbers; plots in a column
_WIDTH = 240  # of all plots, in pixels
_PAPER, _RULE, _INK = (250, 250, 247), (221, 216, 204), (98, 93, 83)
_REAL, _FORESEEN = (127, 178, 240), (240, 163, 94)
_REAL_LINE, _FORESEEN_LINE = (31, 95, 168), (200, 95, 10)  # the same on paper
_WRONG, _UNKNOWN = (255, 40, 40), (70, 70, 70)
_LINE, _GAP, _GUTTER = 18, 6, 14  # pixels: of a caption, between panels, left of a plot
_DARKEST = 0.35  # shade of the first plane, from 0 to 1: it must stand out from black

_SEEN, _BEFORE = ('seen', _REAL), (f'foreseen {AHEAD} steps before', _FORESEEN)


class Moment(NamedTuple):
  """A moment of an episode."""

  picture: np.ndarray  # uint8 RGB [height, width, 3], as the environment draws it
  step: int
  paid: float  # return so far
  seen: world_lib.Observation  # of one episode: [1, ...]
  past: tuple[tuple[world_lib.Observation, np.ndarray], ...]  # what was seen and done before


def asked(foresight: foresight_lib.Foresight) -> Ahead:
  """Return `foresight.ahead` for any number of rows, in arrays; equal seeds, equal answers."""

  def one(observation, actions, seeds):
    return foresight.ahead(observation, actions, seeds[0])

  @functools.cache
  def graph(actions: int) -> Callable:
    spec = tf.TensorSpec([None, *foresight.part.shape], foresight.part.dtype)
    numbers = [tf.TensorSpec([None, count], tf.int32) for count in (actions, 2)]
    call = tf.function(batches.in_batches(one), autograph=False)
    return call.get_concrete_function({foresight.key: spec}, *numbers)

  def ahead(observation, actions, seed):
    rows = np.stack([np.full(len(actions), seed), np.arange(len(actions))], 1)
    given = observation, np.int32(actions), np.int32(rows)
    found = graph(actions.shape[1])(*tf.nest.map_structure(tf.constant, given))
    return tf.nest.map_structure(lambda part: part.numpy(), found)

  return ahead


class Beside:
  """Draws what was seen at moments of an episode, and what was foreseen of them before."""

  def __init__(self, foresight: foresight_lib.Foresight):
    self._ahead, self._key = asked(foresight), foresight.key
    self._kind = foresight.model.kind
    self._planes = len(self._kind.shape) == 3
    self.memory = AHEAD + (0 if self._planes else _SPAN - 1)  # steps before a moment that it needs

  def panels(self, moments: Sequence[Moment]) -> list[list[np.ndarray]]:
    """Draw panels to stand on the right of each moment's captioned picture."""
    foreseen = self._foreseen(moments)
    if self._planes:
      return [self._frames(moment, foreseen.get(moment.step)) for moment in moments]
    shown = np.stack([self._newest(moment.seen) for moment in moments])
    # One scale for the whole animation: it must not jump.
    low, high = shown.min(0), shown.max(0)
    margin = np.maximum(0.1 * (high - low), 1e-6)
    bounds = np.stack([low - margin, high + margin], 1)
    return [self._plots(moment, foreseen, bounds) for moment in moments]

  def _newest(self, seen: world_lib.Observation) -> np.ndarray:
    return np.asarray(seen[self._key])[0, ..., -self._kind.newest :]

  def _foreseen(self, moments: Sequence[Moment]) -> dict[int, np.ndarray]:
    """Return what was foreseen `AHEAD` steps before, by step."""
    given = {}
    for moment in moments:
      begin = moment.step - len(moment.past)
      for place in range(len(moment.past) - AHEAD + 1):
        given[begin + place + AHEAD] = moment.past[place : place + AHEAD]
    if not given:
      return {}
    seen = np.concatenate([past[0][0][self._key] for past in given.values()])
    actions = np.array([[action for _, [action] in past] for past in given.values()])
    found, _ = self._ahead({self._key: seen}, actions, 0)
    return dict(zip(given, found[self._key][..., -self._kind.newest :], strict=True))

  def _frames(self, moment: Moment, foreseen: np.ndarray | None) -> list[np.ndarray]:
    """Draw the newest frame as it is and as it was foreseen; wrong cells of planes have a frame."""
    real, height = self._newest(moment.seen), len(moment.picture)
    left = drawn(real, self._kind.bits, height)
    right = np.full_like(left, _UNKNOWN)
    if foreseen is not None:
      right = drawn(foreseen, self._kind.bits, height, real)
    return [_beside(left, [_SEEN]), _beside(right, [_BEFORE])]

  def _plots(
    self, moment: Moment, foreseen: dict[int, np.ndarray], bounds: np.ndarray
  ) -> list[np.ndarray]:
    """Draw each number of the last steps as a line, and another as it was foreseen."""
    seen = [*(seen for seen, _ in moment.past[1 - _SPAN :]), moment.seen]
    real = {moment.step - back: self._newest(one) for back, one in enumerate(reversed(seen))}
    known = {step: foreseen[step] for step in real if step in foreseen}
    count = min(len(bounds), _MOST)
    columns = -(-count // _ROWS)
    rows, height = -(-count // columns), len(moment.picture)
    page = Image.new('RGB', (_WIDTH, height), _PAPER)
    draw = ImageDraw.Draw(page)
    for number in range(count):
      column, row = divmod(number, rows)
      left, right = (round(_WIDTH * place / columns) for place in (column, column + 1))
      top, bottom = (round(height * place / rows) for place in (row, row + 1))
      box = left, top, right - 1, bottom - 1
      draw.rectangle(box, outline=_RULE)
      name = str(number + 1)
      middle = left + _GUTTER / 2, (top + bottom) / 2
      draw.text(middle, name, _INK, ImageFont.load_default(10), anchor='mm')
      for lines, colour in ((real, _REAL_LINE), (known, _FORESEEN_LINE)):
        values = {step - moment.step: values[number] for step, values in lines.items()}
        _plot(draw, box, values, bounds[number], colour)
    return [_beside(np.asarray(page), [_SEEN, _BEFORE])]


def _plot(
  draw: ImageDraw.ImageDraw,
  box: tuple[int, int, int, int],
  values: dict[int, float],  # by step, of which the newest is 0
  bounds: np.ndarray,
  colour: Colour,
) -> None:
  """Draw a line through values within a box; what is out of bounds lies at its edge."""
  left, top, right, bottom = box
  low, high = bounds
  points = []
  for step in sorted(values):
    share = np.clip((values[step] - low) / (high - low), 0, 1)
    x = right - 3 + step * (right - left - _GUTTER - 3) / (_SPAN - 1)
    points.append((float(x), float(bottom - 3 - share * (bottom - top - 6))))
  if len(points) > 1:
    draw.line(points, colour, 2)


def frame(values: np.ndarray, bits: bool) -> np.ndarray:
  """Draw a frame [H, W, C], of planes the uppermost in its colour: uint8 RGB [H, W, 3]."""
  count = values.shape[-1]
  if bits:
    shades = matplotlib.colormaps['cubehelix'](np.linspace(_DARKEST, 1, count + 1)[:-1])
    shades = np.concatenate([np.zeros((1, 3)), shades[:, :3]])  # black where there is nothing
    return (255 * shades[(values * np.arange(1, count + 1)).max(-1).astype(int)]).astype(np.uint8)
  shown = np.clip(np.asarray(values, np.float64), 0, 255).astype(np.uint8)
  return shown if count == 3 else shown.mean(-1, keepdims=True).astype(np.uint8).repeat(3, -1)


def drawn(
  values: np.ndarray, bits: bool, height: int, real: np.ndarray | None = None
) -> np.ndarray:
  """Draw a frame at a height; cells of planes that differ from the real ones stand out."""
  image = Image.fromarray(frame(values, bits))
  width = max(1, round(image.width * height / image.height))
  image = image.resize((width, height), Image.Resampling.NEAREST)
  if bits and real is not None:
    draw, size = ImageDraw.Draw(image), height / len(values)
    for cell in np.argwhere((values != real).any(-1)):
      (top, left), (bottom, right) = (np.round((cell + far) * size).astype(int) for far in (0, 1))
      box = int(left), int(top), int(right) - 1, int(bottom) - 1
      draw.rectangle(box, outline=_WRONG, width=max(1, round(size / 8)))
  return np.asarray(image)


def _beside(picture: np.ndarray, words: Words) -> np.ndarray:
  """Write words below a picture, and leave a gap on its left."""
  shown = lined(picture, words)
  return np.hstack([np.full_like(shown[:, :_GAP], _PAPER), shown])


def lined(picture: np.ndarray, words: Words) -> np.ndarray:
  """Write words in their colours below a picture."""
  height, width, _ = picture.shape
  whole = Image.new('RGB', (width, height + _LINE), 'black')
  whole.paste(Image.fromarray(picture))
  draw, font, x = ImageDraw.Draw(whole), ImageFont.load_default(12), 4.0
  for text, colour in words:
    draw.text((x, height + _LINE // 2), text, colour, font, anchor='lm')
    x += draw.textlength(f'{text}   ', font)
  return np.asarray(whole)
