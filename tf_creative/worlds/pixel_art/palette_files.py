"""Reads palettes that painters share: .hex, GIMP's .gpl, and .pal of Paint Shop Pro (JASC)."""

from __future__ import annotations

import os
import pathlib
import re

import numpy as np

from tf_creative.core import spec
from tf_creative.worlds import bounded

ENDINGS = ('.hex', '.gpl', '.pal')
_FEWEST, _MOST = 2, 64  # colours
_MOST_BYTES = 1 << 16
_HEX, _RGB = (
  re.compile(r'#?([0-9a-f]{6})', re.I | re.A),
  re.compile(r'(\d+)\s+(\d+)\s+(\d+)\b.*', re.A),
)


def read(path: str | os.PathLike) -> np.ndarray:
  """Read the colours of a file in their order, each once: uint8 [P, 3]; or raise a UserError."""
  ending = pathlib.Path(path).suffix.lower()
  try:
    if ending not in ENDINGS:
      raise ValueError(f'its name should end in {", ".join(ENDINGS)}')
    text = bounded.content(path, _MOST_BYTES).decode('utf-8-sig', errors='replace')
    lines = [(place, line.strip()) for place, line in enumerate(text.splitlines(), 1)]
    lines = _body([(place, line) for place, line in lines if line], ending)
    colours = [_colour(place, line, ending) for place, line in lines]
    colours = list(dict.fromkeys(colours))
    if not _FEWEST <= len(colours) <= _MOST:
      raise ValueError(f'it has {len(colours)} different colours, and {_FEWEST} to {_MOST} can be')
  except ValueError as error:
    raise spec.UserError(f'cannot read {path} as a palette: {error}.') from error
  return np.array(colours, np.uint8)


def _body(lines: list[tuple[int, str]], ending: str) -> list[tuple[int, str]]:
  """Return the lines of colours, without head and comments; a ValueError for another head."""
  first = lines[0][1] if lines else ''
  if ending == '.pal':
    if first.startswith('RIFF'):
      raise ValueError("it is of Microsoft's kind (RIFF): save it as .gpl, .hex or JASC-PAL")
    if first != 'JASC-PAL' or len(lines) < 3:
      raise ValueError("a .pal begins with a line 'JASC-PAL', a version and a number")
    if lines[2][1] != str(len(lines) - 3):
      raise ValueError(f'line 3 says {lines[2][1][:20]!r} colours, and {len(lines) - 3} follow')
    return lines[3:]
  if ending == '.gpl':
    if first != 'GIMP Palette':
      raise ValueError("a .gpl begins with a line 'GIMP Palette'")
    head = re.compile(r'#|(name|columns):', re.I)
    return [(place, line) for place, line in lines[1:] if not head.match(line)]
  return [(place, line) for place, line in lines if not line.startswith(';')]


def _colour(place: int, line: str, ending: str) -> tuple[int, ...]:
  match = (_HEX if ending == '.hex' else _RGB).fullmatch(line)
  if match and ending == '.hex':
    return tuple(bytes.fromhex(match[1]))
  if not match or max(map(len, match.groups())) > 3 or max(map(int, match.groups())) > 255:
    form = 'a colour like ff004d' if ending == '.hex' else 'three numbers from 0 to 255'
    raise ValueError(f'line {place} should be {form}, and is {line[:40]!r}')
  return tuple(map(int, match.groups()))
