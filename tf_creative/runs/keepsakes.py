"""What a run keeps of its world's data, so that it stays the same when they change."""

from __future__ import annotations

import json
import pathlib
from typing import Any

from tf_creative.core import spec, storage
from tf_creative.core import world as world_lib
from tf_creative.learner import config as config_lib
from tf_creative.runs import checkpoints

NAME = 'data.json'
_MOST_BYTES = 1 << 20


def read(run: pathlib.Path) -> dict[str, Any]:
  """Return what a run has kept; nothing where there was nothing to keep."""
  path = run / NAME
  if not path.exists():
    return {}
  try:
    kept = json.loads(storage.read(path, _MOST_BYTES))
    if not isinstance(kept, dict):
      raise ValueError('it is no object')
  except (OSError, ValueError, RecursionError) as error:
    raise spec.UserError(
      f'{path} is damaged ({error}): bring a copy of it back, or train another run.'
    ) from error
  return kept


def of(run: config_lib.RunConfig) -> dict[str, Any]:
  """Return what a run goes on with: its own, or the palette of the one that it starts from."""
  if checkpoints.numbers(pathlib.Path(run.run_dir) / 'checkpoints'):
    return read(pathlib.Path(run.run_dir))
  parents = read(pathlib.Path(run.fork_from)) if run.fork_from else {}
  return {name: part for name, part in parents.items() if name == 'palette'}


def write(run: pathlib.Path, world: world_lib.World) -> None:
  """Keep what the world asks for; a UserError if its data are others than before."""
  if kept := world.play.keepsake():
    storage.write(run / NAME, json.dumps(kept) + '\n')
