"""Opens archives that strangers made: nothing is unpacked to the disk, nor more than fits."""

from __future__ import annotations

from collections.abc import Iterator
import contextlib
import io
import os
import pathlib
import struct
import zipfile

import numpy as np

_MOST_LIST = 32 << 20  # bytes of an archive's list of its members
_MOST_TOTAL = 4 << 30  # bytes of all members together
_MOST_HEAD = 10_000  # bytes that say what an array is
MOST_ARRAY = 1 << 30  # bytes of an array
_END, _END_64 = b'PK\5\6', b'PK\6\7'


@contextlib.contextmanager
def opened(path: str | os.PathLike) -> Iterator[zipfile.ZipFile]:
  """Open a zip archive, or raise a ValueError that says why not."""
  path = pathlib.Path(path)
  if not path.is_file():
    raise ValueError('it is no file of data')
  with path.open('rb') as file:
    _check_list(file)
    try:
      archive = zipfile.ZipFile(file)
    except Exception as error:  # of many types
      raise ValueError(f'it is no zip archive, or a damaged one ({error})') from error
    with archive:
      if (total := sum(member.file_size for member in archive.infolist())) > _MOST_TOTAL:
        raise ValueError(
          f'unpacked it would have {total >> 20:,} MB, more than {_MOST_TOTAL >> 20}'
        )
      yield archive


def member(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
  """Unpack a member of at most so many bytes, or raise a ValueError that says why not."""
  try:
    with archive.open(name) as file:
      content = file.read(most + 1)
  except Exception as error:  # encrypted, damaged, packed in a way that is not known
    raise ValueError(str(error) or type(error).__name__) from error
  if len(content) > most:
    raise ValueError(f'it has more than {most >> 20} MB')
  return content


def array(archive: zipfile.ZipFile, name: str) -> np.ndarray:
  """Unpack an array of an .npz, never one of Python's objects."""
  try:
    with archive.open(f'{name}.npy') as file:
      version = np.lib.format.read_magic(file)
      read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
      }[version]
      shape, by_column, dtype = read(file, max_header_size=_MOST_HEAD)
      count = 1
      for side in shape:
        count *= side
      if dtype.hasobject or min(shape, default=1) < 0 or count * dtype.itemsize > MOST_ARRAY:
        raise ValueError(f'it is {dtype} {shape}: more than {MOST_ARRAY >> 20} MB, or no numbers')
      content = file.read(count * dtype.itemsize)
  except Exception as error:
    raise ValueError(f"its '{name}' cannot be read ({error})") from error
  if len(content) != count * dtype.itemsize:
    raise ValueError(f"its '{name}' is cut short")
  return np.frombuffer(content, dtype).reshape(shape, order='F' if by_column else 'C')


def _check_list(file: io.BufferedReader) -> None:
  """Raise a ValueError for a list of members that would fill the memory when it is read."""
  size = file.seek(0, os.SEEK_END)
  file.seek(max(size - (1 << 16) - 22, 0))
  tail = file.read()
  file.seek(0)
  place = tail.rfind(_END)
  if place < 0 or len(tail) < place + 22:
    raise ValueError('it is no zip archive, or a damaged one')
  (listed,) = struct.unpack_from('<I', tail, place + 12)
  if _END_64 in tail[max(place - 20, 0) : place] or listed > _MOST_LIST:
    raise ValueError('its list of members is too long: unpack it, and give the folder')
