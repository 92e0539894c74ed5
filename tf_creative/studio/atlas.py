"""Writes works as a sprite sheet with an atlas, as Aseprite and TexturePacker write them."""

from __future__ import annotations

from collections.abc import Sequence
import json
import pathlib
from typing import Any

import numpy as np
from PIL import Image

from tf_creative.core import spec, storage

_COLUMNS = 16  # sprites in a row, at most
_MOST_SIDE = 16_384  # pixels of a sheet; what reads them has such bounds
_SHOWN_MS = 100  # a frame's duration, of which programs of animations ask


def write(
  shown: np.ndarray, labels: Sequence[str], names: Sequence[str], folder: pathlib.Path
) -> None:
  """Write sheet.png and sheet.json of pictures uint8 [N, h, w, RGB or RGBA], each in its pixels.

  Each class begins a row, and is a tag of the atlas.
  """
  height, width = shown.shape[1:3]
  groups: dict[str, list[int]] = {}
  for place, label in enumerate(labels):
    groups.setdefault(label, []).append(place)
  columns = min(_COLUMNS, max(map(len, groups.values())))
  rows = sum(-(-len(group) // columns) for group in groups.values())
  if rows * height > _MOST_SIDE:
    raise spec.UserError(
      f'a sheet of {rows} rows has more than {_MOST_SIDE:,} pixels: give a smaller --count.'
    )
  page = np.zeros((rows * height, columns * width, shown.shape[3]), np.uint8)
  frames: dict[str, Any] = {}
  tags, top = [], 0
  for label, group in groups.items():
    if label:
      tag = {'name': label, 'from': len(frames), 'to': len(frames) + len(group) - 1}
      tags.append({**tag, 'direction': 'forward'})
    for place, index in enumerate(group):
      y, x = top + place // columns * height, place % columns * width
      page[y : y + height, x : x + width] = shown[index]
      frames[names[index]] = _frame(x, y, width, height)
    top += -(-len(group) // columns) * height
  told = {
    'app': 'tf_creative',
    'version': '1.0',
    'image': 'sheet.png',
    'format': 'RGBA8888' if shown.shape[3] == 4 else 'RGB888',
    'size': {'w': page.shape[1], 'h': page.shape[0]},
    'scale': '1',
    'frameTags': tags,
  }
  with storage.whole(folder / 'sheet.png') as path:
    Image.fromarray(page).save(path, 'PNG')
  storage.write(folder / 'sheet.json', json.dumps({'frames': frames, 'meta': told}, indent=1))


def _frame(x: int, y: int, width: int, height: int) -> dict[str, Any]:
  return {
    'frame': {'x': x, 'y': y, 'w': width, 'h': height},
    'rotated': False,
    'trimmed': False,
    'spriteSourceSize': {'x': 0, 'y': 0, 'w': width, 'h': height},
    'sourceSize': {'w': width, 'h': height},
    'duration': _SHOWN_MS,
  }
