"""Trains a creative learner: a GAN that imagines works and a DQN agent that makes them.

  python -m tf_creative.train --flagfile=pipelines/pixel_art.flags

The same command again resumes a stopped run. Later flags overrule earlier ones.
"""

import contextlib
import functools
import os
import sys
import time
from typing import Any

from absl import logging

import tf_creative
from tf_creative.cli import command
from tf_creative.learner import config as config_lib

_KEEP_VERSIONS = 3  # of the models in a run's exports


def train(config: config_lib.Config, verbosity: int = logging.ERROR) -> int:
  """Trains until the last round or a signal; the exit code."""
  command.check_writable(config.run.run_dir, 'run_dir')
  os.environ['TF_NUM_INTRAOP_THREADS'] = str(command.threads())  # read as TensorFlow starts
  # Imported here, so that --help and a mistyped flag are answered at once.
  from tf_creative.evaluation import evaluator as eyes_lib
  from tf_creative.learner import alarms as alarms_lib
  from tf_creative.learner import learner as learner_lib
  from tf_creative.runs import progress as progress_lib
  from tf_creative.runs import run as run_lib
  from tf_creative.runs import summaries as board
  from tf_creative.studio import pictures, player

  logging.set_verbosity(verbosity)  # importing the libraries has turned their chatter on
  clock = [('imports', time.monotonic())]
  settings = config.run
  with contextlib.closing(run_lib.Run(config)) as run:
    learner = learner_lib.Learner(config)
    clock.append(('data and networks', time.monotonic()))
    done = run.attach(learner, _warn)
    clock.append(('restoring', time.monotonic()))
    imagines = learner.creator is not None

    @functools.cache  # where there are works it trains a judge: at first use
    def eyes() -> eyes_lib.Eyes | player.Player:
      if not imagines:
        return player.Player(learner, progress.doing)
      return eyes_lib.Eyes(learner, run.path, settings.works, progress.doing)

    def draw_gallery() -> Any:
      if not imagines:
        return None
      tell = functools.partial(progress.doing, 'drawing the gallery')
      return pictures.gallery(learner, tell=tell)

    @functools.cache  # no round is looked at twice
    def evaluate(round_: int) -> dict[str, float]:
      numbers = eyes().look()
      run.log(round_, numbers)
      alarms.look(round_, numbers)
      picture = draw_gallery()
      if picture:
        run.board.picture(round_, 'gallery', picture)
      run.keep_best(round_, eyes().fault(numbers))
      if run.best == round_:
        best.update(numbers=numbers, gallery=picture, round=round_)
      return numbers

    best = {}  # what the best look saw, if it was by this process

    def finish() -> dict[str, float]:
      """The numbers of the best round, of which there are pictures and models at the end."""
      evaluate(done)
      if run.best != done:
        progress.say(f'round {run.best} was the best: pictures and numbers are of it')
        run.restore_best()
      if best.get('round') != run.best:  # by a process before this one
        best.update(numbers=eyes().look(), gallery=draw_gallery())
      numbers = best['numbers'] | eyes().yardstick(settings.seed) | {'best/round': run.best}
      run.log(done, numbers)
      if imagines:
        best['gallery'].save(run.path / 'gallery.png')
        progress.doing('drawing a painting in the making')
        frames = pictures.painting(learner)
      else:
        frames = pictures.episode(eyes())
      if frames:
        pictures.save_gif(frames, run.path / 'painting.gif')
      return numbers

    def publish(numbers: dict[str, float]) -> None:
      if settings.export:
        from tf_creative.studio import publishing

        progress.say('exporting, and asking what was exported in another process')
        progress.doing('exporting')
        publishing.publish(learner, config, run.path / 'exports', _KEEP_VERSIONS, numbers)

    def show() -> None:
      if imagines:
        run.board.picture(done, 'imagined', pictures.imagined(learner))
        run.board.picture(done, 'imagined/painting', pictures.strip(learner))

    actions = (
      (settings.rounds_per_call, lambda: run.log(done, metrics)),
      (settings.rounds_per_call, lambda: alarms.look(done, metrics)),
      (settings.picture_every, show),
      (settings.histogram_every, lambda: run.board.histograms(done, board.weights(learner))),
      (settings.evaluate_every, lambda: metrics.update(evaluate(done))),
      (settings.checkpoint_every, lambda: run.save(done, due=False)),
    )
    progress = progress_lib.Progress(
      settings.rounds,
      done,
      settings.progress,
      run_lib.logged(run.path),
      (lambda: progress_lib.newest(learner)) if imagines else None,
    )

    def alarm(round_: int, text: str) -> None:
      progress.say(f'warning: {text}')
      run.board.text(round_, 'warnings', text)

    alarms = alarms_lib.Alarms(learner, settings.skip_limit, alarm)
    with run_lib.Stop() as stop:
      with progress:
        anew = '; episodes begin anew' if done and learner.world.simulator else ''
        progress.say(f'{"resuming" if done else "starting"} {run.path} at round {done}{anew}')
        if not done:
          learner.loop.warm_up()
        first = done
        while done < settings.rounds and not stop.signal:
          # Up to the next multiple, so that a resumed run logs the same rows as one never stopped.
          count = min(
            settings.rounds - done, settings.rounds_per_call - done % settings.rounds_per_call
          )
          metrics = learner.loop.step(count)
          done += count
          if done - count == first:
            clock.append((f'warm-up, tracing and {count} rounds', time.monotonic()))
            progress.say(_startup(clock))
          for every, action in actions:
            if every and done // every > (done - count) // every:
              action()
          progress.update(done, metrics)
        run.save(done)
        numbers = fault = None
        if not stop.signal:
          numbers = finish()
          try:
            publish(numbers)
          except Exception as error:  # told after the numbers, which it must not swallow
            fault = error
      if numbers is None:
        progress.say(f'stopped at round {done}, saved; the same command goes on from there')
        return 128 + stop.signal
      told = eyes_lib.headlines(numbers, learner.world) if imagines else player.headlines(numbers)
      progress.say(f'\n{told}\n\n{run.contents()}')
      if fault:
        raise fault
    return 0


def _warn(text: str) -> None:
  print(f'warning: {text}', file=sys.stderr)


def _startup(clock: list[tuple[str, float]]) -> str:
  """How long the first rounds were in coming, and why."""
  last, parts = tf_creative.STARTED, []
  for name, moment in clock:
    parts.append(f'{name} {moment - last:.1f}')
    last = moment
  return f'first rounds after {last - tf_creative.STARTED:.1f} s ({", ".join(parts)})'


if __name__ == '__main__':
  command.run(train, __doc__)
