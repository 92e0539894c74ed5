"""The parts of a world's contract that are for people: files, pictures and measures of works."""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from PIL import Image
import tensorflow as tf

from tf_creative.core import works as works_lib


class Media(abc.ABC):
  """Shows works as files and pictures."""

  # Formats of this world only: a file's ending -> a function from a stored work to its bytes. The
  # options of a world of ours name the same endings as `formats`, for --help.
  files: Mapping[str, Callable[[Any], bytes]] = {}

  @abc.abstractmethod
  def render(self, works: tf.Tensor) -> Any:
    """Draw stored works as pictures: uint8 RGB [B, height, width, 3], or 4 with transparency."""

  @abc.abstractmethod
  def encode(self, works: tf.Tensor, zoom: int) -> dict[str, tf.Tensor]:
    """Encode works as files, in the graph: strings [B] under names that end in `_bytes`.

    These are what exported models serve; `create` writes pictures of `render`, and `files`.

    May add numbers [B] that the world computes of each work. Exported models serve all of them.
    """

  @abc.abstractmethod
  def drawing(self, start: Any, actions: Any, zoom: int) -> str:
    """Write an SVG of what the actions [T] make of the work `start`, as `render` shows it."""

  @abc.abstractmethod
  def strokes(self, actions: tf.Tensor) -> tf.Tensor:
    """Decode actions int32 [...] to N plain numbers [..., N], in the graph; padding -1 stays -1."""

  @abc.abstractmethod
  def legend(self) -> dict[str, Any]:
    """Return what a reader needs to understand works and strokes, as JSON: e.g. the palette."""

  @abc.abstractmethod
  def read(self, path: Any, mask: Any = '') -> tuple[Any, Any]:
    """Read a user's file: the work, and a bool mask of its shape that is False in gaps.

    White pixels of the picture file `mask`, if any, are further gaps.
    """

  @abc.abstractmethod
  def store(self, works: works_lib.Works, seeds: Any, folder: Any) -> None:
    """Write works and the seeds that made them as a TFDS data set; `folder` is replaced."""

  def portrait(self, path: Any, given: Any) -> tuple[Image.Image, Any]:
    """Open a user's file as an RGBA picture, and return the mask `given` per pixel of `render`.

    This one serves worlds whose works have a cell for each pixel of `render`.
    """
    picture = Image.fromarray(self.render(self.read(path)[0][None])[0])
    return picture.convert('RGBA'), given

  def rulers(self, zoom: int) -> tuple[Image.Image, Image.Image] | None:
    """Draw rulers for the left and the top of a work at this zoom (names, numbers), or None."""
    del zoom


class Measure(NamedTuple):
  """How a measure is printed: number, then words."""

  form: str  # format specification, as in f'{number:{form}}'
  words: str  # printed after the number

  def told(self, values: Any) -> str:
    """Say in words what was measured of works: '3 of 4 pictures perfect', 'all pixels equal'."""
    mean, of = float(np.mean(values)), self.words.removeprefix('of ')
    if of == self.words:
      return f'{mean:{self.form}} {self.words}'
    if np.asarray(values).dtype == bool:
      return f'{int(np.sum(values))} of {len(values)} {of}'
    return f'all {of}' if mean == 1 else f'{mean:{self.form}} {self.words}'


class Measures(abc.ABC):
  """The world's own measures and how to print them; other code shows them without knowing them."""

  scores: dict[str, Measure]  # what `metrics` returns; the first is the likeness to the concept
  traits: dict[str, Measure] = {}  # what `describe` returns
  participle: str = 'painted'  # names the hand's works in tables and pictures: painted, played
  best_by: str = 'frechet'  # what chooses the best round: 'frechet' or 'failures' of the hand

  @property
  @abc.abstractmethod
  def splits(self) -> tuple[str, ...]:
    """The splits of real works that the learner is evaluated on."""

  def titles(self) -> dict[str, str]:
    """Names the scores as a run logs them, section by section, each with a title for people."""
    titles = {}
    for section in (*map(section_of, self.splits), 'imagined'):
      whose = f'{section.replace("_", "-").capitalize()} works'
      titles |= {f'{section}/{name}': f'{whose}: {name.replace("_", " ")}' for name in self.scores}
    return titles

  @abc.abstractmethod
  def metrics(self, works: tf.Tensor, concept: tf.Tensor) -> dict[str, Any]:
    """Measure how well each work matches its `concept`: numbers [B] by name."""

  def reference_scores(self, works: works_lib.Works, act: Callable) -> dict[str, Any]:
    """Score the policy `act(observation)` in the original simulator, if any: [B] by name."""
    del works, act
    return {}

  def describe(self, works: Any) -> dict[str, Any]:
    """Measure properties of each work: numbers [B], or distributions [B, K] that sum to 1."""
    del works
    return {}

  def remarks(self, works: works_lib.Works) -> list[str]:
    """Say in lines what a user should know of works made for their labels."""
    del works
    return []

  def models(self, label: Any, seed: int) -> dict[str, works_lib.Works]:
    """Draw works of these labels from the world's simple baseline models, by name."""
    del label, seed
    return {}


def section_of(split: str) -> str:
  """Names the section in which a run logs the scores of a split: `held_out` for 'test'."""
  return 'held_out' if split == 'test' else split
