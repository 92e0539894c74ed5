"""Somebody's picture as a work, and works as somebody's data set."""

from __future__ import annotations

from collections.abc import Iterator
import contextlib
import io
import os
import pathlib
import shutil
import tempfile
import warnings

import numpy as np
from PIL import Image, ImageOps
import tensorflow as tf
import tensorflow_datasets as tfds

from tf_creative.core import spec
from tf_creative.worlds import images

Path = str | os.PathLike

_MOST_BYTES = 64 << 20  # of a picture file
_MOST_PIXELS = 40_000_000
# What is read as a picture: no kind that runs another program, as Encapsulated PostScript does.
_KINDS = ('PNG', 'JPEG', 'GIF', 'WEBP', 'BMP', 'TIFF', 'PPM', 'ICO')
_STILL = {'MPO'}  # JPEGs of telephones, whose second picture is another view of the first


def read(
  path: Path, mask: Path, height: int, width: int, palette: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
  """A picture file as a work [H, W], and which of its pixels are given: bool [H, W].

  Not given is what is transparent, and what the picture file `mask`, if there is one, has in white.
  """
  picture, colours = open_rgba(path), tf.constant(palette, tf.float32)
  values = _values(picture, height, width)
  work = images.nearest(images.resize(images.recolour(values, colours), height, width), colours)
  opaque = images.resize(values[..., 3:], height, width)[..., 0] >= 0.5
  return work.numpy(), opaque.numpy() & _dark(mask, picture.size, height, width)


def store(
  pictures: np.ndarray, labels: np.ndarray, names: list[str], seeds: np.ndarray, folder: Path
) -> None:
  """Pictures [N, H, W, 1 or 3] as a data set: see `save`."""
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
  """Works as a data set that TFDS reads by builder_from_directory(folder).

  The folder appears whole or not at all; a data set that it held before is replaced.
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
  with tempfile.TemporaryDirectory(prefix='.partial-', dir=folder.parent) as partial, _quiet():
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
  """A picture file of any kind as RGBA."""
  try:
    _check_bytes(path)
    with warnings.catch_warnings(action='ignore'), Image.open(path, formats=_KINDS) as file:
      _check_frame(path, file)
      upright = ImageOps.exif_transpose(file)
      if upright.mode.startswith('I;16'):  # which Pillow would clip instead of scale
        upright = upright.point(lambda level: level / 257).convert('L')
      if upright.mode in ('I', 'F'):  # whose black and white are wherever the file likes
        raise spec.UserError(
          f'{path} has pixels of more than 8 bits: save it as a PNG of 8 bits for each colour.'
        )
      return upright.convert('RGBA')
  except spec.UserError:
    raise
  except Exception as error:  # Pillow has a dozen kinds of them for a damaged file
    raise spec.UserError(
      f'cannot read {path} as a picture ({images.first_words(error)}): save it anew as a PNG.'
    ) from error


def _check_bytes(path: Path) -> None:
  size = os.stat(path).st_size
  if not size:
    raise spec.UserError(f'cannot read {path} as a picture: it is empty.')
  if size > _MOST_BYTES:
    raise spec.UserError(
      f'{path} has {size >> 20} MB, more than {_MOST_BYTES >> 20}: save it smaller.'
    )


def _check_frame(path: Path, file: Image.Image) -> None:
  """What the head of a file says, before its pixels fill the memory."""
  if file.width * file.height > _MOST_PIXELS:
    raise spec.UserError(
      f'{path} is {file.width} x {file.height}, more than {_MOST_PIXELS:,} pixels: make it smaller.'
    )
  if getattr(file, 'is_animated', False) and file.format not in _STILL:
    raise spec.UserError(
      f'{path} holds {file.n_frames} pictures: save the one that you mean as a file of its own.'  # pyright: ignore[reportAttributeAccessIssue]
    )


def _values(picture: Image.Image, height: int, width: int) -> np.ndarray:
  """A picture as floats, made smaller at once if it is very large: [h, w, channels]."""
  spare = min(picture.height // height, picture.width // width) // 16
  values = np.asarray(picture.reduce(max(spare, 1)), np.float32)
  values /= 255  # in place: it may be the largest thing in memory
  return values


def _dark(mask: Path, size: tuple[int, int], height: int, width: int) -> np.ndarray:
  """Where the mask of a picture of this size is not white: bool [H, W]; without one, everywhere."""
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
  """The same examples are the same bytes: Protobuf orders their features anew in each process."""
  examples = [tf.train.Example.FromString(e.numpy()) for e in tf.data.TFRecordDataset(str(shard))]
  with tf.io.TFRecordWriter(str(shard)) as writer:
    for example in examples:
      writer.write(example.SerializeToString(deterministic=True))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
  """TFDS tells at length what it downloads, even where there is nothing to download."""
  tfds.display_progress_bar(False)
  try:
    with contextlib.redirect_stdout(io.StringIO()):
      yield
  finally:
    tfds.display_progress_bar(True)
