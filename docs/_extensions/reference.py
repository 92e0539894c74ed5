"""Writes the pages of the reference from the code, each time that the pages are built.

`:::{generated} flags` puts what `flags()` below returns, as Markdown, into a page. Nothing of it is
kept in the repository; `tests/test_docs.py` compares the built pages with the code once more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
import dataclasses
import gc
import importlib
import inspect
import re
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
import metrics_told
from sphinx.util.docutils import SphinxDirective

import tf_creative
from tf_creative import (
  ablate,
  augment,
  benchmark,
  bulk,
  couplings,
  create,
  evaluate,
  export,
  gan,
  serve,
  studio,
  train,
  worlds,
)
from tf_creative import agent as agents
from tf_creative.cli import flags as flags_lib
from tf_creative.core import plugins, spec
from tf_creative.couplings import options as coupling_options
from tf_creative.learner import config as config_lib
from tf_creative.worlds import options as world_options

COMMANDS = {
  'train': (train, config_lib.Config),
  'evaluate': (evaluate, evaluate.EvaluateConfig),
  'create': (create, create.CreateConfig),
  'export': (export, export.ExportConfig),
  'serve': (serve, serve.ServeConfig),
  'ablate': (ablate, ablate.AblateConfig),
  'benchmark': (benchmark, benchmark.BenchmarkConfig),
  'augment': (augment, augment.AugmentConfig),
  'bulk': (bulk, bulk.BulkConfig),
}
_GROUPS = {'': '', 'run': 'The run', 'gan': 'The imagination (GAN)', 'agent': 'The hand (agent)'}
_EVERY = (
  ('--flagfile', 'a file of flags, one per line; of equal flags the last one counts'),
  ('--debug', 'show tracebacks of errors, and the messages of TensorFlow'),
  ('--help', 'show the flags that are commonly needed; --help=NAME: what a part or a flag is'),
  ('--helpfull', 'show all flags'),
  ('--version', 'show the version'),
)
_WORDS = {bool: 'yes or no', int: 'whole number', float: 'number', str: 'text', tuple: 'texts'}


def flags() -> str:
  """Return all commands with their flags."""
  parts = []
  for command, (module, settings) in COMMANDS.items():
    title, _, rest = (module.__doc__ or '').strip().partition('\n')
    parts += [f'## {command}', f'{title}', *_usage(rest)]
    rows: dict[str, list[list[str]]] = {}
    for name, group, field in flags_lib.flag_fields(settings):
      rows.setdefault(group, []).append(_row(f'--{name}', field))
    for group, told in rows.items():
      parts += [f'### {command}: {_GROUPS[group].lower()}'] if _GROUPS.get(group) else []
      parts.append(table(('flag', 'default', 'values', 'meaning'), told))
  parts += ['## Every command', table(('flag', 'meaning'), ([_code(f), w] for f, w in _EVERY))]
  return '\n\n'.join(parts)


def chosen_worlds() -> str:
  """Return the worlds with their options."""
  return _with_options(worlds.WORLDS, world_options.OPTIONS, 'world')


def chosen_couplings() -> str:
  """Return the couplings with their options."""
  return _with_options(couplings.COUPLINGS, coupling_options.OPTIONS, 'coupling')


def chosen_agents() -> str:
  """Return the agents, in the words of the functions that build them."""
  return _told(agents.AGENTS, lambda part: _sentence(part.__doc__).removeprefix('Build '))


def q_networks() -> str:
  """Return the networks of the hand."""
  return _told(agents.NETWORKS, lambda part: _sentence(part.__doc__))


def gan_networks() -> str:
  """Return the networks of the imagination, in the words of their modules."""
  return _told(gan.NETWORKS, lambda part: _sentence(inspect.getmodule(part.generator).__doc__))


def gan_losses() -> str:
  """Return the losses of the imagination, in the words of the comments above them."""
  from tf_creative.gan import losses

  source = inspect.getsource(losses)
  rows = []
  for name, place in gan.LOSSES.ours.items():
    above = re.search(rf'((?:^# .*\n)+){place.partition(":")[2]} = ', source, re.MULTILINE)
    said = ' '.join(line.lstrip('# ') for line in above[1].splitlines()) if above else ''
    rows.append([_code(name), _escaped(said)])
  return table(('name', 'what it is'), rows)


def data_sets() -> str:
  """Return the data sets that come with the package."""
  told = {name: _sentence(worlds.DATA.load(name).__doc__) for name in worlds.DATA.ours}
  return table(('name', 'what it is'), ([_code(name), words] for name, words in told.items()))


def formats() -> str:
  """Return the file formats of `create`, by world."""
  rows = [['all', ', '.join(map(_code, studio.FORMATS))]]
  for name, options in world_options.OPTIONS.items():
    if own := options.formats:
      rows.append([_code(name), ', '.join(map(_code, own))])
  return table(('world', 'formats'), rows)


def metrics() -> str:
  """Return the numbers of a run's log and of `evaluate`, with what they mean."""
  parts = []
  for title, lead, rows in metrics_told.sections():
    parts += [f'## {title}', lead, table(('name', 'meaning'), rows)]
  return '\n\n'.join(parts)


def exit_codes() -> str:
  """Return the exit codes; those of errors are their classes' own."""
  from tf_creative.core import replicas, storage
  from tf_creative.learner import alarms

  rows = [
    ['0', 'Done.'],
    [
      '1',
      'A run of an ablation failed, `tensorflow_model_server` ended by itself, or there is a bug '
      'in tf_creative: then with a traceback and the command to report.',
    ],
  ]
  ours = spec.UserError, storage.StorageError, alarms.Diverged, replicas.Lost
  errors = sorted(ours, key=_code_of)
  rows += [[str(error.code), _escaped(_sentence(error.__doc__))] for error in errors]
  rows += [[str(augment.TRAPS), '`augment --check_only` has found traps.']]
  rows += [['130', 'Stopped by Ctrl-C (128 + SIGINT). Training is saved.']]
  rows += [['143', 'Stopped by SIGTERM (128 + SIGTERM). Training is saved.']]
  return table(('code', 'meaning'), rows)


def public_api() -> str:
  """Return what `import tf_creative as tc` has."""
  parts = []
  for name, module in sorted(getattr(tf_creative, '_API', {}).items()):
    path = f'tf_creative.api.{module}'
    kind = 'class' if inspect.isclass(getattr(importlib.import_module(path), name)) else 'function'
    parts.append(f'.. auto{kind}:: {path}.{name}')
    if kind == 'class':
      parts += ['   :members:', '   :inherited-members: Sequence, Exception', '']
  rst = '\n'.join(parts)
  return f'```{{eval-rst}}\n{rst}\n```' if parts else 'See [Python](../python.md).'


def promises() -> str:
  """Return the rules that a world keeps, by the parts that they are about."""
  from tf_creative.core import promises as promises_lib

  rows = []
  for parts, rules in promises_lib.RULES:
    told = ', '.join(map(_code, parts))
    rows += [[told, _code(rule.__name__), _escaped(_sentence(rule.__doc__))] for rule in rules]
  return table(('parts', 'rule', 'how'), rows)


GENERATED: dict[str, Callable[[], str]] = {
  function.__name__: function
  for function in (
    flags,
    chosen_worlds,
    chosen_couplings,
    chosen_agents,
    q_networks,
    gan_networks,
    gan_losses,
    data_sets,
    formats,
    metrics,
    exit_codes,
    promises,
    public_api,
  )
}


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
  """Write a table of Markdown; a bar within a cell is escaped."""
  head = list(head)
  lines = [head, ['---'] * len(head), *rows]
  return '\n'.join(
    f'| {" | ".join(cell.replace("|", chr(92) + "|") for cell in line)} |' for line in lines
  )


def bounds(field: dataclasses.Field) -> str:
  """Return the values that a setting may have, in words."""
  told = field.metadata
  if words := list(told.get('one_of') or ()):
    return ', '.join(map(_code, words))
  low, high = told.get('at_least'), told.get('at_most')
  above, below = told.get('above'), told.get('below')
  if low is not None and high is not None:
    return f'{_number(low)} to {_number(high)}'
  said = [] if low is None else [f'{_number(low)} or more']
  said += [] if above is None else [f'above {_number(above)}']
  said += [] if high is None else [f'{_number(high)} or less']
  said += [] if below is None else [f'below {_number(below)}']
  return ' and '.join(said) or _WORDS[type(field.default)]


def _row(name: str, field: dataclasses.Field) -> list[str]:
  default = ','.join(field.default) if isinstance(field.default, tuple) else field.default
  if isinstance(default, bool):
    default = str(default).lower()
  return [_code(name), _code(default), bounds(field), _escaped(field.metadata.get('help', ''))]


def _with_options(table_: plugins.Table, options: dict[str, type], what: str) -> str:
  parts = []
  for name, told in options.items():
    comments = _remarks(told)
    rows = []
    for field in dataclasses.fields(told):
      row = _row(field.name, field)
      rows.append([*row[:3], row[3] or _escaped(comments[field.name])])
    parts += [f'### {name}', _sentence(told.__doc__)]
    parts.append(
      table(('option', 'default', 'values', 'meaning'), rows)
      if rows
      else f'This {what} has no options.'
    )
  assert set(options) == set(table_.ours), f'a {what} has no options'
  return '\n\n'.join(parts)


def _remarks(cls: type) -> dict[str, str]:
  """Return the comments behind a dataclass's fields, which those without help text must have."""
  source = ''.join(map(inspect.getsource, cls.__mro__[-2::-1]))  # of all but `object`
  return dict(re.findall(r'^  (\w+): \w+ = [^#\n]*  # (.*)$', source, re.MULTILINE))


def _told(table_: plugins.Table, words: Callable[[Any], str]) -> str:
  rows = [[_code(name), _escaped(words(table_.load(name)))] for name in table_.ours]
  return table(('name', 'what it is'), rows)


def _usage(text: str) -> Iterator[str]:
  """Yield a command's further description: indented lines are commands, all others prose."""
  for part in filter(None, (part.rstrip() for part in text.strip('\n').split('\n\n'))):
    yield f'```\n{inspect.cleandoc(part)}\n```' if part.startswith('  ') else _escaped(part)


def _sentence(text: str | None) -> str:
  """Return the first line of a docstring."""
  return (text or '').strip().partition('\n')[0]


def _escaped(text: str) -> str:
  """Make a text's characters mean themselves in Markdown, except in code; flags are code."""
  parts = text.split('`')
  parts[::2] = map(_plain, parts[::2])
  return '`'.join(parts)


def _plain(text: str) -> str:
  pieces = re.split(r'(?<![\w-])(--[a-z]\w*(?:=\w+)?)', text)
  pieces[::2] = [re.sub(r'([*_<>$\[\]])', r'\\\1', piece) for piece in pieces[::2]]
  pieces[1::2] = map(_code, pieces[1::2])
  return ''.join(pieces)


def _code(word: Any) -> str:
  return f'`{word}`' if str(word) else '(empty)'


def _number(value: float) -> str:
  if value == 2**31 - 1:
    return '2³¹ - 1'
  if value == 2**48:
    return '2⁴⁸'
  if value == 10**12:
    return '10¹²'
  return f'{value:,}'


def _code_of(error: Any) -> int:
  return error.code


class Generated(SphinxDirective):
  """Puts generated Markdown into a page."""

  required_arguments = 1
  option_spec = {'class': directives.class_option}

  def run(self) -> list[nodes.Node]:
    self.env.note_reread()  # Sphinx does not see that the code has changed
    return self.parse_text_to_nodes(GENERATED[self.arguments[0]](), allow_section_headings=True)


def _arguments(told: re.Match) -> str:
  return re.sub(r'^(\*{0,2}\w+): ', r':param \1: ', inspect.cleandoc(told[1]), flags=re.MULTILINE)


def plain_docstring(app, what, name, obj, options, lines: list[str]) -> None:
  """Make a docstring's text mean itself: it is not written in reStructuredText.

  What stands between backticks is code, and so is an indented paragraph. `Args:` has a line or more
  for each argument.
  """
  text = re.sub(r'^Args:\n((?:  .*\n?)+)', _arguments, '\n'.join(lines), flags=re.MULTILINE)
  parts = text.split('`')
  parts[::2] = [re.sub(r'([*|\\]|(?<=\w)_(?=\W|$))', r'\\\1', part) for part in parts[::2]]
  text = '`'.join(parts)
  text = re.sub(r'\n\n(?=  +\S)', '\n\n::\n\n', text)
  lines[:] = text.split('\n')


def setup(app) -> dict[str, bool]:
  gc.freeze()  # or each collection looks through all of TensorFlow, a fifth of the time
  app.add_directive('generated', Generated)
  app.connect('autodoc-process-docstring', plain_docstring)
  return {'parallel_read_safe': True, 'parallel_write_safe': True}
