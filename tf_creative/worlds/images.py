"""Loads the pictures of a data set as works: indices into a palette, all of one size."""

from __future__ import annotations

from collections.abc import Callable
import difflib
import pathlib
import re
from typing import Any

from absl import logging
import numpy as np
import requests
import tensorflow as tf
import tensorflow_datasets as tfds

from tf_creative import worlds
from tf_creative.core import spec
from tf_creative.core.works import Works
from tf_creative.worlds import features as features_lib
from tf_creative.worlds import folders

DataError = folders.DataError
first_words = folders.first_words

# Part of error messages: what data= takes.
READ = (
  'data= takes the name of a data set of TFDS or the folder of one; for pixel_art also a folder, '
  '.zip or .npz of pictures, for melodies a folder of MIDI files, for verse .txt and for airfoils '
  '.dat files.'
)


def works(
  data: str,
  split: str,
  height: int,
  width: int,
  palette: np.ndarray,  # [colours, 1 or 3] in 0..1, the first being the blank canvas
  *,
  data_dir: str | None = None,
) -> tf.data.Dataset:
  """Load all works of a split, always in the same order; `data_dir` overrides TFDS_DATA_DIR."""
  colours = tf.constant(palette, tf.float32)
  if colours.shape.rank != 2 or colours.shape[1] not in (1, 3) or colours.shape[0] > 256:
    raise ValueError(f'a palette is [256 or fewer, 1 or 3], not {colours.shape}.')

  def to_work(picture: tf.Tensor) -> tf.Tensor:
    return nearest(resize(recolour(picture, colours), height, width), colours)

  return read(data, split, to_work, height * width, len(palette), data_dir)


def read(
  data: str,
  split: str,
  convert: Callable[[tf.Tensor], tf.Tensor],
  pixels: int,
  values: int,
  data_dir: str | None = None,
) -> tf.data.Dataset:
  """Load all pictures of a split, each made of `pixels` bytes below `values` by `convert`."""
  builder = find(data, data_dir)
  image, label = _image_key(data, builder), _label_key(builder)
  labels = len(label_names(data, data_dir=data_dir))

  def to_work(example: dict[str, tf.Tensor]) -> Works:
    # Some data sets use -1 for pictures without a label.
    place = tf.maximum(folders.label(example[label]), 0) if label else tf.constant(0)
    return Works(convert(example[image]), place)

  keys = [key for key in (image, label) if key]
  pictures = {image: folders.picture()}  # pyright: ignore[reportCallIssue]
  rows = examples(data, split, keys, pictures, pixels=pixels, data_dir=data_dir)
  works = rows.map(to_work, num_parallel_calls=tf.data.AUTOTUNE)
  return folders.whole(data, works, values=values, labels=labels)


def examples(
  data: str,
  split: str,
  keys: list[str],
  decoders: dict[str, Any] | None = None,
  *,
  pixels: int,  # of a work: so many bytes are held in memory
  data_dir: str | None = None,
) -> tf.data.Dataset:
  """Read these features of a split, always in the same order."""
  builder = prepared(data, data_dir)
  with folders.read(data):
    wanted = split_of(data, builder, split)
    folders.check_room(data, split, builder.info.splits[wanted].num_examples, pixels)
    folders.check_shards(data, builder.info.splits[wanted.partition('[')[0]])
    return builder.as_dataset(
      split=wanted,  # pyright: ignore[reportCallIssue]
      decoders=tfds.decode.PartialDecoding(dict.fromkeys(keys, True), decoders=decoders),
      read_config=tfds.ReadConfig(try_autocache=False),  # works are cached: they are smaller
    )


def label_names(data: str, *, data_dir: str | None = None) -> list[str]:
  """Return the names of the labels; one empty name for a data set without labels."""
  builder = find(data, data_dir)
  key = _label_key(builder)
  return list(builder.info.features[key].names) if key else ['']  # pyright: ignore[reportIndexIssue, reportOptionalSubscript]


def splits(data: str, *, data_dir: str | None = None) -> list[str]:
  """Return the names of a data set's splits."""
  return list(prepared(data, data_dir).info.splits)


def prepared(data: str, data_dir: str | None = None) -> tfds.core.DatasetBuilder:
  """Return the builder of a data set, with its data on disk (downloaded if needed)."""
  return _prepared(data, find(data, data_dir), data_dir)


def recolour(picture: tf.Tensor, colours: tf.Tensor) -> tf.Tensor:
  """Convert a picture to floats with the palette's channels; transparency shows colour 0."""
  picture = tf.image.convert_image_dtype(picture, tf.float32)
  if picture.shape[-1] == 4:
    alpha = picture[..., 3:]
    picture = alpha * picture[..., :3] + (1 - alpha) * colours[0]
  if picture.shape[-1] == colours.shape[-1]:
    return picture
  if picture.shape[-1] == 1:
    return tf.image.grayscale_to_rgb(picture)
  return tf.image.rgb_to_grayscale(picture)


def resize(picture: tf.Tensor, height: int, width: int) -> tf.Tensor:
  """Crop the largest middle part of the right aspect ratio, and resize it by averaging."""
  shape = tf.shape(picture)
  rows = tf.clip_by_value(shape[1] * height // width, 1, shape[0])
  columns = tf.clip_by_value(shape[0] * width // height, 1, shape[1])
  picture = tf.image.resize_with_crop_or_pad(picture, rows, columns)
  return tf.image.resize(picture, [height, width], tf.image.ResizeMethod.AREA)


def nearest(picture: tf.Tensor, colours: tf.Tensor) -> tf.Tensor:
  """Return the index of the nearest colour for each pixel: uint8 [H, W]."""
  distance = tf.reduce_sum(tf.square(picture[:, :, None] - colours), -1)  # [H, W, colours]
  return tf.cast(tf.argmin(distance, -1), tf.uint8)


def find(data: str, data_dir: str | None = None) -> tfds.core.DatasetBuilder:
  """Return the builder of a data set: one of ours, of TFDS, or of a folder that TFDS wrote."""
  if data in worlds.DATA:
    return worlds.DATA.load(data)(data_dir=data_dir)
  folder = pathlib.Path(data)
  if folders.is_one(data):
    with folders.read(data):
      folders.check_files(data)
      try:
        builder = tfds.builder_from_directory(data)
      except features_lib.UntrustedError as error:
        raise DataError(f"the data set in folder '{data}' is refused: {error}.") from error
      folders.check_features(builder.info.features)
      return builder
  if folder.is_file():
    raise DataError(f"'{data}' is a file. {READ}")
  if folder.is_dir() and ('/' in data or not _known(data)):
    raise DataError(f"the folder '{data}' holds no data set, which has a dataset_info.json. {READ}")
  if re.match(r'[\w\-]+:[a-zA-Z]', data):  # 'name:1.0.0' is a version, and fine
    raise DataError(
      f"'{data}' is a community data set, whose code TFDS would download and run: build it "
      'yourself, and give the folder.'
    )
  try:
    return tfds.builder(data, data_dir=data_dir)
  except features_lib.UntrustedError as error:
    raise DataError(f"data set '{data}' is refused: {error}.") from error
  except Exception as error:  # e.g. ValueError, AssertionError, TypeError, ImportError
    known = tfds.list_builders(with_community_datasets=False)
    if not folder.exists() and data.startswith(('/', './', '../', '~')):
      raise DataError(f"there is no folder '{data}' with a data set: mend data=.") from error
    if data in known or '/' in data or ':' in data:
      raise DataError(f"cannot use data set '{data}': {first_words(error)}") from error
    near = [*worlds.DATA, 'mnist', *difflib.get_close_matches(data, known, n=5)]
    raise DataError(
      f"unknown data set '{data}'.{spec.nearest(data, set(near))} "
      'These are the nearest; tfds.list_builders() names all.'
    ) from error


def _known(data: str) -> bool:
  return data in tfds.list_builders(with_community_datasets=False)


def _prepared(
  data: str, builder: tfds.core.DatasetBuilder, data_dir: str | None
) -> tfds.core.DatasetBuilder:
  """Return a builder with its data on disk; they are made or downloaded on first use."""
  if builder.is_prepared():
    return builder
  root = builder.data_dir_root
  logging.info("Preparing data set '%s' in %s.", data, root)
  try:
    # TFDS retries an unreachable host for minutes; one request in advance fails at once.
    for url in list(builder.url_infos or ())[:1]:
      if url.startswith('http'):
        requests.head(url, timeout=10)
    builder.download_and_prepare()
    return builder
  except Exception as error:  # from a builder, the network, the disk, or a missing library
    other = find(data, data_dir)
    if other.is_prepared():  # another process has made it in the meantime
      return other
    # TFDS's own command, `tfds build`, needs apache_beam, which is not installed here.
    python = f'import tensorflow_datasets as t; t.load({data!r}, data_dir={str(root)!r})'
    cure = (
      'Set TFDS_DATA_DIR to a folder that can be written.'
      if data in worlds.DATA.ours
      else f'Run python -c "{python}" where there is a network, or set TFDS_DATA_DIR to a folder '
      f'that holds it. No download is needed for: {", ".join(worlds.DATA.ours)}.'
    )
    raise DataError(
      f"data set '{data}' is not in {root} and could not be prepared: {first_words(error)}. {cure}"
    ) from error


def _image_key(data: str, builder: tfds.core.DatasetBuilder) -> str:
  features: Any = builder.info.features
  # A data set may have several images; 'image' is TFDS's usual name of the main one.
  keys = [key for key in features if isinstance(features[key], tfds.features.Image)]
  if not keys:
    raise DataError(f"data set '{data}' has no images; its features are {', '.join(features)}.")
  return 'image' if 'image' in keys else keys[0]


def _label_key(builder: tfds.core.DatasetBuilder) -> str | None:
  features: Any = builder.info.features
  found = 'label' in features and isinstance(features['label'], tfds.features.ClassLabel)
  return 'label' if found else None


def split_of(data: str, builder: tfds.core.DatasetBuilder, split: str) -> str:
  """Return the split in TFDS's notation; without a test split, the last fifth of train is it."""
  splits = builder.info.splits
  if 'test' not in splits and 'train' in splits and split in ('train', 'test'):
    logging.warning("Data set '%s' has no test split: the last fifth of train is its test.", data)
    return 'train[:80%]' if split == 'train' else 'train[80%:]'
  if split not in splits:
    raise DataError(f"data set '{data}' has no split '{split}'.{spec.nearest(split, splits)}")
  return split
