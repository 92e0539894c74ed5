"""Reads users' picture files as works, and writes works as a TFDS data set."""

from __future__ import annotations

from collections.abc import Iterator
import contextlib
import io
import math
import os
import pathlib
import shutil
import tempfile
import warnings

import numpy as np
from PIL import Image, UnidentifiedImageError
import tensorflow as tf
import tensorflow_datasets as tfds

from tf_creative.core import spec
from tf_creative.worlds import bare, bounded, images

Path = str | os.PathLike

MOST_BYTES = 64 << 20  # of a picture file
_MOST_VALUES = 4_000_000  # pixels that are averaged, as floats; larger pictures are reduced before
# Picture formats whose costs are known and bounded. Others may even run another program: for
# Encapsulated PostScript, Pillow starts Ghostscript.
_KINDS = ('PNG', 'JPEG', 'GIF', 'WEBP', 'BMP')
_TURNS = {  # of EXIF's orientations
  2: Image.Transpose.FLIP_LEFT_RIGHT,
  3: Image.Transpose.ROTATE_180,
  4: Image.Transpose.FLIP_TOP_BOTTOM,
  5: Image.Transpose.TRANSPOSE,
  6: Image.Transpose.ROTATE_270,
  7: Image.Transpose.TRANSVERSE,
  8: Image.Transpose.ROTATE_90,
}


def read(
  path: Path, mask: Path, height: int, width: int, palette: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
  """Read a picture file as a work uint8 [H, W], and which of its pixels are given: bool [H, W].

  Transparent pixels are not given, nor are those that are white in the picture file `mask`, if any.
  """
  picture, colours = open_rgba(path), tf.constant(palette, tf.float32)
  values = _values(picture, height, width)
  work = images.nearest(images.resize(images.recolour(values, colours), height, width), colours)
  opaque = images.resize(values[..., 3:], height, width)[..., 0] >= 0.5
  return work.numpy(), opaque.numpy() & _dark(mask, picture.size, height, width)


def store(
  pictures: np.ndarray, labels: np.ndarray, names: list[str], seeds: np.ndarray, folder: Path
) -> None:
  """Write pictures [N, H, W, 1 or 3] as a data set; see `save`."""
  save(
    'image', tfds.features.Image(shape=pictures.shape[1:]), pictures, labels, names, seeds, folder
  )


def save(
  name: str,
  feature: tfds.features.FeatureConnector,
  works: np.ndarray,
  labels: np.ndarray,
  names: list[str],
  seeds: np.ndarray,
  folder: Path,
) -> None:
  """Write works as a data set that TFDS reads by builder_from_directory(folder).

  The folder appears complete or not at all; an older data set in it is replaced.
  """
  folder = pathlib.Path(folder)
  if folder.exists() and not (folder / 'dataset_info.json').exists():
    raise spec.UserError(f'{folder} is something else than a data set: choose another place.')
  columns = {name: works, 'label': labels, 'seed': seeds}
  features = {
    name: feature,
    'label': tfds.features.ClassLabel(names=names),
    'seed': tfds.features.Scalar(np.int64),
  }
  with tempfile.TemporaryDirectory(prefix='.partial-', dir=folder.parent) as partial, quiet():
    builder = tfds.dataset_builders.store_as_tfds_dataset(
      name='created',
      version='1.0.0',
      features=tfds.features.FeaturesDict(features),
      split_datasets={'train': tf.data.Dataset.from_tensor_slices(columns)},
      data_dir=partial,
      disable_shuffling=True,
    )
    for shard in pathlib.Path(builder.data_dir).glob('*.tfrecord-*'):
      _sort_features(shard)
    if folder.exists():
      shutil.rmtree(folder)
    os.rename(builder.data_dir, folder)


def open_rgba(path: Path) -> Image.Image:
  """Open a picture file of any supported format as RGBA, or raise a UserError."""
  try:
    return decoded(bounded.content(path, MOST_BYTES))[0]
  except ValueError as error:
    raise spec.UserError(
      f'cannot read {path} as a picture: {error}. Save it anew as a PNG of at most '
      f'{bare.MOST_PIXELS:,} pixels.'
    ) from error


def decoded(content: bytes, frames: int = 1) -> list[Image.Image]:
  """Decode a picture file as RGBA, each of up to `frames` frames; a ValueError says why not."""
  try:
    if not content:
      raise ValueError('it is empty')
    content, turn = bare.picture(content, frames)
    with warnings.catch_warnings(action='ignore'):
      file = Image.open(io.BytesIO(content), formats=_KINDS)
      del content
      pictures = []
      for frame in range(frames):
        if frame:
          try:
            file.seek(frame)
          except EOFError:
            break
        bare.check_size(file.width, file.height)
        pictures.append(_as_rgba(file))
    return [page.transpose(_TURNS[turn]) if turn in _TURNS else page for page in pictures]
  except UnidentifiedImageError as error:
    raise ValueError(f'it is none, or none of {", ".join(_KINDS)}') from error
  except ValueError:
    raise
  except Exception as error:  # Pillow raises many types of errors for damaged files
    raise ValueError(images.first_words(error)) from error


def _as_rgba(file: Image.Image) -> Image.Image:
  file.load()
  if file.mode.startswith('I;16'):  # Pillow's own conversion would clip instead of scale
    file = file.point(lambda level: level / 257).convert('L')
  return file.convert('RGBA')


def _values(picture: Image.Image, height: int, width: int) -> np.ndarray:
  """Convert a picture to floats [h, w, channels]; a very large one is reduced first."""
  picture = _middle(picture, height, width)
  spare = min(picture.height // height, picture.width // width) // 16
  spare = max(spare, math.ceil(math.sqrt(picture.width * picture.height / _MOST_VALUES)))
  values = np.asarray(picture.reduce(spare), np.float32)
  values /= 255  # in place: it may be the largest thing in memory
  return values


def _middle(picture: Image.Image, height: int, width: int) -> Image.Image:
  """Cut off both ends of a long picture, as `images.resize` would, but for a pixel or two."""
  wide = picture.height * width // height + 2
  high = picture.width * height // width + 2
  left, top = max(picture.width - wide, 0) // 2, max(picture.height - high, 0) // 2
  return picture.crop((left, top, picture.width - left, picture.height - top))


def _dark(mask: Path, size: tuple[int, int], height: int, width: int) -> np.ndarray:
  """Return where the mask of a picture of this size is not white: bool [H, W]; True without one."""
  if not mask:
    return np.ones([height, width], bool)
  picture = open_rgba(mask)
  if picture.width * size[1] != picture.height * size[0]:
    raise spec.UserError(
      f'{mask} is {picture.width} x {picture.height} and the picture {size[0]} x {size[1]}: '
      'a mask must be as wide for its height as its picture.'
    )
  grey = images.recolour(_values(picture, height, width), tf.zeros([1, 1]))
  return images.resize(grey, height, width).numpy()[..., 0] < 0.5


def _sort_features(shard: pathlib.Path) -> None:
  """Rewrite a shard with sorted features: Protobuf orders them differently in each process."""
  examples = [tf.train.Example.FromString(e.numpy()) for e in tf.data.TFRecordDataset(str(shard))]
  with tf.io.TFRecordWriter(str(shard)) as writer:
    for example in examples:
      writer.write(example.SerializeToString(deterministic=True))


@contextlib.contextmanager
def quiet() -> Iterator[None]:
  """Silence TFDS, which prints about downloads even where nothing is downloaded."""
  tfds.display_progress_bar(False)
  try:
    with contextlib.redirect_stdout(io.StringIO()):
      yield
  finally:
    tfds.display_progress_bar(True)
