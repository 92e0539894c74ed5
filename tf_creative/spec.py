"""Parts named by text: `name`, `name(option=1, other=word)` and `first|second(option=2)`."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
import dataclasses
import difflib
import importlib
import re
from typing import Any, NamedTuple

_PART = re.compile(r'\s*(?P<name>[A-Za-z_]\w*)\s*(?:\((?P<options>[^()]*)\))?\s*')


class UserError(ValueError):
  """Something that only the user can put right; the message says what was wrong and what to do."""

  code = 2  # that a command ends with


class SpecError(UserError):
  """A name or an option that does not exist or cannot be read."""


class Spec(NamedTuple):
  name: str
  options: dict[str, Any]


def setting(default: Any, help_text: str, split: bool = True) -> Any:
  """A field of a config dataclass that becomes a flag, with its line of `--help`.

  What is given to a tuple is split at commas, unless commas may stand within a value.
  """
  return dataclasses.field(default=default, metadata={'help': help_text, 'split': split})


def closest(name: str, valid: Iterable[str]) -> str:
  """The part of an error message that offers the nearest valid name, if one is near."""
  close = difflib.get_close_matches(name, list(valid), n=1, cutoff=0.5)
  return f" Did you mean '{close[0]}'?" if close else ''


def nearest(name: str, valid: Iterable[str]) -> str:
  """The end of an error message: the nearest valid name, and all of them."""
  valid = sorted(valid)
  return f'{closest(name, valid)} Valid: {", ".join(valid)}.'


def parse(text: str) -> list[Spec]:
  """All parts of `first|second(option=2)`; the empty text has none."""
  return [_parse_part(part, text) for part in text.split('|')] if text.strip() else []


def parse_one(text: str) -> Spec:
  """The one part of a spec that must name exactly one."""
  parts = parse(text)
  if len(parts) != 1:
    raise SpecError(f"'{text}' must name exactly one part, not {len(parts)}.")
  return parts[0]


def load(table: Mapping[str, str], name: str, what: str) -> Any:
  """The object that `name` stands for in a room's table of 'module:attribute' entries."""
  if name not in table:
    raise SpecError(f"unknown {what} '{name}'.{nearest(name, table)}")
  module, attribute = table[name].split(':')
  return getattr(importlib.import_module(module), attribute)


def configure(cls: type, options: Mapping[str, Any], what: str) -> Any:
  """An instance of the dataclass `cls` from options, which must be fields and of their types."""
  fields = {field.name: field for field in dataclasses.fields(cls) if field.init}
  for name, value in options.items():
    if name not in fields:
      raise SpecError(f"unknown option '{name}' of {what}.{nearest(name, fields)}")
    default = fields[name].default
    ok = type(value) is type(default) or (isinstance(default, float) and type(value) is int)
    if default is not dataclasses.MISSING and not ok:
      raise SpecError(
        f"option '{name}' of {what} must be a {type(default).__name__} like {default!r}, "
        f'not {value!r}.'
      )
  return cls(**options)


def _parse_part(part: str, whole: str) -> Spec:
  match = _PART.fullmatch(part)
  if not match:
    raise SpecError(f"cannot read '{part.strip()}' in '{whole}': write name or name(option=value).")
  options = {}
  for item in filter(None, map(str.strip, (match['options'] or '').split(','))):
    key, equals, value = map(str.strip, item.partition('='))
    if not (equals and key.isidentifier() and value):
      raise SpecError(f"cannot read '{item}' in '{whole}': write option=value.")
    if key in options:
      raise SpecError(f"option '{key}' is given twice in '{whole}'.")
    options[key] = _literal(value)
  return Spec(match['name'], options)


def _literal(text: str) -> Any:
  """Numbers and true / false as such, everything else as a word."""
  if text.lower() in ('true', 'false'):
    return text.lower() == 'true'
  try:
    return ast.literal_eval(text)
  except (ValueError, SyntaxError):
    return text
