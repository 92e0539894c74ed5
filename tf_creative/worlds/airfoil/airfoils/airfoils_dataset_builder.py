"""Airfoils of the package aerosandbox, each as 18 numbers; nothing is downloaded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from tf_creative.worlds.airfoil import coordinates, package, section


class Builder(tfds.core.GeneratorBasedBuilder):
  """Airfoils, split by the family of their names."""

  VERSION = tfds.core.Version('1.0.0')
  RELEASE_NOTES = {'1.0.0': 'First version.'}

  def _info(self) -> tfds.core.DatasetInfo:
    families = sorted({coordinates.family(path.stem) for path in package.airfoils()})
    return self.dataset_info_from_configs(
      features=tfds.features.FeaturesDict(
        {
          'kulfan': tfds.features.Tensor(shape=(section.NUMBERS,), dtype=np.float32),
          'name': tfds.features.Text(),
          'label': tfds.features.ClassLabel(names=families),
        }
      ),
      supervised_keys=('kulfan', 'label'),
      disable_shuffling=True,
    )

  def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Any]:
    del dl_manager
    read, _ = coordinates.forms(package.airfoils())
    turns = coordinates.splits([coordinates.family(name) for name in read])
    return {
      split: self._generate_examples(
        {name: form for name, form in read.items() if turns[coordinates.family(name)] == split}
      )
      for split in ('train', 'validation', 'test')
    }

  def _generate_examples(self, read: dict[str, np.ndarray]) -> Iterator[tuple[int, dict[str, Any]]]:
    for place, (name, form) in enumerate(read.items()):
      numbers = form.astype(np.float32)
      yield place, {'kulfan': numbers, 'name': name, 'label': coordinates.family(name)}
