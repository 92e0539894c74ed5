"""What a training tells to code of others while it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Numbers = Mapping[str, float]  # by the names of metrics.jsonl


class Callback:
  """Hears how a training goes; a class of yours overrides what it wants to hear.

  Whoever only reads changes nothing: the run stays repeatable.
  """

  def on_start(self, learner: Any, round_: int) -> None:
    """Hear that the learner goes on from this round, which is 0 if it is new."""

  def on_log(self, round_: int, metrics: Numbers) -> bool | None:
    """Hear a row of the log; return True to end the training as its last round does."""

  def on_evaluate(self, round_: int, numbers: Numbers) -> bool | None:
    """Hear an evaluation; return True to end the training as its last round does."""

  def on_end(self, round_: int, numbers: Numbers) -> None:
    """Hear the numbers of the best round; not called where a signal stopped the training."""


class OnLog(Callback):
  """Calls a function with each row of the log."""

  def __init__(self, function: Callable[[int, Numbers], bool | None]):
    self._function = function

  def on_log(self, round_: int, metrics: Numbers) -> bool | None:
    return self._function(round_, metrics)


class Callbacks(Callback):
  """Tells all of its callbacks, and remembers whether one wants the training to end."""

  def __init__(self, callbacks: tuple[Callback, ...] = ()):
    self._callbacks, self.enough = callbacks, False

  def on_start(self, learner: Any, round_: int) -> None:
    for one in self._callbacks:
      one.on_start(learner, round_)

  def on_log(self, round_: int, metrics: Numbers) -> None:
    for one in self._callbacks:
      self.enough |= bool(one.on_log(round_, metrics))

  def on_evaluate(self, round_: int, numbers: Numbers) -> None:
    for one in self._callbacks:
      self.enough |= bool(one.on_evaluate(round_, numbers))

  def on_end(self, round_: int, numbers: Numbers) -> None:
    for one in self._callbacks:
      one.on_end(round_, numbers)
