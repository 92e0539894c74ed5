"""Brings the processes of a run together: those of TF_CONFIG, or one for each device of a host."""

from __future__ import annotations

from collections.abc import Callable, Iterator
import contextlib
import dataclasses
import json
import math
import os
import socket
import subprocess
import sys

import tensorflow as tf

from tf_creative.cli import flags as flags_lib
from tf_creative.core import replicas, spec
from tf_creative.learner import config as config_lib
from tf_creative.learner import learner as learner_lib
from tf_creative.runs import checkpoints

_ALONE = {'run_dir', 'fork_from', 'strategy', 'progress', 'export', 'works', 'memory_growth'}
FOLDER = 'workers'  # of the checkpoints of all processes but the chief
_SECONDS = 60  # that a process may take to end by itself


@contextlib.contextmanager
def joined(config: config_lib.Config) -> Iterator[config_lib.Config]:
  """Join the replicas that the settings ask for; yield the settings with their number."""
  strategy = config.run.strategy
  if strategy == 'one':
    if config.run.replicas > 1:
      raise spec.UserError(
        f'--replicas={config.run.replicas} needs processes: give --strategy=mirrored, or '
        'multiworker with TF_CONFIG.'
      )
    yield config
  elif strategy == 'multiworker':
    count = replicas.named().count
    if config.run.replicas not in (1, count):
      raise spec.UserError(
        f'--replicas={config.run.replicas}, but TF_CONFIG names {count}: leave out --replicas.'
      )
    with _join(_with(config, replicas=count)) as joint:
      yield joint
  else:
    with _mirrored(config) as joint:
      yield joint


def _with(config: config_lib.Config, **settings: object) -> config_lib.Config:
  return dataclasses.replace(config, run=dataclasses.replace(config.run, **settings))


@contextlib.contextmanager
def _join(config: config_lib.Config) -> Iterator[config_lib.Config]:
  """Be one of the replicas within the block; yield the settings of this one."""
  with replicas.joined():
    yield _own(config)


def _own(config: config_lib.Config) -> config_lib.Config:
  """Return the settings of this replica, if those of all agree."""
  number = replicas.here().number
  alike = _with(config, **{name: type(getattr(config.run, name))() for name in _ALONE})
  if not replicas.same(flags_lib.to_text(alike).encode()):
    raise spec.UserError('the processes of this run differ in their settings: give all the same.')
  if not number:
    return config
  # A process that does not lead has no more to say than what goes wrong.
  return _with(config, run_dir=f'{config.run.run_dir}/{FOLDER}/{number}', progress=False)


def restore(shelf: checkpoints.Shelf, warn: Callable[[str], None]) -> int | None:
  """Restore the newest good checkpoint that all replicas have; return its number.

  What is newer is removed. Without any of the chief's, the run is new for all.
  """
  if replicas.here().count == 1:
    return shelf.restore(warn)
  most = math.inf
  while True:  # until all have restored the same; who cannot read one has an older one to offer
    listed = [number for number in checkpoints.numbers(shelf.folder) if number <= most]
    least, most = replicas.span(max(listed, default=-1))
    if least < most:
      most = least
      continue
    found = shelf.restore(warn, least) if least >= 0 else None
    least, most = replicas.span(-1 if found is None else found)
    if least == most:
      break
    most = least
  if found is None and checkpoints.numbers(shelf.folder) and not replicas.here().number:
    raise spec.UserError(
      f'another process of this run has lost what it kept in {FOLDER}/ of its --run_dir: bring a '
      'copy of it back, or choose another --run_dir.'
    )
  replicas.most(0)  # nobody removes anything before the chief has agreed
  shelf.drop(-1 if found is None else found)
  return found


def save(shelf: checkpoints.Shelf, number: int, learner: learner_lib.Learner) -> None:
  """Save a checkpoint on all replicas, on the chief when all others have theirs.

  So what the chief has can be restored, whenever any of them is killed.
  """
  chief = not replicas.here().number
  if not chief:
    shelf.save(number)
  if replicas.here().count > 1 and not replicas.same(_learnt(learner)):
    raise RuntimeError(f'in round {number} the replicas have different weights')
  if chief:
    shelf.save(number)


def _learnt(learner: learner_lib.Learner) -> bytes:
  named = learner.agent.weights() | (learner.imagination.weights() if learner.imagination else {})
  return b''.join(value.numpy().tobytes() for name, value in named.items() if name != 'q_values')


@contextlib.contextmanager
def _mirrored(config: config_lib.Config) -> Iterator[config_lib.Config]:
  """Start a process for each further device, and join them; end those that have not ended."""
  visible = _devices()
  count = config.run.replicas if config.run.replicas > 1 else len(visible)
  if count < 2 or 0 < len(visible) < count:
    raise spec.UserError(
      f'--strategy=mirrored needs a device for each replica, and TensorFlow finds '
      f'{len(visible) or "no"} GPUs: give --replicas=2 or more on CPUs, at most so many as there '
      'are GPUs elsewhere, or leave out --strategy.'
    )
  workers = [f'localhost:{port}' for port in _ports(count)]
  flags = flags_lib.to_text(_with(config, replicas=count, strategy='multiworker')).splitlines()
  others = []
  with _environment(TF_CONFIG='', CUDA_VISIBLE_DEVICES=os.environ.get('CUDA_VISIBLE_DEVICES')):
    try:
      for number in reversed(range(count)):  # the chief, which is this process, last
        task = {'type': 'worker', 'index': number}
        os.environ['TF_CONFIG'] = json.dumps({'cluster': {'worker': workers}, 'task': task})
        if visible:
          os.environ['CUDA_VISIBLE_DEVICES'] = visible[number]
        if number:
          command = [sys.executable, '-m', 'tf_creative', 'train', *flags]
          others.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))
      with _join(_with(config, replicas=count)) as joint:
        yield joint
    finally:
      for other in others:
        _end(other)


def _end(process: subprocess.Popen) -> None:
  """Wait until a process has ended, which it does when it has saved or heard that we have not."""
  try:
    process.wait(_SECONDS)
  except subprocess.TimeoutExpired:
    process.kill()
    process.wait()


def _devices() -> list[str]:
  """Return what CUDA_VISIBLE_DEVICES calls each GPU."""
  count = len(tf.config.list_physical_devices('GPU'))
  told = os.environ.get('CUDA_VISIBLE_DEVICES', '')
  return told.split(',')[:count] if told else [str(number) for number in range(count)]


def _ports(count: int) -> list[int]:
  """Return free ports."""
  with contextlib.ExitStack() as stack:
    found = [stack.enter_context(socket.socket()) for _ in range(count)]
    for each in found:
      each.bind(('localhost', 0))
    return [each.getsockname()[1] for each in found]


@contextlib.contextmanager
def _environment(**values: str | None) -> Iterator[None]:
  """Put variables of the environment back when the block ends."""
  before = {name: os.environ.get(name) for name in values}
  try:
    yield
  finally:
    for name, value in before.items():
      if value is None:
        os.environ.pop(name, None)
      else:
        os.environ[name] = value
