"""Line charts as inline SVG, without scripts or other files; the page's CSS sets the colours."""

from __future__ import annotations

from collections.abc import Sequence
import html
import math
from typing import NamedTuple

_WIDTH, _HEIGHT = 320, 150
_LEFT, _RIGHT, _TOP, _BOTTOM = 50, 8, 8, 20
_FEW = 12  # lines with fewer points than this get a mark at each point


class Line(NamedTuple):
  name: str
  x: Sequence[float]
  y: Sequence[float]


def chart(title: str, lines: Sequence[Line], unit: str = 'rounds') -> str:
  """Return a figure; the page's classes `line0`, `line1` ... give lines their colour and dashes.

  `unit` is that of x.
  """
  low, high = _range([value for line in lines for value in line.y])
  digits = min(max(0, 1 - math.floor(math.log10(high - low))), 6)
  end = max(max(line.x) for line in lines)

  def place(x: float, y: float) -> str:
    right = _LEFT + (_WIDTH - _LEFT - _RIGHT) * x / end
    down = _TOP + (_HEIGHT - _TOP - _BOTTOM) * (high - y) / (high - low)
    return f'{right:.1f},{down:.1f}'

  drawn = []
  for index, line in enumerate(lines):
    points = [place(x, y) for x, y in zip(line.x, line.y, strict=True)]
    marked = points if len(points) < _FEW else points[-1:]
    marks = ''.join('<circle cx="{}" cy="{}" r="2.5"/>'.format(*p.split(',')) for p in marked)
    drawn.append(f'<g class="line{index % 4}"><polyline points="{" ".join(points)}"/>{marks}</g>')
  spoken = '; '.join(f'{line.name}: from {line.y[0]:.3g} to {line.y[-1]:.3g}' for line in lines)
  label = html.escape(f'{title}. {spoken}.', quote=True)
  frame = ''.join(
    f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y}" y2="{y}"/>'
    f'<text x="{_LEFT - 5}" y="{y}" dy=".32em" text-anchor="end">{value:.{digits}f}</text>'
    for value, y in ((high, _TOP), ((low + high) / 2, _middle()), (low, _HEIGHT - _BOTTOM))
  )
  axis = (
    f'<text x="{_LEFT}" y="{_HEIGHT - 5}">0</text>'
    f'<text x="{_WIDTH - _RIGHT}" y="{_HEIGHT - 5}" text-anchor="end">{end:,.0f} {unit}</text>'
  )
  return (
    f'<figure class="chart"><figcaption>{html.escape(title)}</figcaption>'
    f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{label}">'
    f'{frame}{axis}{"".join(drawn)}</svg></figure>'
  )


def _range(values: list[float]) -> tuple[float, float]:
  """Return the lowest and the highest value, widened if equal: a flat line is in the middle."""
  low, high = min(values), max(values)
  return (low, high) if high > low else (low - 1, high + 1)


def _middle() -> float:
  return (_TOP + _HEIGHT - _BOTTOM) / 2
