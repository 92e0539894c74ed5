"""Pixel art as works that a GAN imagines, with the palette and the brush."""

from __future__ import annotations

from collections.abc import Mapping
import dataclasses
import functools
from typing import Any, ClassVar

import numpy as np
import tensorflow as tf

from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.worlds import folders, images, options
from tf_creative.worlds.pixel_art import brushes, in_colour, palettes, squash
from tf_creative.worlds.pixel_art.pictures import pictures_dataset_builder as own


@dataclasses.dataclass(frozen=True)
class Easel(options.PixelArt, world_lib.Works):
  """Pictures as works (indices into a palette), a brush to paint them, and costs of errors."""

  kept: ClassVar[Mapping[str, Any]] = {}  # what a run has kept; see `keepsake`

  @functools.cached_property
  def source(self) -> str:
    """The data set of TFDS: the one of `data`, or that which is made of your own pictures."""
    place = own.folder(self.kept['prepared']) if 'prepared' in self.kept else ''
    if place and folders.is_one(place):
      return place
    if not own.are_in(self.data):
      return self.data
    place = own.prepared(self.data, self)
    self._check_same(place)
    return place

  @functools.cached_property
  def _in_full(self) -> bool:
    """Whether the palette is made for the pictures, and colours are chosen as the eye would."""
    return (
      not palettes.is_named(self.palette)
      or not {'pictures', 'swapped'}.isdisjoint(self.kept)
      or (bool(given := self.kept.get('palette')) and palettes.is_clear(palettes.told(given)))
      or own.are_in(self.data)
    )

  @functools.cached_property
  def colours(self) -> np.ndarray:
    """The palette: float32 [palette, channels]."""
    if not self._in_full:
      return palettes.load(self.palette, self.colors)
    if 'palette' in self.kept:
      return palettes.told(self.kept['palette'])
    return palettes.of_pictures(self.palette, self.colors, self._rgba('train').work)

  def recall(self, kept: Mapping[str, Any]) -> None:
    """Take back what a run has kept; see `Play.recall`."""
    object.__setattr__(self, 'kept', kept)

  def keepsake(self) -> dict[str, Any]:
    """Return what a run must keep of pictures and palette; a UserError if they have changed."""
    if not self._in_full:
      return {}
    kept = {'palette': palettes.rgb(self.colours).tolist()}
    if not own.are_in(self.data):
      return {**self.kept, **kept}  # its pictures are gone, or it never had any
    place = own.prepared(self.data, self)
    self._check_same(place)
    return {**kept, 'pictures': own.digest(place), 'prepared': own.name_of(place)}

  def _check_same(self, place: str) -> None:
    """Raise a DataError if the pictures are not those of which the run has learnt."""
    wanted = self.kept.get('pictures')
    if wanted and wanted != own.digest(place):
      raise images.DataError(
        f"the pictures in '{self.data}' are not those that this run was trained on, and it goes on "
        'only with the same: bring them back, or start another run from what it has learnt, by '
        '--fork_from= and another --run_dir=.'
      )

  @functools.cached_property
  def _brush(self) -> brushes.Brush:
    return brushes.Brush(self.brush, self.size, self.width, len(self.colours))

  @functools.cached_property
  def _cost(self) -> np.ndarray:
    """The error of each colour in place of another: float32 [palette, palette]."""
    distance = np.square(self.colours[:, None] - self.colours[None]).sum(-1)
    return distance if self.pay == 'error' else (distance > 0).astype(np.float32)

  @property
  def label_names(self) -> list[str]:
    return images.label_names(self.source)

  @property
  def value_shape(self) -> tuple[int, int, int]:
    return self.size, self.width, self.colours.shape[1]

  @property
  def work_spec(self) -> works_lib.Bounded:
    return works_lib.Bounded((self.size, self.width), tf.uint8, 0, len(self.colours) - 1)

  def real(self, split: str) -> tf.data.Dataset:
    works = self._works(split)
    if not self.mirror or split != 'train':
      return works
    return works.concatenate(works.map(lambda of: of._replace(work=of.work[..., ::-1])))

  def _works(self, split: str) -> tf.data.Dataset:
    if not self._in_full:
      return images.works(self.source, split, self.size, self.width, self.colours)
    found = self._rgba(split)
    works = found._replace(work=palettes.indices(found.work, self.colours))
    return tf.data.Dataset.from_tensor_slices(works)

  def _rgba(self, split: str) -> works_lib.Works:
    return in_colour.pictures(self.source, split, self.size, self.width)

  @property
  def raw_shape(self) -> tuple[int, int, int]:
    """Greys lie on a line, so one number a pixel does; of colours each has a logit of its own.

    With the nearest colour to three numbers, what lies between two colours is a third: speckles.
    """
    return self.size, self.width, 1 if self._is_grey else len(self.colours)

  @property
  def _is_grey(self) -> bool:
    return self.colours.shape[1] == 1

  def legal(self, raw: tf.Tensor) -> tf.Tensor:
    if self._is_grey:
      soft = squash.squash(raw)
      return soft + tf.stop_gradient(self.to_values(self.to_works(soft)) - soft)
    soft = tf.tensordot(tf.nn.softmax(raw), self.colours, 1)
    return soft + tf.stop_gradient(tf.gather(self.colours, tf.argmax(raw, -1)) - soft)

  def to_values(self, works: tf.Tensor) -> tf.Tensor:
    return tf.gather(self.colours, tf.cast(works, tf.int32))

  def to_works(self, values: tf.Tensor) -> tf.Tensor:
    return palettes.places(values, self.colours)
