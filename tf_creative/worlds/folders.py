"""Checks data sets before and while TFDS reads them: a folder may come from anywhere.

TFDS and TensorFlow believe what files declare: a record of a terabyte ends the process.
"""

from __future__ import annotations

from collections.abc import Iterator
import contextlib
import pathlib
import textwrap
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from tf_creative.core import spec
from tf_creative.core import works as works_lib
from tf_creative.worlds import bare

_MOST_WORKS = 1_000_000
_MOST_BYTES = 1 << 30  # of all works in a split; training holds them in memory
_MOST_JSON = 64 << 20  # bytes of a file with declarations
_MOST_RECORD = 256 << 20  # bytes
_MOST_LABELS = 100_000
_FRAME = 16  # bytes around the content of a record: its length and two checksums


class DataError(spec.UserError):
  """A data set cannot be used; the message says which one, where, and what to do."""


def is_one(data: str) -> bool:
  """Return whether this is the folder of a data set."""
  return (pathlib.Path(data) / 'dataset_info.json').exists()


@contextlib.contextmanager
def read(data: str) -> Iterator[None]:
  """Turn all errors of damaged data within the block into a DataError."""
  try:
    yield
  except spec.UserError:
    raise
  except Exception as error:  # TFDS and TensorFlow raise many types of errors for damaged files
    where = f"the data set in folder '{data}'" if is_one(data) else f"data set '{data}'"
    words = str(error) if type(error) is ValueError else first_words(error)
    raise DataError(f'{where} is damaged ({words}): make it anew.') from error


def check_files(data: str) -> None:
  """Raise a ValueError if the files of a folder would be waited for or fill the memory."""
  for path in pathlib.Path(data).iterdir():
    if not path.is_dir() and not path.is_file():
      raise ValueError(f'{path.name} is no file of data')
    if path.suffix in ('.json', '.txt') and path.stat().st_size > _MOST_JSON:
      raise ValueError(f'{path.name} has more than {_MOST_JSON >> 20} MB')


def check_features(features: Any) -> None:
  """Raise a ValueError for a number of labels that nobody can have named."""
  for key in features:
    count = getattr(features[key], 'num_classes', None)
    if count is not None and not 1 <= count <= _MOST_LABELS:
      raise ValueError(f"'{key}' has {count:,} classes, and 1 to {_MOST_LABELS:,} can be")


def check_room(data: str, split: str, count: int, pixels: int) -> None:
  """Raise a DataError for an empty split, and for one that does not fit in memory."""
  if count < 1:
    raise DataError(f"the split '{split}' of data set '{data}' is empty: choose another data set.")
  if count > _MOST_WORKS or count * pixels > _MOST_BYTES:
    raise DataError(
      f"data set '{data}' has {count:,} pictures, more than fit in memory ({_MOST_WORKS:,}, and "
      f'{_MOST_BYTES >> 20:,} MB of pixels): choose a smaller one, or a smaller size=.'
    )


def check_shards(data: str, split: tfds.core.SplitInfo) -> None:
  """Raise a ValueError if the files of a split do not hold what is declared."""
  if not is_one(data):
    return  # a data set that was prepared here, by code that is known
  for path, declared in zip(map(pathlib.Path, split.filepaths), split.shard_lengths, strict=True):
    if path.parent.resolve() != pathlib.Path(data).resolve() or not path.is_file():
      raise ValueError(f'{path.name} is missing')
    found = _records(path)
    if found != declared:
      raise ValueError(f'{path.name} should hold {declared:,} examples and has {found:,}')


def _records(path: pathlib.Path) -> int:
  """Count the records of a file by their lengths."""
  found, left = 0, path.stat().st_size
  with path.open('rb') as file:
    while head := file.read(8):
      size = int.from_bytes(head, 'little')
      left -= size + _FRAME
      if size > _MOST_RECORD or left < 0 or len(head) < 8:
        raise ValueError(f'{path.name} is cut, or record {found} of it declares a wrong length')
      file.seek(size + _FRAME - 8, 1)
      found += 1
  return found


@tfds.decode.make_decoder()
def picture(content: tf.Tensor, feature: tfds.features.Image) -> tf.Tensor:
  """Decode a picture, unless it is a PNG of more pixels than fit."""
  head = tf.strings.substr(tf.strings.join([content, tf.constant(bytes(24))]), 0, 24)
  sides = tf.cast(tf.io.decode_raw(tf.strings.substr(head, 16, 8), tf.uint8), tf.int64)
  pixels = tf.reduce_prod(tf.reduce_sum(tf.reshape(sides, [2, 4]) * [1 << 24, 1 << 16, 256, 1], 1))
  is_png = tf.strings.substr(head, 0, 4) == b'\x89PNG'
  fits = tf.debugging.Assert(~is_png | (pixels <= bare.MOST_PIXELS), ['too many pixels', pixels])
  with tf.control_dependencies([fits]):
    return feature.decode_example(tf.identity(content))


def label(number: tf.Tensor) -> tf.Tensor:
  """Cast a label to int32; one that does not fit stays too large, so that `whole` finds it."""
  return tf.cast(tf.clip_by_value(tf.cast(number, tf.int64), -1, tf.int32.max), tf.int32)


def whole(data: str, works: tf.data.Dataset, *, values: int, labels: int) -> tf.data.Dataset:
  """Load all works now, so that what is wrong with them is said here, and check them.

  Their values lie below `values` and their labels below `labels`.
  """
  with read(data):
    loaded = works_lib.whole(works)
    for name, part, most in (('work', loaded.work, values), ('label', loaded.label, labels)):
      if (found := int(np.max(part))) >= most or np.min(part) < 0:
        raise ValueError(f'a {name} holds {found}, and 0 to {most - 1} can be')
  return tf.data.Dataset.from_tensor_slices(loaded)


def first_words(error: Exception) -> str:
  """Shorten an exception to one line; TFDS's can be pages long."""
  return f'{type(error).__name__}: {textwrap.shorten(str(error), 240, placeholder=" ...")}'
