"""Converts the generator to a LiteRT file, for phones and other small devices."""

from __future__ import annotations

from collections.abc import Callable
import os
import pathlib
import tempfile
import warnings

import numpy as np
import tensorflow as tf

from tf_creative.core import storage
from tf_creative.serving.exports import signatures

FILE = 'assets.extra/generator.tflite'


def convert(
  decode: Callable[[tf.Tensor, tf.Tensor], tf.Tensor], code_size: int, labels: int
) -> bytes:
  """Convert a function from codes [B, N] and labels [B] to works [B, ...]; return the file.

  Labels are below `labels`; others end the call with an error.
  """
  # Specs are for one row; `Model` adds the batch dimension.
  given = {'z': tf.TensorSpec([code_size], tf.float32), 'label': tf.TensorSpec([], tf.int32)}

  def answer(z: tf.Tensor, label: tf.Tensor) -> dict[str, tf.Tensor]:
    # LiteRT drops assertions. A look-up changes no label that there is, and fails for all others.
    return {'work': decode(z, tf.gather(tf.range(labels), label))}

  place = pathlib.Path(os.environ.get('TMPDIR') or '/tmp')
  full = storage.kept(place, 'Make room there, or let TMPDIR name another folder.')
  with full, tempfile.TemporaryDirectory() as folder:
    signatures.Model({'serving_default': (answer, given)}).save(folder)
    return tf.lite.TFLiteConverter.from_saved_model(folder).convert()


def run(file: bytes, codes: np.ndarray, labels: np.ndarray) -> np.ndarray:
  """Run the file on codes [B, N] and labels [B], one by one; return the works."""
  with warnings.catch_warnings():
    warnings.simplefilter('ignore')  # a deprecation that names a package of the future
    interpreter = tf.lite.Interpreter(model_content=file)
  decode = interpreter.get_signature_runner()
  pairs = zip(codes, labels, strict=True)
  return np.concatenate([decode(z=z[None], label=label[None])['work'] for z, label in pairs])
