"""Episodes of a world for Gymnasium: one graph call a step, spaces that others can read."""

from __future__ import annotations

from collections.abc import Callable
import os
from typing import Any

import gymnasium
import numpy as np
import tensorflow as tf

from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib

_LEAST_SIDE = 256  # screen pixels of a frame's longer side
_PROCESS = os.getpid()  # what is forked from it inherits a TensorFlow that waits for ever


class Play:
  """Episodes side by side; what each is about is drawn outside of the graph, world by world.

  What goes into a step is one tensor and the state stays in variables: passing arguments costs more
  than a step does.
  """

  def __init__(self, world: world_lib.World, split: str, count: int):
    self._world, self._split = world, split
    self._codes = np.zeros((count, world.play.code_size), np.float32)
    self._told = np.zeros((count, 5), np.int32)  # what a graph is told of each world:
    self._actions, self._restarts, self._picks = self._told.T[:3]
    self._seeds = self._told[:, 3:]
    self._concepts: works_lib.Works | None = None  # TensorFlow is not started before it is needed
    self.begun = False

  def draw(self, place: int, chance: np.random.Generator) -> None:
    """What the next episode at this place is about."""
    if self._concepts is None:
      self._load()
    self._picks[place] = chance.integers(len(self._concepts.label))  # pyright: ignore[reportOptionalMemberAccess]
    if self._world.play.code_size:
      self._codes[place] = chance.standard_normal(self._world.play.code_size, np.float32)
    self._seeds[place] = chance.integers(2**31, size=2)

  def begin(self) -> dict[str, np.ndarray]:
    """Begins all episodes and tells what is seen."""
    self.begun = True
    return _arrays(self._begin(tf.constant(self._told), tf.constant(self._codes)))

  def step(
    self, actions: Any, restarts: np.ndarray | None = None
  ) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """What is seen, paid and over after a step; those that restart begin what was drawn instead."""
    self._seeds += 1  # chance of its own for every step
    self._actions[:] = actions
    if restarts is None or not restarts.any():
      seen, pay, over = self._step(tf.constant(self._told))
    else:
      self._restarts[:] = restarts
      seen, pay, over = self._turn(tf.constant(self._told), tf.constant(self._codes))
    return _arrays(seen), pay.numpy(), over.numpy()

  def frames(self) -> np.ndarray:
    """The works as they stand, enlarged: uint8 [B, height, width, 3]."""
    state = tf.nest.map_structure(tf.convert_to_tensor, self._state)
    pictures = self._world.media.render(self._world.rules.work(state))
    zoom = -(-_LEAST_SIDE // max(pictures.shape[1:3]))
    return pictures.repeat(zoom, axis=1).repeat(zoom, axis=2)

  def _load(self) -> None:
    if os.getpid() != _PROCESS:
      raise gymnasium.error.Error(
        'TensorFlow does not run in a forked process: leave out vectorization_mode, which steps '
        "all worlds in one graph, or add vector_kwargs={'context': 'spawn'}."
      )
    self._concepts = works_lib.whole(self._world.works.real(self._split))
    told, codes = tf.constant(self._told), tf.constant(self._codes)
    self._state = tf.nest.map_structure(
      lambda part: tf.Variable(part, trainable=False), self._fresh(told, codes)
    )
    self._begin = _graph(self._begun, told, codes)
    self._turn = _graph(self._turned, told, codes)
    self._step = _graph(lambda told: self._become(*self._moved(told)), told)

  def _begun(self, told: tf.Tensor, codes: tf.Tensor) -> dict[str, tf.Tensor]:
    return self._become(self._fresh(told, codes))[0]

  def _turned(self, told: tf.Tensor, codes: tf.Tensor):
    restarts = told[:, 1] > 0
    state, pay, over = self._moved(told)
    state = works_lib.select(restarts, self._fresh(told, codes), state)
    return self._become(state, tf.where(restarts, 0.0, pay), over & ~restarts)

  def _fresh(self, told: tf.Tensor, codes: tf.Tensor) -> Any:
    concept = tf.nest.map_structure(lambda part: tf.gather(part, told[:, 2]), self._concepts)
    if self._world.play.code_size:
      concept = concept._replace(code=codes)
    return self._world.rules.start(concept, tf.reduce_sum(told[:, 3:], 0))

  def _moved(self, told: tf.Tensor) -> tuple[Any, tf.Tensor, tf.Tensor]:
    state = tf.nest.map_structure(tf.convert_to_tensor, self._state)
    action = tf.cast(told[:, 0], self._world.play.action_spec.dtype)
    return self._world.rules.step(state, action, tf.reduce_sum(told[:, 3:], 0))

  def _become(self, state: Any, *others: tf.Tensor) -> tuple:
    """What is seen of the new state, as `spaces` says: a label is a class, all else has an axis."""
    tf.nest.map_structure(lambda variable, value: variable.assign(value), self._state, state)
    seen = {
      name: tf.cast(value, tf.int64) if name == 'label' else _axis(value)
      for name, value in self._world.rules.observe(state).items()
    }
    return seen, *others


def spaces(world: world_lib.World) -> tuple[gymnasium.spaces.Dict, gymnasium.spaces.Discrete]:
  """What is seen and what can be done."""
  parts = dict(world.play.observation_spec)
  label = {'label': gymnasium.spaces.Discrete(parts.pop('label').maximum + 1)}
  boxes = {
    name: gymnasium.spaces.Box(  # pyright: ignore[reportCallIssue]
      part.minimum, part.maximum, part.shape or (1,), part.dtype.as_numpy_dtype
    )
    for name, part in parts.items()
  }
  return (
    gymnasium.spaces.Dict(boxes | label),
    gymnasium.spaces.Discrete(world.play.action_spec.maximum + 1),
  )


def _graph(call: Callable, *examples: tf.Tensor) -> Callable:
  """The call for such tensors alone: nothing is looked at twice when it is called."""
  specs = [tf.TensorSpec(example.shape, example.dtype) for example in examples]
  return tf.function(call, autograph=False).get_concrete_function(*specs)


def _axis(value: tf.Tensor) -> tf.Tensor:
  return value if value.shape.rank > 1 else value[:, None]


def _arrays(seen: dict[str, tf.Tensor]) -> dict[str, np.ndarray]:
  return {name: value.numpy() for name, value in seen.items()}
