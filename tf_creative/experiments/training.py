"""Trains a run, from its first round or from where it stopped."""

from __future__ import annotations

from collections.abc import Callable
import contextlib
import functools
import sys
import time
from typing import Any

import tf_creative
from tf_creative.cli import signals
from tf_creative.core import storage
from tf_creative.evaluation import evaluator as evaluator_lib
from tf_creative.learner import alarms as alarms_lib
from tf_creative.learner import config as config_lib
from tf_creative.learner import learner as learner_lib
from tf_creative.runs import keepsakes, summaries
from tf_creative.runs import log as log_lib
from tf_creative.runs import progress as progress_lib
from tf_creative.runs import run as run_lib
from tf_creative.studio import pictures, player

_KEEP_VERSIONS = 3  # of each model in a run's exports


def train(config: config_lib.Config) -> int:
  """Train until the last round or a signal; return the exit code."""
  with contextlib.closing(run_lib.Run(config)) as run:
    return Training(config, run).run()


class Training:
  """Calls the loop; between calls it logs, evaluates, draws and saves whatever is due."""

  def __init__(self, config: config_lib.Config, run: run_lib.Run):
    """Build the learner and restore the run's last checkpoint, if there is one."""
    self._clock = [('imports', time.monotonic())]
    self._config, self._settings, self._run = config, config.run, run
    self._learner = learner_lib.Learner(config, kept=keepsakes.of(config.run))
    self._tick('data and networks')
    self._done = run.attach(self._learner, _warn)
    self._tick('restoring')
    self._imagines = self._learner.creator is not None
    self._metrics: dict[str, float] = {}  # of the last call of the loop
    self._progress = progress_lib.Progress(
      self._settings.rounds,
      self._done,
      self._settings.progress,
      log_lib.rows(run.path),
      (lambda: progress_lib.newest(self._learner)) if self._imagines else None,
      own=self._headline(),
    )
    self._alarms = alarms_lib.Alarms(self._learner, self._settings.skip_limit, self._alarm)
    self._looks = Looks(self._learner, run, self._progress, self._alarms)

  def run(self) -> int:
    """Train, then draw, export and summarize the best round; return the exit code."""
    numbers = fault = None
    with signals.Stop() as stop:
      with self._progress:
        self._start()
        self._train(stop)
        self._run.save(self._done)
        if not stop.signal:
          numbers = self._looks.finish(self._done)
          try:
            self._publish(numbers)
          except Exception as error:  # raised below, after the numbers have been shown
            fault = error
      if numbers is None:
        assert stop.signal
        self._progress.say(
          f'stopped at round {self._done}, saved; the same command goes on from there'
        )
        return 128 + stop.signal
      if self._imagines:
        told = evaluator_lib.headlines(numbers, self._learner.world)
      else:
        told = player.headlines(numbers)
      self._progress.say(f'\n{told}\n\n{self._run.contents()}')
      if fault:
        raise fault
    return 0

  def _start(self) -> None:
    """Announce the run, and fill the replay if it is new."""
    anew = '; episodes begin anew' if self._done and self._learner.world.simulator else ''
    what = 'resuming' if self._done else 'starting'
    self._progress.say(f'{what} {self._run.path} at round {self._done}{anew}')
    if not self._imagines:
      name = self._learner.world.name
      self._progress.say(f"nothing can be imagined of the world '{name}': the hand learns alone")
    if not self._done:
      self._learner.loop.warm_up()

  def _train(self, stop: signals.Stop) -> None:
    """Call the loop until the last round or a signal."""
    first, rounds, size = self._done, self._settings.rounds, self._settings.rounds_per_call
    while self._done < rounds and not stop.signal:
      # Up to the next multiple, so that a resumed run logs the same rows as one never stopped.
      count = min(rounds - self._done, size - self._done % size)
      self._metrics = self._learner.loop.step(count)
      before, self._done = self._done, self._done + count
      if before == first:
        self._tick(f'warm-up, tracing and {count} rounds')
        self._progress.say(_startup(self._clock))
      for every, action in self._actions():
        if every and self._done // every > before // every:
          action()
      self._progress.update(self._done, self._metrics)

  def _actions(self) -> tuple[tuple[int, Callable[[], object]], ...]:
    """List what is done between calls, each with its interval in rounds; 0: never."""
    settings, run = self._settings, self._run
    return (
      (settings.rounds_per_call, lambda: run.log(self._done, self._metrics)),
      (settings.rounds_per_call, lambda: self._alarms.look(self._done, self._metrics)),
      (settings.picture_every, self._show),
      (settings.histogram_every, self._histograms),
      (settings.evaluate_every, lambda: self._metrics.update(self._looks.look(self._done))),
      (settings.checkpoint_every, lambda: run.save(self._done, due=False)),
    )

  def _headline(self) -> list[str]:
    """Return the names of the world's first score in all sections."""
    if not (measures := self._learner.world.measures):
      return []
    first = next(iter(measures.scores))
    return [name for name in measures.titles() if name.endswith(f'/{first}')]

  def _publish(self, numbers: dict[str, float]) -> None:
    if self._settings.export:
      from tf_creative.studio import publishing  # here, because it loads TensorFlow Serving's API

      self._progress.say('exporting, and checking the exported models in another process')
      self._progress.doing('exporting')
      folder = self._run.path / 'exports'
      publishing.publish(self._learner, self._config, folder, _KEEP_VERSIONS, numbers)

  def _show(self) -> None:
    if self._imagines:
      self._run.board.picture(self._done, 'imagined', pictures.imagined(self._learner))
      self._run.board.picture(self._done, 'imagined/painting', pictures.strip(self._learner))

  def _histograms(self) -> None:
    self._run.board.histograms(self._done, summaries.weights(self._learner))

  def _alarm(self, round_: int, text: str) -> None:
    self._progress.say(f'warning: {text}')
    self._run.board.text(round_, 'warnings', text)

  def _tick(self, name: str) -> None:
    self._clock.append((name, time.monotonic()))


class Looks:
  """Evaluates the learner now and then, keeps the best round, and draws pictures of it."""

  def __init__(
    self,
    learner: learner_lib.Learner,
    run: run_lib.Run,
    progress: progress_lib.Progress,
    alarms: alarms_lib.Alarms,
  ):
    self._learner, self._run = learner, run
    self._progress, self._alarms = progress, alarms
    # By round, also of before a restart: none is logged twice.
    self._numbers = {int(row['round']): row for row in log_lib.rows(run.path) if _is_look(row)}
    self._best: tuple[int, dict[str, float], Any] | None = None  # round, numbers, gallery

  def look(self, round_: int) -> dict[str, float]:
    """Measure the learner, and keep the round if it is the best so far."""
    known = self._numbers.get(round_)
    if known and self._run.best is not None:  # else nothing is left of the best round
      return known
    numbers = self._numbers[round_] = self._eyes.look()
    if not known:
      self._run.log(round_, numbers)
    self._alarms.look(round_, numbers)
    gallery = self._gallery()
    if gallery:
      self._run.board.picture(round_, 'gallery', gallery)
    self._run.keep_best(round_, self._eyes.fault(numbers))
    if self._run.best == round_:
      self._best = round_, numbers, gallery
    return numbers

  def finish(self, done: int) -> dict[str, float]:
    """Restore the best round, draw pictures of it, and return its numbers."""
    self.look(done)
    best = self._run.best
    assert best is not None  # `look` has kept at least one round
    if best != done:
      self._progress.say(f'round {best} was the best: pictures and numbers are of it')
      self._run.restore_best()
    if self._best and self._best[0] == best:
      _, numbers, gallery = self._best
    else:  # it was found before this run was resumed
      numbers, gallery = self._eyes.look(), self._gallery()
    seed = self._learner.config.run.seed
    numbers = numbers | self._eyes.yardstick(seed) | {'best/round': best}
    self._run.log(done, numbers)
    if gallery:
      with storage.whole(self._run.path / 'gallery.png') as path:
        gallery.save(path)
    if frames := self._animation():
      with storage.whole(self._run.path / 'painting.gif') as path:
        pictures.save_gif(frames, path)
    return numbers

  @functools.cached_property
  def _eyes(self) -> evaluator_lib.Eyes | player.Player:
    """Make the evaluator at first use; in worlds with works it trains a judge then."""
    if not self._learner.creator:
      return player.Player(self._learner, self._progress.doing)
    works = self._learner.config.run.works
    return evaluator_lib.Eyes(self._learner, self._run.path, works, self._progress.doing)

  def _gallery(self) -> Any:
    if not self._learner.creator:
      return None
    tell = functools.partial(self._progress.doing, 'drawing the gallery')
    return pictures.gallery(self._learner, tell=tell)

  def _animation(self) -> Any:
    if not self._learner.creator:
      return pictures.episode(self._eyes)
    self._progress.doing('drawing a painting in the making')
    return pictures.painting(self._learner)


def _is_look(row: dict[str, float]) -> bool:
  """Return whether a row is of an evaluation: only these have what the best is chosen by."""
  return any(name.startswith('validation/') for name in row)


def _warn(text: str) -> None:
  print(f'warning: {text}', file=sys.stderr)


def _startup(clock: list[tuple[str, float]]) -> str:
  """Format the time to the first rounds, step by step."""
  last, parts = tf_creative.STARTED, []
  for name, moment in clock:
    parts.append(f'{name} {moment - last:.1f}')
    last = moment
  return f'first rounds after {last - tf_creative.STARTED:.1f} s ({", ".join(parts)})'
