"""Settings as flags: each field of a dataclass becomes a flag and a line of `run.flags`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
import dataclasses
import itertools
import pathlib
import re
from typing import Any

from absl import flags

from tf_creative.cli import flagfile
from tf_creative.core import spec
from tf_creative.learner import config as config_lib
from tf_creative.learner.config import Config

_LONGEST_NAME = 60  # letters; absl looks for similar names by recursion


def flag_fields(settings: type) -> Iterator[tuple[str, str, dataclasses.Field]]:
  """Yield every setting as (flag, group, field); the group is '' for fields outside of groups."""
  for field in dataclasses.fields(settings):
    if not dataclasses.is_dataclass(field.default):
      yield field.name.rstrip('_'), '', field  # a name that Python keeps for itself
      continue
    prefix = '' if field.name == 'run' else f'{field.name}_'
    for inner in dataclasses.fields(field.default):
      yield prefix + inner.name, field.name, inner


def define_flags(values: flags.FlagValues, settings: type = Config) -> None:
  """Define a flag for each setting; tuples are given with commas or by repeating the flag."""
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
  """Build the settings from parsed flags."""
  groups: dict[str, dict[str, Any]] = {}
  for name, group, field in flag_fields(settings):
    value: Any = values[name].value
    if isinstance(field.default, tuple):
      split = field.metadata['split']
      words = [word for given in value for word in (given.split(',') if split else [given])]
      value = tuple(filter(None, words))
    elif isinstance(value, str):
      value = value.strip()  # as flagfiles are read, too
    groups.setdefault(group, {})[field.name] = value
  loose = groups.pop('', {})
  classes = {field.name: type(field.default) for field in dataclasses.fields(settings)}
  return settings(**loose, **{name: classes[name](**part) for name, part in groups.items()})


def check(settings: Any) -> None:
  """Raise a UserError that names the flag of the first setting out of its bounds."""
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
  """Parse and check the arguments of a command, in which flagfiles are expanded."""
  given = flagfile.expand(filter(None, arguments))
  _check_names(given, settings)
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


def from_settings(given: Mapping[str, Any], flagfile: str = '', settings: type = Config) -> Any:
  """Build the settings from values by the flags' names, over those of a flagfile; for Python."""
  known = [flag for flag, _, _ in flag_fields(settings)]
  arguments = [f'--flagfile={flagfile}'] if flagfile else []
  for name, value in given.items():
    if name not in known:
      raise spec.UserError(f"unknown setting '{name}'.{spec.closest(name, known)}")
    words = value if isinstance(value, (list, tuple)) else [value]
    text = ','.join(str(word).lower() if isinstance(word, bool) else str(word) for word in words)
    arguments.append(f'--{name}={text}')
  return from_arguments(arguments, settings)


def _check_names(given: Iterable[flagfile.Argument], settings: type) -> None:
  """Raise a UserError for names that absl cannot cope with."""
  switches = {name for name, _, field in flag_fields(settings) if isinstance(field.default, bool)}
  for argument in given:
    name, value, _ = argument.text.lstrip('-').partition('=')
    if not argument.text.startswith('-'):
      continue
    where = flagfile.said(argument)
    if len(name) > _LONGEST_NAME:
      raise spec.UserError(_unknown(f'{name[:_LONGEST_NAME]}...', settings, where))
    if value and name.startswith('no') and name[2:] in switches:
      raise spec.UserError(
        f'--{name} takes no value{where}: write --{name}, or --{name[2:]}=true or false.'
      )


def saved(run_dir: pathlib.Path) -> str:
  """Read the settings that a run wrote down."""
  advice = 'without it nobody knows what made this run: bring it back, or train anew'
  path = run_dir / 'run.flags'
  if path.exists() and not path.is_file() and not path.is_dir():  # a FIFO would be waited for
    raise spec.UserError(f'{path} is no file: {advice}.')
  return flagfile.text_of(path, advice)


def lost(text: str) -> str:
  """Return what is wrong with the end of a run's settings, for a message; '' if it is whole."""
  held = {line[2:].partition('=')[0] for line in text.splitlines()}
  names = [name for name, _, _ in flag_fields(Config)]
  gone = list(itertools.takewhile(lambda name: name not in held, reversed(names)))
  if gone:
    rest = f' and {len(gone) - 1} settings after it' if gone[1:] else ''
    return f'was cut off, or is of another version: it lacks --{gone[-1]}{rest}'
  return '' if text.endswith('\n') else 'was cut off in its last line'


def from_file(path: pathlib.Path) -> Config:
  """Read the config that `to_text` wrote down."""
  text = saved(path.parent)
  lines = enumerate(text.split('\n'), 1)
  try:
    if not text.strip():
      raise spec.UserError('it holds no flags.')
    config = from_arguments(line for _, line in lines)
    if wrong := lost(text):
      raise spec.UserError(f'it {wrong}.')
    return config
  except spec.UserError as error:
    raise spec.UserError(
      f'{path} cannot be read by this version: {error}\n'
      'Use the version that wrote it, repair the file, or train anew.'
    ) from error


def to_text(config: Config) -> str:
  """Format a config as the lines of a flagfile."""
  lines = []
  for name, group, field in flag_fields(Config):
    value = getattr(getattr(config, group), field.name)
    lines.append(f'--{name}={str(value).lower() if isinstance(value, bool) else value}')
  return '\n'.join(lines) + '\n'


def _where(name: str, given: Iterable[flagfile.Argument]) -> str:
  """Return the place of the last argument that sets a flag, for a message; '' without one."""
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
  """Rewrite absl's message about a missing or wrong value in our own words."""
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
