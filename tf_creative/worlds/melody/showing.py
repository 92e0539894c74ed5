"""Shows melodies as piano rolls, MIDI, sound and files."""

from __future__ import annotations

import os

import numpy as np
from PIL import Image
import tensorflow as tf
import tensorflow_datasets as tfds

from tf_creative.core import spec
from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.worlds import drawings, files
from tf_creative.worlds.melody import midi, piano_roll, scores, sound


class MelodyMedia(world_lib.Media):
  """Draws melodies as piano rolls, and reads and writes MIDI."""

  files = {'mid': midi.file, 'wav': sound.wav}

  def __init__(self, given: int, target: str, label_names: list[str]):
    self._given, self._target, self._label_names = given, target, label_names

  def render(self, works: tf.Tensor) -> np.ndarray:
    return piano_roll.rgb(tf.convert_to_tensor(works)).numpy()

  def rulers(self, zoom: int) -> tuple[Image.Image, Image.Image]:
    return piano_roll.rulers(zoom)

  def encode(self, works: tf.Tensor, zoom: int) -> dict[str, tf.Tensor]:
    png = drawings.png(piano_roll.rgb(works), zoom)
    return {'png_bytes': png, 'midi_bytes': midi.encode(works)}

  def drawing(self, start: np.ndarray, actions: np.ndarray, zoom: int) -> str:
    return piano_roll.svg(start, np.asarray(actions), self._given, zoom)

  def strokes(self, actions: tf.Tensor) -> tf.Tensor:
    """Return MIDI's pitch for each action, 0 for a hold and 1 for a rest: int32 [..., 1]."""
    pitch = actions - scores.FIRST + scores.LOWEST
    return tf.where(actions >= scores.FIRST, pitch, actions)[..., None]

  def legend(self) -> dict[str, np.ndarray]:
    pitches = self.strokes(tf.range(scores.CLASSES))[:, 0].numpy()  # of each class
    return {'pitches': pitches, **piano_roll.legend(self._given, self._target)}

  def read(
    self, path: str | os.PathLike, mask: str | os.PathLike = ''
  ) -> tuple[np.ndarray, np.ndarray]:
    if mask:
      raise spec.UserError(f'{mask}: a melody takes no mask; the part after its end is imagined.')
    work = midi.read(path)
    last = scores.notes(work)[-1]
    return work, np.arange(scores.STEPS) < last.start + last.length

  def portrait(self, path: str | os.PathLike, given: np.ndarray) -> tuple[Image.Image, np.ndarray]:
    picture, _ = super().portrait(path, given)
    return picture, np.broadcast_to(given, [scores.PITCHES, scores.STEPS])

  def store(self, works: works_lib.Works, seeds: np.ndarray, folder: str | os.PathLike) -> None:
    melody = tfds.features.Tensor(shape=(scores.STEPS,), dtype=np.uint8)
    files.save('melody', melody, works.work, works.label, self._label_names, seeds, folder)
