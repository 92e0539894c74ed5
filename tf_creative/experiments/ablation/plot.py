"""Plots a grid of runs: one panel per column, one line per case, one dot per seed."""

from __future__ import annotations

from collections.abc import Sequence
import textwrap

from matplotlib import axes, figure, ticker
import numpy as np

from tf_creative.experiments.ablation import tables as outcomes
from tf_creative.metrics import aggregate

_RUN, _MEAN = '#0072B2', '#D55E00'  # blue and vermilion, which colour-blind people can distinguish
_ABREAST = 3  # panels in a row


def draw(
  rows: Sequence[outcomes.Row], cases: Sequence[str], columns: Sequence[str]
) -> figure.Figure:
  """Draw the figure for these rows, with cases and columns in the given order."""
  wide = min(len(columns), _ABREAST)
  high = -(-len(columns) // _ABREAST)
  labels = [textwrap.fill(case, 26) for case in cases]
  lines = sum(label.count('\n') + 1.7 for label in labels)
  whole = figure.Figure(
    figsize=(2 + 3.4 * wide, 0.5 + high * (1 + 0.22 * lines)), layout='constrained'
  )
  panels = whole.subplots(high, wide, sharey=True, squeeze=False).ravel()
  for panel in panels[len(columns) :]:
    panel.set_axis_off()
  for panel, column in zip(panels, columns, strict=False):
    panel.set_title(textwrap.fill(column, 34), fontsize=10)
    for place, case in enumerate(cases):
      _line(panel, place, column, [row for row in rows if row['case'] == case])
    _dress(panel, labels)
  whole.supxlabel(
    "circles: runs; bars: mean with 95% bootstrap interval; dotted line: the first case's mean",
    fontsize=8,
  )
  return whole


def _line(panel: axes.Axes, place: int, column: str, rows: Sequence[outcomes.Row]) -> None:
  scores = outcomes.known(column, rows)
  if len(scores) < len(rows):
    panel.annotate(
      f'{outcomes.absent(column)}: {len(rows) - len(scores)} of {len(rows)}',
      (1, place - 0.4 * bool(scores)),  # above the dots, if there are any
      (-4, 0),
      xycoords=panel.get_yaxis_transform(),
      textcoords='offset points',
      ha='right',
      va='center',
      fontsize=8,
    )
  if not scores:
    return
  # Spreads the dots vertically, so that equal scores do not hide each other.
  apart = 0.3 * ((np.arange(len(scores)) + 0.5) / len(scores) - 0.5)
  panel.plot(scores, place + apart, 'o', color=_RUN, fillstyle='none', markersize=5)
  mean = np.mean(scores)
  if len(scores) > 1:
    panel.plot(aggregate.interval(scores), [place, place], color=_MEAN, linewidth=2)
  panel.plot([mean, mean], [place - 0.28, place + 0.28], color=_MEAN, linewidth=2)
  if not place:
    panel.axvline(mean, color='0.6', linewidth=1, linestyle=':', zorder=0)


def _dress(panel: axes.Axes, labels: Sequence[str]) -> None:
  panel.set_yticks(range(len(labels)), labels)
  panel.set_ylim(len(labels) - 0.5, -0.5)
  panel.tick_params(axis='y', length=0)
  panel.margins(x=0.1)
  panel.xaxis.set_major_locator(ticker.MaxNLocator(4))
  panel.xaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f'{value:,.6g}'))
  panel.grid(axis='x', color='0.9')
  panel.set_axisbelow(True)
  for side in ('top', 'right', 'left'):
    panel.spines[side].set_visible(False)
