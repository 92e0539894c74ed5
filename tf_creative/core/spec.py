"""Parses parts named by text: `name`, `name(option=1, other=word)`, `first|second(option=2)`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
import contextlib
import dataclasses
import difflib
import math
import re
from typing import Any, NamedTuple

_NAME = re.compile(r'\s*(?P<name>[A-Za-z_]\w*)\s*', re.ASCII)
_KEY = re.compile(r'\s*(?P<name>[A-Za-z_]\w*)\s*=\s*', re.ASCII)
_VALUE = re.compile(r"""(?:'(?P<a>[^'"]*)'|"(?P<b>[^'"]*)"|(?P<word>[^'"(),|]*[^'"(),|\s]))\s*""")
_NUMBER = re.compile(r'[+-]?(\d[\d_]*(\.\d*)?|\.\d+)(e[+-]?\d+)?', re.ASCII | re.IGNORECASE)

KINDS = {bool: 'true or false', int: 'a whole number', float: 'a number', str: 'a word'}


class UserError(ValueError):
  """An error that the user can correct; the message says what is wrong and what to do."""

  code = 2  # exit code of a command

  def _render_traceback_(self) -> list[str]:  # a notebook asks for it: the message is enough
    return [f'{type(self).__name__}: {self}']


class SpecError(UserError):
  """A name or an option that does not exist or cannot be read.

  `about` is where the caret stands: at an option's name, at its value if `=` follows, or, if
  empty, at the part's name.
  """

  def __init__(self, message: str, about: str = ''):
    super().__init__(message)
    self.about, self.text, self.place, self.flag = about, '', 0, ''

  def point(self, text: str, place: int, flag: str) -> SpecError:
    """Show the text with a caret under its character at `place`, unless one is shown already."""
    if not self.text and text:
      self.text, self.place, self.flag = text, min(place, len(text) - 1), flag
    return self

  def __str__(self) -> str:
    if not self.text:
      return super().__str__()
    head = f'  --{self.flag}=' if self.flag else '  '
    shown = ''.join(letter if letter.isprintable() else ' ' for letter in self.text)
    return f'{super().__str__()}\n{head}{shown}\n{" " * (len(head) + self.place)}^'


class Spec(NamedTuple):
  """A parsed part; `places` has where words stood: '' for the name, 'x' and 'x=' for option x."""

  name: str
  options: dict[str, Any]
  places: dict[str, int]
  text: str
  flag: str

  @contextlib.contextmanager
  def pointed(self) -> Iterator[None]:
    """Make each SpecError raised within show the text of this part, with a caret."""
    try:
      yield
    except SpecError as error:
      place = self.places.get(error.about, self.places[''])
      error.point(self.text, place, self.flag)
      raise


def setting(
  default: Any,
  help_text: str,
  split: bool = True,
  *,
  at_least: float | None = None,
  above: float | None = None,
  at_most: float | None = None,
  below: float | None = None,
  one_of: Iterable[str] = (),
  common: bool = False,
) -> Any:
  """Make a field of a config dataclass that becomes a flag, with its line of `--helpfull`.

  A tuple's value is split at commas, unless `split` is false. Numbers have bounds. Words may be
  limited to `one_of`, or to a table's keys. `--help` shows the `common` ones, if there are any.
  """
  bounds = {'at_least': at_least, 'above': above, 'at_most': at_most, 'below': below}
  metadata = {'help': help_text, 'split': split, 'one_of': one_of, 'common': common, **bounds}
  return dataclasses.field(default=default, metadata=metadata)


def fault(field: dataclasses.Field, value: Any) -> str:
  """Return what is wrong with a setting's value, to follow its name in a message; '' if valid."""
  limits = field.metadata
  for word in (value if isinstance(value, tuple) else (value,)) if limits.get('one_of') else ():
    if word not in limits['one_of']:
      return f"cannot be '{word}'.{nearest(word, limits['one_of'])}"
  if isinstance(value, bool) or not isinstance(value, (int, float)):
    return ''
  low, above, high, below = map(limits.get, ('at_least', 'above', 'at_most', 'below'))
  large = (low is None or value >= low) and (above is None or value > above)
  small = (high is None or value <= high) and (below is None or value < below)
  if large and small and isinstance(value, int) and abs(value) >= 2**63:
    return 'must fit into 64 bits.'
  if large and small and math.isfinite(value):
    return ''
  if low is not None and high is not None:
    return f'must be {low} to {high}, not {value}.'
  told = ((low, '{} or more'), (above, 'above {}'), (high, '{} or less'), (below, 'below {}'))
  words = [form.format(bound) for bound, form in told if bound is not None]
  return f'must be {" and ".join(words) or "finite"}, not {value}.'


def closest(name: str, valid: Iterable[str]) -> str:
  """Return the end of an error message that offers the closest valid name; '' if none is close."""
  close = difflib.get_close_matches(name, list(valid), n=1, cutoff=0.5)
  return f" Did you mean '{close[0]}'?" if close else ''


def nearest(name: str, valid: Iterable[str]) -> str:
  """Return the end of an error message: the closest valid name, and all of them."""
  valid = sorted(valid)
  return f'{closest(name, valid)} Valid: {", ".join(valid)}.'


def parse(text: str, flag: str = '') -> list[Spec]:
  """Parse all parts of `first|second(option=2)`; an empty text has none."""
  if not text.strip():
    return []
  parts, at = [], -1
  while at < len(text):  # text[at] is the bar before the next part
    part, at = _read(text, at + 1, flag)
    parts.append(part)
  return parts


def parse_one(text: str, flag: str = '') -> Spec:
  """Parse a spec that must name exactly one part."""
  parts = parse(text, flag)
  if len(parts) != 1:
    subject = f'--{flag}' if flag else f"'{text}'"
    error = SpecError(f'{subject} must name exactly one part, not {len(parts)}.')
    raise error.point(text, parts[1].places[''] if parts else 0, flag)
  return parts[0]


def check_name(table: Iterable[str], name: str, what: str) -> None:
  """Raise a SpecError for a name that is not in the table."""
  if name not in table:
    raise SpecError(f"unknown {what} '{name}'.{nearest(name, table)}")


def configure(cls: type, options: Mapping[str, Any], what: str) -> Any:
  """Build the dataclass `cls` from options, after checking their names, types and bounds."""
  if not dataclasses.is_dataclass(cls):
    raise SpecError(f'the options of {what} cannot be read: make {cls!r} a dataclass.')
  fields = {field.name: field for field in dataclasses.fields(cls) if field.init}
  for name, value in options.items():
    if name not in fields:
      raise SpecError(f"unknown option '{name}' of {what}.{nearest(name, fields)}", name)
    default = fields[name].default
    ok = type(value) is type(default) or (isinstance(default, float) and type(value) is int)
    if default is not dataclasses.MISSING and not ok:
      raise SpecError(
        f"option '{name}' of {what} must be {KINDS[type(default)]} like {default!r}, "
        f'not {value!r}.',
        f'{name}=',
      )
    if wrong := fault(fields[name], value):
      raise SpecError(f"option '{name}' of {what} {wrong}", f'{name}=')
  return cls(**options)


def signature(cls: type) -> str:
  """Return a part's options as they are written, with their defaults and all valid words."""
  told = []
  for field in dataclasses.fields(cls):
    default = str(field.default).lower() if isinstance(field.default, bool) else str(field.default)
    others = [word for word in field.metadata.get('one_of', ()) if word != default]
    told.append(f'{field.name}={"|".join([default, *others])}')
  return f'({", ".join(told)})'


def _read(text: str, at: int, flag: str) -> tuple[Spec, int]:
  """Parse the part that begins at `at`; return it and its end, at a bar or after the text."""
  match = _NAME.match(text, at)
  if not match:
    raise _unreadable('a name should stand here', text, _word(text, at), flag)
  options, places, at = {}, {'': match.start('name')}, match.end()
  if text[at : at + 1] == '(':
    begin, at = at, _word(text, at + 1)
    while text[at : at + 1] != ')':
      key = _KEY.match(text, at)
      if at == len(text):
        raise _unreadable('this bracket is never closed', text, begin, flag)
      if not key:
        raise _unreadable('option=value should stand here', text, at, flag)
      name, value = key['name'], _VALUE.match(text, key.end())
      if not value:
        raise _unreadable(f"'{name}' has no value", text, key.end(), flag)
      if name in options:
        error = SpecError(f"option '{name}' is given twice: leave one out.")
        raise error.point(text, key.start('name'), flag)
      places[name], places[f'{name}='] = key.start('name'), value.start()
      options[name] = _literal(value, text, flag)
      at = value.end()
      if text[at : at + 1] not in (',', ')', ''):
        raise _unreadable('a comma or a bracket should stand here', text, at, flag)
      at = _word(text, at + (text[at : at + 1] == ','))
    at = _word(text, at + 1)
  if text[at : at + 1] not in ('|', ''):
    raise _unreadable('a bracket or a bar should stand here', text, at, flag)
  return Spec(match['name'], options, places, text, flag), at


def _word(text: str, at: int) -> int:
  """Return the place of the next character that is not a space."""
  return len(text) - len(text[at:].lstrip())


def _literal(value: re.Match, text: str, flag: str) -> Any:
  """Convert numbers and true / false; keep everything else, and all in quotes, as a word."""
  word = value['word']
  if word is None:
    return value['a'] if value['b'] is None else value['b']
  if word.lower() in ('true', 'false'):
    return word.lower() == 'true'
  if not _NUMBER.fullmatch(word):
    return word
  try:
    whole = re.fullmatch(r'[+-]?[\d_]+', word)
    number = int(word) if whole else float(word)
  except ValueError:  # such as 1__0, or more digits than Python converts
    return word
  if isinstance(number, float) and math.isinf(number):
    raise SpecError(f"'{word}' is too large a number.").point(text, value.start(), flag)
  return number


def _unreadable(what: str, text: str, place: int, flag: str) -> SpecError:
  wrong = f'cannot read {f"--{flag}" if flag else "this"}: {what}.'
  error = SpecError(f'{wrong} Write name or name(option=value, other=value).')
  return error.point(text, place, flag)
