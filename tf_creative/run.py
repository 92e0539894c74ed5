"""The run directory: settings, checkpoints (last and best), metrics and TensorBoard logs."""

from __future__ import annotations

import dataclasses
import difflib
import json
import pathlib
import shutil
import signal
from typing import Any

import tensorflow as tf

from tf_creative import board as board_lib
from tf_creative import config as config_lib
from tf_creative import learner as learner_lib
from tf_creative import spec

# What may change between two starts of one run, because what has been learnt does not depend on it.
FREE = {
  'run_dir',
  'rounds',
  'rounds_per_call',
  'evaluate_every',
  'picture_every',
  'histogram_every',
  'checkpoint_every',
  'export',
  'progress',
  'works',
}


class Run:
  """Remembers a run, so that the same command again goes on where it stopped."""

  def __init__(self, config: config_lib.Config):
    """Only looks; nothing is written before `attach`, when the learner could be built."""
    self.path = pathlib.Path(config.run.run_dir)
    self._config, self._text = config, config_lib.to_text(config)
    self._metrics = self.path / 'metrics.jsonl'
    if tf.train.latest_checkpoint(self.path / 'checkpoints'):
      _check_same(config_lib.saved(self.path), self._text, self.path)

  def attach(self, learner: learner_lib.Learner) -> int:
    """Restores the newest checkpoint into the learner, if any; the round it was made in."""
    try:
      self.path.mkdir(parents=True, exist_ok=True)
      (self.path / 'run.flags').write_text(self._text)
    except OSError as error:
      raise spec.UserError(
        f'cannot write to {self.path} ({error.strerror}): choose another --run_dir.'
      ) from error
    self._manager = tf.train.CheckpointManager(
      tf.train.Checkpoint(learner=learner), str(self.path / 'checkpoints'), max_to_keep=2
    )
    if self._manager.latest_checkpoint:
      _restore(self._manager.checkpoint, self._manager.latest_checkpoint)
    done = int(learner.loop.round)
    self._best = _best(learner, self.path / 'best', done)
    # What was logged after the checkpoint will be logged again.
    rows = [row for row in logged(self.path) if row['round'] <= done]
    self._metrics.write_text(''.join(f'{json.dumps(row)}\n' for row in rows))
    self._open_board(done)
    return done

  def _open_board(self, done: int) -> None:
    folder = self.path / 'tensorboard'
    if not done:
      for old in folder.glob('events.out.tfevents.*'):  # of a run that was never saved
        old.unlink()
    self.board = board_lib.Board(folder)
    self.board.text(done, 'flags', self._text)
    if not done:
      self.board.hparams(str(self.path), settings(self._config))
      self.board.layout()

  def save(self, round_: int) -> None:
    """A checkpoint under the round's number, once."""
    path = self._manager.latest_checkpoint
    if path is None or _round(path) < round_:
      self._manager.save(checkpoint_number=round_)

  @property
  def best(self) -> int | None:
    """The round that is kept as the best, if there is one."""
    path = self._best.latest_checkpoint
    return _round(path) if path else None

  def keep_best(self, round_: int, frechet: float) -> None:
    """Keeps what has been learnt if no round before had so small a distance."""
    if self.best is None or frechet < float(self._best.checkpoint.frechet):
      self._best.checkpoint.frechet.assign(frechet)
      self._best.save(checkpoint_number=round_)  # removes the former one last of all

  def restore_best(self) -> None:
    """The best into the learner; what a resumed run goes on from stays the last."""
    _restore(self._best.checkpoint, self._best.latest_checkpoint)

  def log(self, round_: int, metrics: dict[str, float]) -> None:
    """A row of metrics.jsonl, and the same numbers for TensorBoard."""
    row = {'round': round_, **{name: float(value) for name, value in metrics.items()}}
    with self._metrics.open('a') as file:
      file.write(json.dumps(row) + '\n')
    self.board.scalars(round_, metrics)

  def contents(self) -> str:
    """Where everything is."""
    what = {
      'gallery.png': 'imagined works beside painted ones',
      'painting.gif': 'strokes appearing',
      'metrics.jsonl': 'all numbers, a row for each log',
      'run.flags': f'the settings: python -m tf_creative.train --flagfile={self.path}/run.flags',
      'tensorboard': f'curves and pictures: tensorboard --logdir={self.path}',
      'exports': f'models to serve: python -m tf_creative.serve --export_dir={self.path}/exports',
      'best': 'the best round: what pictures, evaluate and create are made with',
      'checkpoints': 'what a resumed run goes on from: the last',
    }
    return '\n'.join(
      f'{self.path / name}  {text}' for name, text in what.items() if (self.path / name).exists()
    )


def logged(path: pathlib.Path) -> list[dict[str, float]]:
  """All that training has logged of a run."""
  log = path / 'metrics.jsonl'
  lines = log.read_text().splitlines() if log.exists() else []
  return [json.loads(line) for line in lines]


def newest_numbers(path: pathlib.Path) -> dict[str, float]:
  """The last value of everything that was logged of a run."""
  return {name: value for row in logged(path) for name, value in row.items()}


def chosen(path: pathlib.Path) -> tuple[str, bool]:
  """The best checkpoint of a run, else the newest; and if it is the best. An error without any."""
  for folder in ('best', 'checkpoints'):
    if checkpoint := tf.train.latest_checkpoint(path / folder):
      return checkpoint, folder == 'best'
  beside = sorted(str(flags.parent) for flags in path.parent.glob('*/run.flags'))
  raise spec.UserError(
    f'{path} holds no trained run. '
    + (f'There are: {", ".join(beside)}. ' if beside else '')
    + f'To train one: python -m tf_creative.train --run_dir={path}'
  )


def load(path: pathlib.Path) -> tuple[config_lib.Config, learner_lib.Learner]:
  """What a run was told and its best (see `chosen`); nothing in its directory is touched."""
  chosen(path)
  config = config_lib.from_file(path / 'run.flags')
  learner = learner_lib.Learner(config)
  checkpoint, best = chosen(path)  # again, for a run that goes on may just have replaced it
  _restore(_as_best(learner) if best else tf.train.Checkpoint(learner=learner), checkpoint)
  return config, learner


def _best(
  learner: learner_lib.Learner, folder: pathlib.Path, done: int
) -> tf.train.CheckpointManager:
  """The best so far of a run that goes on from round `done`."""
  former = tf.train.latest_checkpoint(folder)
  if former and _round(former) > done:  # its round comes again, and then it is kept again
    (folder / 'checkpoint').unlink()  # first, for what it names must be whole
    shutil.rmtree(folder)
  best = tf.train.CheckpointManager(_as_best(learner), str(folder), max_to_keep=1)
  if best.latest_checkpoint:  # of which the learner itself is not wanted now
    number = tf.train.Checkpoint(frechet=best.checkpoint.frechet)
    number.restore(best.latest_checkpoint).expect_partial().assert_existing_objects_matched()
  return best


def _as_best(learner: learner_lib.Learner) -> tf.train.Checkpoint:
  """All of the learner, and the number that it was chosen by."""
  frechet = tf.Variable(0.0, trainable=False, dtype=tf.float64)
  return tf.train.Checkpoint(learner=learner, frechet=frechet)


def _round(checkpoint: str) -> int:
  return int(checkpoint.rpartition('-')[2])


def _restore(checkpoint: tf.train.Checkpoint, path: str) -> None:
  """Everything, or an error."""
  status = checkpoint.restore(path)
  status.assert_existing_objects_matched()
  status.assert_consumed()


class Stop:
  """Ctrl-C and SIGTERM asked for once: `signal` is set, and the caller ends at a good moment.

  A second Ctrl-C stops at once. A handler runs only when the compiled loop returns to Python.
  """

  def __enter__(self) -> Stop:
    self.signal = None
    self._before = {
      number: signal.signal(number, self._ask) for number in (signal.SIGINT, signal.SIGTERM)
    }
    return self

  def __exit__(self, *_) -> None:
    for number, handler in self._before.items():
      signal.signal(number, handler)

  def _ask(self, number: int, frame) -> None:
    del frame
    self.signal = number
    signal.signal(signal.SIGINT, signal.default_int_handler)


def settings(config: config_lib.Config) -> dict[str, Any]:
  """What decides what is learnt, by the names of the flags."""
  rooms = dataclasses.asdict(config)
  named = rooms.pop('run')
  named |= {f'{room}_{name}': value for room, own in rooms.items() for name, value in own.items()}
  return {name: value for name, value in named.items() if name not in FREE}


def _check_same(old: str, new: str, path: pathlib.Path) -> None:
  """Refuses to go on with another learner's run."""

  def bound(text: str) -> list[str]:
    return [line for line in text.splitlines() if line[2:].partition('=')[0] not in FREE]

  changes = [
    line
    for line in difflib.unified_diff(bound(old), bound(new), n=0, lineterm='')
    if line[1:3] == '--' and '=' in line  # not the diff's own header
  ]
  if changes:
    raise spec.UserError(
      f'{path} holds a run with other settings (- its own, + yours):\n  '
      + '\n  '.join(changes)
      + '\nChoose another --run_dir, or go on with its own: '
      f'python -m tf_creative.train --flagfile={path / "run.flags"}'
    )
