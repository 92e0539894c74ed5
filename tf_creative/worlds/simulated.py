"""Environments of Gymnasium as worlds without known rules and without works."""

from __future__ import annotations

from collections.abc import Mapping
import contextlib
import dataclasses
import math
from typing import Any

import gymnasium
import numpy as np
import tensorflow as tf

from tf_creative.core import spec
from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.worlds import options

_LONGEST = 10_000  # most steps in an episode of an environment without its own limit
_PICTURES = 'rgb_array'


class Play(world_lib.Play):
  """Specs and features for an agent, derived from the spaces of an environment."""

  observation_spec: dict[str, works_lib.Bounded] = {}
  action_spec: works_lib.Bounded | Any = None
  reward_bound: float = 1.0

  def __init__(self, envs: gymnasium.vector.VectorEnv, reward_bound: float = 1.0):
    actions = envs.single_action_space
    if not isinstance(actions, gymnasium.spaces.Discrete):
      raise spec.SpecError(f'the hand needs a finite set of actions: Discrete, not {actions}.')
    parts = _parts(envs.single_observation_space)
    self.observation_spec = {name: _bounded(part) for name, part in parts.items()}
    self.action_spec = works_lib.Bounded((), tf.int32, 0, int(actions.n) - 1)
    self.reward_bound = reward_bound

  def features(self, observation: world_lib.Observation) -> tf.Tensor:
    """Return the observation as floats: bytes are scaled to 0..1, classes one-hot.

    One part keeps its shape [B, ...]; several parts are flattened and joined to [B, N].
    """
    parts = []
    for name, bounded in self.observation_spec.items():
      if bounded.dtype == tf.int32:  # a class
        count = bounded.maximum - bounded.minimum + 1
        parts.append(tf.one_hot(observation[name] - bounded.minimum, count))
        continue
      scale = bounded.maximum if bounded.dtype == tf.uint8 else 1
      parts.append(tf.cast(observation[name], tf.float32) / scale)
    rows = [tf.reshape(part, [tf.shape(part)[0], -1]) for part in parts]
    return tf.concat(rows, 1) if len(parts) > 1 else parts[0]


class Told(gymnasium.vector.VectorWrapper):
  """Converts observations and actions to the form that `Simulator.vector` promises."""

  def __init__(self, envs: gymnasium.vector.VectorEnv, play: Play):
    super().__init__(envs)
    self._types = {name: part.dtype.as_numpy_dtype for name, part in play.observation_spec.items()}
    self._first = int(envs.single_action_space.start)  # pyright: ignore[reportAttributeAccessIssue]

  def reset(self, *, seed: Any = None, options: Any = None):
    seen, info = self.env.reset(seed=seed, options=options)
    return self._told(seen), info

  def step(self, actions: np.ndarray):
    seen, *rest = self.env.step(actions + self._first)
    return self._told(seen), *rest

  def render(self) -> Any:
    try:
      return self.env.render()
    except gymnasium.error.DependencyNotInstalled as error:
      raise spec.UserError(f'there are no pictures: {error}') from error

  def _told(self, seen: Any) -> dict[str, np.ndarray]:
    """Convert an observation, in copies: environments may reuse their arrays."""
    seen = seen if isinstance(seen, Mapping) else {'seen': seen}
    return {name: np.array(seen[name], dtype) for name, dtype in self._types.items()}


class Returns(world_lib.Measures):
  """Names return and steps of an episode; there are no works to measure."""

  scores = {
    'return': world_lib.Measure('.1f', 'return of an episode'),
    'steps': world_lib.Measure('.1f', 'steps of an episode'),
  }
  participle = 'played'
  splits: tuple[str, ...] = ()

  def metrics(self, works: tf.Tensor, concept: tf.Tensor) -> dict[str, Any]:
    """Return nothing, because there are no works."""
    del works, concept
    return {}


@dataclasses.dataclass(frozen=True)
class Gym(options.Gym, world_lib.Simulator, world_lib.World):
  """The world of an environment, given by its name for gymnasium.make."""

  name = 'gym'
  measures = Returns()

  def __post_init__(self):
    super().__post_init__()
    if ':' in self.id:  # gymnasium.make imports the module before a colon, and so runs its code
      raise spec.SpecError(
        f"option 'id' of gym must be the name of an environment, not a module's: '{self.id}'.",
        'id=',
      )
    try:
      envs = self._make(1)
    except (gymnasium.error.Error, ImportError) as error:
      raise spec.SpecError(
        f"gym has no environment '{self.id}': {str(error).rstrip('.')}.", 'id='
      ) from error
    with contextlib.closing(envs):
      play = Play(envs, self.reward_bound)
      renders = _PICTURES in envs.metadata.get('render_modes', ())
    for name, value in {'play': play, 'renders': renders, 'simulator': self}.items():
      object.__setattr__(self, name, value)

  def vector(self, count: int, render: bool = False) -> Told:
    return Told(self._make(count, render_mode=_PICTURES if render else None), self.play)

  def _make(self, count: int, **more: Any) -> gymnasium.vector.VectorEnv:
    """Make environments one by one, like gymnasium.make, so that each has its usual wrappers."""
    steps = self.max_steps or gymnasium.spec(self.id).max_episode_steps or _LONGEST
    more |= {'max_episode_steps': steps, 'disable_env_checker': True}
    return gymnasium.make_vec(self.id, count, 'sync', **more)


def _parts(space: gymnasium.Space) -> dict[str, gymnasium.Space]:
  """Return the parts of an observation space by name; a single one is called 'seen'."""
  parts = space.spaces if isinstance(space, gymnasium.spaces.Dict) else {'seen': space}
  for name, part in parts.items():
    if not isinstance(part, (gymnasium.spaces.Box, gymnasium.spaces.Discrete)):
      raise spec.SpecError(
        f"the hand sees a Box, a Discrete or a Dict of them, and '{name}' is {part}: wrap the "
        'environment, as with gymnasium.wrappers.FlattenObservation.'
      )
  return dict(sorted(parts.items()))


def _bounded(space: gymnasium.spaces.Box | gymnasium.spaces.Discrete) -> works_lib.Bounded:
  """Convert a space to bounds: bytes stay uint8, classes become int32, all else float32."""
  if isinstance(space, gymnasium.spaces.Discrete):
    return works_lib.Bounded((), tf.int32, int(space.start), int(space.start + space.n) - 1)
  kind = tf.uint8 if space.dtype == np.uint8 else tf.float32
  low, high = max(space.low.min(), kind.min), min(space.high.max(), kind.max)
  return works_lib.Bounded(space.shape, kind, math.floor(low), math.ceil(high))
