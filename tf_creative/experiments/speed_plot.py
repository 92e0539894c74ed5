"""Plots how the cost of a round grows with each setting of a sweep."""

from __future__ import annotations

from matplotlib import axes, figure, ticker

_OURS = '#0072B2'
_MEANINGS = {
  'pixels': 'pixels of the canvas',
  'batch': 'transitions in a batch',
  'replay': 'steps of replay',
}


def draw(sweep: dict[str, dict[str, dict[str, float]]]) -> figure.Figure:
  """Draw a panel for each setting; the dotted line shows a cost proportional to the setting."""
  whole = figure.Figure(figsize=(3.2 * len(sweep), 3.2), layout='constrained')
  panels = whole.subplots(1, len(sweep), squeeze=False)[0]
  for panel, (what, told) in zip(panels, sweep.items(), strict=True):
    sizes = [int(size) for size in told]
    _panel(panel, sizes, [1e3 * each['seconds'] for each in told.values()])
    panel.set_xlabel(_MEANINGS.get(what, what))
  panels[0].set_ylabel('a round, ms')
  return whole


def _panel(panel: axes.Axes, sizes: list[int], costs: list[float]) -> None:
  proportional = [costs[-1] * size / sizes[-1] for size in sizes]
  panel.loglog(sizes, proportional, ':', color='0.6')
  panel.loglog(sizes, costs, 'o-', color=_OURS, markersize=4)
  panel.set_ylim(min(costs) / 2, max(costs) * 2)
  panel.set_xticks(sizes, [f'{size:,}' for size in sizes])
  for axis in (panel.xaxis, panel.yaxis):
    axis.set_minor_formatter(ticker.NullFormatter())
  panel.yaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f'{value:,.6g}'))
  panel.tick_params(axis='x', labelsize=8, rotation=30)
  panel.grid(color='0.9')
  for side in ('top', 'right'):
    panel.spines[side].set_visible(False)
