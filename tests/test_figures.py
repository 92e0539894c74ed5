"""The figures of the house: how wide, how long and how forked it may get.

`pytest -s tests/test_figures.py` prints them.
"""

import ast
import collections
import inspect
import pathlib

import pytest

from tf_creative.core import coupling, hand, imagination, world

ROOT = pathlib.Path(__file__).parents[1]
FILES = sorted(ROOT.glob('tf_creative/**/*.py'))
CONTRACTS = (
  world.Play,
  world.Rules,
  world.Simulator,
  world.Works,
  world.Making,
  world.Levels,
  world.Media,
  world.Measures,
  hand.Hand,
  hand.Episodes,
  imagination.Imagination,
  imagination.Critic,
  coupling.Coupling,
)
# What is asked about the kind of a world or of an agent; a branch on it belongs into their room.
KINDS = {
  *('code_size', 'rewards_target', 'making', 'levels', 'simulator', 'rules'),
  *('on_policy', 'every_action'),
}
# core.world asks so that others need not; core.promises and testing ask what to check.
ASKING = (
  *('tf_creative/worlds/', 'tf_creative/agent/', 'tf_creative/core/world.py'),
  *('tf_creative/core/promises/', 'tf_creative/testing/'),
)


def members(contract: type) -> list[str]:
  """All that a contract asks for: methods, properties and values."""
  names = {name for name in vars(contract) if not name.startswith('_')}
  return sorted(names | {*inspect.get_annotations(contract)})


def kinds_asked(source: str) -> list[str]:
  """The branches of a file on the kind of a world or an agent: their lines, and what they ask."""
  found = []
  for node in ast.walk(ast.parse(source)):
    tests = node.ifs if isinstance(node, ast.comprehension) else [getattr(node, 'test', None)]
    for test in filter(None, tests):
      inner = {id(n.value) for n in ast.walk(test) if isinstance(n, ast.Attribute)}
      asked = [
        n.attr
        for n in ast.walk(test)
        if isinstance(n, ast.Attribute) and n.attr in KINDS and id(n) not in inner
      ]
      found += [f'{test.lineno}: {attribute}' for attribute in asked[:1]]
  return found


def longest(kind: tuple[type, ...], most: int) -> dict[str, int]:
  """The functions or classes that are longer than `most` lines."""
  return {
    f'{path.relative_to(ROOT)}:{node.name}': node.end_lineno - node.lineno + 1
    for path in FILES
    for node in ast.walk(ast.parse(path.read_text()))
    if isinstance(node, kind) and node.end_lineno - node.lineno >= most
  }


def test_no_contract_is_wide():
  widths = {contract.__name__: len(members(contract)) for contract in CONTRACTS}
  print('\nmembers of the contracts:', widths)
  assert max(widths.values()) <= 11, widths


def test_kinds_are_asked_about_in_their_rooms():
  asked = {}
  for path in FILES:
    name = str(path.relative_to(ROOT))
    found = kinds_asked(path.read_text())
    if found and not name.startswith(ASKING):
      asked[name] = found
  count = sum(map(len, asked.values()))
  print(f'\nbranches on the kind of a world or an agent outside of their rooms: {count}')
  for item in asked.items():
    print(item)
  assert count <= 10, asked


def test_a_branch_on_a_kind_is_seen():
  source = 'x = 1 if world.play.code_size else 2\nwhile not a.on_policy: pass'
  assert kinds_asked(source) == ['2: on_policy', '1: code_size']
  assert not kinds_asked('if time < world.rules.horizon: pass')


def test_the_top_has_few_modules():
  modules = [path.name for path in FILES if len(path.relative_to(ROOT).parts) == 2]
  for door in ('__init__.py', '__main__.py'):  # which lead to the others
    modules.remove(door)
  print('\nmodules at the top:', modules)
  assert len(modules) <= 9, modules


@pytest.mark.parametrize('top', ['tf_creative', 'tests'])
def test_no_folder_is_full(top):
  counts = collections.Counter(
    str(path.parent.relative_to(ROOT)) for path in ROOT.glob(f'{top}/**/*.py')
  )
  print('\nfiles in the fullest folders:', counts.most_common(3))
  assert max(counts.values()) <= 15, counts.most_common(3)


def test_nothing_is_long():
  functions = longest((ast.FunctionDef, ast.AsyncFunctionDef), 60)
  classes = longest((ast.ClassDef,), 150)
  assert not functions and not classes, functions | classes
