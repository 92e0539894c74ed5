"""What `--help` shows: flags, worlds and couplings, as their tables have them."""

from __future__ import annotations

import shutil
import textwrap

from tf_creative import config as config_lib
from tf_creative import spec
from tf_creative.couplings import options as coupling_options
from tf_creative.domains import options as domain_options

_WIDEST = 100


def text(usage: str, settings: type = config_lib.Config) -> str:
  """What `--help` shows: every setting on a line or two, with its default."""
  lines, shown = [usage.strip()], None
  width = min(shutil.get_terminal_size((_WIDEST, 24)).columns, _WIDEST)
  titles = {'run': 'The run', 'gan': 'The imagination (GAN)', 'agent': 'The hand (agent)'}

  def show(name: str, text: str) -> None:
    head = f'  {name}'
    lines.extend(
      textwrap.wrap(text, width, initial_indent=f'{head:<26} ', subsequent_indent=' ' * 27)
    )

  for name, group, field in config_lib.flag_fields(settings):
    if group != shown:
      lines += ['', f'{titles.get(group, "Settings")}:']
      shown = group
    default = ','.join(field.default) if isinstance(field.default, tuple) else field.default
    words = ': ' + ', '.join(field.metadata['one_of']) if field.metadata['one_of'] else ''
    show(f'--{name}', f'{field.metadata["help"]}{words} [{default}]')
  if settings is config_lib.Config:
    for title, options in (
      ('Worlds, for --domain', domain_options.OPTIONS),
      ('Couplings, for --couplings', coupling_options.OPTIONS),
    ):
      lines += ['', f'{title}: NAME, or NAME(option=value, ...) in quotes']
      for name, told in options.items():
        show(name, f'{told.__doc__} {spec.signature(told)}')
  lines += ['', 'Every command:']
  show('--flagfile', 'a file of flags, one per line; what comes later wins')
  show('--debug', 'show the traceback of an error, and what TensorFlow says')
  return '\n'.join(lines)
