"""How good a hand is where nothing is made: episodes in fresh environments of the simulator."""

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

EPISODES = 20  # of each kind at a look
_VALIDATION, _HELD_OUT = range(2)  # what seeds are for
_MOST_FRAMES, _WIDEST = 60, 240  # of an animation; pixels

Act = Callable[[world_lib.Observation], np.ndarray]


class Episodes(NamedTuple):
  """One episode for each seed."""

  returns: np.ndarray  # float64 [N]
  steps: np.ndarray  # int64 [N]


class Player:
  """Looks at a greedy hand: the best round is chosen by other episodes than those reported on."""

  def __init__(
    self,
    learner: learner_lib.Learner,
    tell: Callable[[str], None] = lambda what: None,
  ):
    """`tell` hears what is being done."""
    self._world, self._agent, self._tell = learner.world, learner.agent, tell
    self._best = tf.function(batches.in_batches(self._greedy), autograph=False)

  def act(self, observation: world_lib.Observation) -> np.ndarray:
    """Picks the action of the highest value: int32 [B]."""
    return self._best(tf.nest.map_structure(tf.constant, observation)).numpy()

  def _greedy(self, observation: Any) -> tf.Tensor:
    return tf.argmax(self._agent.values(observation), -1, tf.int32)

  def at_random(self, seed: int) -> Act:
    """Makes a policy that picks any action, whatever is seen: what every hand must beat."""
    rng, count = np.random.default_rng(seed), self._world.play.action_spec.maximum + 1
    return lambda seen: rng.integers(count, size=len(next(iter(seen.values()))), dtype=np.int32)

  def look(self) -> dict[str, float]:
    """Plays the episodes by which the best round is chosen, and others that are reported."""
    self._tell('playing episodes')
    seeds = episode_seeds(_VALIDATION, EPISODES) + held_out(EPISODES)
    played = play(self._world, self.act, seeds)
    numbers = {'validation/return': float(played.returns[:EPISODES].mean())}
    return numbers | _numbers('held_out', Episodes(*(part[EPISODES:] for part in played)))

  def fault(self, numbers: Mapping[str, float]) -> float:
    """Tells what the best round has least of."""
    return -numbers['validation/return']

  def yardstick(self, seed: int = 0) -> dict[str, float]:
    """Plays the held-out episodes by a random policy."""
    return _numbers('random', play(self._world, self.at_random(seed), held_out(EPISODES)))

  def frames(self) -> np.ndarray | None:
    """Shows one episode of the hand: uint8 RGB [T, height, width, 3]; None without pictures."""
    if not self._world.simulator.renders:
      return None
    self._tell('drawing an episode')
    shown, every = [], 1
    try:
      with contextlib.closing(self._world.simulator.vector(1, render=True)) as envs:
        for time, picture in enumerate(_pictures(envs, self.act, held_out(1))):
          if time % every == 0:
            shown.append(_small(picture))
          if len(shown) == 2 * _MOST_FRAMES:  # episodes may be long, so half of them go
            shown, every = shown[::2], 2 * every
    except spec.UserError as error:  # what draws may not be installed
      self._tell(str(error))
      return None
    kept = np.linspace(0, len(shown) - 1, min(len(shown), _MOST_FRAMES)).round().astype(int)
    return np.stack([shown[place] for place in kept])


def play(world: world_lib.World, act: Act, seeds: list[int]) -> Episodes:
  """Plays an episode for each seed, side by side."""
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
  """Draws seeds of episodes that nothing was chosen by."""
  return episode_seeds(_HELD_OUT, count, seed)


def episode_seeds(purpose: int, count: int, seed: int = 0) -> list[int]:
  """Draws seeds by hashing: training counts its own from the run's."""
  drawn = np.random.SeedSequence([purpose, seed]).generate_state(count)
  return [int(number) >> 1 for number in drawn]  # some simulators take no more than 31 bits


def headlines(numbers: Mapping[str, float]) -> str:
  """Tells the numbers that a person wants to see first."""
  mean, low, high, least, chance = (
    numbers[name]
    for name in (
      'held_out/return', 'held_out/return_low', 'held_out/return_high', 'held_out/return_min',
      'random/return',
    )
  )  # fmt: skip
  return (
    f'return of {EPISODES} episodes that nothing was chosen by: {mean:.1f} on average (95% '
    f'interval {low:.1f} to {high:.1f}), {least:.1f} at least; of a random policy {chance:.1f}'
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
  """Plays one episode and yields what it looks like before each step and after the last."""
  seen, _ = envs.reset(seed=seeds)
  over = False
  while not over:
    yield envs.render()[0]
    seen, _, ended, cut, _ = envs.step(act(seen))
    over = bool(ended[0] | cut[0])
  yield envs.render()[0]


def _small(picture: np.ndarray) -> np.ndarray:
  """Shrinks what is wider than a page has room for."""
  image = Image.fromarray(picture)
  image.thumbnail((_WIDEST, _WIDEST))
  return np.asarray(image.convert('RGB'))
