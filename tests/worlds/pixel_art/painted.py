"""Pictures that tests paint, and the folders, archives and sheets that hold them."""

from __future__ import annotations

import io
import pathlib
import zipfile

import numpy as np
from PIL import Image
import pytest
from tensorflow_datasets.core import constants

from tf_creative.worlds import options
from tf_creative.worlds.pixel_art.pictures import reading, sources


def sprite(seed: int, size: int = 8, clear: bool = True) -> np.ndarray:
  """A picture RGBA of few colours, unlike those of other seeds; its border is clear."""
  rng = np.random.default_rng(seed)
  inks = np.uint8([[0, 0, 0], [255, 0, 77], [255, 236, 39], [41, 173, 255]])
  page = np.zeros((size, size, 4), np.uint8)
  page[..., :3], page[..., 3] = inks[rng.integers(0, 4, (size, size))], 255
  if clear:
    page[[0, -1]] = page[:, [0, -1]] = 0
  return page


def save(path: pathlib.Path, page: np.ndarray, **how) -> None:
  path.parent.mkdir(parents=True, exist_ok=True)
  Image.fromarray(page).save(path, **how)


def folder(top: pathlib.Path, *classes: str, count: int = 24, size: int = 8, **how) -> pathlib.Path:
  """A folder of PNG files, in folders of classes or, without any, side by side."""
  for place, name in enumerate(classes or ('',)):
    for number in range(count):
      page = sprite(1000 * place + number, size, **how)
      save(top / name / f'{number}.png', page)
  return top


def packed(top: pathlib.Path, path: pathlib.Path, within: str = '') -> pathlib.Path:
  """A zip archive of a folder, whose names begin with `within`."""
  with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as archive:
    for file in sorted(top.rglob('*.*')):
      archive.write(file, within + str(file.relative_to(top)))
  return path


def encoded(page: np.ndarray, kind: str, **how) -> bytes:
  file = io.BytesIO()
  Image.fromarray(page).save(file, kind, **how)
  return file.getvalue()


def told(path: pathlib.Path, **options_) -> options.PixelArt:
  return options.PixelArt(data=str(path), **{'size': 8, **options_})


def read(path: pathlib.Path, **options_) -> reading.Read:
  """What is read of pictures, before it is a data set."""
  with sources.opened(str(path)) as found:
    return reading.read(str(path), found, told(path, **options_))


def keep_at(patch: pytest.MonkeyPatch, place: pathlib.Path) -> None:
  """Data sets are kept here, and nowhere else."""
  patch.setattr(constants, 'DATA_DIR', str(place))
