"""Reads recorded play: a file .npz of arrays with Minari's names, or a data set of Minari."""

from __future__ import annotations

from collections.abc import Mapping
import importlib
import io
import pathlib
import zipfile
import zlib

import numpy as np
import tensorflow as tf

from tf_creative.core import batch as batch_lib
from tf_creative.core import spec, storage
from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib

MINARI = 'minari:'
_MOST = 2**30  # bytes of a file, and of its arrays
_HEAD = 'observations', 'next_observations'
_FLAT = 'actions', 'terminations', 'truncations'

Arrays = dict[str, np.ndarray]


def read(name: str, world: world_lib.World) -> batch_lib.Batch:
  """Return all recorded steps as sequences of two frames; their rewards are left out.

  Raises a SpecError for what cannot be play in this world.
  """
  try:
    arrays = _minari(name.removeprefix(MINARI)) if name.startswith(MINARI) else _file(name)
    steps, before, after = _checked(arrays, world)
  except ValueError as error:  # a SpecError of ours, or NumPy's word on a file
    raise spec.SpecError(f'{name} is no recorded play: {error}.', 'demonstrations=') from error
  ended, action = steps['terminations'], steps['actions']
  return batch_lib.transitions(
    {part: tf.constant(values) for part, values in before.items()},
    tf.constant(action),
    tf.zeros([len(action)]),
    {part: tf.constant(values) for part, values in after.items()},
    tf.constant(ended),
  )


def _file(name: str) -> Arrays:
  try:
    content = io.BytesIO(storage.read(pathlib.Path(name), _MOST))
    with zipfile.ZipFile(content) as archive:
      if sum(member.file_size for member in archive.infolist()) > _MOST:
        raise ValueError(f'its arrays have more than {_MOST:,} bytes')
    with np.load(content, allow_pickle=False) as arrays:
      return {key: arrays[key] for key in arrays.files if key.split('/')[0] in (*_HEAD, *_FLAT)}
  except OSError as error:
    raise ValueError(error.strerror or str(error)) from error
  # What zipfile raises of bad files; a RuntimeError, of those locked or packed in another way.
  except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
    raise ValueError(f'no whole .npz ({error})') from error


def _minari(name: str) -> Arrays:
  """Read a data set that the user has downloaded, episode after episode."""
  try:
    minari = importlib.import_module('minari')
  except ImportError as error:
    raise ValueError('it needs a package: pip install minari') from error
  try:
    dataset = minari.load_dataset(name)
  except Exception as error:  # of several kinds, as the package's versions have it
    raise ValueError(f'Minari has no such data here ({" ".join(str(error).split())})') from error
  parts: dict[str, list[np.ndarray]] = {}
  for episode in dataset.iterate_episodes():
    for key in _FLAT:
      parts.setdefault(key, []).append(np.asarray(getattr(episode, key)))
    seen = episode.observations  # one more than there are steps
    for part, values in seen.items() if isinstance(seen, Mapping) else [('', seen)]:
      for key, cut in zip(_HEAD, (np.s_[:-1], np.s_[1:]), strict=True):
        parts.setdefault(f'{key}/{part}'.rstrip('/'), []).append(np.asarray(values)[cut])
  arrays = {key: np.concatenate(found) for key, found in parts.items()}
  if 'actions' in arrays and np.issubdtype(arrays['actions'].dtype, np.integer):
    arrays['actions'] = arrays['actions'] - int(getattr(dataset.action_space, 'start', 0))
  return arrays


def _checked(arrays: Arrays, world: world_lib.World) -> tuple[Arrays, Arrays, Arrays]:
  """Return what is told of steps, and what was observed before and after each of them."""
  for key in _FLAT:
    if key not in arrays:
      raise ValueError(f"it lacks the array '{key}'")
  count, most = len(np.atleast_1d(arrays['actions'])), world.play.action_spec.maximum
  steps = {
    'actions': _within(arrays, 'actions', works_lib.Bounded((), tf.int32, 0, most), count),
    'terminations': _truth(arrays, 'terminations', count),
    'truncations': _truth(arrays, 'truncations', count),
  }
  spaces, told = world.play.observation_spec, any(key.startswith(_HEAD[1]) for key in arrays)
  before = {part: _seen(arrays, _HEAD[0], part, space, count) for part, space in spaces.items()}
  if told:
    after = {part: _seen(arrays, _HEAD[1], part, space, count) for part, space in spaces.items()}
  else:
    # What followed the last step of an episode is not known: such steps are left out.
    goes_on = ~(steps['terminations'] | steps['truncations'])[:-1]
    after = {part: values[1:][goes_on] for part, values in before.items()}
    before = {part: values[:-1][goes_on] for part, values in before.items()}
    steps = {key: values[:-1][goes_on] for key, values in steps.items()}
  if not len(steps['actions']):
    raise ValueError('there is no step in it of which is known what followed')
  return steps, before, after


def _seen(arrays: Arrays, head: str, part: str, space: works_lib.Bounded, count: int) -> np.ndarray:
  """Return what was observed of a part, which is `observations/PART`; of a single one, no name."""
  key = f'{head}/{part}'
  return _within(arrays, key if key in arrays or part != 'seen' else head, space, count)


def _within(arrays: Arrays, key: str, space: works_lib.Bounded, count: int) -> np.ndarray:
  """Return an array in the world's form, if its values can be there."""
  if key not in arrays:
    raise ValueError(f"it lacks the array '{key}'")
  values, shape = arrays[key], (count, *space.shape)
  plane = space.shape[-1:] == (1,) and values.shape == shape[:-1]  # the world gives it a last axis
  if values.shape != shape and not plane:
    raise ValueError(f"'{key}' has the shape {values.shape}, and here {shape} is needed")
  kinds = 'fiub' if space.dtype.is_floating else 'iub'
  if values.dtype.kind not in kinds:
    raise ValueError(f"'{key}' has the type {values.dtype}, and here {space.dtype.name} is needed")
  if not np.isfinite(values).all():
    raise ValueError(f"'{key}' has numbers that are not finite")
  low, high = (values.min(), values.max()) if values.size else (space.minimum, space.minimum)
  if not space.dtype.is_floating and not space.minimum <= low <= high <= space.maximum:
    raise ValueError(
      f"'{key}' has {low} to {high}, and here are {space.minimum} to {space.maximum}"
    )
  return values.reshape(shape).astype(space.dtype.as_numpy_dtype)


def _truth(arrays: Arrays, key: str, count: int) -> np.ndarray:
  return _within(arrays, key, works_lib.Bounded((), tf.uint8, 0, 1), count).astype(bool)
