"""The titles of metrics, for people: the live view, the report and tables all take them from here.

The names in metrics.jsonl and in TensorBoard stay as they are: `agent/return` is for programs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Title(NamedTuple):
  long: str
  short: str  # for narrow terminals, and for many numbers in one line


TITLES = {
  'round': Title('Round', 'round'),
  'agent/return': Title('Reward of an episode', 'reward'),
  'agent/loss': Title("Error of the hand's predictions", 'hand error'),
  'agent/q': Title('Reward that the hand predicts', 'predicted'),
  'gan/generator_loss': Title('Loss of the generator', 'generator loss'),
  'gan/critic_loss': Title('Loss of the critic', 'critic loss'),
  'gan/critic_gap': Title('How easily the critic tells imagined from real', 'critic gap'),
  'imagined/frechet': Title('Distance of imagined works from real ones', 'imagined distance'),
  'painted/frechet': Title('Distance of what the hand made of them', 'made distance'),
  'held_out/return': Title('Reward of an unseen episode', 'unseen reward'),
}
_PARTS = {'agent': 'Hand', 'gan': 'Imagination', 'coupling': 'Coupling', 'joint': 'Both'}

# What the hand is to make, by the sections of the log: in a table, and in a sentence.
_WORKS = {
  'held_out': ('new real works', 'real works that were not trained on'),
  'unseen': ('works of new kinds', 'works of kinds that were not trained on'),
}


def title(name: str, own: Mapping[str, str] | None = None) -> Title:
  """Return a metric's title; `own` has those of the world's own numbers (`Measures.titles`)."""
  if name in TITLES:
    return TITLES[name]
  section, _, rest = name.rpartition('/')
  words, section = rest.replace('_', ' '), section.replace('_', '-')
  long = f'{_PARTS.get(section, f"{section.capitalize()} works")}: {words}' if section else words
  return Title((own or {}).get(name, long), f'{section} {words}'.strip())


def works(section: str) -> tuple[str, str]:
  """Return what works of a section are called, in a table and in a sentence."""
  words = section.replace('_', ' ')
  return _WORKS.get(section, (words, f'{words} works'))


def headline(measures: Any) -> dict[str, str]:
  """Return the titles of a world's first score in all sections, by name; {} without measures."""
  if not measures:
    return {}
  first, told = next(iter(measures.scores)), measures.titles().items()
  return {name: text for name, text in told if name.endswith(f'/{first}')}
