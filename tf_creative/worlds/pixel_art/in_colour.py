"""Loads the pictures of a data set in full colour, before they become works of a palette."""

from __future__ import annotations

import tensorflow as tf

from tf_creative.core import works as works_lib
from tf_creative.worlds import images


def pictures(data: str, split: str, height: int, width: int) -> works_lib.Works:
  """Load all pictures of a split: uint8 RGBA [N, H, W, 4] in place of works."""

  def convert(picture: tf.Tensor) -> tf.Tensor:
    picture = tf.image.convert_image_dtype(picture, tf.float32)
    channels = picture.shape[-1]
    alpha = picture[..., 3:] if channels == 4 else tf.ones_like(picture[..., :1])
    shown = tf.image.grayscale_to_rgb(picture) if channels == 1 else picture[..., :3]
    # The mean of colours counts each as much as it is opaque.
    mean = images.resize(tf.concat([alpha * shown, alpha], -1), height, width)
    shown = tf.math.divide_no_nan(mean[..., :3], mean[..., 3:])
    return tf.cast(tf.round(255 * tf.concat([shown, mean[..., 3:]], -1)), tf.uint8)

  found = works_lib.whole(images.read(data, split, convert, 4 * height * width, 256))
  return tf.nest.map_structure(lambda part: part.numpy(), found)
