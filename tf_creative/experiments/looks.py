"""Looks at a learner in training now and then, and keeps the best round."""

from __future__ import annotations

from collections.abc import Sequence
import functools
from typing import Any

from tf_creative.core import storage
from tf_creative.evaluation import evaluator as evaluator_lib
from tf_creative.learner import alarms as alarms_lib
from tf_creative.learner import learner as learner_lib
from tf_creative.runs import log as log_lib
from tf_creative.runs import progress as progress_lib
from tf_creative.runs import run as run_lib
from tf_creative.studio import pictures, player


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

  @property
  def remarks(self) -> Sequence[str]:
    """What so few works as there are cannot tell."""
    return self._eyes.remarks

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
