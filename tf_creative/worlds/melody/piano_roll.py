"""Draws melodies as piano rolls: time goes right, pitch goes up, a note's first step is darker."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFont
import tensorflow as tf

from tf_creative.worlds.melody import midi, scores

_PAPER, _BLACK_KEY, _BAR = (250, 250, 247), (232, 232, 226), (210, 210, 204)
_STRUCK, _HELD = (31, 78, 140), (120, 164, 214)
_COLOURS = np.array([_PAPER, _BLACK_KEY, _BAR, _STRUCK, _HELD], np.uint8)
_BLACK = (1, 3, 6, 8, 10)
_INK, _WHITE_KEY, _KEY = (40, 40, 40), (255, 255, 255), (70, 70, 70)
_STROKE_MS = 120
_LEFT, _TOP = 7, 3  # size of an SVG's rulers, in steps and half tones


def legend(given: int, target: str) -> dict[str, np.ndarray]:
  """Return what a client needs to draw and play melodies; takes two options of the world."""
  told = {'steps_per_bar': scores.BAR, 'seconds_per_step': midi.EIGHTH_SECONDS}
  told |= {'view': 'roll', 'given': given, 'target': target}
  return {name: np.array(part) for name, part in told.items()}


def paper(steps: int) -> np.ndarray:
  """Return an empty page, highest pitch on top: indices into the colours, [PITCHES, steps]."""
  pitches = scores.LOWEST + np.arange(scores.PITCHES)[::-1]
  page = np.repeat(np.isin(pitches % 12, _BLACK).astype(np.int32)[:, None], steps, 1)
  page[:, scores.BAR :: scores.BAR] = 2  # a bar line is the first step of its bar
  return page


def rgb(works: tf.Tensor) -> tf.Tensor:
  """Draw works [B, T] in the graph: uint8 [B, PITCHES, T, 3]."""
  sounds = midi.sounding(works)
  row = tf.range(scores.PITCHES, 0, -1)[:, None]
  shade = tf.where(tf.cast(works, tf.int32) >= scores.FIRST, 3, 4)
  page = tf.where(sounds[:, None] == row, shade[:, None], paper(works.shape[1]))
  return tf.gather(_COLOURS, page)


def rulers(zoom: int, steps: int = scores.STEPS) -> tuple[Image.Image, Image.Image]:
  """Draw the rulers of a picture at this zoom: piano keys for the left, bar numbers for the top.

  Octaves begin at C, and C4 is MIDI's 60.
  """
  size = min(6 * zoom, 12)
  font = ImageFont.load_default(size)
  keys = Image.new('RGB', (3 * zoom + 2 * size, scores.PITCHES * zoom), _PAPER)
  draw = ImageDraw.Draw(keys)
  for row in range(scores.PITCHES):
    pitch = scores.LOWEST + scores.PITCHES - 1 - row
    y, edge = row * zoom, keys.width - 3 * zoom
    colour = _KEY if pitch % 12 in _BLACK else _WHITE_KEY
    draw.rectangle((edge, y, keys.width, y + zoom - 1), colour)
    if pitch % 12 == 0:
      draw.line((edge, y + zoom - 1, keys.width, y + zoom - 1), _KEY)
      draw.text((edge - 2, y + zoom / 2), f'C{pitch // 12 - 1}', _INK, font, 'rm')
  bars = Image.new('RGB', (steps * zoom, size + 3), _PAPER)
  draw = ImageDraw.Draw(bars)
  for bar, step in enumerate(range(0, steps, scores.BAR), 1):
    draw.text((step * zoom, 0), str(bar), _INK, font)
  return keys, bars


def svg(start: np.ndarray, places: np.ndarray, first: int, zoom: int) -> str:
  """Write an SVG of a melody: classes `places` [T'] follow the first `first` steps of `start` [T].

  Viewers with animations show one step after the other; all others show the finished work.
  """
  steps = len(start)
  now, layers = start.astype(np.int64), []
  before = _page(now)
  cells = _rects(before, paper(steps))
  for time, place in enumerate(places):
    now = now.copy()
    now[first + time] = place
    page = _page(now)
    layers.append(f'<g style="--t:{time + 1}">{_rects(page, before)}</g>')
    before = page
  return (
    '<svg xmlns="http://www.w3.org/2000/svg" '
    f'viewBox="{-_LEFT} {-_TOP} {steps + _LEFT} {scores.PITCHES + _TOP}" '
    f'width="{(steps + _LEFT) * zoom}" height="{(scores.PITCHES + _TOP) * zoom}" '
    'shape-rendering="crispEdges">'
    '<style>@media (prefers-reduced-motion:no-preference){g[style]{animation:wait '
    f'calc(var(--t)*{_STROKE_MS}ms)}}}}@keyframes wait{{from,to{{visibility:hidden}}}}</style>'
    f'{_rects(paper(steps), np.full([scores.PITCHES, steps], -1))}{cells}{"".join(layers)}'
    f'{_scale(steps)}</svg>\n'
  )


def _scale(steps: int) -> str:
  """Draw the rulers of an SVG: keys on the left, bar numbers above."""
  found = []
  for row in range(scores.PITCHES):
    pitch = scores.LOWEST + scores.PITCHES - 1 - row
    colour = _KEY if pitch % 12 in _BLACK else _WHITE_KEY
    found.append(f'<rect x="-3" y="{row}" width="3" height="1" fill="#{bytes(colour).hex()}"/>')
    if pitch % 12 == 0:
      found.append(f'<text x="-3.2" y="{row + 1}" text-anchor="end">C{pitch // 12 - 1}</text>')
  for bar, step in enumerate(range(0, steps, scores.BAR), 1):
    found.append(f'<text x="{step}" y="-0.6">{bar}</text>')
  return (
    f'<g font-family="sans-serif" font-size="2.2" fill="#{bytes(_INK).hex()}">'
    f'<rect x="{-_LEFT}" y="{-_TOP}" width="{steps + _LEFT}" height="{_TOP}" '
    f'fill="#{bytes(_PAPER).hex()}"/><rect x="{-_LEFT}" y="0" width="{_LEFT}" '
    f'height="{scores.PITCHES}" fill="#{bytes(_PAPER).hex()}"/>{"".join(found)}</g>'
  )


def _page(melody: np.ndarray) -> np.ndarray:
  """Draw one melody as indices into the colours: [PITCHES, T]."""
  page = paper(len(melody))
  for note in scores.notes(melody):
    row, start = scores.LOWEST + scores.PITCHES - 1 - note.pitch, int(note.start)
    page[row, start : start + int(note.length)] = 4
    page[row, start] = 3
  return page


def _rects(page: np.ndarray, before: np.ndarray) -> str:
  """Draw the cells that differ from `before`, one path per colour."""
  found = []
  for place, colour in enumerate(_COLOURS):
    cells = np.argwhere((page == place) & (page != before))
    if len(cells):
      path = ''.join(f'M{x},{y}h1v1h-1z' for y, x in cells)
      found.append(f'<path d="{path}" fill="#{bytes(colour).hex()}"/>')
  return ''.join(found)
