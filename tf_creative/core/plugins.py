"""Finds parts by name: in our own tables, and in the entry points of installed packages.

A spec cannot name a module path: then a flagfile or a checkpoint from elsewhere could run code. A
part is imported only when somebody names it, so that `--help` stays quick.
"""

from __future__ import annotations

import ast
import collections
from collections.abc import Iterator, Mapping
import functools
import importlib
from importlib import metadata
import itertools
import pathlib
from typing import Any

from tf_creative.core import spec

_used: dict[str, str] = {}  # distribution -> version


class Table(collections.UserDict):
  """Parts of one kind: name -> 'module:attribute'; `load` refuses a name that is brought twice."""

  def __init__(self, what: str, group: str, ours: dict[str, str]):
    """Take `what` messages call a part, the entry points' `group`, and our own parts."""
    super().__init__(ours)
    self.what, self.group = what, group

  @property
  def ours(self) -> dict[str, str]:
    """The parts that come with this project."""
    return self.data

  def options(self, module: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of our own parts from a module's names: of 'pixel_art' its PixelArt."""
    classes = {name: name.title().replace('_', '') for name in self.ours}
    for name, cls in classes.items():
      if cls not in module:
        raise NameError(
          f"the {self.what} '{name}' has no options: write a dataclass {cls} in "
          f'{module["__name__"]} (without fields if it has none).'
        )
    return {name: module[cls] for name, cls in classes.items()}

  @property
  def plugins(self) -> dict[str, str]:
    """The names that other packages bring -> 'distribution version'."""
    found = _installed(self.group)
    return {name: ' and '.join(map(_bringer, entries)) for name, entries in found.items()}

  def load(self, name: str) -> Any:
    """Import and return the part of this name."""
    spec.check_name(self, name, self.what)
    entries = _installed(self.group).get(name, [])
    bringers = ['tf_creative itself'] * (name in self.ours) + [_bringer(e) for e in entries]
    if len(bringers) > 1:
      raise spec.SpecError(
        f"the {self.what} '{name}' is brought by {' and by '.join(bringers)}: uninstall all but "
        'one, or have its author rename it.'
      )
    if name in self.ours:
      module, attribute = self.ours[name].split(':')
      return getattr(importlib.import_module(module), attribute)
    try:
      part = entries[0].load()
    except Exception as error:  # whatever a stranger's module raises
      said = ' '.join(f'{type(error).__name__}: {error}'.split())
      raise spec.SpecError(
        f"the {self.what} '{name}' of {bringers[0]} cannot be imported ({said}): mend or "
        f'uninstall {entries[0].dist.name}.'  # pyright: ignore[reportOptionalMemberAccess]
      ) from error
    _used[entries[0].dist.name] = entries[0].dist.version  # pyright: ignore[reportOptionalMemberAccess]
    return part

  def __getitem__(self, name: str) -> str:
    return self.ours[name] if name in self.ours else _installed(self.group)[name][0].value

  def __contains__(self, name: object) -> bool:
    return name in self.ours or name in self.plugins

  def __iter__(self) -> Iterator[str]:
    return iter(dict.fromkeys([*self.ours, *self.plugins]))

  def __len__(self) -> int:
    return len(list(iter(self)))


def used() -> dict[str, str]:
  """Return the distributions whose parts this process has loaded, with their versions."""
  return dict(sorted(_used.items()))


def described(target: str) -> str:
  """Return what the source says on 'module' or 'module:attribute', of which nothing is imported.

  That is the first line of a docstring; or the comment above a value, or its module's docstring.
  """
  module, _, attribute = target.partition(':')
  path = pathlib.Path(__file__).parents[2].joinpath(*module.split('.')).with_suffix('.py')
  source = path.read_text()
  tree = ast.parse(source)
  told = ast.get_docstring(tree) or ''
  for node in tree.body:
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name == attribute:
      told = ast.get_docstring(node) or ''
    if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == attribute:
      above = reversed(source.splitlines()[: node.lineno - 1])
      comment = list(itertools.takewhile(lambda line: line.startswith('#'), above))
      told = ' '.join(line.strip('# ') for line in reversed(comment)) or told
  return told.partition('\n')[0]


@functools.cache
def _installed(group: str) -> dict[str, list[metadata.EntryPoint]]:
  """Return the entry points of a group by name."""
  found: dict[str, list[metadata.EntryPoint]] = {}
  for entry in _entries().select(group=group):
    found.setdefault(entry.name, []).append(entry)
  return found


@functools.cache
def _entries() -> Any:
  """Read the metadata of all distributions; this is slow, hence the cache."""
  return metadata.entry_points()


def _bringer(entry: metadata.EntryPoint) -> str:
  return f'{entry.dist.name} {entry.dist.version}'  # pyright: ignore[reportOptionalMemberAccess]


def extra(module: str, name: str, what: str) -> Any:
  """Import a module of a package that the user installs as the extra `name` of this one."""
  try:
    return importlib.import_module(module)
  except ImportError as error:
    raise spec.SpecError(
      f'{what} needs a package that is not installed ({error}): run '
      f"pip install 'tf_creative[{name}]'."
    ) from error
