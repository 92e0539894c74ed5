"""The house keeps its arrows (ARCHITECTURE.md), in its imports and in BUILD alike.

Files are discovered, not listed; nothing of the house is imported, only read.
"""

import ast
import functools
from importlib import metadata
import pathlib
import re
import sys
from typing import NamedTuple

import pytest

ROOT = pathlib.Path(__file__).parents[1]
FILES = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob('tf_creative/**/*.py'))
TESTS = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob('tests/**/*.py'))
BUILD = (ROOT / 'BUILD').read_text()
MOST_LINES = {'tf_creative': 250, 'tests': 320}

COMMANDS = set('ablate augment benchmark bulk create evaluate export serve train'.split())
PACKAGE = '__init__'  # imported with every part of it; it registers the worlds with Gymnasium
COMPANION = 'tf-creative-agents'  # TF-Agents with metadata of ours, for which BUILD says tf-agents
# The map (ARCHITECTURE.md): what each part of the house may import besides itself.
ROOMS = {'agent', 'couplings', 'gan', 'metrics', 'serving', 'worlds'}  # with no doors between them
RUN = {'core', 'learner', 'cli', 'runs'}
ARROWS = {
  'core': set(),
  **dict.fromkeys(ROOMS, {'core'}),
  'learner': {'core', 'agent', 'couplings', 'gan', 'worlds'},
  'cli': {'core', 'couplings', 'learner', 'worlds'},
  'runs': {'core', 'cli', 'learner'},
  'studio': RUN | {'metrics', 'serving'},
  'evaluation': RUN | {'gan', 'metrics', 'studio'},
  'experiments': RUN | {'evaluation', 'metrics', 'studio'},
  'labelled': {'core', 'agent', 'gan', 'worlds'},
  'api': RUN
  | {'agent', 'couplings', 'evaluation', 'experiments', 'labelled', 'serving', 'studio', 'worlds'},
  PACKAGE: {'api', 'worlds'},
  '__main__': COMMANDS | {'core', 'cli', 'learner'},
  'testing': {'core', 'agent', 'couplings', 'gan', 'learner', 'worlds'},  # shipped, for plugins
  **dict.fromkeys(
    COMMANDS, RUN | {'api', 'studio', 'experiments', 'labelled', 'serving', 'worlds'}
  ),
}
ADVICE = {
  'core': 'the core knows nothing but itself',
  **dict.fromkeys(ROOMS, 'rooms have no doors: pass it in, or name both in a coupling'),
}
# Who alone may import what; the oddities of a library are mended in one place.
RESERVED = {
  'tf_agents': {'agent'},
  'tf_keras': {'agent'},
  'tensorflow_datasets': {'worlds'},
  'gymnasium': {'worlds', 'agent'},
  'minigrid': {'worlds'},
  'absl.flags': {'cli'},
}


def part_of(path: str) -> str:
  """The room of a file, or the name of a file beside the rooms."""
  return path.split('/')[1].removesuffix('.py')


@functools.cache
def imports(source: str) -> frozenset[str]:
  """Dotted names of all that a file imports, wherever in it, tables of 'module:name' included."""
  names = set()
  for node in ast.walk(ast.parse(source)):
    if isinstance(node, ast.Import):
      names |= {alias.name for alias in node.names}
    elif isinstance(node, ast.ImportFrom):
      base = '.' * node.level + (node.module or '')
      names |= {f'{base}.{alias.name}' for alias in node.names}
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
      names |= set(re.findall(r'\A(tf_creative(?:\.\w+)+)(?::\w+)?\Z', node.value))
  return frozenset(names)


def parts_imported(source: str) -> set[str]:
  """The parts of the house that a file imports."""
  known = {part_of(path) for path in FILES}
  own = [name.split('.') for name in imports(source) if name.split('.')[0] == 'tf_creative']
  return {name[1] if len(name) > 1 and name[1] in known else PACKAGE for name in own}


def import_faults(path: str, source: str) -> list[str]:
  """What a file imports and must not, with what to do instead."""
  part, faults = part_of(path), []
  for name in sorted(imports(source)):
    if name.startswith('.'):
      faults.append(f"{path} imports '{name}': write the name in full, from tf_creative on.")
    for library, allowed in RESERVED.items():
      if f'{name}.'.startswith(f'{library}.') and part not in allowed:
        faults.append(f'{path} imports {library}: only {", ".join(sorted(allowed))} may.')
  allowed = ARROWS.get(part, set())
  against = sorted(parts_imported(source) - {part, PACKAGE} - allowed)
  faults += [f"{path} imports '{other}': {advice(part)}." for other in against]
  if part not in RESERVED['absl.flags'] and re.search(r'\bFLAGS\b', source):
    faults.append(f'{path} reads FLAGS: pass the value in, or a config.')
  return faults


def advice(part: str) -> str:
  """What to do instead of importing against the arrows."""
  if part not in ARROWS:
    return 'this part is not on the map: add it to ARROWS and to ARCHITECTURE.md'
  return ADVICE.get(part, f'it may use {", ".join(sorted(ARROWS[part]))}; move what it needs down')


class Target(NamedTuple):
  rule: str
  srcs: set[str]
  deps: set[str]  # of the house as ':name', of others as 'distribution-name'


def targets(build: str) -> dict[str, Target]:
  """BUILD is nearly Python, so it is run with stand-ins for Bazel's functions."""
  found = {}

  def rule(kind):
    def define(name, srcs=(), deps=(), data=(), **_):
      for given in map(list, (srcs, deps, data)):
        assert len(given) == len(set(given)), f'{name}: {given} has something twice'
      labels = {dep if dep[0] == ':' else _plain(dep) for dep in deps}
      found[name] = Target(kind, set(srcs), labels)

    return define

  def glob(patterns, exclude=()):
    def files(patterns):
      return {str(p.relative_to(ROOT)) for pattern in patterns for p in ROOT.glob(pattern)}

    return sorted(files(patterns) - files(exclude))

  known = {kind: rule(kind) for kind in ('py_library', 'py_binary', 'py_test')}
  ignored = dict.fromkeys(('load', 'package', 'exports_files'), lambda *_, **__: None)
  exec(compile(build, 'BUILD', 'exec'), known | ignored | {'glob': glob, 'requirement': str})
  return found


def build_faults(build: str) -> list[str]:
  """Where BUILD does not say what the files say, with what to do about it."""
  declared, faults = targets(build), []
  tests = [path for path in TESTS if '/test_' in path]
  for path in FILES + tests:
    name = pathlib.PurePath(path).stem if path in tests else _target_of(part_of(path))
    binary = name in COMMANDS | {'__main__'}
    rule = 'py_test' if path in tests else 'py_binary' if binary else 'py_library'
    holders = {(target.rule, other) for other, target in declared.items() if path in target.srcs}
    # The package's target holds the first file of the worlds, too: see there.
    if holders - {('py_library', 'tf_creative')} - {(rule, name)} or (rule, name) not in holders:
      faults.append(f"BUILD must have {path} in the {rule} '{name}', and nowhere else.")
  for name in declared:
    faults += _missing(name, declared) + _forbidden(name, declared)
  return faults


def _missing(name: str, declared: dict[str, Target]) -> list[str]:
  """What a target's files import and its deps lack; tests may get it by way of other targets."""
  target = declared[name]
  reached, todo = {f':{name}'}, list(target.deps)
  while todo:
    dep = todo.pop()
    if dep not in reached:
      reached.add(dep)
      if not _of_the_house(target) and dep[1:] in declared:
        todo += declared[dep[1:]].deps
  wanted = {}
  for path in sorted(target.srcs):
    source = (ROOT / path).read_text()
    wanted |= {f':{_target_of(part)}': path for part in parts_imported(source)}
    for module in {imported.split('.')[0] for imported in imports(source)}:
      wanted |= {_plain(found): path for found in DISTRIBUTIONS.get(module, ())[:1]}
  if name == 'tf_creative':
    # Tables and the API only name what is loaded on demand; what it needs of core it holds itself.
    for part in ('api', 'core', 'worlds'):
      wanted.pop(f':{part}', None)
  return [
    f"BUILD's '{name}' lacks the dep '{dep}', which {path} imports."
    for dep, path in sorted(wanted.items())
    if dep not in reached
  ]


def _forbidden(name: str, declared: dict[str, Target]) -> list[str]:
  """Deps against the arrows; tests and what serves them may reach everything."""
  if not _of_the_house(declared[name]):
    return []
  reserved = {_plain(library): allowed for library, allowed in RESERVED.items()}
  allowed = ARROWS.get(name, set())
  faults = []
  for dep in sorted(declared[name].deps):
    if dep[0] != ':':
      if name not in reserved.get(dep, {name}) | {'tf_creative'}:
        faults.append(f"BUILD's '{name}' may not have the dep '{dep}': only {reserved[dep]} may.")
    elif dep[1:] not in declared:
      faults.append(f"BUILD's '{name}' names '{dep}', which is not there.")
    elif dep != ':tf_creative' and dep[1:] not in allowed:
      faults.append(f"BUILD's '{name}' may not have the dep '{dep}': {advice(name)}.")
  return faults


def _of_the_house(target: Target) -> bool:
  return any(path in FILES for path in target.srcs)


def _plain(name: str) -> str:
  """A distribution's name as the lock spells it, whether by label or by module."""
  return name.strip('@').replace('_', '-').lower()


def _target_of(part: str) -> str:
  """The target that holds a part."""
  return {PACKAGE: 'tf_creative'}.get(part, part)


DISTRIBUTIONS = {
  # Several share the module 'google', of which we use one.
  module: ['protobuf' if module == 'google' else {COMPANION: 'tf-agents'}.get(names[0], names[0])]
  for module, names in metadata.packages_distributions().items()
  if module not in sys.stdlib_module_names and module not in ('tf_creative', 'tests')
}


@pytest.mark.parametrize('path', FILES)
def test_imports_follow_the_arrows(path):
  faults = import_faults(path, (ROOT / path).read_text())
  assert not faults, '\n'.join(faults)


def test_the_arrows_are_few():
  arrows = sum(
    len(set().union(*(parts_imported((ROOT / p).read_text()) for p in paths)) - {part, PACKAGE})
    for part, paths in _by_part().items()
  )
  print(f'{arrows} arrows between the parts')
  assert arrows <= 89


def _by_part() -> dict[str, list[str]]:
  found: dict[str, list[str]] = {}
  for path in FILES:
    found.setdefault(part_of(path), []).append(path)
  return found


def test_tests_lie_where_what_they_test_lies():
  """In the folder of its room or deeper, each by a name of its own: it is that of its target."""
  tests = [pathlib.PurePath(path) for path in TESTS if '/test_' in path]
  rooms = {path.rpartition('/')[0].replace('tf_creative', 'tests', 1) for path in FILES}
  assert {str(path.parent) for path in tests} <= rooms | {'tests/docs'}  # of the pages in docs/
  assert len({path.stem for path in tests}) == len(tests)


@pytest.mark.parametrize('path', FILES + TESTS)
def test_files_stay_short(path):
  lines = len((ROOT / path).read_text().splitlines())
  most = MOST_LINES[path.split('/')[0]]
  assert lines <= most, f'{path} has {lines} lines, more than {most}: make it two.'


def test_build_says_what_the_imports_say():
  faults = build_faults(BUILD)
  assert not faults, '\n'.join(faults)


@pytest.mark.parametrize(
  ('path', 'source', 'fault'),
  [
    ('gan/x.py', 'from tf_creative.agent import replay', "imports 'agent'"),
    ('gan/x.py', 'from tf_creative import metrics as m', "imports 'metrics'"),
    ('gan/x.py', "TABLE = {'x': 'tf_creative.agent.hand:Hand'}", "imports 'agent'"),
    ('gan/x.py', 'from tf_creative.learner import config', "imports 'learner'"),
    ('gan/x.py', 'from . import layers', 'in full'),
    ('couplings/x.py', 'def late():\n  import tf_creative.gan.gan', "imports 'gan'"),
    ('couplings/x.py', 'from tf_agents.trajectories import trajectory', 'imports tf_agents'),
    ('gan/x.py', 'import tf_keras', 'imports tf_keras'),
    ('runs/x.py', 'import tensorflow_datasets as tfds', 'imports tensorflow_datasets'),
    ('metrics/x.py', 'import gymnasium', 'imports gymnasium'),
    ('runs/x.py', 'from absl import flags', 'imports absl.flags'),
    ('runs/x.py', 'import absl.app\nabsl.app.flags.FLAGS.seed', 'reads FLAGS'),
    ('learner/x.py', 'from tf_creative import train', "imports 'train'"),
    ('learner/x.py', 'from tf_creative.studio import edit', "imports 'studio'"),
    ('runs/x.py', 'from tf_creative.evaluation import tables', "imports 'evaluation'"),
    ('evaluation/x.py', 'from tf_creative.experiments import grid', "imports 'experiments'"),
    ('core/spec.py', 'from tf_creative.learner import loop', "imports 'learner'"),
    ('attic/x.py', 'from tf_creative.core import spec', 'not on the map'),
    ('__init__.py', 'from tf_creative import gan', "imports 'gan'"),
  ],
)
def test_a_forbidden_import_is_named(path, source, fault):
  faults = import_faults(f'tf_creative/{path}', source)
  assert len(faults) == 1
  assert fault in faults[0]


@pytest.mark.parametrize(
  ('said', 'instead', 'fault'),
  [
    ('name = "gan"', 'name = "gun"', "in the py_library 'gan'"),
    ('"tf_creative/gan/**/*.py"', '"tf_creative/gan/*.txt"', 'must have tf_creative/gan/'),
    ('["tf_creative/train.py"]', '[]', "in the py_binary 'train', and nowhere else"),
    ('name = "test_layers"', 'name = "layers"', "in the py_test 'test_layers'"),
    ('requirement("scipy"),', '', "'metrics' lacks the dep 'scipy'"),
    ('":metrics",', '', "lacks the dep ':metrics'"),
    ('requirement("scipy"),', '":gan",', "'metrics' may not have the dep ':gan'"),
    ('requirement("scipy"),', '"@tf_agents",', "'metrics' may not have the dep 'tf-agents'"),
    ('requirement("scipy"),', '":attic",', "names ':attic', which is not there"),
  ],
)
def test_a_build_that_says_otherwise_is_caught(said, instead, fault):
  assert said in BUILD
  assert fault in '\n'.join(build_faults(BUILD.replace(said, instead, 1)))
