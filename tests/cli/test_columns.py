"""Tables of every world at every width: all numbers are whole."""

import io
import re
import types as python_types

import numpy as np
import pytest
import rich.console

from tf_creative import worlds as worlds_lib
from tf_creative.cli import columns
from tf_creative.evaluation import measured as evaluation
from tf_creative.evaluation import tables

WORLDS = ('level', 'melody', 'pixel_art')


def printed(head, rows, width):
  file = io.StringIO()
  columns.show(rich.console.Console(file=file, width=width), head, rows)
  return file.getvalue()


def all_tables(world):
  """What evaluate shows of a run in this world, with numbers as long as they get."""
  world = worlds_lib.WORLDS.load(world)()
  rng = np.random.default_rng(0)
  names = [column.name for column in tables.ALL] + list(world.measures.traits)
  names += [f'halves/{column.name}' for column in tables.HALVES] + ['halves/frechet_spread']
  sources = {source: {name: 999 * rng.random() for name in names} for source in evaluation.SOURCES}
  hands = {
    ('held_out', hand): {
      name: tuple(99 * rng.random(3)) for name in (*world.measures.scores, *tables.HAND)
    }
    for hand in evaluation.HANDS
  }
  one = python_types.SimpleNamespace(
    sources=sources,
    hands=hands,
    made=world.measures.participle,
    learner=python_types.SimpleNamespace(world=world),
  )
  return [
    table for table in (tables.screen(one), tables.traits(one), tables.hands(one)) if table[1]
  ]


@pytest.mark.parametrize('width', [30, 80, 100, 140, 300])
@pytest.mark.parametrize('world', WORLDS)
def test_no_number_is_cut(world, width):
  for head, rows in all_tables(world):
    said = printed(head, rows, width)
    assert '…' not in said
    assert max(map(len, said.splitlines())) <= max(width, 70)
    lines = [re.split(r'  +', line.strip()) for line in said.splitlines()]
    for row in (head[1:], *rows):
      name = row[0] if row in rows else None
      cells = row[1:] if row in rows else row
      shown = [cell for line in lines if name in (None, line[0]) for cell in line]
      assert set(cells) <= set(shown)


def test_what_fits_is_one_table_and_what_does_not_goes_on_below():
  assert columns.split([10, 5, 5, 5], 31) == [[0, 1, 2, 3]]
  assert columns.split([10, 5, 5, 5], 30) == [[0, 1, 2], [0, 3]]
  assert columns.split([10, 50, 5], 20) == [[0, 1], [0, 2]]  # wider than the screen, but whole
  assert columns.split([10], 5) == [[0]]
