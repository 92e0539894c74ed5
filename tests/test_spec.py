"""Parts named by text, and the words in which mistakes are answered."""

import dataclasses

import pytest

from tf_creative import spec


@dataclasses.dataclass(frozen=True)
class Options:
  size: int = 8
  weight: float = 0.5
  data: str = 'digits'
  flip: bool = False


def test_parts_and_their_options():
  parts = spec.parse('a | b(size=16, weight=.25, data=mnist, flip=true)|c()')
  assert parts == [
    ('a', {}),
    ('b', {'size': 16, 'weight': 0.25, 'data': 'mnist', 'flip': True}),
    ('c', {}),
  ]
  assert spec.parse(' ') == []


@pytest.mark.parametrize('text', ['a(', 'a(b)', 'a(b=)', '|a', 'a(b=1,b=2)', 'a b', 'a(1=2)'])
def test_what_cannot_be_read_is_named(text):
  with pytest.raises(spec.SpecError):
    spec.parse(text)


def test_exactly_one():
  assert spec.parse_one('a(b=1)') == ('a', {'b': 1})
  with pytest.raises(spec.SpecError, match='exactly one part, not 2'):
    spec.parse_one('a|b')


def test_configure_takes_fields_of_the_right_type():
  made = spec.configure(Options, {'size': 3, 'weight': 1}, 'x')
  assert made == Options(size=3, weight=1)
  with pytest.raises(spec.SpecError, match="unknown option 'sise' of x. Did you mean 'size'"):
    spec.configure(Options, {'sise': 3}, 'x')
  for wrong in ({'size': 1.5}, {'size': True}, {'data': 3}, {'flip': 1}, {'weight': 'much'}):
    with pytest.raises(spec.SpecError, match='must be a'):
      spec.configure(Options, wrong, 'x')


def test_load_by_name():
  assert spec.load({'pi': 'math:pi'}, 'pi', 'number') == pytest.approx(3.14159, abs=1e-5)
  with pytest.raises(spec.SpecError, match="unknown number 'pie'. Did you mean 'pi'. Valid: pi."):
    spec.load({'pi': 'math:pi'}, 'pie', 'number')
