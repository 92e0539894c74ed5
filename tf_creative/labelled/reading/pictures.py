"""Reads folders of pictures by class: of one size and contrast; says what it left out."""

from __future__ import annotations

import collections
import io
import os
import pathlib
import warnings

import numpy as np
from PIL import Image

from tf_creative.labelled.reading.sets import DataError, Labelled, listed, numbered, plural
from tf_creative.worlds import bare, bounded, files
from tf_creative.worlds.pixel_art.pictures import sources

_DICOM = 'DICOM'
_OTHERS = {'.dcm': _DICOM, '.dicom': _DICOM, '.nii': 'NIfTI', '.tif': 'TIFF', '.tiff': 'TIFF'}
_CURES = {
  _DICOM: 'convert by `dcmj2pnm --write-16-bit-png --min-max-window IN.dcm OUT.png` of DCMTK',
  'NIfTI': 'write each slice as a PNG first, for instance by nibabel and Pillow',
  'TIFF': 'convert by `magick mogrify -format png *.tif`',
}
GREY = 0.02  # mean difference of channels, of the range, below which a picture is grey
FOLDER = 'folder'  # --group of pictures that lie in one
_LOW, _HIGH = 1, 99  # percentiles that become black and white
_MOST_VALUES = 1 << 27  # numbers of all pictures
_ENOUGH = 128  # pixels of a side, to which larger pictures are reduced


def read(data: str, size: int, group: str = '') -> Labelled:
  """Read the pictures of a folder, .zip or .npz, as squares of `size` pixels.

  Of a `group` are the pictures of one folder, or those whose names are equal up to a sign.
  """
  path = pathlib.Path(data)
  try:
    with sources.opened(data) as found:
      rows, broken = _rows(found, size)
  except (ValueError, OSError) as error:
    raise DataError(f"'{data}' cannot be read as pictures by class: {error}.") from error
  others = _others(path) if path.is_dir() else {}
  told = [f'{plural(count, "file")} of {kind}: {_CURES[kind]}' for kind, count in others.items()]
  if not rows:
    why = told or broken or [f'read are {", ".join(sources.KINDS)}']
    raise DataError(f"'{data}' has no picture that can be read: {listed(why)}.")
  if not any(row[0].label for row in rows):
    raise DataError(
      f"'{data}' has no two classes: put the pictures of each into a folder of its name, side by "
      'side, or give an .npz its `labels`.'
    )
  names = tuple(sorted({row[0].label for row in rows}))
  colour = np.mean([row[1].shape[-1] == 3 for row in rows]) > 0.5
  values = np.stack([_channels(row[1], 3 if colour else 1) for row in rows])
  kinds = collections.Counter(kind for row in rows for kind in row[3])
  lines = [
    f'{data}: {len(rows):,} pictures of {len(names)} classes, {"in colour" if colour else "grey"}, '
    f'resized to {size} x {size}, contrast-normalised',
    *(f'{count:,} {kind}' for kind, count in sorted(kinds.items())),
    *told,
  ]
  if broken:
    lines.append(f'{len(broken):,} left out: {listed(broken)}')
  groups = None
  if group:
    groups, count = numbered(_groups(data, [row[0] for row in rows], group))
    lines.append(f'{plural(count, "group")} by --group={group}, of which none is on two sides')
  return Labelled(
    kind='pictures',
    values=values,
    labels=np.array([names.index(row[0].label) for row in rows]),
    label_names=names,
    names=np.array([row[0].name for row in rows]),
    splits=np.array([row[0].split for row in rows]),
    facts={name: np.array([row[2][name] for row in rows], float) for name in rows[0][2]},
    columns=(),
    lines=tuple(lines),
    groups=groups,
  )


def unlabelled(data: str, size: int, channels: int) -> tuple[np.ndarray, list[str]]:
  """Read pictures whose classes are not asked for: float32 [N, size, size, channels], names."""
  try:
    with sources.opened(data) as found:
      rows, broken = _rows(found, size)
  except (ValueError, OSError) as error:
    raise DataError(f"--unlabelled: '{data}' cannot be read: {error}.") from error
  if not rows:
    why = listed(broken or [f'read are {", ".join(sources.KINDS)}'])
    raise DataError(f"--unlabelled: '{data}' has no picture that can be read: {why}.")
  return np.stack([_channels(row[1], channels) for row in rows]), [row[0].name for row in rows]


def _groups(data: str, entries: list[sources.Entry], group: str) -> list[str]:
  """Return what each picture's group is called, '' where nothing says it."""
  named = []
  for entry in entries:
    *folders, file = entry.name.split('/')
    inner = folders[-1] if folders and folders[-1] != entry.label else ''
    named.append(inner if group == FOLDER else file.partition(group)[0] if group in file else '')
  if not any(named):
    cure = (
      'put the pictures of each patient into a folder within that of their class'
      if group == FOLDER
      else f'name them as patient{group}1.png, or name another sign, or {FOLDER}'
    )
    raise DataError(f"--group={group} tells no picture of '{data}' from another: {cure}.")
  return named


def _rows(found: sources.Found, size: int) -> tuple[list[tuple], list[str]]:
  """Read all entries: (entry, picture, facts, remarks), and what is wrong with others."""
  rows, broken = [], []
  for entry in found.entries:
    try:
      rows.append((entry, *_picture(entry.load(), size)))
    except ValueError as error:
      broken.append(f'{entry.name} ({error})')
    if len(rows) * size * size * 3 > _MOST_VALUES:
      raise ValueError(f'it has more pictures than fit into memory at {size} x {size}: give --size')
  return rows, broken


def _picture(
  content: bytes | np.ndarray, size: int
) -> tuple[np.ndarray, dict[str, float], list[str]]:
  """Decode a picture; return float32 [size, size, 1 or 3], facts of its file, and remarks."""
  if isinstance(content, bytes):
    if content[128:132] == b'DICM':
      raise ValueError(f'it is DICOM: {_CURES[_DICOM]}')
    (height, width), pixels, remarks = _decoded(content)
  else:
    height, width = content.shape[:2]
    bare.check_size(width, height)
    pixels, remarks = _seen(content.astype(np.float32) / 255)
  if not pixels.size:
    raise ValueError('it is empty')
  facts = {
    'width': width,
    'height': height,
    'brightness': float(pixels.mean()),
    'contrast': float(pixels.std()),
  }
  if isinstance(content, bytes):
    facts['size of the file'] = len(content)
  return normalised(resized(pixels, size)), facts, remarks


def _decoded(content: bytes) -> tuple[tuple[int, int], np.ndarray, list[str]]:
  """Decode a picture file; return its height and width, float32 [h, w, 1 or 3] in 0..1, remarks.

  Large ones are reduced on the way, which is faster than to compute with all of their pixels.
  """
  remarks = []
  kept, _ = bare.picture(content)
  if content.startswith(b'\x89PNG') and content[24:25] == b'\x10':
    with warnings.catch_warnings(action='ignore'):
      file = Image.open(io.BytesIO(kept), formats=['PNG'])
    if file.mode.startswith('I'):
      remarks.append('of 16 bits, read in full depth')
      pixels = np.asarray(file, np.float32)[..., None] / 65535
      return pixels.shape[:2], pixels, remarks
    remarks.append('of 16 bits in colour, of which 8 are read')
  page = files.decoded(content)[0]
  size = page.height, page.width
  page = page.reduce(max(1, min(size) // _ENOUGH))
  colour, of_alpha = _seen(np.asarray(page, np.float32) / 255)
  return size, colour, remarks + of_alpha


def _seen(pixels: np.ndarray) -> tuple[np.ndarray, list[str]]:
  """Return pixels [h, w, 1, 3 or 4] as 1 or 3 channels, and say what had to be done."""
  remarks = []
  if pixels.shape[-1] == 4:
    if pixels.size and pixels[..., 3].min() < 1:
      remarks.append('with transparent pixels (a fourth channel), laid on black')
    pixels = pixels[..., :3] * pixels[..., 3:]
  grey = pixels.mean(-1, keepdims=True)
  if pixels.size and np.abs(pixels - grey).mean() < GREY:
    return grey, remarks
  return pixels, remarks


def resized(pixels: np.ndarray, size: int) -> np.ndarray:
  """Resize a picture [h, w, C] to a square by the means of areas."""
  planes = [
    np.asarray(Image.fromarray(plane).resize((size, size), Image.Resampling.BOX))
    for plane in np.moveaxis(pixels.astype(np.float32), -1, 0)
  ]
  return np.stack(planes, -1)


def normalised(pixels: np.ndarray) -> np.ndarray:
  """Stretch the contrast of a picture [h, w, C] so that it fills 0 to 1."""
  low, high = np.percentile(pixels, [_LOW, _HIGH])
  return np.clip((pixels - low) / max(high - low, 1e-6), 0, 1).astype(np.float32)


def _channels(picture: np.ndarray, channels: int) -> np.ndarray:
  if picture.shape[-1] == channels:
    return picture
  return picture.mean(-1, keepdims=True) if channels == 1 else picture.repeat(3, -1)


def _others(top: pathlib.Path) -> dict[str, int]:
  """Count the files of kinds that are not read, but that others take for pictures."""
  counts: collections.Counter[str] = collections.Counter()
  for folder, _, names in os.walk(top):
    for name in names:
      kind = _OTHERS.get(pathlib.Path(name.removesuffix('.gz')).suffix.lower(), '')
      if not kind and '.' not in name and _is_dicom(pathlib.Path(folder) / name):
        kind = _DICOM
      if kind:
        counts[kind] += 1
  return dict(counts)


def _is_dicom(path: pathlib.Path) -> bool:
  try:
    return bounded.content(path, files.MOST_BYTES)[128:132] == b'DICM'
  except ValueError:
    return False
