"""The imagination as a LiteRT file, for telephones and the like."""

from __future__ import annotations

from collections.abc import Callable
import tempfile
import warnings

import numpy as np
import tensorflow as tf

from tf_creative.serving.exports import signatures

FILE = 'assets.extra/generator.tflite'


def convert(decode: Callable[[tf.Tensor, tf.Tensor], tf.Tensor], code_size: int) -> bytes:
  """The file of a function from codes [B, N] and labels [B] to works [B, ...]."""
  given = {'z': tf.TensorSpec([code_size], tf.float32), 'label': tf.TensorSpec([], tf.int32)}
  answer = lambda z, label: {'work': decode(z, label)}  # noqa: E731
  with tempfile.TemporaryDirectory() as folder:
    signatures.Model({'serving_default': (answer, given)}).save(folder)
    return tf.lite.TFLiteConverter.from_saved_model(folder).convert()


def run(file: bytes, codes: np.ndarray, labels: np.ndarray) -> np.ndarray:
  """The works that a file answers with, one by one."""
  with warnings.catch_warnings():
    warnings.simplefilter('ignore')  # it tells of a package to come
    interpreter = tf.lite.Interpreter(model_content=file)
  decode = interpreter.get_signature_runner()
  pairs = zip(codes, labels, strict=True)
  return np.concatenate([decode(z=z[None], label=label[None])['work'] for z, label in pairs])
