"""The data that the rules check: a world, some of its works, and random episodes in it."""

from __future__ import annotations

from collections.abc import Iterator
import contextlib
import functools
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.core.works import Bounded

COUNT = 5  # works, and parallel episodes
STEPS = 20  # random steps in each episode
_TRIES = 12  # actions tried in one state
_SEED = (3, 1)


class Move(NamedTuple):
  """One step of some episodes."""

  state: Any
  action: tf.Tensor
  following: Any
  reward: tf.Tensor
  done: tf.Tensor


class Case:
  """A world with some of its works and random episodes, each computed when first asked for."""

  def __init__(self, world: world_lib.World):
    self.world = world
    self.seed = tf.constant(_SEED)

  @functools.cached_property
  def concept(self) -> works_lib.Works:
    """Draw real works, each with a random code where the world shows the hand one."""
    rows = next(iter(self.world.works.real('train').batch(COUNT)))
    size = self.world.play.code_size if self.world.play else 0
    code = tf.random.stateless_normal([COUNT, size], self.seed) if size else ()
    return works_lib.Works(rows.work, rows.label, code)

  @functools.cached_property
  def start(self) -> Any:
    return self.world.rules.start(self.concept, self.seed)

  @functools.cached_property
  def moves(self) -> list[Move]:
    """Take random steps; an episode that is over starts again."""
    state, found = self.start, []
    for time in range(STEPS):
      action = self.actions(time)
      found.append(Move(state, action, *self.world.rules.step(state, action, self.seed + time)))
      state = works_lib.select(found[-1].done, self.start, found[-1].following)
    return found

  @functools.cached_property
  def seen(self) -> list[dict[str, tf.Tensor]]:
    """Observe the start state and the state after each step."""
    states = [self.start, *(move.following for move in self.moves)]
    return [self.world.rules.observe(state) for state in states]

  @property
  def observations(self) -> list[dict[str, tf.Tensor]]:
    """Observations of episodes; without rules or simulator, random ones within their specs."""
    if self.world.rules and self.world.works:
      return self.seen
    if self.world.simulator:
      return [seen for seen, *_ in self.simulated]
    rng = np.random.default_rng(0)
    drawn = {
      name: rng.integers(part.minimum, part.maximum, (COUNT, *part.shape), endpoint=True)
      for name, part in self.world.play.observation_spec.items()
    }
    kinds = self.world.play.observation_spec
    return [{name: tf.cast(part, kinds[name].dtype) for name, part in drawn.items()}]

  @functools.cached_property
  def simulated(self) -> list[tuple]:
    """Take random actions in the simulator: what `simulate` returns for STEPS steps."""
    return self.simulate(STEPS)

  def simulate(self, steps: int) -> list[tuple]:
    """Take random actions in new environments.

    Returns (observation, reward, terminated, truncated) of the reset and of each step.
    """
    with contextlib.closing(self.world.simulator.vector(COUNT)) as envs:
      none = np.zeros(COUNT)
      found = [(envs.reset(seed=[*range(COUNT)])[0], none, none > 0, none > 0)]
      found += [envs.step(self.actions(time).numpy())[:4] for time in range(steps)]
    return found

  @property
  def hidden(self) -> bool:
    """Whether rewards depend on a target work that the hand is not shown."""
    making = self.world.making
    return bool(self.world.play.code_size and making and making.rewards_target)

  def actions(self, time: int) -> tf.Tensor:
    bounds = self.world.play.action_spec
    most = bounds.maximum + 1
    seed = self.seed + 7 * time + 1
    return tf.random.stateless_uniform([COUNT], seed, maxval=most, dtype=bounds.dtype)

  def tries(self) -> Iterator[tf.Tensor]:
    """Yield some of the actions, each repeated for all episodes: [B]."""
    actions = np.linspace(0, self.world.play.action_spec.maximum, _TRIES).round().astype(int)
    for action in np.unique(actions):
      yield tf.fill([COUNT], tf.cast(action, self.world.play.action_spec.dtype))

  def played(self) -> tf.Tensor:
    """Return works that are not real: made by random actions, or drawn at random."""
    if self.world.making:
      return self.world.rules.work(self.moves[-1].following)
    return self.chance()

  def chance(self) -> tf.Tensor:
    return world_lib.chance(self.world, COUNT, self.seed)


def hold(ok: Any, what: str) -> None:
  """Raise an AssertionError with the message `what` unless `ok`."""
  if not bool(ok):
    raise AssertionError(what)


def same(one: Any, other: Any, what: str, close: float = 0.0) -> None:
  """Check that two nests of tensors are equal, up to the tolerance `close`."""
  tf.nest.assert_same_structure(one, other)
  for a, b in zip(tf.nest.flatten(one), tf.nest.flatten(other), strict=True):
    np.testing.assert_allclose(a, b, rtol=close, atol=close, err_msg=what)


def within(value: Any, bounds: Bounded, what: str, count: int = COUNT) -> None:
  """Check that `value` is a batch of `count` tensors that keep `bounds`."""
  value = tf.convert_to_tensor(value)
  hold(value.dtype == bounds.dtype, f'{what} is {value.dtype.name}, not {bounds.dtype.name}')
  hold(value.shape == (count, *bounds.shape), f'{what} is {value.shape}, not [B, *{bounds.shape}]')
  low, high = value.numpy().min(initial=bounds.minimum), value.numpy().max(initial=bounds.maximum)
  hold(
    bounds.minimum <= low and high <= bounds.maximum,
    f'{what} is {low} to {high}, not within {bounds.minimum} to {bounds.maximum}',
  )


def floats(value: Any, shape: tuple, what: str) -> None:
  """Check that `value` is finite float32 of this shape; None matches any size."""
  value = tf.convert_to_tensor(value)
  hold(value.dtype == tf.float32, f'{what} is {value.dtype.name}, not float32')
  hold(tf.TensorShape(shape).is_compatible_with(value.shape), f'{what} is {value.shape}')
  hold(np.isfinite(value).all(), f'{what} is not finite')
