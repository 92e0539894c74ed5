"""The text of `--help`: flags, worlds and couplings."""

from __future__ import annotations

import dataclasses
import re
import shutil
import textwrap

from tf_creative import couplings, worlds
from tf_creative.cli import flags as flags_lib
from tf_creative.core import plugins, spec
from tf_creative.couplings import options as coupling_options
from tf_creative.learner import config as config_lib
from tf_creative.worlds import options as world_options

_WIDEST = 100


def text(usage: str, settings: type = config_lib.Config, asked: str = '') -> str:
  """Return the text of `--help`: every setting on a line or two, with its default.

  The options of a plugin are shown only if its name is in `asked`, because that imports it.
  """
  lines, shown = [usage.strip()], None
  width = min(shutil.get_terminal_size((_WIDEST, 24)).columns, _WIDEST)
  titles = {'run': 'The run', 'gan': 'The imagination (GAN)', 'agent': 'The hand (agent)'}

  def show(name: str, text: str) -> None:
    head = f'  {name}'
    lines.extend(
      textwrap.wrap(text, width, initial_indent=f'{head:<26} ', subsequent_indent=' ' * 27)
    )

  for name, group, field in flags_lib.flag_fields(settings):
    if group != shown:
      lines += ['', f'{titles.get(group, "Settings")}:']
      shown = group
    default = ','.join(field.default) if isinstance(field.default, tuple) else field.default
    words = ': ' + ', '.join(field.metadata['one_of']) if field.metadata['one_of'] else ''
    show(f'--{name}', f'{field.metadata["help"]}{words} [{default}]')
  if settings is config_lib.Config:
    for title, table, options, flag in (
      ('Worlds', worlds.WORLDS, world_options.OPTIONS, 'world'),
      ('Couplings', couplings.COUPLINGS, coupling_options.OPTIONS, 'couplings'),
    ):
      lines += ['', f'{title}, for --{flag}: NAME, or NAME(option=value, ...) in quotes']
      for name, told in options.items():
        show(name, f'{told.__doc__} {spec.signature(told)}')
      for name, bringer in table.plugins.items():
        if re.search(rf'\b{re.escape(name)}\b', asked):
          show(name, f'{_told(table, name)} Of {bringer}.')
        else:
          show(name, f'Of {bringer}. For its options: --help --{flag}={name}')
    lines += ['', 'Data sets, for data= of a world: any of TFDS, and']
    show('built in', ', '.join(worlds.DATA.ours))
    for name, bringer in worlds.DATA.plugins.items():
      show(name, f'Of {bringer}.')
  lines += ['', 'Every command:']
  show('--flagfile', 'a file of flags, one per line; of equal flags the last one counts')
  show('--debug', 'show tracebacks of errors, and the messages of TensorFlow')
  return '\n'.join(lines)


def _told(table: plugins.Table, name: str) -> str:
  """Return a plugin's description and options, or the error of its import."""
  try:
    part = table.load(name)
  except spec.SpecError as error:
    return str(error)
  options = getattr(part, 'Options', part)
  told = spec.signature(options) if dataclasses.is_dataclass(options) else ''
  return f'{(part.__doc__ or "").partition(chr(10))[0]} {told}'
