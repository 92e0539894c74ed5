"""Records episodes of a hand in an environment: arrays by Minari's names, for others to imitate."""

from __future__ import annotations

import os
import pathlib

import numpy as np

from tf_creative.core import spec, stepping, storage
from tf_creative.learner import learner as learner_lib
from tf_creative.studio import player

_NAME = 'episodes.npz'
_AT_ONCE = 20  # episodes
_PURPOSE = 100  # no other episodes have these seeds; see player.episode_seeds


def recorded(
  learner: learner_lib.Learner, count: int, seed: int = 0, out: str | os.PathLike = ''
) -> dict[str, np.ndarray]:
  """Play episodes with the greedy hand; return their steps, one episode after the other.

  Rows are steps: `observations`, `next_observations` (with /NAME where there are several),
  `actions`, `rewards`, `terminations` and `truncations`. With `out`, a folder, they are also
  written there.
  """
  learner.world.need('simulator', by='a recording')
  if count < 1:
    raise spec.UserError(f'at least one episode is recorded, not {count}.')
  seeds = player.episode_seeds(_PURPOSE, count, seed)
  parts = [_together(learner, seeds[at : at + _AT_ONCE]) for at in range(0, count, _AT_ONCE)]
  arrays = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
  if out:
    folder = pathlib.Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    with storage.whole(folder / _NAME) as path, path.open('wb') as file:
      np.savez_compressed(file, **arrays)
  return arrays


def _together(learner: learner_lib.Learner, seeds: list[int]) -> dict[str, np.ndarray]:
  act, rows = player.Player(learner).act, [[] for _ in seeds]
  over = np.zeros(len(seeds), bool)
  with stepping.Patient(learner.world, len(seeds)) as envs:
    seen = envs.reset(seeds)
    while not over.all():
      actions, before = act(seen), seen
      seen, reward, ended = envs.step(actions)
      told = {'actions': actions, 'rewards': reward}
      told |= {'terminations': envs.ended, 'truncations': ended & ~envs.ended}
      told |= _named('observations', before) | _named('next_observations', seen)
      for which in np.flatnonzero(~over):
        rows[which].append({name: values[which] for name, values in told.items()})
      over |= ended
  steps = [step for episode in rows for step in episode]
  return {name: np.stack([step[name] for step in steps]) for name in steps[0]}


def _named(head: str, seen: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
  """Name what is seen: a single thing has no name of its own."""
  if [*seen] == ['seen']:
    return {head: seen['seen'].copy()}
  return {f'{head}/{name}': values.copy() for name, values in seen.items()}
