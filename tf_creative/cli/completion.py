"""The script by which a shell completes commands, flags, names and specs.

It holds all names, so that a press of TAB waits for no Python. The script itself is
completion.bash; here its table is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
import dataclasses
import pathlib

from tf_creative import worlds
from tf_creative.cli import flagfile, manual
from tf_creative.cli import flags as flags_lib
from tf_creative.core import plugins

SHELLS = ('bash',)
_EVERYWHERE = ('--flagfile=', '--help', '--help=', '--helpfull', '--debug', '--version')


def script(commands: Mapping[str, type]) -> str:
  """Return the script for these commands, each with the class of its settings."""
  lines = [f"    {key}) echo '{' '.join(words)}' ;;" for key, words in table(commands).items()]
  body = pathlib.Path(__file__).with_name('completion.bash').read_text()
  specs = '|'.join(f'--{flag}' for *_, flag in manual.SPECS)
  head = ['# What can stand where; made from the flags and the tables of names.']
  head += ['_tf_creative_table() {', '  case $1 in', *lines, '  esac', '}', '']
  return '\n'.join(head) + body.replace('@SPECS@', specs)


def table(commands: Mapping[str, type]) -> dict[str, list[str]]:
  """Return the words for each place, such as a flag, or the palette of pixel_art."""
  found: dict[str, list[str]] = {'commands': [*commands, '--help', '--version', '--completion']}
  names: dict[str, None] = {}
  for command, settings in commands.items():
    found[command] = list(_EVERYWHERE)
    for flag, _, field in flags_lib.flag_fields(settings):
      names[flag] = None
      if isinstance(field.default, bool):
        found[command] += [f'--{flag}', f'--no{flag}']
        continue
      found[command].append(f'--{flag}=')
      if isinstance(field.default, (int, float)):
        found[f'--{flag}'] = [str(field.default)]
      if one_of := field.metadata['one_of']:
        found[f'--{flag}'] = list(one_of)
        names |= dict.fromkeys(one_of if isinstance(one_of, plugins.Table) else ())
  for _, parts, options, flag in manual.SPECS:
    found[f'--{flag}'] = list(parts)
    names |= dict.fromkeys(parts)
    for name, told in options.items():
      found |= _options(f'--{flag}:{name}', dataclasses.fields(told))
  ours = flagfile.pipelines()
  return found | {'--flagfile': ours, '--pipeline': ours, '--help': list(names)}


def _options(key: str, fields: Iterable[dataclasses.Field]) -> dict[str, list[str]]:
  """Return the words for the options of a part, and for the values of each."""
  found: dict[str, list[str]] = {key: [], f'{key}:': []}
  for field in fields:
    default = str(field.default).lower() if isinstance(field.default, bool) else field.default
    found[key].append(f'{field.name}=')
    found[f'{key}:'].append(f'{field.name}={default}')
    words = ('true', 'false') if isinstance(field.default, bool) else field.metadata['one_of']
    words = list(worlds.DATA) if field.name == 'data' else words
    found[f'{key}:{field.name}'] = list(words or [str(default)])
  return found
