"""Somebody's picture as a work, and works as somebody's data set."""

from __future__ import annotations

from collections.abc import Iterator
import contextlib
import io
import os
import pathlib
import shutil
import tempfile
from typing import Any

import numpy as np
from PIL import Image, ImageOps
import tensorflow as tf
import tensorflow_datasets as tfds

from tf_creative import spec
from tf_creative.domains import images

Path = str | os.PathLike


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
  """Pictures [N, H, W, 1 or 3] as a data set that TFDS reads by builder_from_directory(folder)."""
  columns = {'image': pictures, 'label': labels, 'seed': seeds}
  features = {'image': tfds.features.Image(shape=pictures.shape[1:])}
  store_columns(columns, features, names, folder)


def store_columns(
  columns: dict[str, np.ndarray], features: dict[str, Any], names: list[str], folder: Path
) -> None:
  """Works with their labels and seeds as such a data set; `features` are those of the works.

  The folder appears whole or not at all; a data set that it held before is replaced.
  """
  folder = pathlib.Path(folder)
  if folder.exists() and not (folder / 'dataset_info.json').exists():
    raise spec.UserError(f'{folder} is something else than a data set: choose another place.')
  features = features | {
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
    with Image.open(path) as file:
      upright = ImageOps.exif_transpose(file)
      if upright.mode == 'I;16':  # which Pillow would clip instead of scale
        upright = upright.point(lambda level: level / 257).convert('L')
      return upright.convert('RGBA')
  except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
    raise spec.UserError(
      f'cannot read {path} as a picture: {images.first_words(error)}.'
    ) from error


def _values(picture: Image.Image, height: int, width: int) -> np.ndarray:
  """A picture as floats, made smaller at once if it is very large: [h, w, channels]."""
  spare = min(picture.height // height, picture.width // width) // 16
  return np.asarray(picture.reduce(max(spare, 1)), np.float32) / 255


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
