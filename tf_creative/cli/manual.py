"""The texts of `--help`, `--helpfull` and `--help=NAME`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
import dataclasses
import re
import shutil
import textwrap
from typing import Any

from tf_creative import couplings, worlds
from tf_creative.cli import flags as flags_lib
from tf_creative.core import plugins, spec
from tf_creative.couplings import options as coupling_options
from tf_creative.learner import config as config_lib
from tf_creative.worlds import options as world_options

_WIDEST = 100
_TITLES = {'run': 'The run', 'gan': 'The imagination (GAN)', 'agent': 'The hand (agent)'}
SPECS = (  # the flags whose values are specs: title, table, options of our own, flag
  ('Worlds', worlds.WORLDS, world_options.OPTIONS, 'world'),
  ('Couplings', couplings.COUPLINGS, coupling_options.OPTIONS, 'couplings'),
)


def listing(head: str, title: str, rows: Mapping[str, str]) -> str:
  """Return a text, and below it names with a line on each."""
  page = _Page(head)
  page.title(f'{title}:')
  widest = max(map(len, rows))
  page.lines += [f'  {name:<{widest}}  {told}' for name, told in rows.items()]
  return str(page)


class _Page:
  """Lines of a text that fits the terminal."""

  def __init__(self, head: str = ''):
    self.width = min(shutil.get_terminal_size((_WIDEST, 24)).columns, _WIDEST)
    self.lines: list[str] = []
    for paragraph in filter(None, head.strip().split('\n\n')):
      self.lines += [''] if self.lines else []
      whole = paragraph.startswith(' ')  # examples, which are to be copied
      self.lines += paragraph.split('\n') if whole else textwrap.wrap(paragraph, self.width)

  def title(self, text: str) -> None:
    self.lines += [''] if self.lines else []
    self.lines += textwrap.wrap(text, self.width)

  def show(self, name: str, text: str) -> None:
    head = f'  {name}'
    self.lines += textwrap.wrap(
      text, self.width, initial_indent=f'{head:<26} ', subsequent_indent=' ' * 27
    )

  def flag(self, name: str, field: dataclasses.Field) -> None:
    default = ','.join(field.default) if isinstance(field.default, tuple) else field.default
    words = ': ' + ', '.join(field.metadata['one_of']) if field.metadata['one_of'] else ''
    self.show(f'--{name}', f'{field.metadata["help"]}{words} [{default}]')

  def __str__(self) -> str:
    return '\n'.join(self.lines)


def text(
  usage: str, settings: type = config_lib.Config, asked: str = '', full: bool = False
) -> str:
  """Return the text of `--help`, or if `full` of `--helpfull`: each setting with its default.

  The options of a plugin are shown only if its name is in `asked`, because that imports it.
  """
  page, shown = _Page(usage), None
  fields = list(flags_lib.flag_fields(settings))
  common = [field for field in fields if field[2].metadata['common']]
  for name, group, field in fields if full or not common else common:
    if group != shown:
      page.title(f'{_TITLES.get(group, "Settings")}:')
      shown = group
    page.flag(name, field)
  if settings is config_lib.Config:
    for title, table, options, flag in SPECS:
      page.title(f'{title}, for --{flag}: NAME, or NAME(option=value, ...) in quotes')
      for name, told in options.items():
        page.show(name, f'{told.__doc__} {spec.signature(told) if full else ""}')
      for name, bringer in table.plugins.items():
        if re.search(rf'\b{re.escape(name)}\b', asked):
          page.show(name, f'{_told(table, name)} Of {bringer}.')
        else:
          page.show(name, f'Of {bringer}. For its options: --help={name}')
    page.title('Data sets, for data= of a world: any of TFDS, and')
    page.show('built in', ', '.join(worlds.DATA.ours))
    for name, bringer in worlds.DATA.plugins.items():
      page.show(name, f'Of {bringer}.')
  page.title('Every command:')
  page.show('--flagfile', 'a file of flags, one per line; of equal flags the last one counts')
  page.show('--help=NAME', 'the options of a world or coupling, or what an agent or a flag is')
  if common and not full:
    page.show('--helpfull', f'all {len(fields)} settings, of which the common ones stand here')
  page.show('--debug', 'show tracebacks of errors, and the messages of TensorFlow')
  page.show('--version', 'show the version')
  return str(page)


def about(name: str, settings: type = config_lib.Config) -> str:
  """Return the text of `--help=NAME` on a world, coupling, agent, network, loss or flag."""
  page, known = _Page(), set()
  name = name.strip().removeprefix('--')
  for _, table, options, flag in SPECS:
    known |= set(table)
    if name in table:
      _show_spec(page, table, options, flag, name)
  for flag, table in _tables():
    known |= set(table)
    if name in table:
      page.title(f'{name}, for --{flag}: {_described(table, name)}')
      if flag == 'agent':
        page.title('Its settings:')
        for other, group, field in flags_lib.flag_fields(config_lib.Config):
          if group == 'agent':
            page.flag(other, field)
  fields = {flag: field for flag, _, field in flags_lib.flag_fields(settings)}
  if name in fields:
    page.flag(name, fields[name])
  if not page.lines:
    near = spec.closest(name, known | {*fields})
    raise spec.SpecError(
      f"there is no help on '{name}'.{near} Valid: any flag, and {', '.join(sorted(known))}."
    )
  return str(page)


def _tables() -> Iterator[tuple[str, plugins.Table]]:
  """Yield the flags that take a name from a table, such as --agent, with the table."""
  for flag, _, field in flags_lib.flag_fields(config_lib.Config):
    if isinstance(field.metadata['one_of'], plugins.Table):
      yield flag, field.metadata['one_of']


def _show_spec(
  page: _Page, table: plugins.Table, options: dict[str, Any], flag: str, name: str
) -> None:
  """Show a world or a coupling, and each of its options on a line or two."""
  if name not in options:
    page.title(f'{name}, for --{flag}: {_told(table, name)} Of {table.plugins[name]}.')
    return
  told = options[name]
  page.title(f'{name}, for --{flag}: {told.__doc__}')
  fields = dataclasses.fields(told)
  if fields:
    page.title(f"Options, as in --{flag}='{name}({fields[0].name}={fields[0].default}, ...)':")
  for field in fields:
    default = str(field.default).lower() if isinstance(field.default, bool) else field.default
    words = ': ' + ', '.join(field.metadata['one_of']) if field.metadata['one_of'] else ''
    page.show(field.name, f'{field.metadata["help"]}{words} [{default}]')


def _described(table: plugins.Table, name: str) -> str:
  """Return what a part is, from its docstring; one of ours is read without importing it."""
  if name in table.ours:
    return re.sub(r'^Build (.)', lambda match: match[1].upper(), plugins.described(table[name]))
  return f'{_told(table, name)} Of {table.plugins[name]}.'


def _told(table: plugins.Table, name: str) -> str:
  """Return a plugin's description and options, or the error of its import."""
  try:
    part = table.load(name)
  except spec.SpecError as error:
    return str(error)
  options = getattr(part, 'Options', part)
  told = spec.signature(options) if dataclasses.is_dataclass(options) else ''
  return f'{(part.__doc__ or "").partition(chr(10))[0]} {told}'
