"""Evaluates a hand in worlds without works: by episodes in new environments."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
import contextlib
from typing import Any, NamedTuple

import numpy as np
from PIL import Image
import tensorflow as tf

from tf_creative.core import spec
from tf_creative.core import world as world_lib
from tf_creative.learner import batches
from tf_creative.learner import learner as learner_lib
from tf_creative.metrics import aggregate

EPISODES = 20  # in an evaluation, for each purpose
_VALIDATION, _HELD_OUT = range(2)  # purposes of episodes; each has seeds of its own
_MOST_FRAMES, _WIDEST = 60, 240  # of an animation: frames, and width in pixels

Act = Callable[[world_lib.Observation], np.ndarray]


class Episodes(NamedTuple):
  """One episode for each seed."""

  returns: np.ndarray  # float64 [N]
  steps: np.ndarray  # int64 [N]


class Player:
  """Plays episodes with a greedy hand; the best round is chosen by other episodes than reported."""

  remarks = ()  # there are as many episodes as are wanted

  def __init__(
    self,
    learner: learner_lib.Learner,
    tell: Callable[[str], None] = lambda what: None,
  ):
    """Take a learner and `tell`, which is called to report progress."""
    self._world, self._agent, self._tell = learner.world, learner.agent, tell
    self._best = tf.function(batches.in_batches(self._greedy), autograph=False)

  def act(self, observation: world_lib.Observation) -> np.ndarray:
    """Return the action with the highest value: int32 [B]."""
    return self._best(tf.nest.map_structure(tf.constant, observation)).numpy()

  def _greedy(self, observation: Any) -> tf.Tensor:
    return tf.argmax(self._agent.values(observation), -1, tf.int32)

  def at_random(self, seed: int) -> Act:
    """Return a uniformly random policy, the baseline of every hand."""
    rng, count = np.random.default_rng(seed), self._world.play.action_spec.maximum + 1
    return lambda seen: rng.integers(count, size=len(next(iter(seen.values()))), dtype=np.int32)

  def look(self) -> dict[str, float]:
    """Play the episodes by which the best round is chosen, and others to report."""
    self._tell('playing episodes')
    seeds = episode_seeds(_VALIDATION, EPISODES) + held_out(EPISODES)
    played = play(self._world, self.act, seeds)
    numbers = {'validation/return': float(played.returns[:EPISODES].mean())}
    return numbers | _numbers('held_out', Episodes(*(part[EPISODES:] for part in played)))

  def fault(self, numbers: Mapping[str, float]) -> float:
    """Return the number by which the best round is chosen; lower is better."""
    return -numbers['validation/return']

  def yardstick(self, seed: int = 0) -> dict[str, float]:
    """Play the held-out episodes with a random policy."""
    return _numbers('random', play(self._world, self.at_random(seed), held_out(EPISODES)))

  def frames(self) -> np.ndarray | None:
    """Draw one episode of the hand: uint8 RGB [T, height, width, 3], or None if impossible."""
    if not self._world.simulator.renders:
      return None
    self._tell('drawing an episode')
    shown, every = [], 1
    try:
      with contextlib.closing(self._world.simulator.vector(1, render=True)) as envs:
        for time, picture in enumerate(_pictures(envs, self.act, held_out(1))):
          if time % every == 0:
            shown.append(_small(picture))
          # An episode's length is not known before it ends: drop every second frame when full.
          if len(shown) == 2 * _MOST_FRAMES:
            shown, every = shown[::2], 2 * every
    except spec.UserError as error:  # a library for drawing may not be installed
      self._tell(str(error))
      return None
    kept = np.linspace(0, len(shown) - 1, min(len(shown), _MOST_FRAMES)).round().astype(int)
    return np.stack([shown[place] for place in kept])


def play(world: world_lib.World, act: Act, seeds: list[int]) -> Episodes:
  """Play an episode for each seed, in parallel."""
  returns, steps = np.zeros(len(seeds)), np.zeros(len(seeds), np.int64)
  over = np.zeros(len(seeds), bool)
  with contextlib.closing(world.simulator.vector(len(seeds))) as envs:
    seen, _ = envs.reset(seed=seeds)
    while not over.all():
      seen, reward, ended, cut, _ = envs.step(act(seen))
      returns += np.where(over, 0, reward)
      steps += ~over
      over |= ended | cut
  return Episodes(returns, steps)


def held_out(count: int, seed: int = 0) -> list[int]:
  """Draw seeds of episodes that are used for reports only, not for choosing the best round."""
  return episode_seeds(_HELD_OUT, count, seed)


def episode_seeds(purpose: int, count: int, seed: int = 0) -> list[int]:
  """Draw seeds for a purpose by hashing: they differ from training's, which count up."""
  drawn = np.random.SeedSequence([purpose, seed]).generate_state(count)
  return [int(number) >> 1 for number in drawn]  # some simulators accept 31 bits only


def headlines(numbers: Mapping[str, float]) -> str:
  """Format the most important numbers for the terminal."""
  mean, low, high, least, chance = (
    numbers[name]
    for name in (
      'held_out/return', 'held_out/return_low', 'held_out/return_high', 'held_out/return_min',
      'random/return',
    )
  )  # fmt: skip
  return (
    f'return of {EPISODES} held-out episodes: {mean:.1f} on average (95% interval {low:.1f} to '
    f'{high:.1f}), {least:.1f} at least; a random policy: {chance:.1f}'
  )


def _numbers(section: str, played: Episodes) -> dict[str, float]:
  low, high = aggregate.interval(played.returns)
  return {
    f'{section}/return': float(played.returns.mean()),
    f'{section}/return_low': low,
    f'{section}/return_high': high,
    f'{section}/return_min': float(played.returns.min()),
    f'{section}/steps': float(played.steps.mean()),
  }


def _pictures(envs: Any, act: Act, seeds: list[int]) -> Iterator[np.ndarray]:
  """Play one episode; yield a picture before each step and after the last one."""
  seen, _ = envs.reset(seed=seeds)
  over = False
  while not over:
    yield envs.render()[0]
    seen, _, ended, cut, _ = envs.step(act(seen))
    over = bool(ended[0] | cut[0])
  yield envs.render()[0]


def _small(picture: np.ndarray) -> np.ndarray:
  """Shrink a picture to the width of a page."""
  image = Image.fromarray(picture)
  image.thumbnail((_WIDEST, _WIDEST))
  return np.asarray(image.convert('RGB'))
