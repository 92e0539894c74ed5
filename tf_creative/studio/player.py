"""Evaluates a hand in worlds without works: by episodes in new environments."""

from __future__ import annotations

import collections
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from PIL import Image
import tensorflow as tf

from tf_creative.core import spec, stepping
from tf_creative.core import world as world_lib
from tf_creative.learner import batches
from tf_creative.learner import learner as learner_lib
from tf_creative.metrics import aggregate
from tf_creative.studio import foreseen

EPISODES = 20  # in an evaluation, for each purpose
_AT_ONCE = 100  # episodes
_VALIDATION, _HELD_OUT, _WATCHED = range(3)  # purposes of episodes; each has seeds of its own
_MOST_FRAMES, _WIDEST = 60, 240  # of an animation: frames, and their longer side in pixels
_TERMINAL = 45, 30  # largest width and height of a picture there
_MOMENTS, _APART = 6, 4  # of an episode that is watched: pictures of it, and steps between them

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
    self._beside = foreseen.Beside(learner.foresight) if learner.foresight else None
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
    """Draw one episode of the hand: uint8 RGB [T, height, width, 3], or None if impossible.

    Where transitions are imagined, what was foreseen is beside it.
    """
    if not self._world.simulator.renders:
      return None
    self._tell('drawing an episode')
    shown, every, newest = [], 1, None
    try:
      memory = self._beside.memory if self._beside else 0
      for newest in _moments(self._world, self.act, held_out(1), memory):
        if newest.step % every == 0:
          shown.append(newest)
        # An episode's length is not known before it ends: drop every second frame when full.
        if len(shown) == 2 * _MOST_FRAMES:
          shown, every = shown[::2], 2 * every
    except stepping.Fault:
      raise
    except spec.UserError as error:  # a library for drawing may not be installed
      self._tell(str(error))
      return None
    if shown[-1] is not newest:  # its end, which says what it came to
      shown.append(newest)
    kept = np.linspace(0, len(shown) - 1, min(len(shown), _MOST_FRAMES)).round().astype(int)
    moments = [shown[place] for place in kept]
    panels = self._beside.panels(moments) if self._beside else [[] for _ in moments]
    pairs = zip(moments, panels, strict=True)
    return np.stack([np.hstack([_captioned(moment), *beside]) for moment, beside in pairs])


class Scene:
  """An episode that is watched while the hand learns; it goes on with every look."""

  def __init__(self, learner: learner_lib.Learner):
    self._world, self._player = learner.world, Player(learner)
    self._envs: stepping.Patient | None = None
    self._seen: Any = None

  def look(self) -> np.ndarray | None:
    """Play on for some steps; return moments, the newest last: uint8 RGB [N, height, width, 3].

    Return None where there are no pictures.
    """
    if not self._world.simulator.renders:
      return None
    try:
      if self._envs is None:
        self._envs = stepping.Patient(self._world, 1, render=True)
        self._seen = self._envs.reset(episode_seeds(_WATCHED, 1))
      shown = []
      for _ in range(_MOMENTS):
        for _ in range(_APART):
          self._seen, *_ = self._envs.step(self._player.act(self._seen))
        shown.append(_shrunk(self._envs.render()))
      return np.stack(shown)
    except stepping.Fault:
      raise
    except spec.UserError:  # a library for drawing may not be installed
      return None

  def brief(self) -> np.ndarray | None:
    """Return the same for terminals, small, the newest first: [1, N, height, width, 3]."""
    moments = self.look()
    if moments is None:
      return None
    return np.stack([_shrunk(moment, *_TERMINAL) for moment in moments[::-1]])[None]


def play(world: world_lib.World, act: Act, seeds: list[int]) -> Episodes:
  """Play an episode for each seed, many of them in parallel."""
  parts = [
    _side_by_side(world, act, seeds[at : at + _AT_ONCE]) for at in range(0, len(seeds), _AT_ONCE)
  ]
  return Episodes(*map(np.concatenate, zip(*parts, strict=True)))


def _side_by_side(world: world_lib.World, act: Act, seeds: list[int]) -> Episodes:
  returns, steps = np.zeros(len(seeds)), np.zeros(len(seeds), np.int64)
  over = np.zeros(len(seeds), bool)
  with stepping.Patient(world, len(seeds)) as envs:
    seen = envs.reset(seeds)
    while not over.all():
      seen, reward, ended = envs.step(act(seen))
      returns += np.where(over, 0, reward)
      steps += ~over
      over |= ended
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


def _moments(
  world: world_lib.World, act: Act, seeds: list[int], memory: int
) -> Iterator[foreseen.Moment]:
  """Play one episode; yield the moment before each step and after the last one."""
  past = collections.deque(maxlen=memory)
  with stepping.Patient(world, 1, render=True) as envs:
    seen, step, paid, over = envs.reset(seeds), 0, 0.0, False
    while not over:
      yield foreseen.Moment(_grown(_shrunk(envs.render())), step, paid, seen, tuple(past))
      action = act(seen)
      past.append((seen, action))
      seen, reward, ended = envs.step(action)
      step, paid, over = step + 1, paid + float(reward[0]), bool(ended[0])
    yield foreseen.Moment(_grown(_shrunk(envs.render())), step, paid, seen, tuple(past))


def _captioned(moment: foreseen.Moment) -> np.ndarray:
  """Write step and return below a picture."""
  text = f'step {moment.step:,}  return {moment.paid:,.6g}'
  return foreseen.lined(moment.picture, [(text, foreseen.WHITE)])


def _shrunk(picture: np.ndarray, width: int = _WIDEST, height: int = _WIDEST) -> np.ndarray:
  """Shrink a picture so that it fits; a smaller one stays as it is."""
  image = Image.fromarray(picture).convert('RGB')
  image.thumbnail((width, height), Image.Resampling.BOX, reducing_gap=None)
  return np.asarray(image)


def _grown(picture: np.ndarray) -> np.ndarray:
  """Magnify a small picture, so that words have room below it."""
  zoom = max(1, _WIDEST // max(picture.shape[:2]))
  return picture.repeat(zoom, 0).repeat(zoom, 1)
