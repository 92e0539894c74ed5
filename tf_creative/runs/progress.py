"""Shows the progress of a run: a live view on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
import datetime
import functools
import math
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import rich.console
import rich.live
import rich.text

from tf_creative.runs import blocks, titles

if TYPE_CHECKING:  # TensorFlow is not needed to show numbers
  from tf_creative.learner import learner as learner_lib

SHOWN = (
  'agent/return',
  'agent/loss',
  'gan/generator_loss',
  'gan/critic_gap',
  'imagined/frechet',
  'painted/frechet',
)
_BRIEF = ('agent/return', 'agent/loss', 'gan/critic_gap', 'imagined/frechet')  # in plain lines
_DOING_SECONDS, _FRAME_SECONDS = 15, 0.2  # between two plain lines; between two draws of the view
# Works for the view are made at most every 10 seconds, and in at most 1% of the run's time.
_LOOK_SECONDS, _LOOK_SHARE = 10, 0.01
_BAR, _VALUE, _CURVE, _LEAST_CURVE = 30, 11, 30, 7  # widths in characters


class Screen(NamedTuple):
  """How a run shows its progress."""

  live: bool = True  # by a live view, on terminals that allow it
  seconds: float = 15  # between two plain lines where there is none; 0: a line for every log
  quiet: bool = False  # not at all


class Progress:
  """Shows rate, time left, main metrics and the newest works of a run of `total` rounds."""

  def __init__(
    self,
    total: int,
    start: int,
    screen: Screen,
    rows: Iterable[Mapping[str, float]] = (),
    look: Callable[[], np.ndarray | None] | None = None,
    console: rich.console.Console | None = None,
    own: Mapping[str, str] | None = None,
    caption: str = 'imagined, and what the hand makes of it',
  ):
    """Take the metrics so far, and `look`: it returns targets and works, [2, N, h, w, RGB].

    Or other pictures, [1, N, h, w, RGB], or None; `caption` says what they are. `own` has the
    titles of the world's own numbers by name, the most telling one first.
    """
    own, live = own or {}, screen.live
    self._titles = {name: titles.title(name, own) for name in (*own, *SHOWN)}
    self._brief = (*_BRIEF, *list(own)[:1])
    if console is None:
      # A notebook is no terminal: rich would write HTML there.
      console = rich.console.Console(highlight=False, quiet=screen.quiet, force_jupyter=False)
      live = live and sys.stdout.isatty()  # even where the environment forces colours
    self._console, self._total, self._done = console, total, start
    self._history: dict[str, list[float]] = {name: [] for name in self._titles}
    for row in rows:
      self._remember(row)
    self._begun, self._rate = time.monotonic(), 0.0
    self._first, self._last = None, 0.0  # the rate counts from the first update, without tracing
    self._seconds, self._told = screen.seconds, False
    colours = console.color_system and not console.no_color
    self._look, self._next_look = look if colours else None, 0.0
    self._doing = ''  # work besides learning, such as an evaluation
    self._paintings, self._caption = None, caption  # a function of columns and lines
    self._live, self._drawn = None, -math.inf
    if live and console.is_interactive:
      # Refreshed here, and by no thread of rich, which imports of TFDS would now and then kill.
      self._live = rich.live.Live(
        get_renderable=self._view, console=console, auto_refresh=False, vertical_overflow='crop'
      )

  def __enter__(self) -> Progress:
    return self

  def __exit__(self, *_) -> None:
    if self._live:
      self._live.stop()

  def say(self, text: str) -> None:
    """Print a line that stays on the screen."""
    self._console.print(text, markup=False, soft_wrap=True)

  def doing(self, what: str, done: int = 0, total: int = 0) -> None:
    """Show work besides learning and its progress; plain lines appear only if it takes long."""
    self._doing = f'{what}  {done}/{total}' if total else what
    now = time.monotonic()
    if self._live and self._live.is_started:
      self._refresh(now)
    elif now - self._last > _DOING_SECONDS:
      self._last = now
      self.say(f'  {self._doing}')

  def update(self, done: int, metrics: Mapping[str, float]) -> None:
    """Show that `done` rounds are over, with their metrics."""
    self._remember(metrics)
    self._done, self._doing, now = done, '', time.monotonic()
    first = self._first is None
    then, before = self._first = self._first or (now, done)
    self._rate = (done - before) / max(now - then, 1e-9)
    if self._live:
      self._look_again()
      # Starts only now: TensorFlow's messages while it traces the loop would break the view.
      self._live.start()
      self._refresh(now)
    elif not first:
      self._plain(now)

  def _refresh(self, now: float) -> None:
    """Draw the view anew, but not more often than eyes can follow."""
    if self._live and now - self._drawn >= _FRAME_SECONDS:
      self._drawn = now
      self._live.refresh()

  def _plain(self, now: float) -> None:
    """Print a line if it is time, and once how long the run will take."""
    left = (self._total - self._done) / max(self._rate, 1e-9)
    if not self._told and self._done < self._total:
      self._told = True
      self.say(f'training will take {about(left)} more on this machine, evaluations not counted')
    if now - self._last < self._seconds and self._done < self._total:
      return
    self._last = now
    newest = {self._titles[name].short: self._history[name][-1:] for name in self._brief}
    numbers = '  '.join(f'{short} {value[0]:.3g}' for short, value in newest.items() if value)
    rate = f'{self._rate:.1f}/s  {left:.0f} s left'
    self.say(f'round {self._done}/{self._total}  {rate}  {numbers}')

  def _remember(self, metrics: Mapping[str, float]) -> None:
    for name, history in self._history.items():
      if name in metrics:
        history.append(float(metrics[name]))

  def _look_again(self) -> None:
    """Make new works for the view, if it is time."""
    now = time.monotonic()
    if not self._look or now < self._next_look:
      return
    works = self._look()
    # The first look traces the graph, so its time says nothing about later ones.
    cost = time.monotonic() - now if self._paintings else 0
    # Cached, so that pictures are drawn once per size of the terminal, not once a second.
    draw = functools.partial(blocks.paintings, works) if works is not None else lambda *_: None
    self._paintings = functools.cache(draw)
    self._next_look = time.monotonic() + max(_LOOK_SECONDS, cost / _LOOK_SHARE)

  def _view(self) -> rich.console.Group:
    """Return the whole view; with few lines it drops the works, with few columns the sparklines."""
    width, height = self._console.size
    doing = [rich.text.Text(self._doing, no_wrap=True, overflow='crop')] if self._doing else []
    lines = [self._bar(width), *doing, *self._table(width)]
    room = height - len(lines) - 3  # a blank line, the caption, and the line of the cursor
    if self._paintings and (shown := self._paintings(width, room)):
      caption = rich.text.Text(self._caption, 'dim', no_wrap=True, overflow='crop')
      lines += [rich.text.Text(), caption, shown]
    return rich.console.Group(*lines)

  def _bar(self, width: int) -> rich.text.Text:
    text = f'{self._done}/{self._total} rounds  {_clock(time.monotonic() - self._begun)} gone'
    if self._rate:
      text += f'  {_clock((self._total - self._done) / self._rate)} left  {self._rate:.1f}/s'
    room = max(min(width - len(text) - 2, _BAR), 0)
    full = room * self._done // max(self._total, 1)
    bar = ('━' * full, 'green'), ('─' * (room - full), 'dim'), '  ' if room else ''
    return rich.text.Text.assemble(*bar, text, no_wrap=True, overflow='crop')

  def _table(self, width: int) -> list[rich.text.Text]:
    long, short = (max(map(len, names)) for names in zip(*self._titles.values(), strict=True))
    lines, is_wide = [], width - long - _VALUE - 2 > _LEAST_CURVE
    widest = long if is_wide else short
    room = width - widest - _VALUE - 2
    for name, title in self._titles.items():
      if history := self._history[name]:
        value = f'{history[-1]:{_VALUE}.4g}', 'bold'
        curve = blocks.sparkline(history, min(room, _CURVE)) if room > _LEAST_CURVE else ''
        line = f'{title.long if is_wide else title.short:<{widest}}', value, (f'  {curve}', 'cyan')
        lines.append(rich.text.Text.assemble(*line, no_wrap=True, overflow='crop'))
    return lines


def newest(learner: learner_lib.Learner, count: int = 8) -> np.ndarray:
  """Imagine works from fixed codes and let the hand make them: both as [2, count, h, w, RGB]."""
  imagined = learner.creator.imagine(np.arange(count))
  made = learner.creator.make(imagined)
  shown = np.stack([learner.world.media.render(works.work) for works in (imagined, made)])
  opaque = shown[..., 3:].all(-1, keepdims=True)  # everywhere, where there is no transparency
  return np.where(opaque, shown[..., :3].astype(int), blocks.NOTHING)


def _clock(seconds: float) -> str:
  return str(datetime.timedelta(seconds=int(seconds)))


def about(seconds: float) -> str:
  """Return a time in words that do not promise too much."""
  if seconds < 90:
    return f'about {max(10, round(seconds, -1)):.0f} seconds'
  minutes = seconds / 60
  return f'about {minutes:.0f} minutes' if minutes < 90 else f'about {minutes / 60:.1f} hours'
