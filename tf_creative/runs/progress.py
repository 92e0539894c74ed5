"""Shows the progress of a run: a live view on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
import datetime
import functools
import itertools
import sys
import time

import numpy as np
import rich.color
import rich.console
import rich.live
import rich.segment
import rich.style
import rich.text

from tf_creative.learner import learner as learner_lib

SHORT = {
  'agent/return': 'return',
  'agent/loss': 'q-loss',
  'gan/critic_gap': 'gap',
  'imagined/frechet': 'frechet',
}
SHOWN = (
  'agent/return',
  'agent/loss',
  'gan/generator_loss',
  'gan/critic_gap',
  'imagined/frechet',
  'painted/frechet',
)
_PLAIN_SECONDS = 15
# Works for the view are made at most every 10 seconds, and in at most 1% of the run's time.
_LOOK_SECONDS, _LOOK_SHARE = 10, 0.01
_BAR, _VALUE, _SPARKLINE = 30, 11, 30  # widths in characters
_NOTHING = -1  # a transparent pixel: the terminal's background


class Progress:
  """Shows rate, time left, main metrics and the newest works of a run of `total` rounds."""

  def __init__(
    self,
    total: int,
    start: int,
    live: bool,
    rows: Iterable[Mapping[str, float]] = (),
    look: Callable[[], np.ndarray] | None = None,
    console: rich.console.Console | None = None,
    own: Iterable[str] = (),
  ):
    """Take the metrics so far, and `look`: it returns targets and works, [2, N, h, w, RGB].

    `own` are the names of the world's own numbers, the most telling one first.
    """
    own = tuple(own)
    self._shown = (*own, *SHOWN)
    self._short = SHORT | {name: name.split('_')[-1].split('/')[-1] for name in own[:1]}
    if console is None:
      console = rich.console.Console(highlight=False)
      live = live and sys.stdout.isatty()  # even where the environment forces colours
    self._console, self._total, self._done = console, total, start
    self._history: dict[str, list[float]] = {name: [] for name in {*self._shown, *SHORT}}
    for row in rows:
      self._remember(row)
    self._begun, self._rate = time.monotonic(), 0.0
    self._first, self._last = None, 0.0  # the rate counts from the first update, without tracing
    colours = console.color_system and not console.no_color
    self._look, self._next_look = look if colours else None, 0.0
    self._doing = ''  # work besides learning, such as an evaluation
    self._paintings = None  # a function of columns and lines
    self._live = None
    if live and console.is_interactive:
      # rich refreshes in its own thread, so the clock moves while the training loop is busy.
      self._live = rich.live.Live(
        get_renderable=self._view, console=console, refresh_per_second=1, vertical_overflow='crop'
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
    if not (self._live and self._live.is_started) and now - self._last > _PLAIN_SECONDS:
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
      self._live.start(refresh=True)
    elif not first and (now - self._last > _PLAIN_SECONDS or done >= self._total):
      self._last = now
      left = (self._total - done) / max(self._rate, 1e-9)
      newest = {short: self._history[name][-1:] for name, short in self._short.items()}
      numbers = '  '.join(f'{short} {value[0]:.3g}' for short, value in newest.items() if value)
      self.say(f'round {done}/{self._total}  {self._rate:.1f}/s  {left:.0f} s left  {numbers}')

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
    self._paintings = functools.cache(functools.partial(paintings, works))
    self._next_look = time.monotonic() + max(_LOOK_SECONDS, cost / _LOOK_SHARE)

  def _view(self) -> rich.console.Group:
    """Return the whole view; with few lines it drops the works, with few columns the sparklines."""
    width, height = self._console.size
    doing = [rich.text.Text(self._doing, no_wrap=True, overflow='crop')] if self._doing else []
    lines = [self._bar(width), *doing, *self._table(width)]
    room = height - len(lines) - 3  # a blank line, the caption, and the line of the cursor
    if self._paintings and (shown := self._paintings(width, room)):
      caption = rich.text.Text('imagined, and what the hand makes of it', 'dim', no_wrap=True)
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
    widest = max(map(len, self._shown))
    lines, room = [], width - widest - _VALUE - 2
    for name in self._shown:
      if history := self._history[name]:
        value = f'{history[-1]:{_VALUE}.4g}', 'bold'
        curve = sparkline(history, min(room, _SPARKLINE)) if room > 7 else ''
        line = f'{name:<{widest}}', value, (f'  {curve}', 'cyan')
        lines.append(rich.text.Text.assemble(*line, no_wrap=True, overflow='crop'))
    return lines


def newest(learner: learner_lib.Learner, count: int = 8) -> np.ndarray:
  """Imagine works from fixed codes and let the hand make them: both as [2, count, h, w, RGB]."""
  imagined = learner.creator.imagine(np.arange(count))
  made = learner.creator.make(imagined)
  shown = np.stack([learner.world.media.render(works.work) for works in (imagined, made)])
  opaque = shown[..., 3:].all(-1, keepdims=True)  # everywhere, where there is no transparency
  return np.where(opaque, shown[..., :3].astype(int), _NOTHING)


def sparkline(values: Sequence[float], width: int) -> str:
  """Draw a curve of `values` in at most `width` block characters, each the mean of its share."""
  # Non-finite values are left out; a share without any finite value stays blank.
  shares = np.array_split(np.asarray(values, float), min(width, len(values)))
  means = np.array([_mean(share[np.isfinite(share)]) for share in shares])
  known = means[np.isfinite(means)]
  if not known.size:
    return ' ' * len(means)
  low, span = known.min(), known.max() - known.min()
  heights = (means - low) / span if span else np.where(np.isfinite(means), 0.5, np.nan)
  return ''.join(' ' if np.isnan(h) else '▁▂▃▄▅▆▇█'[round(7 * h)] for h in heights)


def _mean(values: np.ndarray) -> float:
  return values.mean() if values.size else np.nan


def paintings(works: np.ndarray, width: int, height: int) -> rich.segment.Segments | None:
  """Draw targets and works for the terminal; None if not even one pair fits."""
  picture = mount(works, width, height)
  return None if picture is None else half_blocks(picture)


def mount(works: np.ndarray, width: int, height: int) -> np.ndarray | None:
  """Put pairs from [2, N, h, w, RGB] into one picture [h', w', RGB] for `width` x `height` cells.

  The second of a pair is below the first, or beside it where lines are few. Takes as many pairs as
  fit; returns None if none fits.
  """
  for axis in (1, 2):
    pairs = _with_gap(np.concatenate([_with_gap(part) for part in works], axis))
    # Each pair has a gap of two pixels, which is cut off after the last one. A line of text shows
    # two rows of pixels.
    high, wide = pairs.shape[1:3]
    if wide - 2 <= width and high - 2 <= 2 * height:
      return np.concatenate(pairs[: (width + 2) // wide], axis=1)[:-2, :-2]
  return None


def _with_gap(works: np.ndarray) -> np.ndarray:
  """Add a transparent pixel below and to the right of each work [N, h, w, RGB]."""
  return np.pad(works.astype(int), [(0, 0), (0, 1), (0, 1), (0, 0)], constant_values=_NOTHING)


def half_blocks(picture: np.ndarray) -> rich.segment.Segments:
  """Draw a picture [h, w, RGB] as characters; each shows two pixels, one above the other."""
  picture = np.pad(picture, [(0, len(picture) % 2), (0, 0), (0, 0)], constant_values=_NOTHING)
  segments = []
  for upper, lower in zip(picture[::2], picture[1::2], strict=True):
    cells = itertools.groupby(map(_cell, upper, lower))
    segments += [
      rich.segment.Segment(glyph * len(list(same)), style) for (glyph, style), same in cells
    ]
    segments.append(rich.segment.Segment.line())
  return rich.segment.Segments(segments)


def _cell(upper: np.ndarray, lower: np.ndarray) -> tuple[str, rich.style.Style]:
  above, below = (
    None if _NOTHING in pixel else rich.color.Color.from_rgb(*pixel) for pixel in (upper, lower)
  )
  if above:
    return '▀', rich.style.Style(color=above, bgcolor=below)
  return '▄' if below else ' ', rich.style.Style(color=below)


def _clock(seconds: float) -> str:
  return str(datetime.timedelta(seconds=int(seconds)))
