"""Waves of ink, long and short ones, in pictures of 8x8."""

import numpy as np
import tensorflow_datasets as tfds


class Builder(tfds.core.GeneratorBasedBuilder):
  """A hundred of each kind to learn from, and twenty to judge by."""

  VERSION = tfds.core.Version('1.0.0')

  def _info(self):
    features = {
      'image': tfds.features.Image(shape=(8, 8, 1)),
      'label': tfds.features.ClassLabel(names=['long', 'short']),
    }
    return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features))

  def _split_generators(self, dl_manager):
    del dl_manager
    return {'train': self._generate_examples(0, 200), 'test': self._generate_examples(200, 240)}

  def _generate_examples(self, first, last):
    for number in range(first, last):
      label, phase = number % 2, 0.4 * number
      heights = 4 + 3.5 * np.sin(np.arange(8) * (0.8 + 0.8 * label) + phase)
      ink = np.arange(8)[::-1, None] < heights.round()
      yield number, {'image': (255 * ink[..., None]).astype(np.uint8), 'label': label}
