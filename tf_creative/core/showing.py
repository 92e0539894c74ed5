"""The parts of a world that are for people: works as files and pictures, and its own numbers."""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from PIL import Image
import tensorflow as tf

from tf_creative.core import works as works_lib


class Media(abc.ABC):
  """Works as files and pictures for people."""

  files: Mapping[str, Callable[[Any], bytes]] = {}  # own formats by their ending, of a stored work

  @abc.abstractmethod
  def render(self, works: tf.Tensor) -> Any:
    """Draws stored works: uint8 RGB arrays [B, height, width, 3]."""

  @abc.abstractmethod
  def encode(self, works: tf.Tensor, zoom: int) -> dict[str, tf.Tensor]:
    """Writes files in the graph: strings [B] by names that end in `_bytes`.

    Beside them stand such numbers [B] as the world itself can tell of a work.
    """

  @abc.abstractmethod
  def drawing(self, start: Any, actions: Any, zoom: int) -> str:
    """Writes an SVG of what the actions [T] make of the work `start`, as `render` shows it."""

  @abc.abstractmethod
  def strokes(self, actions: tf.Tensor) -> tf.Tensor:
    """Spells actions int32 [...] in plain numbers [..., N], -1 staying -1; in the graph."""

  @abc.abstractmethod
  def legend(self) -> dict[str, Any]:
    """Tells what is needed to read works and strokes by."""

  @abc.abstractmethod
  def read(self, path: Any, mask: Any = '') -> tuple[Any, Any]:
    """Reads somebody's file as a work, and what of it is given: bool [...], False in its gaps.

    The file `mask`, if any, shows further gaps in white.
    """

  @abc.abstractmethod
  def store(self, works: works_lib.Works, seeds: Any, folder: Any) -> None:
    """Writes works with the seeds of their making as a data set of TFDS, in place of `folder`."""

  def portrait(self, path: Any, given: Any) -> tuple[Image.Image, Any]:
    """Opens somebody's file as a picture, and tells where a `render` shows what is given of it."""
    picture = Image.fromarray(self.render(self.read(path)[0][None])[0])
    return picture.convert('RGBA'), given

  def rulers(self, zoom: int) -> tuple[Image.Image, Image.Image] | None:
    """Draws what stands left of and above a work that is magnified so: names, numbers; or None."""
    del zoom


class Measure(NamedTuple):
  """How a number of a world is shown to people."""

  form: str  # as in f'{number:{form}}'
  words: str  # what comes after it


class Measures(abc.ABC):
  """The world's own numbers, and the words for them; shown by asking, never by name."""

  scores: dict[str, Measure]  # what `metrics` measures; the first is the likeness asked for
  traits: dict[str, Measure] = {}  # what `describe` tells of works
  participle: str = 'painted'  # what the hand has done with what was imagined: painted, played

  @property
  @abc.abstractmethod
  def splits(self) -> tuple[str, ...]:
    """The splits of real works that the hand is judged by."""

  def titles(self) -> dict[str, str]:
    """Names the scores as a run logs them, section by section, each with a title for people."""
    titles = {}
    for section in (*map(section_of, self.splits), 'imagined'):
      whose = f'{section.replace("_", "-").capitalize()} works'
      titles |= {f'{section}/{name}': f'{whose}: {name.replace("_", " ")}' for name in self.scores}
    return titles

  @abc.abstractmethod
  def metrics(self, works: tf.Tensor, concept: tf.Tensor) -> dict[str, Any]:
    """Measures each work [B]: how well it does what `concept` asked for."""

  def describe(self, works: Any) -> dict[str, Any]:
    """Tells what each work is like: numbers [B], or shares [B, K] of things that sum to 1."""
    del works
    return {}

  def models(self, label: Any, seed: int) -> dict[str, works_lib.Works]:
    """Draws works of the labels by simple models of this world's own, to be beaten, by name."""
    del label, seed
    return {}


def section_of(split: str) -> str:
  """Names the section in which a run logs the scores of a split: `held_out` for 'test'."""
  return 'held_out' if split == 'test' else split
