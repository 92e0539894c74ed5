"""Measures an imagination of transitions on episodes that nothing has learnt from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tf_creative.core import stepping
from tf_creative.core import world as world_lib
from tf_creative.gan import transition_networks as networks
from tf_creative.learner import foresight as foresight_lib
from tf_creative.learner import learner as learner_lib
from tf_creative.metrics import aggregate, calibration
from tf_creative.studio import foreseen as asking
from tf_creative.studio import player as player_lib

EPISODES, LONGEST = 40, 500  # episodes of each kind, and steps of each that are looked at
RANDOM = 0.1
_SHOWN = 8  # steps to look at
ACTS = {  # who acts -> (title, share of random actions)
  'hand': ('the hand', 0.0),
  'hand_random': (f'the hand, {RANDOM:.0%} random', RANDOM),
  'random_policy': ('a random policy', 1.0),
}
BY = {  # who foresees -> (title, what that is)
  'imagination': ('imagination', 'what --gan=transitions has learnt'),
  'still': (
    'nothing changes',
    'the state stays as it is; reward and end are the means of these same steps',
  ),
  'action_mean': (
    'mean of action',
    'the mean change, reward and share of ends that the action has in these same steps',
  ),
}
# Baselines have the share of ends from these same steps, so these would tell nothing of them.
_OWN = ('end_calibration', 'ends_foreseen', 'ends')

Interval = tuple[float, float, float]  # a mean, and the ends of its 95% interval


class Steps(NamedTuple):
  """Steps of episodes, those of each episode one after the other."""

  seen: np.ndarray  # [M, ...], before the step
  action: np.ndarray  # int32 [M]
  after: np.ndarray  # [M, ...], what the step renewed of it
  reward: np.ndarray  # float64 [M], as the hand learns from it
  end: np.ndarray  # bool [M], true ends only
  episode: np.ndarray  # int64 [M]
  time: np.ndarray  # int64 [M], within the episode


class Told(NamedTuple):
  """What was foreseen of these steps."""

  error: np.ndarray  # float [M], of the state after the step, as `Foresight.unit` tells it
  later: np.ndarray  # float [L], the same after `AHEAD` steps that were imagined in a row
  first: np.ndarray  # int [L], where these begin
  reward: np.ndarray  # float [M]
  end: np.ndarray  # float [M], a probability
  doubt: np.ndarray  # float [M]


class Next(NamedTuple):
  """Some steps to look at."""

  now: np.ndarray  # [N, height, width, C], the newest frame
  after: np.ndarray  # the next one
  foreseen: np.ndarray


class Found(NamedTuple):
  """How well transitions are foreseen."""

  # (who acts, who foresees) -> measure -> mean and interval
  measures: dict[tuple[str, str], dict[str, Interval]]
  ends: list[calibration.Bin]  # of all these steps together
  episodes: int  # of each who acts
  kind: networks.Kind  # what states are like
  next: Next | None = None  # of the hand with some random actions; where there are frames


def evaluate(
  learner: learner_lib.Learner, count: int, seed: int, say: Callable[[str], None]
) -> Found | None:
  """Measure what is foreseen in at most `count` episodes; None where nothing is."""
  foresight = learner.foresight
  if foresight is None:
    return None
  player, count = player_lib.Player(learner), min(count, EPISODES)
  seeds, ahead = player_lib.held_out(count, seed + 1), asking.asked(foresight)
  measures, ends, some = {}, [], None
  for place, (acts, (title, share)) in enumerate(ACTS.items()):
    say(f'foreseeing what follows in {count} episodes: {title}')
    steps = play(learner.world, sometimes(player, share, seed), seeds, foresight)
    if acts == 'hand_random' and len(foresight.model.kind.shape) == 3:
      some = _some(steps, ahead, foresight, seed)
    for by, each in {'imagination': ahead, **baselines(steps, foresight)}.items():
      told = foresee(steps, each, foresight, len(ACTS) * seed + place)
      measures[acts, by] = measure(steps, told, seed)
      if by == 'imagination':
        ends.append((told.end, steps.end))
        continue
      for name in _OWN:
        del measures[acts, by][name]
  chance, happened = (np.concatenate(part) for part in zip(*ends, strict=True))
  return Found(measures, calibration.bins(chance, happened), count, foresight.model.kind, some)


def sometimes(player: player_lib.Player, share: float, seed: int) -> player_lib.Act:
  """Return a policy that is greedy but for that share of its actions."""
  rng, anything = np.random.default_rng([seed, 1]), player.at_random(seed)

  def act(seen: world_lib.Observation) -> np.ndarray:
    best, other = player.act(seen), anything(seen)
    return np.where(rng.random(len(best)) < share, other, best)

  return act


def play(world: world_lib.World, act: player_lib.Act, seeds: list[int], foresight: Any) -> Steps:
  """Play an episode for each seed, side by side, and keep its first steps."""
  name, newest = foresight.key, foresight.model.kind.newest
  going, rows = np.ones(len(seeds), bool), []
  with stepping.Patient(world, len(seeds)) as envs:
    seen = envs.reset(seeds)
    while going.any() and len(rows) < LONGEST:
      action, time = act(seen), np.full(len(seeds), len(rows))
      after, reward, over = envs.step(action)
      row = seen[name], action, after[name][..., -newest:], reward, envs.ended, time
      rows.append([*(part[going] for part in row), np.flatnonzero(going)])
      seen, going = after, going & ~over
  *parts, time, episode = map(np.concatenate, zip(*rows, strict=True))
  order = np.lexsort((time, episode))
  steps = Steps(*(part[order] for part in (*parts, episode, time)))
  if not world.simulator.clip:
    return steps
  bound = world.play.reward_bound
  return steps._replace(reward=np.clip(steps.reward, -bound, bound))


def baselines(steps: Steps, foresight: Any) -> dict[str, asking.Ahead]:
  """Return those who know no more than means of these steps: over all of them, and by action."""
  kind = foresight.model.kind
  change = np.float32(steps.after) - steps.seen[..., -kind.newest :]
  count = kind.actions
  taken = np.maximum(np.bincount(steps.action, minlength=count), 1)
  mean = np.zeros((count, *change.shape[1:]))
  np.add.at(mean, steps.action, change)
  mean /= taken.reshape(-1, *[1] * (change.ndim - 1))
  paid, over = (
    np.bincount(steps.action, part, count) / taken for part in (steps.reward, steps.end)
  )
  same = np.full(count, 1.0)
  return {
    'still': _means(foresight, 0 * mean, steps.reward.mean() * same, steps.end.mean() * same),
    'action_mean': _means(foresight, mean, paid, over),
  }


def _means(foresight: Any, change: np.ndarray, reward: np.ndarray, end: np.ndarray) -> asking.Ahead:
  """Return who adds to a state the change of each action, whatever the state is."""
  kind = foresight.model.kind

  def ahead(observation, actions, seed):
    del seed
    after = observation[foresight.key][..., -kind.newest :] + sum(
      change[action] for action in actions.T
    )
    after = np.clip(np.round(after), 0, 1) if kind.bits else after
    last, none = actions[:, -1], np.zeros(len(actions))
    told = foresight_lib.Foreseen(after, reward[last], end[last], none, none)
    return {foresight.key: after}, told

  return ahead


def foresee(steps: Steps, ahead: asking.Ahead, foresight: Any, seed: int) -> Told:
  """Foresee each step, and what `AHEAD` steps lead to; compare the states with the real ones."""
  key, newest, unit = foresight.key, foresight.model.kind.newest, foresight.unit

  def apart(seen, after):
    error = np.abs(np.float32(seen[key][..., -newest:]) - after) / unit
    return error.reshape(len(error), -1).mean(1)

  seen, told = ahead({key: steps.seen}, steps.action[:, None], seed)
  error, first = apart(seen, steps.after), windows(steps)
  later = np.zeros(0)
  if len(first):
    last = first[:, None] + np.arange(asking.AHEAD)
    seen, _ = ahead({key: steps.seen[first]}, steps.action[last], seed)
    later = apart(seen, steps.after[last[:, -1]])
  return Told(error, later, first, told.reward, told.end, told.doubt)


def _some(steps: Steps, ahead: asking.Ahead, foresight: Any, seed: int) -> Next:
  """Return steps that are spread evenly over all."""
  rows = np.linspace(0, len(steps.time) - 1, _SHOWN).round().astype(int)
  newest = foresight.model.kind.newest
  told, _ = ahead({foresight.key: steps.seen[rows]}, steps.action[rows, None], seed)
  return Next(
    steps.seen[rows][..., -newest:], steps.after[rows], told[foresight.key][..., -newest:]
  )


def measure(steps: Steps, told: Told, seed: int) -> dict[str, Interval]:
  """Return means over steps, with intervals that redraw whole episodes."""

  def mean(values, rows=slice(None)):
    _, part = np.unique(steps.episode[rows], return_inverse=True)
    return aggregate.ratio(np.bincount(part, values), np.bincount(part), seed)

  found = {'state_error': mean(told.error)}
  if np.ptp(told.doubt):
    sure = told.doubt <= np.median(told.doubt)
    found['state_error_sure'] = mean(told.error[sure], sure)
  if len(told.first):
    found[f'state_error_{asking.AHEAD}'] = mean(told.later, told.first)
  gaps = calibration.gaps(told.end, steps.end, steps.episode)
  return found | {
    'reward_error': mean(np.abs(told.reward - steps.reward)),
    'end_brier': mean(np.square(told.end - steps.end)),
    'end_calibration': aggregate.ratio(gaps, np.bincount(steps.episode), seed),
    'ends_foreseen': mean(told.end),
    'ends': mean(steps.end),
  }


def windows(steps: Steps) -> np.ndarray:
  """Return the rows where steps begin that are imagined in a row, none of them twice."""
  first = np.flatnonzero(steps.time % asking.AHEAD == 0)
  last = first + asking.AHEAD - 1
  first = first[last < len(steps.time)]
  return first[steps.episode[first] == steps.episode[first + asking.AHEAD - 1]]
