"""What a world is unless it says otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image
import tensorflow as tf

from tf_creative import types


class World:
  """The parts of types.Domain that most worlds have in common."""

  builds = True
  made = 'painted'
  formats: tuple[str, ...] = ()
  traits: dict[str, types.Measure] = {}

  def random(self, count: int, seed: tf.Tensor) -> tf.Tensor:
    return self.to_works(tf.random.stateless_uniform([count, *self.value_shape], seed))

  def rulers(self, zoom: int) -> tuple[Image.Image, Image.Image] | None:
    del zoom  # a picture that needs no words

  def besides(self, state: Any, actions: tf.Tensor) -> tf.Tensor:
    del state
    return tf.zeros_like(actions, tf.float32)

  def describe(self, works: np.ndarray) -> dict[str, np.ndarray]:
    del works
    return {}

  def models(self, label: np.ndarray, seed: int) -> dict[str, types.Works]:
    del label, seed
    return {}

  def likely(self, observation: dict[str, tf.Tensor]) -> tf.Tensor:
    del observation
    return tf.zeros([])

  def portrait(self, path: Any) -> Image.Image:
    return Image.fromarray(self.render(self.read(path)[0][None])[0]).convert('RGBA')

  def filled(self, work: np.ndarray, given: np.ndarray, works: np.ndarray) -> np.ndarray:
    return np.where(given, work, works)

  def shows(self, given: np.ndarray) -> np.ndarray:
    return given

  def outside(self, works: types.Works, act: Callable) -> dict[str, np.ndarray]:
    del works, act
    return {}
