"""Lists what settings can name: worlds, couplings, agents, pipelines; nothing heavy is loaded."""

from __future__ import annotations

from collections.abc import Mapping
import os
import pathlib
import re

from tf_creative.agent import AGENTS
from tf_creative.api import tables
from tf_creative.cli import flagfile as flagfile_lib
from tf_creative.core import plugins, spec
from tf_creative.couplings import COUPLINGS
from tf_creative.couplings import options as coupling_options
from tf_creative.worlds import WORLDS
from tf_creative.worlds import options as world_options

_FLAGS = '.flags'


def worlds() -> tables.Table:
  """List the worlds that `world=` takes, with their options."""
  return _listed(WORLDS, world_options.OPTIONS)


def couplings() -> tables.Table:
  """List the couplings that `couplings=` takes, joined by |, with their options."""
  return _listed(COUPLINGS, coupling_options.OPTIONS)


def agents() -> tables.Table:
  """List the learning algorithms that `agent=` takes."""
  return _listed(AGENTS, {})


def pipelines() -> tables.Table:
  """List the recipes that `train` takes: measured settings, by name."""
  found = {
    path.stem: path
    for folder in reversed(flagfile_lib.folders())
    for path in folder.glob(f'*{_FLAGS}')
  }
  rows = []
  for name, path in sorted(found.items()):
    if shown := _shown(path):
      rows.append({'name': name, 'shows': shown['Shows'], 'time': shown.get('Time', '')})
  return tables.Table(rows, 'pipelines')


def flagfile(pipeline: str | os.PathLike) -> str:
  """Return the path of a pipeline that is named, or of any other flagfile."""
  path = pathlib.Path(pipeline)
  if path.suffix == _FLAGS or len(path.parts) > 1:
    return os.fspath(path)
  for folder in flagfile_lib.folders():
    if (folder / f'{path}{_FLAGS}').is_file():
      return os.fspath(folder / f'{path}{_FLAGS}')
  raise spec.UserError(
    f"there is no pipeline '{pipeline}'.{spec.closest(str(path), pipelines()['name'])} "
    '(tf_creative.pipelines() lists them; or give the path of a flagfile.)'
  )


def _shown(path: pathlib.Path) -> dict[str, str]:
  """Read what a pipeline says of itself in its first lines; empty for what is none to train."""
  text = path.read_text()
  head = ' '.join(re.findall(r'^# ?(.*)', text, re.MULTILINE))
  told = dict(re.findall(r'(Shows|Time): (.+?)(?= Command:| Expect:|$)', head))
  is_trained = 'Shows' in told and not re.search('^--case=', text, re.MULTILINE)
  return {name: _first(words) for name, words in told.items()} if is_trained else {}


def _first(text: str) -> str:
  """Return the first sentence, in one line."""
  return re.split(r'(?<=[a-z\d)])[.;:] ', ' '.join(text.split()))[0].rstrip('.')


def _listed(table: plugins.Table, options: Mapping[str, type]) -> tables.Table:
  rows = []
  for name in table.ours:
    row = {'name': name}
    if name in options:
      row |= {'what it is': options[name].__doc__, 'options': spec.signature(options[name])}
    else:
      row['what it is'] = plugins.described(table.ours[name]).removeprefix('Build ')
    rows.append(row)
  rows += [{'name': name, 'what it is': f'Of {by}.'} for name, by in table.plugins.items()]
  return tables.Table(rows, f'{table.what}s')
