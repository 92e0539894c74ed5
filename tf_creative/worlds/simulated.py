"""Environments of Gymnasium as worlds without known rules and without works."""

from __future__ import annotations

import abc
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
from tf_creative.worlds import asked, options, wrappers

_LONGEST = 10_000  # most steps in an episode of an environment without its own limit
PICTURES = 'rgb_array'


class Play(world_lib.Play):
  """Specs and features for an agent, derived from the spaces of an environment."""

  observation_spec: dict[str, works_lib.Bounded] = {}
  action_spec: works_lib.Bounded | Any = None
  reward_bound: float = 1.0

  def __init__(self, envs: gymnasium.vector.VectorEnv, reward_bound: float = 1.0, stack: int = 1):
    actions = envs.single_action_space
    if not isinstance(actions, gymnasium.spaces.Discrete):
      raise spec.SpecError(f'the hand needs a finite set of actions: Discrete, not {actions}.')
    parts = _parts(envs.single_observation_space)
    self.observation_spec = {name: _bounded(name, part, stack) for name, part in parts.items()}
    self.action_spec = works_lib.Bounded((), tf.int32, 0, int(actions.n) - 1)
    self.reward_bound, self.stack = reward_bound, stack

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
  """Converts observations and actions to the form that `Simulator.vector` promises.

  It also stacks frames: Gymnasium has no wrapper for that which takes a vector of environments.
  """

  def __init__(self, envs: gymnasium.vector.VectorEnv, play: Play):
    super().__init__(envs)
    self._parts, self._stack = play.observation_spec, play.stack
    self._first = int(envs.single_action_space.start)  # pyright: ignore[reportAttributeAccessIssue]
    self._over = np.ones(envs.num_envs, bool)  # where the next observation begins an episode
    self._seen: dict[str, np.ndarray] = {}

  def reset(self, *, seed: Any = None, options: Any = None):
    seen, info = self.env.reset(seed=seed, options=options)
    self._over = np.ones(self.num_envs, bool)
    told = self._told(seen)
    self._over = ~self._over
    return told, info

  def step(self, actions: np.ndarray):
    seen, reward, ended, cut, info = self.env.step(actions + self._first)
    told = self._told(seen)
    self._over = (ended | cut) & ~self._over
    return told, reward, ended, cut, info

  def render(self) -> Any:
    try:
      return self.env.render()
    except gymnasium.error.DependencyNotInstalled as error:
      raise spec.UserError(f'there are no pictures: {error}') from error

  def _told(self, seen: Any) -> dict[str, np.ndarray]:
    """Convert an observation, in copies: environments may reuse their arrays."""
    seen = seen if isinstance(seen, Mapping) else {'seen': seen}
    self._seen = {name: self._stacked(name, np.asarray(seen[name])) for name in self._parts}
    return self._seen

  def _stacked(self, name: str, frame: np.ndarray) -> np.ndarray:
    """Append a frame to those before it, or repeat it where an episode begins."""
    part = self._parts[name]
    told = np.empty((len(frame), *part.shape), part.dtype.as_numpy_dtype)
    if self._stack == 1:
      told[...] = frame.reshape(told.shape)
      return told
    size = told.shape[-1] // self._stack
    frame = frame.reshape((*told.shape[:-1], size))
    told[..., -size:] = frame
    if not self._over.all():
      told[..., :-size] = self._seen[name][..., size:]
    told[self._over] = np.tile(frame[self._over], self._stack)
    return told


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


class Simulated(world_lib.Simulator, world_lib.World):
  """The base of worlds that are environments: a frozen dataclass of options, with `environments`.

  That makes a vector of environments; `play` is derived from one of them.
  """

  measures = Returns()

  @abc.abstractmethod
  def environments(self, count: int, render: bool) -> gymnasium.vector.VectorEnv:
    """Make parallel environments, whose observations are single frames."""

  def vector(self, count: int, render: bool = False) -> Told:
    return Told(self.environments(count, render), self.play)

  def _derive(self, reward_bound: float, stack: int = 1) -> None:
    """Set the parts of the world, from one environment."""
    with contextlib.closing(self.environments(1, render=False)) as envs:
      play = Play(envs, reward_bound, stack)
      renders = PICTURES in envs.metadata.get('render_modes', ())
    for name, value in {'play': play, 'renders': renders, 'simulator': self}.items():
      object.__setattr__(self, name, value)


@dataclasses.dataclass(frozen=True)
class Gym(options.Gym, Simulated):
  """The world of an environment, given by its name for gymnasium.make."""

  name = 'gym'

  def __post_init__(self):
    super().__post_init__()
    if ':' in self.id:  # gymnasium.make imports the module before a colon, and so runs its code
      raise spec.SpecError(
        f"option 'id' of gym must be the name of an environment, not a module's: '{self.id}'.",
        'id=',
      )
    try:
      self._derive(self.reward_bound, self.frame_stack)
      object.__setattr__(self, 'ask', None if self._changed else asked.answers(self.id))
    except (gymnasium.error.Error, ImportError) as error:
      raise spec.SpecError(
        f"gym has no environment '{self.id}': {str(error).rstrip('.')}.", 'id='
      ) from error

  @property
  def _changed(self) -> bool:
    """Whether more is in a state than what is seen, or less of it is seen."""
    return bool(self.frame_stack > 1 or self.sticky or self.grey or self.resize)

  def environments(self, count: int, render: bool) -> gymnasium.vector.VectorEnv:
    """Make environments one by one, like gymnasium.make, so that each has its usual wrappers."""
    return gymnasium.make_vec(
      self.id,
      count,
      'sync',
      wrappers=[*wrappers.of(self)],
      max_episode_steps=self.max_steps or gymnasium.spec(self.id).max_episode_steps or _LONGEST,
      disable_env_checker=True,
      **({'render_mode': PICTURES} if render else {}),
    )


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


def _bounded(
  name: str, space: gymnasium.spaces.Box | gymnasium.spaces.Discrete, stack: int
) -> works_lib.Bounded:
  """Convert a space to bounds of `stack` frames, one after the other on the last axis.

  Bytes and bools become uint8, classes int32, all else float32. A plane [H, W] gets a last axis.
  """
  if stack > 1 and not space.shape:
    raise spec.SpecError(
      f"frames are stacked of boxes, and '{name}' is {space}: leave the stacking out."
    )
  if isinstance(space, gymnasium.spaces.Discrete):
    return works_lib.Bounded((), tf.int32, int(space.start), int(space.start + space.n) - 1)
  kind = tf.uint8 if space.dtype in (np.uint8, np.bool_) else tf.float32
  low, high = max(space.low.min(), kind.min), min(space.high.max(), kind.max)
  shape = (*space.shape, 1) if len(space.shape) == 2 else space.shape
  shape = (*shape[:-1], stack * shape[-1]) if shape else ()
  return works_lib.Bounded(shape, kind, math.floor(low), math.ceil(high))
