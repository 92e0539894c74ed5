"""Makes pictures of any size one size, as a painter of pixels would."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image

_FEW = 64  # colours of a picture that was painted pixel by pixel, at most


def fitted(picture: Image.Image, height: int, width: int, how: str) -> np.ndarray:
  """Return a picture RGBA as uint8 [H, W, 4]; what is clear is 0.

  `how` is 'crop', the largest middle part of the right form, scaled; 'pad', the whole, in the
  middle, scaled only if it is too large; or 'exact', a ValueError for other sizes.
  """
  if picture.size != (width, height):
    if how == 'exact':
      raise ValueError(f'it is {picture.width} x {picture.height}, not {width} x {height}')
    picture = (_padded if how == 'pad' else _cropped)(picture, height, width)
  pixels = np.array(picture)
  pixels[pixels[..., 3] == 0] = 0
  return pixels


def tiles(picture: Image.Image, side: int) -> Iterator[Image.Image]:
  """Cut a sheet into squares, row by row; leave out what is of one colour, or clear, all over."""
  for top in range(0, picture.height - side + 1, side):
    for left in range(0, picture.width - side + 1, side):
      tile = picture.crop((left, top, left + side, top + side))
      if tile.getcolors(1) is None and tile.getchannel('A').getbbox():
        yield tile


def _cropped(picture: Image.Image, height: int, width: int) -> Image.Image:
  wide = min(picture.width, max(1, picture.height * width // height))
  high = min(picture.height, max(1, picture.width * height // width))
  left, top = (picture.width - wide) // 2, (picture.height - high) // 2
  return _scaled(picture.crop((left, top, left + wide, top + high)), height, width)


def _padded(picture: Image.Image, height: int, width: int) -> Image.Image:
  if picture.width * height != picture.height * width or picture.width % width:
    picture = _trimmed(picture, height, width)
  share = min(height / picture.height, width / picture.width, 1)
  high, wide = (max(1, round(side * share)) for side in (picture.height, picture.width))
  page = Image.new('RGBA', (width, height))
  page.paste(_scaled(picture, high, wide), ((width - wide) // 2, (height - high) // 2))
  return page


def _trimmed(picture: Image.Image, height: int, width: int) -> Image.Image:
  """Take off clear margins of a picture that is too large, as far as that is needed."""
  left, top, right, bottom = picture.getbbox() or (0, 0, 1, 1)
  spare_x, spare_y = (
    max(0, side - (end - begin))
    for side, begin, end in ((width, left, right), (height, top, bottom))
  )
  if picture.width > width:
    left = max(0, left - spare_x // 2)
    right = min(picture.width, right + spare_x // 2)
  else:
    left, right = 0, picture.width
  if picture.height > height:
    top = max(0, top - spare_y // 2)
    bottom = min(picture.height, bottom + spare_y // 2)
  else:
    top, bottom = 0, picture.height
  return picture.crop((left, top, right, bottom))


def _scaled(picture: Image.Image, height: int, width: int) -> Image.Image:
  """Scale by whole factors without blur where pixels were painted, else by averaging."""
  if picture.size == (width, height):
    return picture
  larger = width % picture.width == 0 and height % picture.height == 0
  smaller = picture.width % width == 0 and picture.height % height == 0
  by_pixel = larger or (smaller and picture.getcolors(_FEW) is not None)
  way = Image.Resampling.NEAREST if by_pixel else Image.Resampling.BOX
  return picture.resize((width, height), way)
