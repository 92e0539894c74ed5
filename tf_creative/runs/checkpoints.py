"""A folder of numbered checkpoints, written atomically; damaged ones are moved aside."""

from __future__ import annotations

import collections
from collections.abc import Callable, Iterator
import contextlib
import math
import pathlib
import shutil
from typing import Any

from google.protobuf import text_format
import tensorflow as tf
from tensorflow.python.training import checkpoint_state_pb2

from tf_creative.cli import command
from tf_creative.core import spec, storage

_MOST_LIST = 1 << 20  # bytes of the list of checkpoints
# A file may have so many times the bytes that are restored from it, for it may hold more (the
# couplings of a run that is forked), and so many more.
_TIMES, _MOST_BYTES = 4, 32 << 20
_STATE, DAMAGED = 'checkpoint', 'damaged'
# Errors that reading a damaged checkpoint raises, found by experiment. ValueError is not among
# them: it means that the checkpoint is good, but its tensors have other shapes.
DAMAGE = (tf.errors.OpError, IndexError, OSError)


class Other(spec.UserError):
  """The checkpoint is good, but holds another learner than the one to restore."""


class Shelf:
  """Saves a tf.train.Checkpoint under increasing numbers and keeps the newest `keep`."""

  def __init__(self, folder: pathlib.Path, checkpoint: tf.train.Checkpoint, keep: int):
    self.folder, self.checkpoint, self._keep = folder, checkpoint, keep

  def save(self, number: int) -> None:
    """Save under this number, unless it exists; readers only see it when it is complete."""
    # The list of checkpoints is written last: until then, no reader knows of the new number.
    known = numbers(self.folder)
    if number in known:
      return
    last = f'The last good one is of round {known[-1]}' if known else 'There is none before it'
    kept = [*known, number][-self._keep :]
    advice = f'{last}. Make room, or the folder writable; then the same command goes on from there.'
    try:
      with storage.kept(_prefix(self.folder, number), advice):
        self.folder.mkdir(parents=True, exist_ok=True)
        self.checkpoint.write(str(_prefix(self.folder, number)))
        for path in [*_files(self.folder, number), self.folder]:
          storage.sync(path)
        _name(self.folder, kept)
    except Exception:
      _remove(self.folder, number)
      raise
    # Old ones go only after the new list is on disk, so that a crash never leaves none.
    for old in set(known) - set(kept):
      _remove(self.folder, old)

  def clean(self) -> None:
    """Remove the files that interrupted saves have left."""
    known = numbers(self.folder)
    if not self.folder.is_dir():
      return
    wanted = {path for number in known for path in _files(self.folder, number)}
    wanted |= {self.folder / _STATE, self.folder / DAMAGED}
    for path in set(self.folder.iterdir()) - wanted:
      shutil.rmtree(path) if path.is_dir() else path.unlink()

  def drop(self, above: int) -> None:
    """Remove what is newer than a number, for its rounds are trained again."""
    known = numbers(self.folder)
    if newer := [number for number in known if number > above]:
      _name(self.folder, [number for number in known if number <= above])
      for number in newer:
        _remove(self.folder, number)

  def restore(self, warn: Callable[[str], None], most: float = math.inf) -> int | None:
    """Restore the newest good checkpoint up to `most`, return its number; put bad ones aside."""
    for number in reversed([number for number in numbers(self.folder) if number <= most]):
      try:
        read(self.checkpoint, self.folder, number)
      except DAMAGE as error:
        self.put_aside(number, error, warn)
      else:
        return number
    return None

  def put_aside(self, number: int, error: Exception, warn: Callable[[str], None]) -> None:
    """Move a damaged checkpoint to the folder `damaged`, and warn."""
    aside = self.folder / DAMAGED
    aside.mkdir(exist_ok=True)
    rest = [other for other in numbers(self.folder) if other != number]
    for path in _files(self.folder, number):
      path.replace(aside / path.name)
    _name(self.folder, rest)
    warn(f'{_prefix(self.folder, number)} is damaged ({short(error)}): it was put aside in {aside}')


def numbers(folder: pathlib.Path) -> list[int]:
  """Return the numbers in a folder, ascending: from its list, or without one from its files."""
  command.check_prefix(folder)
  listed = checkpoint_state_pb2.CheckpointState()  # pyright: ignore[reportAttributeAccessIssue]
  try:
    text_format.Parse(storage.read(folder / _STATE, _MOST_LIST).decode(), listed)
    names = list(listed.all_model_checkpoint_paths)
  except (OSError, UnicodeDecodeError, text_format.ParseError):
    names = []
  names = names or [path.stem for path in folder.glob('ckpt-*.index')]
  found = (name.rpartition('-')[2] for name in names)
  return sorted({int(number) for number in found if number.isdecimal()})


def read(checkpoint: tf.train.Checkpoint, folder: pathlib.Path, number: int) -> None:
  """Restore all of `checkpoint`, or raise: every variable must be in the file, and vice versa."""
  with _as_made(folder, number):
    _check(checkpoint, folder, number)
    status = checkpoint.read(str(_prefix(folder, number)))
    status.assert_existing_objects_matched()
    status.assert_consumed()


def read_some(
  parts: dict[str, Any],
  folder: pathlib.Path,
  number: int,
  whole: tf.train.Checkpoint | None = None,
) -> None:
  """Restore these parts by name, and ignore all else that the checkpoint holds.

  `whole` is what it should be like; without it the parts are most of what it holds.
  """
  checkpoint = tf.train.Checkpoint(**parts)
  with _as_made(folder, number):
    _check(whole or checkpoint, folder, number)
    status = checkpoint.read(str(_prefix(folder, number))).expect_partial()
    status.assert_existing_objects_matched()


@contextlib.contextmanager
def _as_made(folder: pathlib.Path, number: int) -> Iterator[None]:
  """Turn TensorFlow's errors for missing or misshapen variables into `Other`."""
  try:
    yield
  except (AssertionError, ValueError) as error:
    raise Other(
      f'{_prefix(folder, number)} holds another learner than these settings make ({short(error)}). '
      'It may be of another version of tf_creative: choose another --run_dir.'
    ) from error


def short(error: Exception) -> str:
  """Return the message of an error, shortened to one line."""
  # TensorFlow's messages begin with '{{node ...}} '.
  text = getattr(error, 'message', None) or str(error) or type(error).__name__
  return text.strip().splitlines()[0].split('}} ')[-1][:200]


def _check(checkpoint: tf.train.Checkpoint, folder: pathlib.Path, number: int) -> None:
  """Raise an error, before any tensor is read, unless the variables of `checkpoint` are there.

  TensorFlow reads a tensor whole, several times over, before it compares shapes, and waits for a
  FIFO without end.
  """
  files = _files(folder, number)
  for path in files:
    if not path.is_file():
      raise OSError(f'{path.name} is no file')
  ours = _variables(checkpoint)
  most = _TIMES * sum(_bytes(*one) * count for one, count in ours.items()) + _MOST_BYTES
  size = sum(path.stat().st_size for path in files)
  if size > most:
    raise ValueError(f'it has {size:,} bytes, and at most {most:,} are expected')
  reader = tf.train.load_checkpoint(str(_prefix(folder, number)))
  dtypes = reader.get_variable_to_dtype_map()
  theirs = collections.Counter(
    (dtypes[name].name, tuple(shape)) for name, shape in reader.get_variable_to_shape_map().items()
  )
  if lost := ours - theirs:
    (dtype, shape), _ = max(lost.items())
    raise ValueError(f'it lacks a variable {dtype} {list(shape)}')
  if wide := [one for one in theirs if _bytes(*one) > most]:
    raise ValueError(f'it has a variable {wide[0][0]} {list(wide[0][1])}')


def _variables(checkpoint: tf.train.Checkpoint) -> collections.Counter[tuple[str, tuple]]:
  """Count the variables of a checkpoint that is to be restored by their dtypes and shapes."""
  found: list[Any] = tf.train.TrackableView(checkpoint).descendants()
  return collections.Counter(
    (tf.dtypes.as_dtype(one.dtype).name, tuple(one.shape))
    for one in found
    if hasattr(one, 'dtype') and hasattr(one, 'shape')  # a variable of TensorFlow or of Keras
  )


def _bytes(dtype: str, shape: tuple[int, ...]) -> int:
  return math.prod(shape) * (tf.dtypes.as_dtype(dtype).size or 1)


def _prefix(folder: pathlib.Path, number: int) -> pathlib.Path:
  return folder / f'ckpt-{number}'


def _files(folder: pathlib.Path, number: int) -> list[pathlib.Path]:
  return sorted(folder.glob(f'ckpt-{number}.*'))


def _remove(folder: pathlib.Path, number: int) -> None:
  for path in [*_files(folder, number), *folder.glob(f'ckpt-{number}_temp*')]:
    shutil.rmtree(path) if path.is_dir() else path.unlink()


def _name(folder: pathlib.Path, kept: list[int]) -> None:
  """Write the list of checkpoints in TensorFlow's format (tf.train.latest_checkpoint)."""
  names = [f'ckpt-{number}' for number in kept]
  listed = checkpoint_state_pb2.CheckpointState(  # pyright: ignore[reportAttributeAccessIssue]
    model_checkpoint_path=names[-1] if names else '', all_model_checkpoint_paths=names
  )
  storage.write(folder / _STATE, text_format.MessageToString(listed))
