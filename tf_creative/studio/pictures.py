"""Draws pictures of works: galleries, sheets, and animations of the hand at work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import pathlib
import textwrap
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tf_creative.learner import creator as creator_lib
from tf_creative.learner import learner as learner_lib
from tf_creative.studio import player as player_lib

_PAPER, _INK, _GAP = (250, 250, 247), (40, 40, 40), 4
_CELL = 36  # smallest size on the screen of a work's shorter side, in pixels
_LETTERS, _LEADING = 14, 0  # letters in a line of a label; pixels between its lines
_CHECKS, _CHECK = np.array([168, 184], np.uint8), 4  # greys where it is clear; side of a square
_MOST_ROWS, _MOST_FRAMES = 20, 60


def gallery(
  learner: learner_lib.Learner,
  columns: int = 10,
  tell: Callable[[int, int], None] | None = None,
) -> Image.Image:
  """Draw imagined works next to the hand's versions of them, one row per class."""
  shown = some_labels(learner, _MOST_ROWS)
  labels = np.repeat(shown, columns)
  imagined = learner.creator.imagine(np.arange(len(labels)), labels)
  made = learner.creator.make(imagined, tell=tell)
  render = learner.world.media.render
  left, right = (
    sheet(render(works), columns, learner.world.media.rulers)
    for works in (imagined.work, made.work)
  )
  font = ImageFont.load_default(16)
  names = ['\n'.join(_lines(learner.world.works.label_names[label])) for label in shown]
  ruler = ImageDraw.Draw(left)
  wide = max(ruler.multiline_textbbox((0, 0), name, font, spacing=_LEADING)[2] for name in names)
  margin, head, between = 20 + round(wide), 34, 30
  page = Image.new(
    'RGB', (margin + left.width + between + right.width + 12, head + left.height + 8), _PAPER
  )
  draw = ImageDraw.Draw(page)
  for picture, title, x in (
    (left, 'imagined', margin),
    (right, learner.world.measures.participle, margin + left.width + between),
  ):
    page.paste(picture, (x, head), picture if picture.mode == 'RGBA' else None)
    draw.text((x + _GAP, 8), title, _INK, font)
  height, width = render(imagined.work[:1]).shape[1:3]
  cell = height * _zoom(height, width) + _GAP
  for row, name in enumerate(names):
    place = margin - 8, head + left.height - (len(names) - row) * cell + (cell - _GAP) / 2
    draw.text(place, name, _INK, font, anchor='rm', align='right', spacing=_LEADING)
  return page


def _lines(name: str) -> list[str]:
  """Split a label's name into at most two lines, which fit next to the smallest work."""
  words = name.replace('_', ' ')
  return textwrap.wrap(words, _LETTERS, max_lines=2, placeholder='…') or ['']


def imagined(learner: learner_lib.Learner, columns: int = 10) -> Image.Image:
  """Draw works from fixed codes, one row per class: shows how the generator develops."""
  labels = np.repeat(some_labels(learner, _MOST_ROWS), columns)
  works = learner.creator.imagine(np.arange(len(labels)), labels)
  return sheet(learner.world.media.render(works.work), columns)


def painting(learner: learner_lib.Learner, columns: int = 10) -> list[Image.Image]:
  """Draw frames of an animation: imagined works above, the hand's strokes below."""
  labels = np.resize(some_labels(learner, columns), columns)
  imagined = learner.creator.imagine(np.arange(columns) + 1000, labels)
  made = learner.creator.make(imagined)
  frames = creator_lib.frames(learner.world, imagined, made)
  shown = np.unique(
    np.linspace(0, len(frames) - 1, min(len(frames), _MOST_FRAMES)).round().astype(int)
  )
  render = learner.world.media.render
  return [sheet(render(np.concatenate([imagined.work, frames[index]])), columns) for index in shown]


def episode(player: player_lib.Player) -> list[Image.Image]:
  """Return frames of the hand in its simulator; empty where that cannot draw."""
  frames = player.frames()
  return [] if frames is None else [Image.fromarray(frame) for frame in frames]


def strip(learner: learner_lib.Learner, rows: int = 6, moments: int = 8) -> Image.Image:
  """Draw the making of works from fixed codes, one row each: the target, then moments of it."""
  imagined = learner.creator.imagine(np.arange(rows))
  made = learner.creator.make(imagined)
  frames = creator_lib.frames(learner.world, imagined, made)  # [T + 1, rows, ...]
  # Moments are relative to each work's own number of steps: works differ much in length.
  times = np.linspace(made.steps, 0, moments, endpoint=False)[::-1]  # [moments, rows]
  shown = frames[times.round().astype(int), np.arange(rows)].swapaxes(0, 1)  # [rows, moments, ...]
  render = learner.world.media.render
  targets = np.asarray(sheet(render(imagined.work), columns=1))
  works = np.asarray(sheet(render(shown.reshape(-1, *shown.shape[2:])), columns=moments))
  between = targets[:, :1].repeat(12, axis=1)  # a gap in the background colour
  return Image.fromarray(np.hstack([targets, between, works]))


def sheet(
  pictures: np.ndarray, columns: int, rulers: Callable[[int], Any] = lambda zoom: None
) -> Image.Image:
  """Put small pictures [N, h, w, RGB or RGBA] into one picture, magnified without blur.

  A world's `rulers` are drawn at the beginning of each row and above each column.
  """
  count, height, width, channels = pictures.shape
  zoom = _zoom(height, width)
  cell = np.array([height, width]) * zoom + _GAP
  rows = -(-count // columns)
  page = np.full(
    (rows * cell[0] + _GAP, columns * cell[1] + _GAP, channels), (*_PAPER, 0)[:channels], np.uint8
  )
  for index, picture in enumerate(pictures):
    y, x = np.array(divmod(index, columns)) * cell + _GAP
    page[y : y + height * zoom, x : x + width * zoom] = picture.repeat(zoom, 0).repeat(zoom, 1)
  return ruled(Image.fromarray(page), rulers(zoom), rows, columns, _GAP)


def _zoom(height: int, width: int) -> int:
  return max(1, -(-_CELL // min(height, width)))


def ruled(
  page: Image.Image, rulers: Any, rows: int = 1, columns: int = 1, gap: int = 0
) -> Image.Image:
  """Add rulers to a page of equal pictures: left of each row and above each column."""
  if rulers is None:
    return page
  left, top = rulers
  whole = Image.new('RGB', (left.width + page.width, top.height + page.height), _PAPER)
  whole.paste(page, (left.width, top.height))
  for row in range(rows):
    whole.paste(left, (gap, top.height + gap + row * (left.height + gap)))
  for column in range(columns):
    whole.paste(top, (left.width + gap + column * (top.width + gap), gap))
  return whole


def tiles(pictures: np.ndarray, columns: int) -> Image.Image:
  """Put small pictures [N, h, w, RGB or RGBA] into a grid with transparent lines, for web pages.

  What is clear in them shows a chequered ground, in which neither dark nor light pixels are lost.
  """
  count, height, width, channels = pictures.shape
  if channels == 4:
    checks = _CHECKS[np.add.outer(np.arange(height) // _CHECK, np.arange(width) // _CHECK) % 2]
    pictures = np.where(pictures[..., 3:] > 0, pictures[..., :3], checks[..., None])
    channels = 3
  rows = -(-count // columns)
  page = np.zeros((rows * (height + 1) - 1, columns * (width + 1) - 1, 4), np.uint8)
  for index, picture in enumerate(pictures):
    y, x = np.array(divmod(index, columns)) * (height + 1, width + 1)
    page[y : y + height, x : x + width, 3] = 255
    page[y : y + height, x : x + width, :channels] = picture
  return Image.fromarray(page)


def save_gif(
  frames: Sequence[Image.Image], path: pathlib.Path, times: Sequence[int] | None = None
) -> None:
  """Write an animation that pauses on its last frame; what is clear stays clear.

  Or one whose frames are shown for `times` in milliseconds.
  """
  times = list(times or [80] * (len(frames) - 1) + [2000])
  if frames[0].mode == 'RGBA':
    frames = indexed(np.stack([np.asarray(frame) for frame in frames]))
  # Else frames would be drawn over each other, and nothing could become clear again; and Pillow
  # would drop the clear colour from a first frame that has none of it.
  clear = {'disposal': 2, 'optimize': False} if 'transparency' in frames[0].info else {}
  frames[0].save(path, save_all=True, append_images=frames[1:], duration=times, loop=0, **clear)


def indexed(shown: np.ndarray, scale: int = 1) -> list[Image.Image]:
  """Magnify pictures uint8 [T, h, w, RGB or RGBA] and give them one palette: a GIF is lossless."""
  codes = np.zeros(shown.shape[:3], np.int64)  # one integer per colour makes `unique` fast
  for part in np.moveaxis(shown[..., :3], -1, 0):
    codes = codes << 8 | part
  clear = shown.shape[3] == 4
  if clear:
    codes[shown[..., 3] == 0] = -1  # sorted first
  codes, places = np.unique(codes, return_inverse=True)
  palette = np.stack([codes >> 16, codes >> 8, codes], -1).astype(np.uint8)  # [colours, 3]
  frames = []
  for picture in places.reshape(shown.shape[:3]).astype(np.uint8):
    frame = Image.fromarray(picture.repeat(scale, 0).repeat(scale, 1))
    frame.putpalette(palette.tobytes())
    if clear and codes[0] < 0:
      frame.info['transparency'] = 0
    frames.append(frame)
  return frames


def some_labels(learner: learner_lib.Learner, most: int) -> np.ndarray:
  """Return up to `most` labels that occur in the training split, evenly spread."""
  known = learner.creator.known_labels
  return known[np.linspace(0, len(known) - 1, min(len(known), most)).round().astype(int)]
