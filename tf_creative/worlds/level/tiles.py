"""The tiles of a level, the traces of play on them, and their pictures.

A cell of a level in play is coded as one number, tile + 7 trace + 42 changed, so that a map holds
all that the rules need. In an untouched level, a cell's code is just its tile.
"""

from __future__ import annotations

import numpy as np

NAMES = ('floor', 'wall', 'start', 'goal', 'lava', 'door', 'key')
FLOOR, WALL, START, GOAL, LAVA, DOOR, KEY = range(7)
# `changed` is 1 for a key that was taken and for an open door.
UNTOUCHED, BEEN, HERE = 0, 1, 2  # traces; HERE + direction: 0 right, 1 down, 2 left, 3 up
TRACES, DIRECTIONS = 6, 4
SIDE = 8  # pixels of a tile's picture
CODES = len(NAMES) * TRACES * 2
AHEAD = np.array([(0, 1), (1, 0), (0, -1), (-1, 0)], np.int32)  # direction -> (row, column) step

GLYPHS = ' #SG~DK'
_AGENT = '>v<^'
_PAPER = (236, 231, 218)
_COLOURS = {
  '.': _PAPER,
  'w': (84, 88, 98),
  'W': (62, 65, 74),
  's': (120, 160, 214),
  'g': (62, 158, 80),
  'G': (220, 244, 222),
  'l': (226, 96, 34),
  'L': (255, 178, 66),
  'd': (176, 124, 40),
  'D': (110, 74, 20),
  'k': (212, 160, 16),
  'r': (206, 40, 48),
  't': (146, 138, 122),
}
_SPRITES = {
  FLOOR: '........ ........ ........ ........ ........ ........ ........ ........',
  WALL: 'wwwWwwww wwwWwwww wwwWwwww WWWWWWWW wwwwwwwW wwwwwwwW wwwwwwwW WWWWWWWW',
  START: '........ ..ssss.. .s....s. .s....s. .s....s. .s....s. ..ssss.. ........',
  GOAL: 'gggggggg gGGggggg gGGGGggg gGGGGGGg gGGGGggg gGGggggg gGgggggg gggggggg',
  LAVA: 'llllllll lLLlllLL LllLLLll llllllll lLLlllLL LllLLLll llllllll llllllll',
  DOOR: 'DDDDDDDD DddddddD DddddddD DddddddD DddddkkD DddddkkD DddddddD DDDDDDDD',
  KEY: '........ ..kkk... ..k.k... ..kkk... ...k.... ...kk... ...k.... ...kk...',
}
_OPEN_DOOR = 'DDDDDDDD D......D D......D D......D D......D D......D D......D D......D'
_TRAIL = '........ ........ ........ ...tt... ...tt... ........ ........ ........'
_FACING_RIGHT = '........ .rr..... .rrrr... .rrrrrr. .rrrrrr. .rrrr... .rr..... ........'


def trace(work):
  """Return the trace of each cell; takes arrays of NumPy or TensorFlow."""
  return work // len(NAMES) % TRACES


def changed(work):
  """Return 1 for each cell whose key was taken or whose door is open, else 0."""
  return work // (len(NAMES) * TRACES)


def planes() -> np.ndarray:
  """Return the features of each code, float32 [CODES, 9].

  They are: agent by direction (4), wall, goal, lava, key, shut door.
  """
  code = np.arange(CODES)
  tile, untouched = code % len(NAMES), changed(code) == 0
  columns = [trace(code) == HERE + direction for direction in range(DIRECTIONS)]
  columns += [tile == WALL, tile == GOAL, tile == LAVA]
  columns += [(tile == KEY) & untouched, (tile == DOOR) & untouched]
  return np.stack(columns, 1).astype(np.float32)


def ascii_map(work: np.ndarray) -> str:
  """Draw a level [H, W] in play as lines of text."""
  work = np.asarray(work, int)
  glyphs = np.array(list(GLYPHS))[np.where(changed(work) == 1, FLOOR, work % len(NAMES))]
  glyphs[(trace(work) == BEEN) & (glyphs == ' ')] = '.'
  for direction, glyph in enumerate(_AGENT):
    glyphs[trace(work) == HERE + direction] = glyph
  return '\n'.join(''.join(row) for row in glyphs)


def from_ascii(text: str) -> np.ndarray:
  """Parse a level from text: uint8 [H, W]; an unknown character raises a ValueError."""
  return np.array([[GLYPHS.index(glyph) for glyph in row] for row in text.split('\n')], np.uint8)


def pictures() -> np.ndarray:
  """Draw each code of a cell: uint8 [CODES, SIDE, SIDE, 3]."""
  shown = np.empty((CODES, SIDE, SIDE, 3), np.uint8)
  trail, agent = _pixels(_TRAIL, 't'), _pixels(_FACING_RIGHT, 'r')
  for code in range(CODES):
    tile, mark = code % len(NAMES), trace(code)
    gone = {DOOR: _OPEN_DOOR, KEY: _SPRITES[FLOOR]}.get(tile) if changed(code) else None
    picture = _paint(gone or _SPRITES[tile])
    if mark == BEEN and tile != START:
      picture[trail] = _COLOURS['t']
    elif mark >= HERE:
      # A quarter turn clockwise for each direction, as rows run downwards.
      picture[np.rot90(agent, HERE - mark)] = _COLOURS['r']
    shown[code] = picture
  return shown


def colours() -> np.ndarray:
  """Return one colour for each code, for pictures with one pixel per cell: uint8 [CODES, 3]."""
  return pictures().reshape(CODES, -1, 3).mean(1).round().astype(np.uint8)


def legend() -> dict[str, np.ndarray]:
  """Return what a client needs to draw levels.

  palette[work] is a picture with one pixel per cell; pictures[work] has SIDE x SIDE pixels.
  """
  looks = {'palette': colours(), 'pictures': pictures()}
  return {'view': np.array('walk'), **looks, 'tiles': np.array(NAMES)}


def _paint(sprite: str) -> np.ndarray:
  return np.array([[_COLOURS[dot] for dot in row] for row in sprite.split()], np.uint8)


def _pixels(sprite: str, dot: str) -> np.ndarray:
  return np.array([[one == dot for one in row] for row in sprite.split()])
