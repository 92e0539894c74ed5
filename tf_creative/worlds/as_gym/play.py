"""Episodes of a world for Gymnasium, with one call of a graph per step."""

from __future__ import annotations

from collections.abc import Callable
import os
from typing import Any

import gymnasium
import numpy as np
import tensorflow as tf

from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib

_GROUND = 200  # the grey that shows where a work is clear
_LEAST_SIDE = 256  # smallest length of a frame's longer side, in pixels
_PROCESS = os.getpid()  # in a fork of this process, TensorFlow would wait for ever


class Play:
  """Parallel episodes; their works are drawn outside of the graph, one by one.

  A step takes a single tensor, and the state stays in variables: passing many arguments to a graph
  would take longer than the step itself.
  """

  def __init__(self, world: world_lib.World, split: str, count: int):
    self._world, self._split = world, split
    self._codes = np.zeros((count, world.play.code_size), np.float32)
    # The argument of a step, int32 [B, 5]: action, restart, index of the next work, two seeds.
    self._told = np.zeros((count, 5), np.int32)
    self._actions, self._restarts, self._picks = self._told.T[:3]
    self._seeds = self._told[:, 3:]
    self._concepts: works_lib.Works | None = None  # loaded later: that starts TensorFlow
    self.begun = False

  def draw(self, place: int, chance: np.random.Generator) -> None:
    """Draw the work of the next episode at this place."""
    if self._concepts is None:
      self._load()
    self._picks[place] = chance.integers(len(self._concepts.label))  # pyright: ignore[reportOptionalMemberAccess]
    if self._world.play.code_size:
      self._codes[place] = chance.standard_normal(self._world.play.code_size, np.float32)
    self._seeds[place] = chance.integers(2**31, size=2)

  def begin(self) -> dict[str, np.ndarray]:
    """Begin all episodes; return the observations."""
    self.begun = True
    return _arrays(self._begin(tf.constant(self._told), tf.constant(self._codes)))

  def step(
    self, actions: Any, restarts: np.ndarray | None = None
  ) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """Take a step; return observations, rewards, ends. `restarts` begin a new episode instead."""
    self._seeds += 1  # new randomness for every step
    self._actions[:] = actions
    if restarts is None or not restarts.any():
      seen, reward, over = self._step(tf.constant(self._told))
    else:
      self._restarts[:] = restarts
      seen, reward, over = self._turn(tf.constant(self._told), tf.constant(self._codes))
    return _arrays(seen), reward.numpy(), over.numpy()

  def frames(self) -> np.ndarray:
    """Draw the present works, enlarged: uint8 [B, height, width, 3]."""
    state = tf.nest.map_structure(tf.convert_to_tensor, self._state)
    pictures = self._world.media.render(self._world.rules.work(state))
    pictures = np.where(pictures[..., 3:].all(-1, keepdims=True), pictures[..., :3], _GROUND)
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
    state, reward, over = self._moved(told)
    state = works_lib.select(restarts, self._fresh(told, codes), state)
    return self._become(state, tf.where(restarts, 0.0, reward), over & ~restarts)

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
    """Store the new state; return its observation in the form of `spaces`, and `others`."""
    tf.nest.map_structure(lambda variable, value: variable.assign(value), self._state, state)
    seen = {
      name: tf.cast(value, tf.int64) if name == 'label' else _axis(value)
      for name, value in self._world.rules.observe(state).items()
    }
    return seen, *others


def spaces(world: world_lib.World) -> tuple[gymnasium.spaces.Dict, gymnasium.spaces.Discrete]:
  """Return the observation space and the action space of a world."""
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
  """Trace a call for tensors like `examples`; a concrete function has the least overhead."""
  specs = [tf.TensorSpec(example.shape, example.dtype) for example in examples]
  return tf.function(call, autograph=False).get_concrete_function(*specs)


def _axis(value: tf.Tensor) -> tf.Tensor:
  return value if value.shape.rank > 1 else value[:, None]


def _arrays(seen: dict[str, tf.Tensor]) -> dict[str, np.ndarray]:
  return {name: value.numpy() for name, value in seen.items()}
