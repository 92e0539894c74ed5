"""Converts arrays to TensorProtos and back: numbers as raw memory, strings one by one."""

from __future__ import annotations

import math

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2

from tf_creative.serving.server import errors

# Largest array that a request may list value by value. A TensorProto may list one value for a whole
# array, so a tiny message could ask for any amount of memory.
_MOST_BYTES = 1 << 22


def to_array(
  proto: tensor_pb2.TensorProto,  # pyright: ignore[reportAttributeAccessIssue]
  title: str,
  dtype: tf.DType,
  most: int = _MOST_BYTES,
) -> np.ndarray:
  """Read the array of a TensorProto, from raw content or listed values; it is read-only.

  Errors call it by its `title`; listed values may have `most` bytes as an array.
  """
  if proto.dtype != dtype.as_datatype_enum:
    given = _type_name(proto.dtype)
    raise errors.bad(f'{title} is of dtype {given} and must be of {dtype.name}.')
  shape = tuple(dim.size for dim in proto.tensor_shape.dim)
  if proto.tensor_shape.unknown_rank or min(shape, default=0) < 0:
    raise errors.bad(f'{title} must say its shape in full.')
  size = math.prod(shape) * np.dtype(dtype.as_numpy_dtype).itemsize
  content = proto.tensor_content  # read only once: each access copies the bytes
  if content and dtype != tf.string:
    if size != len(content):
      raise errors.bad(f'{title} of shape {list(shape)} wants {size} bytes, not {len(content)}.')
    return np.frombuffer(content, dtype.as_numpy_dtype).reshape(shape)
  if size > most:
    raise errors.bad(
      f'{title} of shape {list(shape)} is too much to be listed value by value: send its '
      'tensor_content.'
    )
  if len(proto.string_val) > math.prod(shape):
    raise errors.bad(f'{title} of shape {list(shape)} has too many strings.')
  try:
    return tf.make_ndarray(proto)
  except Exception as error:  # make_ndarray does not validate, so any exception is possible
    raise errors.bad(f'{title} does not hold what its shape and dtype say.') from error


def fill(proto: tensor_pb2.TensorProto, array: np.ndarray) -> None:  # pyright: ignore[reportAttributeAccessIssue]
  """Write an array into an empty TensorProto."""
  for size in array.shape:
    proto.tensor_shape.dim.add().size = size
  if array.dtype.kind == 'O':
    proto.dtype = tf.string.as_datatype_enum
    proto.string_val.extend(array.ravel().tolist())
  else:
    proto.dtype = tf.dtypes.as_dtype(array.dtype).as_datatype_enum
    proto.tensor_content = array.tobytes()


def _type_name(number: int) -> str:
  """Return the name of a dtype's number, or the number itself if there is no such dtype."""
  try:
    return tf.dtypes.as_dtype(number).name
  except TypeError:
    return str(number)
