"""Replicas of a run: processes that each learn from episodes of their own, and share every update.

A process is one replica. Variables are plain ones; they begin equal, by the seed, and stay equal
because each update is made of the mean of all replicas' gradients, the same bits on each of them.
`tf.distribute` brings the processes together; the sums are its collective ops, which unlike its
optimizers work within loops and branches of a graph.
"""

from __future__ import annotations

from collections.abc import Iterator
import contextlib
import itertools
import json
import os
import signal
import threading
from typing import Any, NamedTuple
import zlib

import numpy as np
import tensorflow as tf

from tf_creative.core import spec

_GROUP = 1_000_003  # far from the keys of groups that tf.distribute makes for itself
_GONE = (
  *(tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.CancelledError),
  *(tf.errors.DeadlineExceededError, tf.errors.InternalError),
)


class Lost(spec.UserError):
  """Another process of the run has ended; the checkpoints of all of them are good."""

  code = 5


class Place(NamedTuple):
  """Which replica this process is; number 0 is the chief."""

  number: int = 0
  count: int = 1


_here = Place()
_keys = itertools.count(1)  # of collective ops, which all replicas trace in the same order


def here() -> Place:
  """Return the place of this process among the replicas."""
  return _here


def named() -> Place:
  """Return the place that TF_CONFIG gives to this process; raise a UserError if it gives none."""
  example = '{"cluster": {"worker": ["a:2222", "b:2222"]}, "task": {"type": "worker", "index": 0}}'
  try:
    told = json.loads(os.environ.get('TF_CONFIG', ''))
    jobs = {job: list(told['cluster'].get(job, ())) for job in ('chief', 'worker')}
    job, index = told['task']['type'], int(told['task']['index'])
    if set(told['cluster']) - set(jobs) or not 0 <= index < len(jobs[job]):
      raise ValueError
  except (ValueError, TypeError, KeyError, AttributeError) as error:
    raise spec.UserError(
      '--strategy=multiworker finds its workers in the environment variable TF_CONFIG, which is '
      f"missing or names other tasks: on the first host set TF_CONFIG='{example}', on the second "
      'index 1.'
    ) from error
  return Place(index + (len(jobs['chief']) if job == 'worker' else 0), sum(map(len, jobs.values())))


@contextlib.contextmanager
def joined() -> Iterator[None]:
  """Wait for the other workers of TF_CONFIG; be one of the replicas within the block."""
  global _here
  place = named()
  if gpus := tf.config.list_physical_devices('GPU'):
    tf.config.set_visible_devices(gpus[0], 'GPU')
  try:
    tf.distribute.MultiWorkerMirroredStrategy()
  except RuntimeError as error:  # TensorFlow has been at work
    raise spec.UserError(f'replicas can only be joined by a new process ({error}).') from error
  if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # which TensorFlow has just taken for itself
  _here = place
  try:
    yield
  finally:
    _here = Place()


@contextlib.contextmanager
def together() -> Iterator[None]:
  """Turn errors by which TensorFlow tells that a replica is gone into `Lost`."""
  try:
    yield
  except _GONE as error:
    if _here.count == 1:
      raise
    raise Lost(
      'another process of this run has ended, or cannot be reached any more; its own message tells '
      'why. The last checkpoint is good: the same command on all hosts goes on from there.'
    ) from error


def own(seed: int) -> int:
  """Return the seed of this replica for what is drawn outside of the graph."""
  if not _here.number:
    return seed
  return int(np.random.SeedSequence([seed, _here.number]).generate_state(1)[0] >> 1)


def mean(parts: Any) -> Any:
  """Return the means over all replicas of a structure of float tensors, in one exchange."""
  if _here.count == 1:
    return parts
  some = [tf.convert_to_tensor(part) for part in tf.nest.flatten(parts) if part is not None]
  flat = tf.concat([tf.reshape(tf.cast(part, tf.float32), [-1]) for part in some], 0)
  pieces = tf.split(
    _reduced(flat, 'Add') / _here.count, [part.shape.num_elements() for part in some]
  )
  shaped = (
    tf.cast(tf.reshape(piece, part.shape), part.dtype)
    for piece, part in zip(pieces, some, strict=True)
  )
  return tf.nest.map_structure(lambda part: None if part is None else next(shaped), parts)


def span(number: int) -> tuple[int, int]:
  """Return the least and the largest of what all replicas give here."""
  if _here.count == 1:
    return number, number
  with together():
    least, most = _extremes(tf.constant([-number, number], tf.int64)).numpy()
  return -int(least), int(most)


def most(number: int) -> int:
  """Return the largest of what all replicas give here; all wait for the last of them."""
  return span(number)[1]


def same(content: bytes) -> bool:
  """Return whether all replicas give the same content here."""
  least, greatest = span(zlib.crc32(content))
  return least == greatest


@tf.function(autograph=False)
def _extremes(numbers: tf.Tensor) -> tf.Tensor:
  return _reduced(numbers, 'Max')


def _reduced(values: tf.Tensor, by: str) -> tf.Tensor:
  # By a ring, each sum is computed once and then passed on: so it is the same bits everywhere.
  return tf.raw_ops.CollectiveReduceV2(
    input=values,
    group_size=_here.count,
    group_key=_GROUP,
    instance_key=next(_keys),
    ordering_token=[],
    merge_op=by,
    final_op='Id',
    communication_hint='ring',
  )
