"""Digits and letters drawn with the typefaces in the package Matplotlib; nothing is downloaded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
import pathlib
import random
import string
from typing import Any

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont
import tensorflow_datasets as tfds

# All faces of a family are in one split: else `test` would hold slanted copies of training glyphs.
TRAIN_FAMILIES = {
  'DejaVu Sans': (
    'DejaVuSans',
    'DejaVuSans-Oblique',
    'DejaVuSans-Bold',
    'DejaVuSans-BoldOblique',
  ),
  'DejaVu Sans Mono': (
    'DejaVuSansMono',
    'DejaVuSansMono-Oblique',
    'DejaVuSansMono-Bold',
    'DejaVuSansMono-BoldOblique',
  ),
  'DejaVu Serif': (
    'DejaVuSerif',
    'DejaVuSerif-Italic',
    'DejaVuSerif-Bold',
    'DejaVuSerif-BoldItalic',
  ),
  'Computer Modern Roman': ('cmr10', 'cmti10', 'cmb10'),
  'Computer Modern Typewriter': ('cmtt10',),
}
TEST_FAMILIES = {
  'STIX General': ('STIXGeneral', 'STIXGeneralItalic', 'STIXGeneralBol', 'STIXGeneralBolIta'),
  'Computer Modern Sans': ('cmss10',),
}
TRAIN_FACES = tuple(face for faces in TRAIN_FAMILIES.values() for face in faces)
TEST_FACES = tuple(face for faces in TEST_FAMILIES.values() for face in faces)

CHARACTERS = string.digits + string.ascii_uppercase + string.ascii_lowercase
# Held-out characters whose upper and lower case look different: else a near copy (such as k for K)
# would stay in the training split.
UNSEEN = '47AGNRaegt'
SEEN = ''.join(sorted(set(CHARACTERS) - set(UNSEEN)))

SIZE = 16  # pixels of a picture
WIDEST = 14  # pixels of a face's widest or tallest character
VARIANTS = 6  # random variants of each character in each face
_FINE = 4  # glyphs are drawn 4 times larger and averaged, because hinting distorts small letters


class Builder(tfds.core.GeneratorBasedBuilder):
  """Glyphs, with faces held out for the imagination and characters held out for the hand."""

  VERSION = tfds.core.Version('1.0.0')
  RELEASE_NOTES = {'1.0.0': 'First version.'}

  def _info(self) -> tfds.core.DatasetInfo:
    return self.dataset_info_from_configs(
      features=tfds.features.FeaturesDict(
        {
          'image': tfds.features.Image(shape=(SIZE, SIZE, 1)),
          'label': tfds.features.ClassLabel(names=list(CHARACTERS)),
          'face': tfds.features.ClassLabel(names=TRAIN_FACES + TEST_FACES),
        }
      ),
      supervised_keys=('image', 'label'),
    )

  def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Any]:
    del dl_manager
    return {
      'train': self._generate_examples(TRAIN_FACES, SEEN),
      'test': self._generate_examples(TEST_FACES, SEEN),
      'unseen': self._generate_examples(TRAIN_FACES + TEST_FACES, UNSEEN),
    }

  def _generate_examples(
    self, faces: Iterable[str], characters: str
  ) -> Iterator[tuple[str, dict[str, Any]]]:
    for face in faces:
      path = pathlib.Path(matplotlib.get_data_path(), 'fonts', 'ttf', f'{face}.ttf')
      points = _points(path)
      for character in characters:
        for variant in range(VARIANTS):
          key = f'{face} {character} {variant}'
          # Seeding Python's generator with a string gives the same numbers on every machine.
          image = draw(path, points, character, random.Random(key))
          yield key, {'image': image, 'label': character, 'face': face}


def draw(path: pathlib.Path, points: float, character: str, rng: random.Random) -> np.ndarray:
  """Draw a character with small random changes: uint8 [SIZE, SIZE, 1]."""
  side = SIZE * _FINE
  middle = side * 3 // 4  # of a page with room for the slant
  page = Image.new('L', (2 * middle, 2 * middle))
  ImageDraw.Draw(page).text(
    (middle, middle),
    character,
    fill=255,
    font=_font(path, points * rng.uniform(0.9, 1.0)),
    anchor='mm',
    stroke_width=rng.uniform(0.0, 1.0),
  )
  slant = rng.uniform(-0.1, 0.1)
  shear = (1, slant, -slant * middle, 0, 1, 0)
  page = page.transform(page.size, Image.Transform.AFFINE, shear, Image.Resampling.BILINEAR)
  left, top, right, bottom = page.getbbox()  # pyright: ignore[reportGeneralTypeIssues]
  # Centred, with a random shift of up to half a pixel, or less where the glyph would be cut off.
  x = (left + right - side) // 2 + _shift(rng, side - (right - left))
  y = (top + bottom - side) // 2 + _shift(rng, side - (bottom - top))
  return np.asarray(page.crop((x, y, x + side, y + side)).reduce(_FINE))[:, :, None]


def _shift(rng: random.Random, room: int) -> int:
  if room < 0:
    raise ValueError(f'a glyph is {-room / _FINE} pixels too large for its picture.')
  reach = min(_FINE, room) // 2
  return rng.randint(-reach, reach)


def _points(path: pathlib.Path) -> float:
  """Return the font size at which a face's largest character has `WIDEST` pixels."""
  trial = 256.0
  boxes = [_font(path, trial).getbbox(character) for character in CHARACTERS]
  largest = max(max(x1 - x0, y1 - y0) for x0, y0, x1, y1 in boxes)
  return trial * WIDEST * _FINE / largest


def _font(path: pathlib.Path, points: float) -> ImageFont.FreeTypeFont:
  # Only the basic layout engine is part of every build of Pillow.
  return ImageFont.truetype(str(path), points, layout_engine=ImageFont.Layout.BASIC)
