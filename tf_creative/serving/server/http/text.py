"""Converts arrays to JSON and back in the formats of TensorFlow Serving's REST API: rows, columns.

NaN, Infinity and -Infinity are bare words, as Serving documents it. That is not valid JSON, and
browsers do not read it.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
import itertools
import json
import re
from typing import Any

import numpy as np
import tensorflow as tf

from tf_creative.serving.server import errors

MOST_VALUES = 1 << 20  # in a body, where nothing is known of a batch
_LEAST_VALUES = 1000  # always parsed, so that what is wrong with a small body is said in detail
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_B64 = 'b64'
_MOST_DIMENSIONS = 32
_NAMES = {
  dict: 'an object',
  list: 'a list',
  str: 'a string',
  bool: 'true or false',
  type(None): 'null',
  float: 'a number with a fraction or an exponent',
  int: 'a whole number',
}


def parse(body: bytes, most: int = MOST_VALUES) -> dict[str, Any]:
  """Parse a request's body to a JSON object of up to `most` values, lists and objects included."""
  # Counted first: as Python objects, three bytes such as '[],' are thirty times as many.
  most = max(most, _LEAST_VALUES)
  if _has_more(body, 2 * most):
    raise errors.bad(f'the body has more than the {most} values that a batch can have.')
  try:
    document = json.loads(body.decode('utf-8'))
  except (ValueError, RecursionError) as error:
    raise errors.bad(f'the body is no JSON: {error}.') from error
  if not isinstance(document, dict):
    raise errors.bad(f'the body must be a JSON object, not {_NAMES[type(document)]}.')
  name = document.get('signature_name', '')
  if not isinstance(name, str):
    raise errors.bad(f"'signature_name' must be a string, not {_NAMES[type(name)]}.")
  return document


def _has_more(body: bytes, marks: int) -> bool:
  """Return whether a body has more commas and brackets than these; two for a value at most."""
  if sum(map(body.count, (b',', b'[', b'{'))) <= marks:
    return False
  # A value has up to four quotes, those of its name included.
  if body.count(b'"') - body.count(b'\\"') > 2 * marks:
    return True
  return sum(map(_STRING.sub(b'', body).count, (b',', b'[', b'{'))) > marks


def to_arrays(
  document: Mapping[str, Any], dtypes: Mapping[str, tf.DType]
) -> tuple[dict[str, np.ndarray], bool]:
  """Return the inputs in a body by name, and whether it gave them by row."""
  if ('instances' in document) == ('inputs' in document):
    raise errors.bad("the body must have either 'instances' (rows) or 'inputs' (columns).")
  if 'instances' in document:
    columns, by_row = _columns(document['instances'], dtypes), True
  else:
    columns, by_row = document['inputs'], False
    if not isinstance(columns, dict) or _is_base64(columns):
      if len(dtypes) != 1:
        raise errors.bad(f"'inputs' must be an object of {', '.join(sorted(dtypes))}.")
      columns = dict.fromkeys(dtypes, columns)
    for name in sorted(dtypes.keys() - columns.keys()):
      raise errors.bad(f"'inputs' lacks '{name}'.")
  return {name: _array(columns[name], name, dtype) for name, dtype in dtypes.items()}, by_row


def from_arrays(outputs: Mapping[str, np.ndarray], by_row: bool) -> bytes:
  """Return the body of the answer with these outputs."""
  sizes = {array.shape[:1] for array in outputs.values()}
  if by_row and (() in sizes or len(sizes) > 1):
    raise errors.bad("the outputs are not of one batch: ask by 'inputs' (columns).")
  lists = {name: _listed(array, name) for name, array in outputs.items()}
  if len(lists) == 1:
    (content,) = lists.values()
  elif by_row:
    content = [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]
  else:
    content = lists
  return json.dumps({'predictions' if by_row else 'outputs': content}).encode()


def _columns(rows: Any, dtypes: Mapping[str, tf.DType]) -> dict[str, list]:
  """Turn rows into columns; a row is an object of all inputs, or the value of a single input."""
  if not isinstance(rows, list) or not rows:
    raise errors.bad("'instances' must be a list of at least one row.")
  named = [isinstance(row, dict) and not _is_base64(row) for row in rows]
  if not any(named) and len(dtypes) == 1:
    return dict.fromkeys(dtypes, rows)
  for index, (row, is_named) in enumerate(zip(rows, named, strict=True)):
    if not is_named or row.keys() != dtypes.keys():
      raise errors.bad(f"row {index} of 'instances' must be an object of {_all(dtypes)}.")
  return {name: [row[name] for row in rows] for name in dtypes}


def _all(names: Mapping[str, Any]) -> str:
  return f'exactly {", ".join(sorted(names))}'


def _is_base64(value: Any) -> bool:
  return isinstance(value, dict) and list(value) == [_B64] and isinstance(value[_B64], str)


def _array(value: Any, name: str, dtype: tf.DType) -> np.ndarray:
  """Convert nested lists to an array, level by level; all lists of a level need equal lengths."""
  level, shape = [value], []
  while level and set(map(type, level)) == {list}:
    sizes = set(map(len, level))
    if len(sizes) > 1:
      raise errors.bad(f"input '{name}' has lists of unequal lengths at one level.")
    shape.append(sizes.pop())
    if len(shape) > _MOST_DIMENSIONS:
      raise errors.bad(f"input '{name}' has more than {_MOST_DIMENSIONS} dimensions.")
    level = list(itertools.chain.from_iterable(level))
  return _values(level, name, dtype).reshape(shape)


def _values(values: list, name: str, dtype: tf.DType) -> np.ndarray:
  """Convert values to the dtype without loss: none is rounded, and none parsed from text."""
  if dtype == tf.string:
    allowed = {str, dict}
  elif dtype == tf.bool:
    allowed = {bool}
  else:
    allowed = {int, float} if dtype.is_floating else {int}
  for kind in set(map(type, values)) - allowed:
    raise errors.bad(f"input '{name}' wants {dtype.name} everywhere and has {_NAMES[kind]}.")
  if dtype == tf.string:
    array = np.empty(len(values), object)
    array[:] = [_bytes(value, name) for value in values]
    return array
  lossy = errors.bad(f"input '{name}' has a number that {dtype.name} cannot hold.")
  try:
    wide = np.array(values, np.float64 if dtype.is_floating else None)
    with np.errstate(over='ignore'):
      narrow = wide.astype(dtype.as_numpy_dtype)
  except OverflowError as error:
    raise lossy from error
  if dtype.is_integer and not (wide == narrow).all():
    raise lossy
  if dtype.is_floating:
    # Whole numbers below 2 ** (mantissa bits + 1) are exact in this floating-point type.
    exact = 2 ** (np.finfo(dtype.as_numpy_dtype).nmant + 1)  # pyright: ignore[reportCallIssue]
    if (np.isinf(narrow) & np.isfinite(wide)).any() or any(
      type(value) is int and abs(value) >= exact for value in values
    ):
      raise lossy
  return narrow


def _bytes(value: str | dict, name: str) -> bytes:
  try:
    if isinstance(value, str):
      return value.encode()
    if _is_base64(value):
      text = value[_B64]
      return base64.b64decode(text + '=' * (-len(text) % 4), validate=True)
  except (binascii.Error, ValueError) as error:
    raise errors.bad(f"input '{name}' has a string that cannot be decoded: {error}.") from error
  raise errors.bad(f'input \'{name}\' has an object that is not {{"b64": string}}.')


def _listed(array: np.ndarray, name: str) -> Any:
  """Convert an array to lists for `json`; strings are base64 for `_bytes` names, else text."""
  if array.dtype.kind == 'O':
    texts = np.empty(array.size, object)
    if name.endswith('_bytes'):
      texts[:] = [{_B64: base64.b64encode(value).decode()} for value in array.ravel()]
    else:
      texts[:] = [value.decode(errors='replace') for value in array.ravel()]
    return texts.reshape(array.shape).tolist()
  if array.dtype == np.float32:
    # By way of text, so that the JSON has 0.2; a direct float64 would be 0.20000000298.
    array = array.astype('U').astype(np.float64)
  return array.tolist()
