"""The tables of what is foreseen, for the terminal and the report."""

from __future__ import annotations

from tf_creative.evaluation import foreseen, markup, tables
from tf_creative.evaluation.measured import Evaluation
from tf_creative.metrics import calibration
from tf_creative.studio import foreseen as asking

_BITS = 'share of bits that are wrong'
_NUMBERS = (
  'mean absolute error of its numbers (of a stack of frames, of the newest one), each in standard '
  'deviations of its change from step to step in training'
)


def columns(bits: bool) -> tuple[tables.Column, ...]:
  """Return the columns of the table of what is foreseen, of states that are bits or numbers."""
  form, what = ('.3%', _BITS) if bits else ('.3f', _NUMBERS)
  return tuple(
    tables.Column(*column)
    for column in (
      ('state_error', 'state', form, f'of the state after one step: {what}; lower is better'),
      (
        'state_error_sure',
        'state, if sure',
        form,
        'the same for the half of the steps about which the members of the ensemble agree most: '
        'it is lower if their doubts are worth something',
      ),
      (
        f'state_error_{asking.AHEAD}',
        f'after {asking.AHEAD} steps',
        form,
        f'the same after {asking.AHEAD} steps in a row, each imagined from the one imagined '
        'before, with the actions that were really taken',
      ),
      (
        'reward_error',
        'reward',
        '.3f',
        'mean absolute error of the reward as the hand learns it',
      ),
      (
        'end_brier',
        'end: Brier',
        '.4f',
        'mean squared difference between the foreseen probability that the episode ends with this '
        'step and what happened (0 or 1): 0 is the best; who only knows the share of ends comes to '
        "the number of 'nothing changes'",
      ),
      (
        'end_calibration',
        'end: calibration',
        '.2%',
        f'expected calibration error: steps are sorted into {calibration.BINS} bins by the '
        'foreseen probability of an end; how far its mean is from the real share of ends, on '
        'average',
      ),
      ('ends_foreseen', 'ends foreseen', '.2%', 'mean foreseen probability of an end'),
      ('ends', 'real ends', '.2%', 'share of steps that ended an episode and did not cut it short'),
    )
  )


def table(one: Evaluation) -> tuple[list[str], list[list[str]]]:
  """Return head and rows of the table of what is foreseen; no rows where nothing is."""
  found = one.foreseen
  if not found:
    return [], []
  known = columns(found.kind.bits)
  rows = []
  for (acts, by), numbers in found.measures.items():
    cells = []
    for column in known:
      if column.name not in numbers:
        cells.append(tables.NONE)
        continue
      mean, low, high = (f'{value:{column.form}}' for value in numbers[column.name])
      cells.append(f'{mean} ({low} to {high})')
    rows.append([f'{foreseen.ACTS[acts][0]}: {foreseen.BY[by][0]}', *cells])
  return ['who acts: who foresees', *(column.title for column in known)], rows


def notes(one: Evaluation) -> list[str]:
  """Say on what was measured what is foreseen; nothing where nothing is."""
  return [f'foreseen: {_caption(one.foreseen)}'] if one.foreseen else []


def section(one: Evaluation) -> str:
  """Return the tables as HTML, with what their words mean; empty where nothing is foreseen."""
  if not one.foreseen:
    return ''
  head, rows = table(one)
  known = columns(one.foreseen.kind.bits)
  ends = next(place for place, column in enumerate(known, 1) if column.name == 'end_brier')
  caption = _caption(one.foreseen)

  def part(words: str, begin: int, end: int | None = None) -> str:
    own = foreseen.BY['imagination'][0]
    cells = ((row[0], row[begin:end], row[0].endswith(own)) for row in rows)
    return markup.table(words, [head[0], *head[begin:end]], cells)

  bins = ((f'{each.low:.0%} to {each.high:.0%}', _cells(each), False) for each in one.foreseen.ends)
  return (
    part(f'{caption[0].upper()}{caption[1:]}.', 1, ends)
    + part('Whether the episode ends with a step, in the same steps.', ends)
    + markup.terms('What the columns mean', {column.title: column.meaning for column in known})
    + markup.terms('What the rows are', dict(foreseen.BY.values()))
    + markup.table(
      'Is an end as probable as it is said to be? All these steps, sorted by the foreseen '
      'probability that the episode ends: in a row, the last two numbers should be alike.',
      ['foreseen probability', 'steps', 'foreseen, on average', 'really ended'],
      bins,
    )
  )


def _cells(part: calibration.Bin) -> list[str]:
  return [f'{part.count:,}', f'{part.foreseen:.1%}', f'{part.real:.1%}']


def _caption(found: foreseen.Found) -> str:
  return (
    f'what follows a step, of {found.episodes} episodes of each kind (their first '
    f'{foreseen.LONGEST} steps) that nothing has learnt from; means over steps, in brackets 95% '
    'intervals by a bootstrap over episodes'
  )
