"""Trains a run, from its first round or from where it stopped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import contextlib
import functools
import itertools
import math
import sys
import time
from typing import Any, NamedTuple

import tf_creative
from tf_creative.cli import signals
from tf_creative.core import replicas
from tf_creative.evaluation import evaluator as evaluator_lib
from tf_creative.experiments import callbacks as callbacks_lib
from tf_creative.experiments import looks as looks_lib
from tf_creative.learner import alarms as alarms_lib
from tf_creative.learner import config as config_lib
from tf_creative.learner import learner as learner_lib
from tf_creative.runs import cluster, keepsakes, summaries, titles
from tf_creative.runs import log as log_lib
from tf_creative.runs import progress as progress_lib
from tf_creative.runs import run as run_lib
from tf_creative.studio import pictures, player

_KEEP_VERSIONS = 3  # of each model in a run's exports


def train(
  config: config_lib.Config,
  screen: progress_lib.Screen | None = None,
  callbacks: Sequence[callbacks_lib.Callback] = (),
  began: float = tf_creative.STARTED,
) -> Trained:
  """Train until the last round, a callback that has enough, or a signal.

  `screen` is how to show progress, if not as the config says; `began` is when the user asked.
  """
  with (
    cluster.joined(config) as config,
    contextlib.closing(run_lib.Run(config)) as run,
  ):
    training = Training(config, run, screen, callbacks, began)
    return Trained(training.run(), training.learner)


class Trained(NamedTuple):
  code: int  # the exit code of a command: 0 for the end, 128 and more for a signal
  learner: learner_lib.Learner  # of the best round at the end, of the last one after a signal


class Training:
  """Calls the loop; between calls it logs, evaluates, draws and saves whatever is due."""

  def __init__(
    self,
    config: config_lib.Config,
    run: run_lib.Run,
    screen: progress_lib.Screen | None = None,
    callbacks: Sequence[callbacks_lib.Callback] = (),
    began: float = tf_creative.STARTED,
  ):
    """Build the learner and restore the run's last checkpoint, if there is one."""
    self._clock = [('', began), ('imports', time.monotonic())]
    self._config, self._settings, self._run = config, config.run, run
    self.learner = learner_lib.Learner(config, kept=keepsakes.of(config.run))
    self._tick('data and networks')
    self._done = run.attach(self.learner, _warn)
    self._tick('restoring')
    self._imagines, self._leads = self.learner.creator is not None, not replicas.here().number
    self._metrics: dict[str, float] = {}  # of the last call of the loop
    self._stopped = 0  # the signal that ended the training, if one did
    self._callbacks = callbacks_lib.Callbacks(tuple(callbacks))
    self._screen = screen or progress_lib.Screen(self._settings.progress)
    if not self._leads:
      self._screen = self._screen._replace(live=False, seconds=math.inf)
    self._scene = None if self._imagines else player.Scene(self.learner)
    given = config.run.rounds, self._done, self._screen, log_lib.rows(run.path)
    self._progress = _shown(self.learner, self._scene, *given)
    self._alarms = alarms_lib.Alarms(self.learner, self._settings.skip_limit, self._alarm)
    self._looks = looks_lib.Looks(self.learner, run, self._progress, self._alarms)

  def run(self) -> int:
    """Train, then draw, export and summarize the best round; return the exit code."""
    numbers = fault = None
    with signals.Stop() as stop:
      with self._progress:
        self._start()
        self._train(stop)
        self._run.save(self._done)
        if not self._stopped and self._leads:
          numbers = self._looks.finish(self._done)
          try:
            self._publish(numbers)
          except Exception as error:  # raised below, after the numbers have been shown
            fault = error
      if not self._leads:
        return 128 + self._stopped if self._stopped else 0
      if numbers is None:
        self._progress.say(
          f'stopped at round {self._done}, saved; the same command goes on from there'
        )
        return 128 + self._stopped
      if self._imagines:
        told = evaluator_lib.headlines(numbers, self.learner.world)
        told += ''.join(f'\n{line}' for line in self._looks.remarks)
      else:
        told = player.headlines(numbers)
      self._progress.say(f'\n{told}\n\n{self._run.contents()}')
      self._callbacks.on_end(self._done, numbers)
      if fault:
        raise fault
    return 0

  def _start(self) -> None:
    """Announce the run, and fill the replay if it is new."""
    anew = '; episodes begin anew' if self._done and self.learner.world.simulator else ''
    what = 'resuming' if self._done else 'starting'
    self._progress.say(f'{what} {self._run.path} at round {self._done}{anew}')
    if not self.learner.imagination:
      name = self.learner.world.name
      self._progress.say(f"nothing can be imagined of the world '{name}': the hand learns alone")
    self._callbacks.on_start(self.learner, self._done)
    if not self._done:
      self.learner.loop.warm_up()

  def _train(self, stop: signals.Stop) -> None:
    """Call the loop until the last round or a signal."""
    first, rounds, size = self._done, self._settings.rounds, self._settings.rounds_per_call
    while not self._ends(stop):
      # Up to the next multiple, so that a resumed run logs the same rows as one never stopped.
      count = min(rounds - self._done, size - self._done % size)
      self._metrics = self.learner.loop.step(count)
      before, self._done = self._done, self._done + count
      if before == first:
        self._tick(f'warm-up, tracing and {count} rounds')
        self._progress.say(_startup(self._clock))
      for every, action in self._actions():
        if every and self._done // every > before // every:
          action()
      self._progress.update(self._done, self._metrics)

  def _ends(self, stop: signals.Stop) -> bool:
    """Return whether the last round, a signal or a callback ends it, here or in any replica."""
    self._stopped = replicas.most(stop.signal or 0)
    enough = replicas.most(self._callbacks.enough)
    return bool(self._stopped or enough or self._done >= self._settings.rounds)

  def _actions(self) -> tuple[tuple[int, Callable[[], object]], ...]:
    """List what is done between calls, each with its interval in rounds; 0: never."""
    settings, run = self._settings, self._run
    checked = settings.rounds_per_call, lambda: self._alarms.look(self._done, self._metrics)
    saved = settings.checkpoint_every, lambda: run.save(self._done, due=False)
    if not self._leads:
      return checked, saved
    return (
      (settings.rounds_per_call, self._log),
      checked,
      (settings.picture_every, self._show),
      (settings.histogram_every, self._histograms),
      (settings.evaluate_every, self._look),
      saved,
    )

  def _log(self) -> None:
    self._run.log(self._done, self._metrics)
    self._callbacks.on_log(self._done, dict(self._metrics))

  def _look(self) -> None:
    numbers = self._looks.look(self._done)
    self._metrics.update(numbers)
    self._callbacks.on_evaluate(self._done, dict(numbers))

  def _publish(self, numbers: dict[str, float]) -> None:
    if self._settings.export:
      from tf_creative.studio import publishing  # here, because it loads TensorFlow Serving's API

      self._progress.say('exporting, and checking the exported models in another process')
      self._progress.doing('exporting')
      folder = self._run.path / 'exports'
      publishing.publish(self.learner, self._config, folder, _KEEP_VERSIONS, numbers)

  def _show(self) -> None:
    if not self._scene:
      self._run.board.picture(self._done, 'imagined', pictures.imagined(self.learner))
      self._run.board.picture(self._done, 'imagined/painting', pictures.strip(self.learner))
    elif (moments := self._scene.look()) is not None:
      self._run.board.picture(self._done, 'episode', pictures.sheet(moments, len(moments)))

  def _histograms(self) -> None:
    self._run.board.histograms(self._done, summaries.weights(self.learner))

  def _alarm(self, round_: int, text: str) -> None:
    if not self._leads:
      return
    _warn(text) if self._screen.quiet else self._progress.say(f'warning: {text}')
    self._run.board.text(round_, 'warnings', text)

  def _tick(self, name: str) -> None:
    self._clock.append((name, time.monotonic()))


def _shown(
  learner: learner_lib.Learner, scene: player.Scene | None, *given: Any
) -> progress_lib.Progress:
  """Return what shows the progress, and beside it works, or moments of an episode."""
  own = titles.headline(learner.world.measures)
  if scene:
    what = 'an episode of the hand: the newest moment first'
    return progress_lib.Progress(*given, look=scene.brief, own=own, caption=what)
  newest = functools.partial(progress_lib.newest, learner)
  return progress_lib.Progress(*given, look=newest, own=own)


def _warn(text: str) -> None:
  print(f'warning: {text}', file=sys.stderr)


def _startup(clock: list[tuple[str, float]]) -> str:
  """Format the time to the first rounds, step by step."""
  parts = [f'{name} {moment - last:.1f}' for (_, last), (name, moment) in itertools.pairwise(clock)]
  return f'first rounds after {clock[-1][1] - clock[0][1]:.1f} s ({", ".join(parts)})'
