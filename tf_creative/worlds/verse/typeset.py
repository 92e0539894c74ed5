"""Sets lines of verse in type: as pictures, in the graph, and as SVG in which words appear."""

from __future__ import annotations

from collections.abc import Sequence
import html
import pathlib

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont
import tensorflow as tf

from tf_creative.worlds.verse import texts

WIDTH, HEIGHT = 512, 128  # of a picture, in pixels
_SIZE, _ROW, _ROWS = 20, 32, 3  # of the letters; of a row of words; rows
_MARGIN, _SPACE, _TIGHT = 16, 6, 1  # around; between words; between letters
_BASE = 23  # from a row's top to its base line
_PAPER, _INK = (250, 250, 247), (31, 41, 64)
_WORD_MS = 240
_FONT = pathlib.Path('fonts', 'ttf', 'DejaVuSerif.ttf')  # comes with matplotlib
_WIDEST = WIDTH - 2 * _MARGIN


class Type:
  """The words of a vocabulary, drawn once, column by column; a picture is put together of them."""

  def __init__(self, words: Sequence[str], space: str = ' '):
    font = ImageFont.truetype(pathlib.Path(matplotlib.get_data_path()) / _FONT, _SIZE)
    drawn = [_columns(word, font) for word in words]
    self._words, self._space = words, _SPACE if space else _TIGHT
    self.widths = np.array([len(part) for part in drawn], np.int32)
    starts = 1 + np.concatenate([[0], self.widths[:-1].cumsum()])
    columns = np.concatenate([np.zeros([1, _ROW], np.uint8), *drawn])  # the first is empty
    shades = np.linspace(_PAPER, _INK, 256).round()
    with tf.init_scope():
      self._columns, self._starts = tf.constant(columns), tf.constant(starts, tf.int32)
      self._widths, self._shades = tf.constant(self.widths), tf.constant(shades, tf.uint8)

  def rgb(self, works: tf.Tensor) -> tf.Tensor:
    """Draw lines [B, T] in the graph: uint8 [B, HEIGHT, WIDTH, 3]."""
    within, at = self._within(works)
    source = at + tf.gather(self._starts, works)[:, :, None, None]
    source = tf.reduce_sum(tf.where(within, source, 0), 1)  # [B, rows, columns]
    ink = tf.transpose(tf.gather(self._columns, source), [0, 1, 3, 2])
    ink = tf.reshape(ink, [-1, _ROWS * _ROW, _WIDEST])
    around = [_MARGIN, _MARGIN]
    return tf.gather(self._shades, tf.cast(tf.pad(ink, [[0, 0], around, around]), tf.int32))

  def words_at(self, line: np.ndarray) -> np.ndarray:
    """Return which word covers each pixel of a line's picture, -1 for none: [HEIGHT, WIDTH]."""
    within = self._within(tf.constant(line[None]))[0][0].numpy()
    which = np.where(within.any(0), within.argmax(0), -1).repeat(_ROW, 0)
    return np.pad(which, _MARGIN, constant_values=-1)

  def svg(self, line: np.ndarray, first: int, zoom: int) -> str:
    """Write an SVG of a line; viewers with animations let the words from `first` on appear."""
    x, row = (part[0].numpy() for part in self._layout(tf.constant(line[None], tf.int32)))
    parts = [
      f'<text x="{_MARGIN + x[place]}" y="{_MARGIN + _ROW * row[place] + _BASE}" '
      f'textLength="{self.widths[word]}"'
      + (f' style="--t:{place - first + 1}"' if place >= first else '')
      + f'>{html.escape(self._words[word])}</text>'
      for place, word in enumerate(line)
      if word
    ]
    return (
      f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
      f'width="{WIDTH * zoom}" height="{HEIGHT * zoom}">'
      '<style>@media (prefers-reduced-motion:no-preference){text[style]{animation:wait '
      f'calc(var(--t)*{_WORD_MS}ms)}}}}@keyframes wait{{from,to{{visibility:hidden}}}}</style>'
      f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#{bytes(_PAPER).hex()}"/>'
      f'<g font-family="DejaVu Serif, serif" font-size="{_SIZE}" fill="#{bytes(_INK).hex()}">'
      f'{"".join(parts)}</g></svg>\n'
    )

  def _layout(self, works: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return where each word begins, and in which row, of as many as are needed: int32 [B, T]."""
    x = row = tf.zeros_like(works[:, 0])
    places, rows = [], []
    for word in tf.unstack(works, axis=1):
      width = tf.gather(self._widths, word)
      full = x + width > _WIDEST
      row = tf.where(full, row + 1, row)
      x = tf.where(full, 0, x)
      places.append(x)
      rows.append(row)
      x += tf.where(word > 0, width + self._space, 0)
    return tf.stack(places, 1), tf.stack(rows, 1)

  def _within(self, works: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return where each word's columns are, bool [B, T, rows, columns], and their numbers in it."""
    x, row = (part[:, :, None, None] for part in self._layout(works))
    at = tf.range(_WIDEST) - x
    width = tf.gather(self._widths, works)[:, :, None, None]
    return (at >= 0) & (at < width) & (tf.range(_ROWS)[:, None] == row), at


def _columns(word: str, font: ImageFont.FreeTypeFont) -> np.ndarray:
  """Draw a word, and return its columns of ink: uint8 [width, _ROW]."""
  width = min(-(-int(font.getlength(word)) // 1) + 1, _WIDEST) if word else 0
  picture = Image.new('L', (max(width, 1), _ROW))
  ImageDraw.Draw(picture).text((0, _BASE), word, 255, font, anchor='ls')
  return np.asarray(picture).T[:width]


def written(start: np.ndarray, actions: Sequence[int], first: int) -> np.ndarray:
  """Return the line that actions make of `start`, written from its word `first` on."""
  line = np.array(start)
  for place, word in enumerate(actions, first):
    if not word:
      line[place:] = 0
      break
    line[place] = word
  return line[: texts.MOST]
