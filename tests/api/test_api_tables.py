"""Tables that show themselves: rows and columns, in a notebook and on a terminal."""

import sys
import types

import pytest

from tf_creative.api import tables

ROWS = [{'a': 1.23456, 'b': 'x<y'}, {'a': 2.0}, {'c': 3}]


def test_a_table_has_rows_and_columns():
  table = tables.Table(ROWS)
  assert (
    len(table) == 3 and list(table) == ROWS and table[1] == {'a': 2.0} and table[-2:] == ROWS[1:]
  )
  assert table.columns == ['a', 'b', 'c']
  assert table['a'] == [1.23456, 2.0, None] and table['c'] == [None, None, 3]
  with pytest.raises(KeyError, match="'d': there are a, b, c"):
    table['d']


def test_it_is_shown_as_text():
  assert repr(tables.Table(ROWS, 'Numbers')).splitlines() == [
    'Numbers',
    'a      b    c',
    '1.235  x<y  ·',
    '2      ·    ·',
    '·      ·    3',
  ]


def test_it_is_shown_as_html_and_no_cell_is_taken_for_it():
  shown = tables.Table(ROWS, 'A & B', {'b': ('Title <b>', 'b')})._repr_html_()
  assert '<p>A &amp; B</p>' in shown and '<th>Title &lt;b&gt;</th>' in shown
  assert 'x&lt;y</td>' in shown and 'x<y' not in shown and '1.235' not in shown


def test_only_the_columns_that_are_wanted_and_there_are_shown():
  table = tables.Table(ROWS, shown={'c': ('See', 'see'), 'nothing': ('Nothing', 'nothing')})
  assert repr(table).splitlines()[0] == 'see' and table.columns == ['a', 'b', 'c']


def test_of_many_rows_some_are_shown_the_first_and_the_last_among_them():
  lines = repr(tables.Table([{'n': n} for n in range(1000)])).splitlines()
  assert len(lines) == 22 and lines[-1] == '20 of 1,000 rows'
  assert (lines[1], lines[-2]) == ('0', '999')


def test_an_empty_table_is_shown_too():
  assert repr(tables.Table([], 'none')) == 'none' and '<table>' in tables.Table([])._repr_html_()


def test_pandas_gets_the_rows(monkeypatch):
  frame = lambda rows, columns: (rows, columns)  # noqa: E731
  monkeypatch.setitem(sys.modules, 'pandas', types.SimpleNamespace(DataFrame=frame))
  assert tables.Table(ROWS).to_pandas() == (ROWS, ['a', 'b', 'c'])
