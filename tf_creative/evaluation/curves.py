"""Draws the learning curves of the report."""

from __future__ import annotations

from collections.abc import Sequence
import html

from tf_creative.core import world as world_lib
from tf_creative.evaluation import charts
from tf_creative.evaluation.measured import Evaluation
from tf_creative.learner import loop
from tf_creative.runs import titles

# Drawn in this order, with the world's own numbers before the last.
_FIRST = (
  *('agent/return', 'held_out/return', 'agent/loss', 'agent/q'),
  *('gan/generator_loss', 'gan/critic_loss', 'gan/critic_gap'),
)
_LAST = 'painted/frechet'


def section(runs: Sequence[Evaluation]) -> str:
  """Draw a chart of each number that training logged, with a line for each run.

  In worlds without works, numbers stand at the steps that all environments had taken together.
  """
  drawn, place, unit = [], lambda run, round_: round_, 'rounds'
  if not runs[0].learner.creator:
    place, unit = lambda run, round_: loop.environment_steps(run.config, round_), 'steps'
  for name, title in _titles(runs[0].learner.world).items():
    lines = []
    for run in runs:
      # The last row of a training is left out: its numbers are of the best round.
      points = [
        (place(run, row['round']), row[name])
        for row in run.history
        if name in row and row.get('best/round', row['round']) == row['round']
      ]
      if points:
        lines.append(charts.Line(str(run.path), *zip(*points, strict=True)))
    if any(len(set(line.x)) > 1 for line in lines):
      drawn.append(charts.chart(title, lines, unit))
  if not drawn:
    return '<p>Training logged nothing in metrics.jsonl that makes a line.</p>'
  keys = ''.join(
    f'<p><svg class="key line{index % 4}" aria-hidden="true"><line x2="32" y1="5" y2="5"/></svg> '
    f'{html.escape(str(run.path))}</p>'
    for index, run in enumerate(runs)
  )
  return (keys if len(runs) > 1 else '') + f'<div class="charts">{"".join(drawn)}</div>'


def _titles(world: world_lib.World) -> dict[str, str]:
  """Return the titles of all numbers to be drawn, those of the world among them."""
  own = world.measures.titles() if world.measures else {}
  return {name: titles.title(name, own).long for name in (*_FIRST, *own, _LAST)}
