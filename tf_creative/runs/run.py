"""The run directory: settings, checkpoints (last and best), metrics and TensorBoard logs."""

from __future__ import annotations

from collections.abc import Callable
import json
import pathlib
import shutil
import sys
import time

import tensorflow as tf

from tf_creative.cli import flags as flags_lib
from tf_creative.core import replicas, spec, storage
from tf_creative.core import world as world_lib
from tf_creative.learner import config as config_lib
from tf_creative.learner import learner as learner_lib
from tf_creative.runs import checkpoints, cluster, forks, keepsakes
from tf_creative.runs import log as log_lib
from tf_creative.runs import provenance as builds
from tf_creative.runs import summaries as board_lib

# What a run may hold, and commands write; none of it may be a link, nor lie behind one.
_WRITTEN = (
  *('.lock', 'run.flags', 'build.json', keepsakes.NAME, log_lib.NAME),
  *('judge.npz', 'gallery.png', 'painting.gif'),
  *('checkpoints', 'best', 'tensorboard', 'exports', 'evaluation', 'created', cluster.FOLDER),
)


class Run:
  """Stores a run in its directory, so that the same command resumes it where it stopped.

  Each replica has a directory of its own; only the chief's holds more than checkpoints.
  """

  def __init__(self, config: config_lib.Config):
    """Check the settings against those of the directory; nothing is written before `attach`."""
    self.path = pathlib.Path(config.run.run_dir)
    self._config, self._text = config, flags_lib.to_text(config)
    self._metrics, self._lock = self.path / log_lib.NAME, None
    self._leads = not replicas.here().number
    if checkpoints.numbers(self.path / 'checkpoints'):
      flags, text = self.path / 'run.flags', flags_lib.saved(self.path)
      if lost := flags_lib.lost(text):
        raise spec.UserError(
          f'{flags} {lost}. Bring a copy of it back, or choose another --run_dir.'
        )
      if changes := forks.changes(text, self._text):
        raise spec.UserError(
          f'{self.path} holds a run with other settings (- its own, + yours):\n  {changes}\nChoose '
          f'another --run_dir (with --fork_from={self.path} it starts from what that has learnt), '
          f'or resume with its own: python -m tf_creative.train --flagfile={flags}'
        )

  def attach(self, learner: learner_lib.Learner, warn: Callable[[str], None] = print) -> int:
    """Restore the newest good checkpoint into the learner, if any; return its round, or 0."""
    with self._kept():
      self.path.mkdir(parents=True, exist_ok=True)
      storage.check_links(self.path, _WRITTEN)
      self._lock = storage.lock(
        self.path / '.lock', 'training', 'wait for it, or choose another --run_dir.'
      )
      storage.write(self.path / 'run.flags', self._text)
      keepsakes.write(self.path, learner.world)
    restored = self._restore(learner, warn)
    done = int(learner.loop.round)
    self._frechet = _recall(self._best, done, warn)
    with self._kept():
      # Rows after the checkpoint are dropped: their rounds are trained and logged again.
      counted = int(self._rows)
      rows = [row for row in map(log_lib.parsed, log_lib.lines(self.path)[:counted]) if row]
      if lost := counted - len(rows):
        warn(f'{self._metrics} lacks {lost} of its {counted} rows, or they are damaged')
      storage.write(self._metrics, ''.join(f'{json.dumps(row)}\n' for row in rows))
      builds.note(self.path / 'build.json', done, warn)
      if self._leads:
        self._open_board(done, not restored, learner.world.measures)
    return done

  def _restore(self, learner: learner_lib.Learner, warn: Callable[[str], None]) -> bool:
    """Restore a checkpoint or start a fork; return whether a checkpoint was restored."""
    self._rows = tf.Variable(0, dtype=tf.int64, trainable=False)  # in metrics.jsonl when saving
    checkpoint = tf.train.Checkpoint(learner=learner, rows=self._rows)
    # One more where the chief's, by which all are restored, may be of the round before.
    keep = self._config.run.keep_checkpoints + (not self._leads)
    self._last = checkpoints.Shelf(self.path / 'checkpoints', checkpoint, keep)
    self._best = checkpoints.Shelf(self.path / 'best', _as_best(learner), 1)
    self._learner, self._warn, self._saved = learner, warn, time.monotonic()
    aside = self._last.folder / checkpoints.DAMAGED
    begun = bool(checkpoints.numbers(self._last.folder)) or aside.exists()
    with self._kept():
      self._last.clean()
      self._best.clean()
      restored = cluster.restore(self._last, warn) is not None
    if begun and not restored and self._leads:
      raise spec.UserError(
        f'no checkpoint in {self._last.folder} can be read: all were put aside in {aside}. Bring '
        'a copy of them back, or choose another --run_dir.'
      )
    if not begun and self._config.run.fork_from:
      forks.start(learner, self._config, warn)
    return restored

  def _open_board(self, done: int, fresh: bool, measures: world_lib.Measures | None) -> None:
    folder = self.path / 'tensorboard'
    if fresh:
      for old in folder.glob('events.out.tfevents.*'):  # of a run without a checkpoint
        old.unlink()
    self.board = board_lib.Board(folder)
    self.board.text(done, 'flags', self._text)
    if fresh:
      own = measures.titles() if measures else {}
      self.board.hparams(str(self.path), forks.settings(self._config), own)
      self.board.layout(own)

  def save(self, round_: int, due: bool = True) -> None:
    """Save a checkpoint if it is `due`, or if `checkpoint_seconds` have passed since the last."""
    now = time.monotonic()
    if due or replicas.most(now - self._saved >= self._config.run.checkpoint_seconds):
      with self._kept():
        storage.sync(self._metrics)  # before the checkpoint, which counts this file's rows
      self._rows.assign(len(log_lib.rows(self.path)))
      cluster.save(self._last, round_, self._learner)
      self._saved = now

  @property
  def best(self) -> int | None:
    """The round in best/, or None."""
    return max(checkpoints.numbers(self._best.folder), default=None)

  def keep_best(self, round_: int, frechet: float) -> None:
    """Save the learner to best/ if its distance is the smallest so far."""
    if self.best is None or frechet < self._frechet:
      self._best.checkpoint.frechet.assign(frechet)
      self._best.save(round_)  # removes the former one after the new one is whole
      self._frechet = frechet

  def restore_best(self) -> None:
    """Restore the best round into the learner; a resumed run still continues from the last."""
    if self._best.restore(self._warn) is None:
      self._last.restore(self._warn)

  def close(self) -> None:
    """Release the lock of the directory."""
    if self._lock:
      self._lock.close()

  def _kept(self):
    """Return a context that turns errors of the disk into messages with advice."""
    advice = 'Make room or choose another --run_dir; what had been saved is whole.'
    return storage.kept(self.path, advice)

  def log(self, round_: int, metrics: dict[str, float]) -> None:
    """Append a row to metrics.jsonl, and log the same numbers to TensorBoard, if we lead."""
    if not self._leads:
      return
    row = {'round': round_, **{name: float(value) for name, value in metrics.items()}}
    with self._kept(), self._metrics.open('a') as file:
      file.write(json.dumps(row) + '\n')
    self.board.scalars(round_, metrics)

  def contents(self) -> str:
    """Return a text that tells what the directory contains, and where."""
    what = {
      'gallery.png': 'imagined works beside what the hand made of them',
      'painting.gif': 'the hand at work',
      'metrics.jsonl': 'all numbers, a row for each log',
      'run.flags': f'the settings: python -m tf_creative.train --flagfile={self.path}/run.flags',
      'tensorboard': f'curves and pictures: tensorboard --logdir={self.path}',
      'exports': f'models to serve: python -m tf_creative.serve --export_dir={self.path}/exports',
      'best': 'the best round, from which pictures, evaluate and create work',
      'checkpoints': 'the last rounds, from which a run resumes',
    }
    return '\n'.join(
      f'{self.path / name}  {text}' for name, text in what.items() if (self.path / name).exists()
    )


def chosen(path: pathlib.Path) -> list[tuple[pathlib.Path, int]]:
  """List checkpoints (folder, round): the best, then the others, newest first; or raise."""
  shelves = [path / 'best', path / 'checkpoints']
  found = [(shelf, n) for shelf in shelves for n in reversed(checkpoints.numbers(shelf))]
  if not found:
    beside = sorted(str(flags.parent) for flags in path.parent.glob('*/run.flags'))
    raise spec.UserError(
      f'{path} holds no trained run. '
      + (f'There are: {", ".join(beside)}. ' if beside else '')
      + f'To train one: python -m tf_creative.train --run_dir={path}'
    )
  return found


def load(path: pathlib.Path) -> tuple[config_lib.Config, learner_lib.Learner]:
  """Load a run's config and its first good checkpoint of `chosen`; write nothing."""
  chosen(path)
  storage.check_links(path, _WRITTEN)
  config = flags_lib.from_file(path / 'run.flags')
  learner = learner_lib.Learner(config, kept=keepsakes.read(path))
  for shelf, number in chosen(path):  # again: a run in training may just have replaced it
    try:
      checkpoints.read_some({'learner': learner}, shelf, number)
      if name := learner.broken():
        raise OSError(f"the weights '{name}' are no numbers")
    except checkpoints.DAMAGE as error:
      said = checkpoints.short(error)
      print(f'warning: {shelf}/ckpt-{number} is damaged ({said}): passed over', file=sys.stderr)
    else:
      return config, learner
  raise spec.UserError(f'no checkpoint in {path} can be read: train it again, or repair its disk.')


def _recall(best: checkpoints.Shelf, done: int, warn: Callable[[str], None]) -> float:
  """Return the smallest distance so far of a run that resumes at round `done`."""
  for number in checkpoints.numbers(best.folder):
    if number > done:  # its round is trained again, and then saved again
      shutil.rmtree(best.folder)
      break
    try:
      part, whole = {'frechet': best.checkpoint.frechet}, best.checkpoint
      checkpoints.read_some(part, best.folder, number, whole)
    except checkpoints.DAMAGE as error:
      best.put_aside(number, error, warn)
  return float(best.checkpoint.frechet)


def _as_best(learner: learner_lib.Learner) -> tf.train.Checkpoint:
  """Make a checkpoint of the learner and of the number by which it was chosen."""
  frechet = tf.Variable(0.0, trainable=False, dtype=tf.float64)
  return tf.train.Checkpoint(learner=learner, frechet=frechet)
