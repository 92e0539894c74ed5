"""Settings as flags: a field of a dataclass is a flag, a line of its help, and of `run.flags`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
import dataclasses
import pathlib
import re
from typing import Any

from absl import flags

from tf_creative.core import flagfile, spec
from tf_creative.learner import config as config_lib
from tf_creative.learner.config import Config


def flag_fields(settings: type) -> Iterator[tuple[str, str, dataclasses.Field]]:
  """Every setting as (flag, group, field); what is not in a group is in the group ''."""
  for field in dataclasses.fields(settings):
    if not dataclasses.is_dataclass(field.default):
      yield field.name, '', field
      continue
    prefix = '' if field.name == 'run' else f'{field.name}_'
    for inner in dataclasses.fields(field.default):
      yield prefix + inner.name, field.name, inner


def define_flags(values: flags.FlagValues, settings: type = Config) -> None:
  """A flag for each setting; a tuple may be given flag by flag, or with commas."""
  define = {
    bool: flags.DEFINE_boolean,
    int: flags.DEFINE_integer,
    float: flags.DEFINE_float,
    str: flags.DEFINE_string,
    tuple: flags.DEFINE_multi_string,
  }
  for name, _, field in flag_fields(settings):
    define[type(field.default)](name, field.default, field.metadata['help'], flag_values=values)


def from_flags(values: flags.FlagValues, settings: type = Config) -> Any:
  groups: dict[str, dict[str, Any]] = {}
  for name, group, field in flag_fields(settings):
    value: Any = values[name].value
    if isinstance(field.default, tuple):
      split = field.metadata['split']
      words = [word for given in value for word in (given.split(',') if split else [given])]
      value = tuple(filter(None, words))
    elif isinstance(value, str):
      value = value.strip()  # as a flagfile has it
    groups.setdefault(group, {})[field.name] = value
  loose = groups.pop('', {})
  classes = {field.name: type(field.default) for field in dataclasses.fields(settings)}
  return settings(**loose, **{name: classes[name](**part) for name, part in groups.items()})


def check(settings: Any) -> None:
  """Refuses the first setting that is out of its bounds, by the name of its flag."""
  for name, group, field in flag_fields(type(settings)):
    value = getattr(getattr(settings, group) if group else settings, field.name)
    if wrong := spec.fault(field, value):
      raise spec.UserError(f'--{name} {wrong}')
    for word in value if isinstance(value, tuple) else (value,):
      if isinstance(word, str) and not word.isprintable():
        raise spec.UserError(
          f'--{name} must be one line of letters and signs, not {word!r}: take out the others.'
        )
  if isinstance(settings, Config):
    config_lib.check(settings)


def from_arguments(arguments: Iterable[str], settings: type = Config) -> Any:
  """The settings that a command makes of these arguments, flagfiles among them."""
  given = flagfile.expand(filter(None, arguments))
  values = flags.FlagValues()
  define_flags(values, settings)
  try:
    stray = values(['', *(argument.text for argument in given)])[1:]
  except flags.UnrecognizedFlagError as error:
    where = _where(error.flagname, given)
    raise spec.UserError(_unknown(error.flagname, settings, where)) from error
  except flags.Error as error:
    raise spec.UserError(_unreadable(str(error), given, settings)) from error
  if stray:
    raise spec.UserError(
      f"'{stray[0]}' is no flag: write --name=value, in quotes if it has spaces."
    )
  made = from_flags(values, settings)
  check(made)
  return made


def saved(run_dir: pathlib.Path) -> str:
  """What a run wrote down of its settings."""
  advice = 'without it nobody knows what made this run: bring it back, or train anew'
  return flagfile.text_of(run_dir / 'run.flags', advice)


def from_file(path: pathlib.Path) -> Config:
  """The config that `to_text` wrote down."""
  text = saved(path.parent)
  lines = enumerate(text.split('\n'), 1)
  try:
    if not text.strip():
      raise spec.UserError('it holds no flags.')
    return from_arguments(line for _, line in lines)
  except spec.UserError as error:
    raise spec.UserError(
      f'{path} cannot be read by this version: {error}\n'
      'Use the version that wrote it, mend the file, or train anew.'
    ) from error


def to_text(config: Config) -> str:
  """The lines of a flagfile that makes this config again."""
  lines = []
  for name, group, field in flag_fields(Config):
    value = getattr(getattr(config, group), field.name)
    lines.append(f'--{name}={str(value).lower() if isinstance(value, bool) else value}')
  return '\n'.join(lines) + '\n'


def _where(name: str, given: Iterable[flagfile.Argument]) -> str:
  """The place of the last argument that gives a flag, to be put into a message."""
  places = [
    flagfile.said(argument)
    for argument in given
    if argument.text.lstrip('-').partition('=')[0] in (name, f'no{name}')
  ]
  return places[-1] if places else ''


def _unknown(name: str, settings: type, where: str = '') -> str:
  near = spec.closest(name, (flag for flag, _, _ in flag_fields(settings)))
  return (
    f"unknown flag '--{name}'{where}.{near.replace(chr(39), chr(39) + '--', 1)} (--help shows all.)"
  )


def _unreadable(error: str, given: list[flagfile.Argument], settings: type) -> str:
  """absl's own words for a value that is missing or of a wrong kind, in ours."""
  fields = {name: field for name, _, field in flag_fields(settings)}
  match = re.match(r'flag --(\w+)=(.*?):', error, re.DOTALL)
  if match and match[1] in fields:
    name, default = match[1], fields[match[1]].default
    kind = spec.KINDS.get(type(default), 'a word')
    return f"--{name} must be {kind} like {default}, not '{match[2]}'{_where(name, given)}."
  match = re.search(r'[Mm]issing value for flag (?:--)?(\w+)', error)
  if match and match[1] in fields:
    name, default = match[1], fields[match[1]].default
    return f'--{name} has no value: write --{name}={default}, or another.'
  return f'{error.rstrip(".")}: write --name=value.'
