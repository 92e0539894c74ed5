"""Encodes pictures as PNG, and the making of a picture as animated SVG."""

from __future__ import annotations

import collections

import numpy as np
import tensorflow as tf

_STROKE_MS = 80  # milliseconds of a stroke in the animation


def png(rgb: tf.Tensor, zoom: int) -> tf.Tensor:
  """Encode pictures uint8 [B, H, W, 3 or 4] as PNG, times `zoom`, in the graph: string [B]."""
  rgb = tf.repeat(tf.repeat(rgb, zoom, 1), zoom, 2)
  return tf.map_fn(tf.io.encode_png, rgb, fn_output_signature=tf.string)


def svg(
  start: np.ndarray, marks: np.ndarray, places: np.ndarray, codes: list[str], zoom: int
) -> str:
  """Write an SVG of strokes on `start` [H, W].

  `marks` bool [T, H, W] are the pixels that each stroke covers, `places` [T] its index into the
  colours `codes`. Viewers with animations show one stroke after the other; all others show the
  finished work. The first code is '' where the background is clear.
  """
  if not codes[0]:
    return _clear_svg(start, marks, places, codes, zoom)
  height, width = start.shape
  cells = ''.join(
    f'<path d="{_square(y, x)}" fill="{codes[start[y, x]]}"/>'
    for y, x in np.argwhere(start)  # colour 0 is the background
  )
  strokes = ''.join(
    f'<path d="{"".join(_square(y, x) for y, x in np.argwhere(mark))}" fill="{codes[place]}" '
    f'style="--t:{time}"/>'
    for time, (mark, place) in enumerate(zip(marks, places, strict=True), 1)
  )
  return (
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
    f'width="{width * zoom}" height="{height * zoom}" shape-rendering="crispEdges">'
    '<style>@media (prefers-reduced-motion:no-preference){path[style]{animation:wait '
    f'calc(var(--t)*{_STROKE_MS}ms)}}}}@keyframes wait{{from,to{{visibility:hidden}}}}</style>'
    f'<path d="M0,0h{width}v{height}h-{width}z" fill="{codes[0]}"/>{cells}{strokes}</svg>\n'
  )


def _clear_svg(
  start: np.ndarray, marks: np.ndarray, places: np.ndarray, codes: list[str], zoom: int
) -> str:
  """Write an SVG without a background, in which each pixel is seen from one stroke to the next."""
  (height, width), last = start.shape, len(places) + 1
  shown = np.concatenate([start[None], np.where(marks, places[:, None, None], -1)])
  paths = collections.defaultdict(list)  # (colour, from, until) -> pixels
  for y, x in np.ndindex(height, width):
    times = np.flatnonzero(shown[:, y, x] >= 0)
    for begin, end in zip(times, [*times[1:], last], strict=True):
      if colour := shown[begin, y, x]:
        paths[colour, begin, end].append(_square(y, x))
  drawn = ''.join(
    f'<path d="{"".join(pixels)}" fill="{codes[colour]}"'
    + (f' visibility="hidden" style="--t:{begin};--u:{end}"' if end < last else '')
    + (f' style="--t:{begin}"' if begin and end == last else '')
    + '/>'
    for (colour, begin, end), pixels in sorted(paths.items())
  )
  return (
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
    f'width="{width * zoom}" height="{height * zoom}" shape-rendering="crispEdges">'
    '<style>@media (prefers-reduced-motion:no-preference){path[style]{animation:wait '
    f'calc(var(--t)*{_STROKE_MS}ms)}}path[visibility]{{animation:show '
    f'calc((var(--u) - var(--t))*{_STROKE_MS}ms) calc(var(--t)*{_STROKE_MS}ms)}}}}'
    '@keyframes wait{from,to{visibility:hidden}}@keyframes show{from,to{visibility:visible}}'
    f'</style>{drawn}</svg>\n'
  )


def _square(y: int, x: int) -> str:
  return f'M{x},{y}h1v1h-1z'
