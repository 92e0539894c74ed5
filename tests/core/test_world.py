"""The contracts of core/: which parts each world has, who asks for them, and that no more is used.

The uses are found by the names of things: what is called agent, gan or world is one, and so is
what is assigned from it. The house is read for that, not run.
"""

import abc
import ast
import importlib
import pathlib
import re

import pytest

from tests.shared import tiny, toys
from tf_creative import couplings, worlds
from tf_creative.agent import build
from tf_creative.core import hand, imagination, showing, spec
from tf_creative.core import world as world_lib
from tf_creative.learner import learner as learner_lib

HOUSE = pathlib.Path(__file__).parents[2] / 'tf_creative'
PARTS = {
  'play': world_lib.Play,
  'rules': world_lib.Rules,
  'simulator': world_lib.Simulator,
  'works': world_lib.Works,
  'making': world_lib.Making,
  'levels': world_lib.Levels,
  'media': showing.Media,
  'measures': showing.Measures,
}
# What each world has; a new one gets a row.
TABLE = {
  'pixel_art': 'play rules works making media measures',
  'airfoil': 'play rules works making media measures',
  'melody': 'play rules works making media measures',
  'verse': 'play rules works making media measures',
  'level': 'play rules works levels media measures',
  'gym': 'play simulator measures',
  'minatar': 'play simulator measures',
  'atari': 'play simulator measures',
}
# The contract behind each name, and the room in which it may be used as the room likes.
CONTRACTS = {
  'agent': (hand.Hand, 'agent'),
  'episodes': (hand.Episodes, 'agent'),
  'gan': (imagination.Imagination, 'gan'),
  'world': (world_lib.World, 'worlds'),
  **{name: (part, 'worlds') for name, part in PARTS.items()},
}
CALLED = {'hand': 'agent', **{name: name for name in ('agent', 'gan', 'world', 'episodes')}}
BUILDER = {
  'learner/learner.py: self.agent.episodes',
  'testing/__init__.py: learner.agent.episodes',
  'labelled/choosing.py: hand.episodes',
}  # handed to the others as Parts.episodes
MOST_MEMBERS = 11
HINT = ' (--couplings= leaves out all)'


def members(contract: type) -> set[str]:
  """What a contract declares, by annotation or by definition, inherited from our own included."""
  own = [cls for cls in contract.__mro__ if cls.__module__.startswith('tf_creative.')]
  names = {name for cls in own for name in (*vars(cls), *cls.__dict__.get('__annotations__', {}))}
  return {name for name in names if not name.startswith('_')}


def contracts() -> list[type]:
  """All protocols and abstract classes of core/, and the bundle of them."""
  found = []
  for path in sorted((HOUSE / 'core').glob('[!_]*.py')):
    module = importlib.import_module(f'tf_creative.core.{path.stem}')
    found += [cls for cls in vars(module).values() if isinstance(cls, abc.ABCMeta)]
  return [cls for cls in dict.fromkeys(found) if cls.__module__.startswith('tf_creative.')]


def kind(node: ast.expr, local: dict[str, str | None]) -> str | None:
  """Which contract an expression keeps, going by its name."""
  if isinstance(node, ast.Name):
    return local[node.id] if node.id in local else CALLED.get(node.id)
  if not isinstance(node, ast.Attribute):
    return None
  if kind(node.value, local) == 'world':
    return node.attr if node.attr in PARTS else None
  settings = re.search(r'config|settings', ast.unparse(node.value))
  return None if settings else CALLED.get(node.attr.lstrip('_'))


def assigned(scope: ast.AST) -> dict[str, str | None]:
  """The names that a function gives to such things, or to others under the name of one."""
  local = {}
  for node in ast.walk(scope):
    if isinstance(node, ast.arg) and re.search('Config', ast.unparse(node.annotation or node)):
      local[node.arg] = None
    if not isinstance(node, (ast.Assign, ast.NamedExpr)):
      continue
    for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
      pairs = [(target, node.value)]
      if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
        pairs = zip(target.elts, node.value.elts, strict=True)
      local |= {to.id: kind(value, {}) for to, value in pairs if isinstance(to, ast.Name)}
  return local


def undeclared(path: str, source: str) -> list[str]:
  """What a file reads of hand, imagination or world, and no contract of core/ declares."""
  room, faults = path.split('/')[0], []

  def visit(node: ast.AST, local: dict[str, str | None]) -> None:
    if isinstance(node, ast.FunctionDef):
      local = local | assigned(node)
    if isinstance(node, ast.Attribute) and (what := kind(node.value, local)):
      contract, home = CONTRACTS[what]
      if room not in (home, 'core') and node.attr not in members(contract):
        faults.append(f'{path}: {ast.unparse(node)}')
    for child in ast.iter_child_nodes(node):
      visit(child, local)

  visit(ast.parse(source), {})
  return [fault for fault in faults if fault not in BUILDER]


def had(world: world_lib.World) -> set[str]:
  return {part for part in PARTS if getattr(world, part) is not None}


def test_every_world_is_in_the_table():
  ours = {name for name, target in worlds.WORLDS.items() if target.startswith('tf_creative.')}
  assert ours == set(TABLE)


@pytest.mark.parametrize('name', TABLE)
def test_a_world_has_the_parts_of_its_row_and_keeps_their_contracts(name):
  toys.skip_without(name)
  world = learner_lib.build_world(name)
  assert world.name == name
  assert had(world) == set(TABLE[name].split())
  for part in had(world):
    assert isinstance(getattr(world, part), PARTS[part])
  world.need(*had(world), by='nobody')


def test_an_environment_of_others_is_played_in_and_nothing_else():
  world = toys.Given(toys.dice())
  assert had(world) == {'play', 'simulator'}
  with pytest.raises(spec.SpecError, match="^it needs a world with 'rules', and 'gym' has none"):
    world.need('play', 'rules', by='it')


@pytest.mark.parametrize('part', PARTS)
def test_a_part_that_lacks_a_member_cannot_be_made(part):
  with pytest.raises(TypeError, match='abstract'):
    type('Half', (PARTS[part],), {})()


def refusal(by: str, part: str, name: str) -> str:
  return re.escape(
    f"{by} needs a world with '{part}', and '{name}' has none: {world_lib._LACKS[part]}."
  )


@pytest.mark.parametrize('name', couplings.COUPLINGS)
def test_a_coupling_is_refused_without_any_part_that_it_needs(name):
  coupling = couplings.COUPLINGS.load(name)
  assert set(coupling.needs) <= set(PARTS) and len(coupling.needs) > 0
  whole = tiny.Bars()
  parts = {part: getattr(whole, part) or object() for part in PARTS}
  config, chosen = tiny.config(couplings=name), learner_lib.read_couplings(name)
  learner_lib.check_couplings(type('Able', (world_lib.World,), parts)(), config, chosen)
  for part in coupling.needs:
    lacking = {**parts, part: None, 'name': 'lacking', 'simulator': None}
    world = type('Lacking', (world_lib.World,), lacking)()
    with pytest.raises(
      spec.SpecError,
      match=refusal(f"the coupling '{name}'{HINT}", part, 'lacking'),
    ):
      learner_lib.check_couplings(world, config, chosen)


@pytest.mark.parametrize(
  ('agent', 'world', 'part'), [('informed', 'level', 'making'), ('survey', 'pixel_art', 'levels')]
)
def test_an_agent_is_refused_without_a_part_that_it_needs(agent, world, part):
  with pytest.raises(spec.SpecError, match=refusal(f'--agent={agent}', part, world)):
    build.hand(agent, learner_lib.build_world(world), tiny.AGENT, seed=0)


def test_a_whole_learner_is_refused_in_the_same_words():
  with pytest.raises(
    spec.SpecError,
    match=refusal(f"the coupling 'augment'{HINT}", 'making', 'level'),
  ):
    tiny.learner(world='level', couplings='augment')


def test_there_is_one_wording():
  wordings = [path for path in HOUSE.rglob('*.py') if 'needs a world with' in path.read_text()]
  assert wordings == [HOUSE / 'core' / 'world.py']
  assert set(world_lib._LACKS) == set(PARTS) == members(world_lib.World) - {'name', 'need'}


@pytest.mark.parametrize('contract', [*contracts(), world_lib.World], ids=lambda cls: cls.__name__)
def test_no_contract_is_wide(contract):
  assert 0 < len(members(contract)) <= MOST_MEMBERS, sorted(members(contract))


def test_all_contracts_are_counted_with_all_their_members():
  assert {contract for contract, _ in CONTRACTS.values()} <= {*contracts(), world_lib.World}

  class Twelve(showing.Media):
    eleventh: int = 0

    def twelfth(self):
      """One more."""

  Twelve.__module__ = 'tf_creative.core.wide'
  assert len(members(Twelve)) == len(members(showing.Media)) + 2 > MOST_MEMBERS


@pytest.mark.parametrize('path', sorted(HOUSE.rglob('*.py')), ids=lambda path: path.stem)
def test_what_is_used_is_declared(path):
  faults = undeclared(str(path.relative_to(HOUSE)), path.read_text())
  assert not faults, 'core/ declares no such member: ' + ', '.join(faults)


@pytest.mark.parametrize(
  ('path', 'source'),
  [
    ('loop.py', 'self._parts.agent.replay'),
    ('loop.py', 'agent.config'),
    ('creator.py', 'def f(self):\n  episodes = self._parts.episodes\n  episodes.returns'),
    ('creator.py', 'self._world.prospect(x)'),
    ('couplings/x.py', 'self.parts.gan.generator_variables'),
    ('couplings/x.py', 'self.parts.episodes.returns'),
    ('couplings/x.py', 'def f():\n  making = world.making\n  making.step'),
    ('couplings/x.py', 'def f():\n  gan, world = parts.gan, parts.world\n  world.works.colours'),
    ('eyes.py', 'def f(self):\n  if levels := self._world.levels:\n    levels.step(x)'),
    ('gan/x.py', 'world.works._pixels'),
    ('agent/x.py', 'world.rules.features'),
    ('edit.py', "f'{learner.world.media.file}'"),
    ('learner.py', 'self.agent.explorer'),
  ],
)
def test_what_is_used_and_not_declared_is_found(path, source):
  [fault] = undeclared(path, source)
  assert fault.startswith(f'{path}: ')


@pytest.mark.parametrize(
  ('path', 'source'),
  [
    ('loop.py', 'config.agent.environments + self._config.gan.width'),
    ('loop.py', 'def f():\n  agent = repeat(step)\n  agent.items()'),
    ('config.py', 'def f(agent: AgentConfig):\n  return agent.n_step'),
    ('agent/x.py', 'agent.replay'),
    ('worlds/x.py', 'world.works.colours'),
    ('learner/learner.py', 'self.agent.episodes'),
    ('loop.py', 'def f():\n  rules = world.rules\n  rules.step(x, world.name)'),
  ],
)
def test_what_is_declared_or_something_else_is_no_fault(path, source):
  assert undeclared(path, source) == []
