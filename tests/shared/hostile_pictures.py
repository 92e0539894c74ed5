"""Small picture files that ask for much, and the largest that are read; each by its name."""

from __future__ import annotations

from collections.abc import Callable
import io
import os
import pathlib
import struct
import zlib

import numpy as np
from PIL import Image

PNG = b'\x89PNG\r\n\x1a\n'


def chunk(kind: bytes, content: bytes = b'') -> bytes:
  sum_ = zlib.crc32(kind + content)
  return struct.pack('>I', len(content)) + kind + content + struct.pack('>I', sum_)


def png(width: int, height: int, *extra: bytes, depth: int = 8, colour: int = 0) -> bytes:
  """All zero: with `colour` 2 as RGB, with 6 as RGBA."""
  head = struct.pack('>IIBBBBB', width, height, depth, colour, 0, 0, 0)
  row = 1 + (width * {0: 1, 2: 3, 6: 4}[colour] * depth + 7) // 8
  packer = zlib.compressobj(9)
  rows = [packer.compress(bytes(row) * min(1000, height - at)) for at in range(0, height, 1000)]
  body = chunk(b'IDAT', b''.join([*rows, packer.flush()]))
  return PNG + chunk(b'IHDR', head) + b''.join(extra) + body + chunk(b'IEND')


def saved(width: int, height: int, kind: str, **options) -> bytes:
  file = io.BytesIO()
  page = Image.linear_gradient('L').resize((width, height)).convert('RGB')
  page.save(file, kind, **options)
  return file.getvalue()


def scans(count: int, side: int = 1000) -> bytes:
  """A progressive JPEG whose last scan comes again and again."""
  whole = saved(side, side, 'JPEG', progressive=True)
  last = whole.rindex(b'\xff\xda')
  return whole[:last] + whole[last:-2] * count + b'\xff\xd9'


def exif(size: int, tags: int) -> bytes:
  """Tags of which each is as large as all of it; the picture stands upside down."""
  entries = [struct.pack('<HHII', 1000 + i, 7, size - 8, 8) for i in range(tags)]
  turned = struct.pack('<HHIHH', 0x112, 3, 1, 3, 0)
  head = b'II*\0' + struct.pack('<IH', 8, tags + 1) + turned + b''.join(entries)
  return head.ljust(size, b'\0')


def segments(kind: int, content: bytes, size: int = 65_000) -> bytes:
  cut = [content[at : at + size] for at in range(0, len(content), size)]
  return b''.join(struct.pack('>BBH', 0xFF, kind, len(part) + 2) + part for part in cut)


def in_jpeg(extra: bytes) -> bytes:
  whole = saved(64, 64, 'JPEG')
  return whole[:2] + extra + whole[2:]


def moving(kind: str, count: int, **options) -> bytes:
  pages = [Image.new('L', (8, 8), i % 256) for i in range(count)]
  file = io.BytesIO()
  pages[0].save(file, kind, save_all=True, append_images=pages[1:], **options)
  return file.getvalue()


def gif(*extensions: bytes) -> bytes:
  whole = saved(64, 64, 'GIF')
  at = whole.index(b',', 13 + (3 << (whole[10] & 7) + 1))  # after its table of colours
  return whole[:at] + b''.join(extensions) + whole[at:]


def webp(width: int, height: int) -> bytes:
  sides = (width - 1).to_bytes(3, 'little') + (height - 1).to_bytes(3, 'little')
  still = saved(64, 64, 'WEBP')[12:]
  body = b'WEBPVP8X' + struct.pack('<II', 10, 0) + sides + still
  return b'RIFF' + struct.pack('<I', len(body)) + body


def tiff(count: int) -> bytes:
  """As many directories, each with nothing in it but the place of the next."""
  links = [struct.pack('<HI', 0, 8 + 6 * (i + 1)) for i in range(count)]
  return b'II*\0' + struct.pack('<I', 8) + b''.join(links)


def bomb(size: int = 1 << 28) -> bytes:
  return zlib.compress(bytes(size))


# What is refused, with words of the answer.
REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
  'a line of 40 megapixels': (lambda: png(40_000_000, 1), 'on a side'),
  'a column of 40 megapixels': (lambda: png(1, 40_000_000, depth=1), 'on a side'),
  '20,000 squared': (lambda: png(20_000, 20_000, depth=1), 'it is 20000 x 20000'),
  '30 megapixels of zero': (lambda: png(6000, 5000, depth=1), 'more than 25,000,000 pixels'),
  'a JPEG of 3,000 scans': (lambda: scans(3000), '101 scans or more'),
  'a large JPEG of 40 scans': (lambda: scans(40, 4900), '21 scans or more'),
  'a million comments': (lambda: in_jpeg(segments(0xFE, bytes(1_000_000), 1)), '20,000 parts'),
  'a JPEG of 65,000 squared': (
    lambda: saved(8, 8, 'JPEG').replace(b'\0\x08\0\x08\x03', b'\xfd\xe8\xfd\xe8\x03'),
    'it is 65000 x 65000',
  ),
  'a TIFF of 100,000 directories': (lambda: tiff(100_000), 'it is none, or none of PNG'),
  'a GIF of 10,000 pictures': (lambda: moving('GIF', 10_000), 'several pictures'),
  'a GIF of two million blocks': (lambda: gif(b'!\xfe' + b'\1x' * 2_000_000 + b'\0'), 'blocks'),
  'a PNG of 500 pictures': (lambda: moving('PNG', 500), 'several pictures'),
  'a WebP of 500 pictures': (lambda: moving('WEBP', 500), 'several pictures'),
  'a WebP of 16 million squared': (lambda: webp(1 << 24, 1 << 24), 'on a side'),
  'a million chunks': (lambda: png(8, 8, chunk(b'teXt') * 1_000_000), '20,000 parts'),
  'a million chunks of pixels': (
    lambda: png(8, 8, chunk(b'IDAT') * 1_000_000),
    '20,000 parts',
  ),
  'more than 64 MB': (lambda: png(8, 8, chunk(b'teXt', bytes(70 << 20))), 'more than 64'),
  'a cut GIF': (lambda: gif()[:850], 'cut short'),
  'an icon': (lambda: saved(64, 64, 'ICO'), 'it is none, or none of PNG'),
}
# What is read, for the costs are in what is left out; or are those of the largest pictures.
READ: dict[str, Callable[[], bytes]] = {
  'a profile of 256 MB': lambda: png(8, 8, chunk(b'iCCP', b'x\0\0' + bomb())),
  'a hundred texts of 256 MB': lambda: png(8, 8, chunk(b'zTXt', b'x\0\0' + bomb()) * 100),
  'EXIF of a TB in a PNG': lambda: png(8, 8, chunk(b'eXIf', exif(50 << 20, 60_000))),
  'EXIF of a TB in a JPEG': lambda: in_jpeg(segments(0xE1, b'Exif\0\0' + exif(50 << 20, 60_000))),
  'a profile in a thousand parts': lambda: in_jpeg(
    segments(0xE2, b'ICC_PROFILE\0\1\1' + bytes(60 << 20))
  ),
  'comments of 60 MB in a GIF': lambda: gif(b'!\xfe' + (b'\xff' + bytes(255)) * 240_000 + b'\0'),
  'a photograph with a second view': lambda: saved(64, 64, 'JPEG') * 2,
  'a JPEG of 95 scans': lambda: scans(85),
  'the longest': lambda: png(16_384, 1500, colour=6),
  'the largest PNG': lambda: png(5000, 5000, colour=6),
  'the largest PNG of 16 bits': lambda: png(5000, 5000, depth=16),
  'the largest JPEG': lambda: saved(5000, 5000, 'JPEG', progressive=True),
  'the largest WebP': lambda: saved(5000, 5000, 'WEBP', method=0),
  'the largest GIF': lambda: saved(5000, 5000, 'GIF'),
  'the largest BMP': lambda: saved(4600, 4600, 'BMP'),
}


def make(folder: pathlib.Path) -> None:
  """Write all of them, and a few that are no files."""
  for name, (content, _) in REFUSED.items():
    (folder / name).write_bytes(content())
  for name, content in READ.items():
    (folder / name).write_bytes(content())
  os.mkfifo(folder / 'a pipe')
  (folder / 'a link to noise').symlink_to('/dev/zero')
  np.zeros(0).tofile(folder / 'nothing')
