"""Takes out of a picture file what is decoded, before a library sees the rest.

A small file may declare much: profiles and texts that unpack to gigabytes, thousands of pictures,
thousands of scans of one. Only how a photograph is turned is read from what is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
import re
import struct

MOST_PIXELS = 25_000_000
_MOST_SIDE = 16_384
_MOST_PARTS = 20_000
_MOST_BLOCKS = 1_000_000  # of 255 bytes or less, in a GIF
_MOST_SCANS = 100
_MOST_SCANNED = 20 * MOST_PIXELS  # pixels times scans; ten scans are usual in a progressive JPEG
_MOST_FRAMED = 4 * MOST_PIXELS  # pixels times frames of a GIF, each drawn on the one before

_PNG = b'\x89PNG\r\n\x1a\n'
_PNG_KEPT = (b'IHDR', b'PLTE', b'tRNS', b'IDAT', b'IEND')
_WEBP_KEPT = (b'VP8X', b'VP8 ', b'VP8L', b'ALPH', b'ANIM', b'ANMF')
_MARKER = re.compile(rb'\xff[^\x00\xff\xd0-\xd7]', re.DOTALL)
_SEVERAL = 'it holds several pictures, and one is wanted'
_ORIENTATION = 0x112


def check_size(width: int, height: int) -> None:
  """Raise a ValueError for a picture whose pixels would fill the memory."""
  if max(width, height) > _MOST_SIDE or width * height > MOST_PIXELS:
    raise ValueError(
      f'it is {width} x {height}, more than {MOST_PIXELS:,} pixels, or {_MOST_SIDE:,} on a side'
    )


def picture(content: bytes, frames: int = 1) -> tuple[bytes, int]:
  """Return a picture file without what is not decoded, and its EXIF orientation, from 1 to 8.

  Of a GIF up to `frames` pictures are kept.
  """
  try:
    if content.startswith(_PNG):
      return _png(content)
    if content.startswith(b'\xff\xd8'):
      return _jpeg(content)
    if content.startswith(b'GIF8'):
      return _gif(content, frames), 1
    if content.startswith(b'RIFF') and content[8:12] == b'WEBP':
      return _webp(content)
  except (IndexError, struct.error):
    raise ValueError('it is cut short') from None
  return content, 1


def _png(content: bytes) -> tuple[bytes, int]:
  kept, turn = [_PNG], 1
  for kind, begin, end in _chunks(content, len(_PNG), little=False):
    if kind == b'IHDR':
      check_size(*struct.unpack_from('>II', content, begin + 8))
    if kind == b'acTL' and struct.unpack_from('>I', content, begin + 8)[0] > 1:
      raise ValueError(_SEVERAL)
    if kind == b'eXIf':
      turn = _orientation(content, begin + 8, end)
    if kind in _PNG_KEPT:
      kept.append(content[begin:end])
    if kind == b'IEND':
      break
  return b''.join(kept), turn


def _webp(content: bytes) -> tuple[bytes, int]:
  kept, turn, pictures = [b'WEBP'], 1, 0
  for kind, begin, end in _chunks(content, 12, little=True):
    head = begin + 8
    if kind == b'VP8X':
      low_w, high_w, low_h, high_h = struct.unpack_from('<HBHB', content, head + 4)
      check_size((high_w << 16 | low_w) + 1, (high_h << 16 | low_h) + 1)
      # Of its flags, those for alpha and animation are left.
      kept.append(content[begin:head] + bytes([content[head] & 0x12]) + content[head + 1 : end])
      continue
    if kind == b'VP8 ':
      check_size(*(side & 0x3FFF for side in struct.unpack_from('<HH', content, head + 6)))
    if kind == b'VP8L':
      (bits,) = struct.unpack_from('<I', content, head + 1)
      check_size((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    pictures += kind == b'ANMF'
    if pictures > 1:
      raise ValueError(_SEVERAL)
    if kind == b'EXIF':
      turn = _orientation(content, head, end)
    if kind in _WEBP_KEPT:
      kept.append(content[begin:end])
  body = b''.join(kept)
  return b'RIFF' + struct.pack('<I', len(body)) + body, turn


def _chunks(content: bytes, place: int, *, little: bool) -> Iterator[tuple[bytes, int, int]]:
  """Yield kind, begin and end of the chunks of a WebP (`little`) or PNG; the last may be cut."""
  for _ in range(_MOST_PARTS):
    if place + 8 > len(content):
      return
    if little:
      kind, size = struct.unpack_from('<4sI', content, place)
      end = place + 8 + size + size % 2
    else:
      size, kind = struct.unpack_from('>I4s', content, place)
      end = place + 12 + size
    yield kind, place, end
    place = end
  raise ValueError(f'it has more than {_MOST_PARTS:,} parts')


def _jpeg(content: bytes) -> tuple[bytes, int]:
  """Keep tables, frames and scans, and what says which colours they have (JFIF, Adobe)."""
  kept, turn, scans, pixels = [content[:2]], 1, 0, 0
  found = _MARKER.search(content, 2)
  for _ in range(_MOST_PARTS):
    if not found or content[found.end() - 1] == 0xD9:  # cut, or the end of the picture
      return b''.join([*kept, b'\xff\xd9' if found else b'']), turn
    begin, head, kind = found.start(), found.end(), content[found.end() - 1]
    end = head + struct.unpack_from('>H', content, head)[0]
    found = _MARKER.search(content, end)
    name = content[head + 2 : head + 8]
    if 0xE0 <= kind <= 0xEF or kind == 0xFE:
      if kind == 0xE1 and name == b'Exif\0\0':
        turn = _orientation(content, head + 2, end)
      if not (kind == 0xE0 and name[:4] == b'JFIF' or kind == 0xEE and name[:5] == b'Adobe'):
        continue
    if 0xC0 <= kind <= 0xCF and kind not in (0xC4, 0xC8, 0xCC):
      height, width = struct.unpack_from('>HH', content, head + 3)
      check_size(width, height)
      pixels = max(pixels, width * height)
    scans += kind == 0xDA
    if scans > _MOST_SCANS or scans * pixels > _MOST_SCANNED:
      raise ValueError(f'it has {scans} scans or more for its {pixels:,} pixels, too many')
    kept.append(content[begin : found.start() if found else len(content)])
  raise ValueError(f'it has more than {_MOST_PARTS:,} parts')


def _gif(content: bytes, frames: int) -> bytes:
  """Keep the pictures and what says which of their colours is transparent."""
  place = 13 + _table(content[10])
  wide, high = struct.unpack_from('<HH', content, 6)
  kept, pictures, blocks = [content[:place]], 0, 0
  while content[place] in (0x2C, 0x21):  # a picture, an extension
    begin, shown = place, content[place] == 0x2C
    pictures += shown
    if pictures > frames:
      raise ValueError(_SEVERAL if frames == 1 else f'it has more than {frames} frames')
    if shown:
      left, top, width, height = struct.unpack_from('<HHHH', content, place + 1)
      wide, high = max(wide, left + width), max(high, top + height)
      if pictures > 1 and wide * high * pictures > _MOST_FRAMED:
        raise ValueError(f'its {pictures} frames or more of {wide} x {high} are too many pixels')
    place += 11 + _table(content[place + 9]) if shown else 2
    while size := content[place]:
      place += 1 + size
      blocks += 1
      if blocks > _MOST_BLOCKS:
        raise ValueError(f'it has more than {_MOST_BLOCKS:,} blocks')
    place += 1
    if shown or content[begin + 1] == 0xF9:
      kept.append(content[begin:place])
  return b''.join([*kept, b';'])


def _table(flags: int) -> int:
  """Return the size of the table of colours that a GIF announces."""
  return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _orientation(content: bytes, begin: int, end: int) -> int:
  """Return how EXIF says that a picture is turned; 1, as it is, where that is damaged.

  Pillow would copy all values that are declared, of which each may be the whole file.
  """
  exif = content[begin : min(end, begin + (1 << 20))].removeprefix(b'Exif\0\0')
  order = {b'II*\0': '<', b'MM\0*': '>'}.get(exif[:4])
  try:
    (place,) = struct.unpack_from(f'{order}I', exif, 4)
    (count,) = struct.unpack_from(f'{order}H', exif, place)
    for entry in range(place + 2, place + 2 + 12 * count, 12):
      tag, _, _, value = struct.unpack_from(f'{order}HHIH', exif, entry)
      if tag == _ORIENTATION:
        return value if 1 <= value <= 8 else 1
  except struct.error:
    pass
  return 1
