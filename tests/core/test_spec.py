"""Parts named by text, and the words in which mistakes are answered."""

import dataclasses
import re

import pytest

from tf_creative.core import spec


@dataclasses.dataclass(frozen=True)
class Options:
  size: int = 8
  weight: float = 0.5
  data: str = 'digits'
  flip: bool = False


def test_parts_and_their_options():
  parts = spec.parse('a | b(size=16, weight=.25, data=mnist, flip=true)|c()')
  assert [(part.name, part.options) for part in parts] == [
    ('a', {}),
    ('b', {'size': 16, 'weight': 0.25, 'data': 'mnist', 'flip': True}),
    ('c', {}),
  ]
  assert spec.parse(' ') == []


def test_what_is_in_quotes_is_a_word():
  assert spec.parse_one("a(b='1', c=\"true\", d=' x ')").options == {
    'b': '1',
    'c': 'true',
    'd': ' x ',
  }
  assert spec.parse_one('a(b=[1], c=None, d=1_0, e=1__0)').options == {
    'b': '[1]',  # nothing is run or built
    'c': 'None',
    'd': 10,
    'e': '1__0',
  }


@pytest.mark.parametrize(
  ('text', 'caret', 'words'),
  [
    ('a(', ' ^', 'this bracket is never closed'),
    ('a|bc(d=1', '    ^', 'this bracket is never closed'),
    ('a(b)', '  ^', 'option=value should stand here'),
    ('a(b=)', '    ^', "'b' has no value"),
    ('a(b=', '   ^', "'b' has no value"),
    ('|a', '^', 'a name should stand here'),
    ('a|', ' ^', 'a name should stand here'),
    ('a(b=1,b=2)', '      ^', "option 'b' is given twice"),
    ('a b', '  ^', 'a bracket or a bar should stand here'),
    ('a(1=2)', '  ^', 'option=value should stand here'),
    ('a(b=c(d=1))', '     ^', 'a comma or a bracket should stand here'),
    ('a(b="c)', '    ^', "'b' has no value"),
    ('a(b=1e999)', '    ^', 'too large'),
  ],
)
def test_what_cannot_be_read_is_shown_with_a_caret_under_it(text, caret, words):
  with pytest.raises(spec.SpecError) as error:
    spec.parse(text, 'flag')
  said, shown, under = str(error.value).split('\n')
  assert words in said
  assert shown == f'  --flag={text}'
  assert under == ' ' * len('  --flag=') + caret


def test_who_uses_a_part_can_point_at_it():
  part = spec.parse_one(' a (sise = 3, size=many)', 'f')
  for about, place in (('', 1), ('sise', 4), ('size=', 19), ('other', 1)):
    with pytest.raises(spec.SpecError) as error, part.pointed():
      raise spec.SpecError('wrong.', about)
    assert str(error.value).split('\n') == [
      'wrong.',
      '  --f= a (sise = 3, size=many)',
      ' ' * (len('  --f=') + place) + '^',
    ]


def test_exactly_one():
  assert spec.parse_one('a(b=1)')[:2] == ('a', {'b': 1})
  with pytest.raises(spec.SpecError, match='exactly one part, not 2'):
    spec.parse_one('a|b')


def test_configure_takes_fields_of_the_right_type():
  made = spec.configure(Options, {'size': 3, 'weight': 1}, 'x')
  assert made == Options(size=3, weight=1)
  with pytest.raises(spec.SpecError, match="unknown option 'sise' of x. Did you mean 'size'"):
    spec.configure(Options, {'sise': 3}, 'x')
  for wrong in ({'size': 1.5}, {'size': True}, {'data': 3}, {'flip': 1}, {'weight': 'much'}):
    with pytest.raises(spec.SpecError, match='must be'):
      spec.configure(Options, wrong, 'x')


@dataclasses.dataclass(frozen=True)
class Bounded:
  count: int = spec.setting(3, 'at all', at_least=1, at_most=9)
  rate: float = spec.setting(0.5, 'of it', above=0, below=1)
  kind: str = spec.setting('one', 'of them', one_of=('one', 'two'))
  kinds: tuple = spec.setting(('one',), 'of them', one_of=('one', 'two'))
  free: float = 0.0


@pytest.mark.parametrize(
  ('option', 'right', 'wrong', 'words'),
  [
    ('count', (1, 9), (0, 10), 'must be 1 to 9, not'),
    ('rate', (0.1, 0.9), (0.0, 1.0, float('nan')), 'must be above 0 and below 1, not'),
    ('kind', ('one', 'two'), ('tow',), "cannot be 'tow'. Did you mean 'two'? Valid: one, two."),
    ('kinds', (('one', 'two'), ()), (('one', 'tow'),), "cannot be 'tow'. Did you mean 'two'"),
    ('free', (-1e9, 1e9), (float('inf'), float('nan')), 'must be finite, not'),
  ],
)
def test_bounds_hold(option, right, wrong, words):
  for value in right:
    assert getattr(spec.configure(Bounded, {option: value}, 'x'), option) == value
  for value in wrong:
    with pytest.raises(spec.SpecError, match=re.escape(f"option '{option}' of x {words}")):
      spec.configure(Bounded, {option: value}, 'x')


def test_options_of_no_dataclass_are_refused():
  with pytest.raises(spec.SpecError, match="options of world 'x' cannot be read: make <class 'in"):
    spec.configure(int, {}, "world 'x'")
