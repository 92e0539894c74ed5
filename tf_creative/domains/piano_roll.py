"""Melodies as pictures: time to the right, pitch upwards, the stroke of a note brighter."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from tf_creative.domains import midi, scores

_PAPER, _BLACK_KEY, _BAR = (250, 250, 247), (232, 232, 226), (210, 210, 204)
_STRUCK, _HELD = (31, 78, 140), (120, 164, 214)
_COLOURS = np.array([_PAPER, _BLACK_KEY, _BAR, _STRUCK, _HELD], np.uint8)
_BLACK = (1, 3, 6, 8, 10)
_STROKE_MS = 120


def legend(given: int, target: str) -> dict[str, np.ndarray]:
  """What to draw and to play melodies by; `given` and `target` are the options of the world."""
  told = {'steps_per_bar': scores.BAR, 'seconds_per_step': midi.EIGHTH_SECONDS}
  told |= {'view': 'roll', 'given': given, 'target': target}
  return {name: np.array(part) for name, part in told.items()}


def paper(steps: int) -> np.ndarray:
  """An empty page, the highest pitch on top: places in the colours [PITCHES, steps]."""
  pitches = scores.LOWEST + np.arange(scores.PITCHES)[::-1]
  page = np.repeat(np.isin(pitches % 12, _BLACK).astype(np.int32)[:, None], steps, 1)
  page[:, scores.BAR :: scores.BAR] = 2  # a bar line is the first step of its bar
  return page


def rgb(works: tf.Tensor) -> tf.Tensor:
  """Pictures uint8 [B, PITCHES, T, 3] of works [B, T], in the graph."""
  sounds = midi.sounding(works)
  row = tf.range(scores.PITCHES, 0, -1)[:, None]
  shade = tf.where(tf.cast(works, tf.int32) >= scores.FIRST, 3, 4)
  page = tf.where(sounds[:, None] == row, shade[:, None], paper(works.shape[1]))
  return tf.gather(_COLOURS, page)


def svg(start: np.ndarray, places: np.ndarray, first: int, zoom: int) -> str:
  """A melody that appears class by class: `places` follow the `first` steps of `start`.

  A step waits for its turn where animations are played; everywhere else the work stands finished.
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
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {steps} {scores.PITCHES}" '
    f'width="{steps * zoom}" height="{scores.PITCHES * zoom}" shape-rendering="crispEdges">'
    '<style>@media (prefers-reduced-motion:no-preference){g[style]{animation:wait '
    f'calc(var(--t)*{_STROKE_MS}ms)}}}}@keyframes wait{{from,to{{visibility:hidden}}}}</style>'
    f'{_rects(paper(steps), np.full([scores.PITCHES, steps], -1))}{cells}{"".join(layers)}</svg>\n'
  )


def _page(melody: np.ndarray) -> np.ndarray:
  """The picture of one melody as places in the colours."""
  page = paper(len(melody))
  for note in scores.notes(melody):
    row, start = scores.LOWEST + scores.PITCHES - 1 - note.pitch, int(note.start)
    page[row, start : start + int(note.length)] = 4
    page[row, start] = 3
  return page


def _rects(page: np.ndarray, before: np.ndarray) -> str:
  """What differs from what was there, a path for each colour."""
  found = []
  for place, colour in enumerate(_COLOURS):
    cells = np.argwhere((page == place) & (page != before))
    if len(cells):
      path = ''.join(f'M{x},{y}h1v1h-1z' for y, x in cells)
      found.append(f'<path d="{path}" fill="#{bytes(colour).hex()}"/>')
  return ''.join(found)
