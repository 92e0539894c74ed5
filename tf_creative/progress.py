"""How a long run shows itself: a live bar on a terminal, plain lines anywhere else."""

from __future__ import annotations

from collections.abc import Mapping
import sys
import time

import rich.console
import rich.progress

_SHOWN = {
  'agent/return': 'return',
  'agent/loss': 'q-loss',
  'gan/critic_gap': 'gap',
  'held_out/equal_pixels': 'pixels',
  'imagined/frechet': 'frechet',
}
_PLAIN_SECONDS = 15


class Progress:
  """Rate, time left and the main metrics of a run of `total` rounds."""

  def __init__(self, total: int, start: int, live: bool):
    self._total, self._shown = total, {}
    self._first, self._last = None, 0.0  # the rate is counted from the first update on
    self._console = rich.console.Console(file=sys.stdout, highlight=False, soft_wrap=True)
    self._bar = None
    if live and self._console.is_terminal:
      self._bar = rich.progress.Progress(
        rich.progress.TextColumn('training'),
        rich.progress.BarColumn(24),
        rich.progress.MofNCompleteColumn(),
        rich.progress.TextColumn('{task.fields[rate]}'),
        rich.progress.TimeRemainingColumn(),
        rich.progress.TextColumn('{task.fields[metrics]}'),
        console=self._console,
      )
      self._task = self._bar.add_task('training', total=total, completed=start, rate='', metrics='')

  def __enter__(self) -> Progress:
    if self._bar:
      self._bar.start()
    return self

  def __exit__(self, *_) -> None:
    if self._bar:
      self._bar.stop()

  def say(self, text: str) -> None:
    """A line that stays."""
    self._console.print(text, markup=False)

  def update(self, done: int, metrics: Mapping[str, float]) -> None:
    for name, short in _SHOWN.items():
      if name in metrics:
        self._shown[short] = f'{float(metrics[name]):.3g}'
    now = time.monotonic()
    if self._first is None:
      self._first = now, done
      return
    rate = (done - self._first[1]) / max(now - self._first[0], 1e-9)
    numbers = '  '.join(f'{name} {value}' for name, value in self._shown.items())
    if self._bar:
      self._bar.update(self._task, completed=done, rate=f'{rate:.1f}/s', metrics=numbers)
    elif now - self._last > _PLAIN_SECONDS or done >= self._total:
      self._last = now
      left = (self._total - done) / max(rate, 1e-9)
      self.say(f'round {done}/{self._total}  {rate:.1f}/s  {left:.0f} s left  {numbers}')
