"""The 1797 handwritten 8x8 digits in the package scikit-learn; nothing is downloaded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn import datasets
import tensorflow_datasets as tfds


class Builder(tfds.core.GeneratorBasedBuilder):
  """Handwritten digits; four fifths are for training and one fifth for tests."""

  VERSION = tfds.core.Version('1.0.0')
  RELEASE_NOTES = {'1.0.0': 'First version.'}

  def _info(self) -> tfds.core.DatasetInfo:
    return self.dataset_info_from_configs(
      features=tfds.features.FeaturesDict(
        {
          'image': tfds.features.Image(shape=(8, 8, 1)),
          'label': tfds.features.ClassLabel(num_classes=10),
        }
      ),
      supervised_keys=('image', 'label'),
    )

  def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Any]:
    del dl_manager
    # Every fifth example of each digit is stratified, and unlike a random draw, it stays the same
    # in all versions of the libraries.
    by_label = np.argsort(datasets.load_digits().target, kind='stable')  # pyright: ignore[reportAttributeAccessIssue]
    is_test = np.arange(len(by_label)) % 5 == 0
    return {
      'train': self._generate_examples(by_label[~is_test]),
      'test': self._generate_examples(by_label[is_test]),
    }

  def _generate_examples(self, indices: np.ndarray) -> Iterator[tuple[int, dict[str, Any]]]:
    digits: Any = datasets.load_digits()
    pictures = np.rint(digits.images * (255 / 16)).astype(np.uint8)  # ink 0..16 -> 0..255
    for index in map(int, indices):
      yield index, {'image': pictures[index, :, :, None], 'label': int(digits.target[index])}
