"""Settings: one frozen dataclass per room becomes the flags, their help, and `run.flags`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
import dataclasses
import pathlib
import re
from typing import Any

from absl import flags

from tf_creative import couplings, worlds
from tf_creative.agent import AGENTS
from tf_creative.agent.config import AgentConfig
from tf_creative.core import flagfile, spec
from tf_creative.core.spec import setting
from tf_creative.couplings import options as coupling_options
from tf_creative.gan.config import GanConfig
from tf_creative.worlds import options as world_options

_MOST = 10**12  # of what is only counted

# The measures are taken among the five nearest neighbours of halves of the works.
FEWEST_WORKS = 12


@dataclasses.dataclass(frozen=True)
class RunConfig:
  run_dir: str = setting('runs/pixel_art', 'where everything goes; the same command again resumes')
  world: str = setting(
    'pixel_art(data=digits, size=8, colors=4)', 'the world, with its options: one of those below'
  )
  agent: str = setting('ddqn', 'the learner of the hand', one_of=AGENTS)
  couplings: str = setting(
    'environment(real=0.25)',
    'what ties imagination and hand, joined by |: of those below; empty: nothing',
  )
  seed: int = setting(0, 'of everything that is drawn', at_least=0, at_most=2**31 - 1)
  rounds: int = setting(
    5000, 'rounds of training: an agent phase, then a GAN phase', at_least=0, at_most=_MOST
  )
  agent_steps: int = setting(
    1, "updates of the agent in a round's agent phase (GAN frozen)", at_least=0, at_most=10_000
  )
  gan_steps: int = setting(
    1, "updates of the GAN in a round's GAN phase (agent frozen)", at_least=0, at_most=10_000
  )
  joint_weight: float = setting(
    1.0, 'lambda of the logged objective L_DQN + lambda L_GAN', at_least=0
  )
  rounds_per_call: int = setting(
    50, 'rounds in one call of the compiled loop', at_least=1, at_most=1_000_000
  )
  evaluate_every: int = setting(
    2500,
    'rounds between two looks, of which the best is kept; 0: only one, at the end',
    at_least=0,
  )
  checkpoint_every: int = setting(
    100, 'rounds between two checkpoints; 0: only one, at the end', at_least=0
  )
  checkpoint_seconds: float = setting(60.0, 'and so much time at least', at_least=0)
  keep_checkpoints: int = setting(
    3, 'checkpoints that are kept beside the best, the newest', at_least=1
  )
  fork_from: str = setting('', 'another run: a new one starts with what that has learnt')
  picture_every: int = setting(
    500,
    'rounds between two pictures of imagined and made works in TensorBoard; 0: never',
    at_least=0,
  )
  histogram_every: int = setting(
    0,
    'rounds between two histograms of weights and Q-values in TensorBoard; 0: never',
    at_least=0,
  )
  works: int = setting(
    1500,
    'imagined works (and at most so many real ones) to measure on',
    at_least=FEWEST_WORKS,
    at_most=1_000_000,
  )
  skip_limit: int = setting(
    20,
    'updates in a row with losses or slopes that are no numbers, after which a run stops',
    at_least=1,
  )
  export: bool = setting(True, 'publish the models that it ends with for serving')
  progress: bool = setting(True, 'a live view of the training where the screen allows it')


@dataclasses.dataclass(frozen=True)
class Config:
  """Everything that a run is made from; the rooms' fields carry the room's name as a prefix."""

  run: RunConfig = RunConfig()
  gan: GanConfig = GanConfig()
  agent: AgentConfig = AgentConfig()


def flag_fields(settings: type) -> Iterator[tuple[str, str, dataclasses.Field]]:
  """Every setting as (flag, group, field); what is not in a group is in the group ''."""
  for field in dataclasses.fields(settings):
    if not dataclasses.is_dataclass(field.default):
      yield field.name, '', field
      continue
    prefix = '' if field.name == 'run' else f'{field.name}_'
    for inner in dataclasses.fields(field.default):
      yield prefix + inner.name, field.name, inner


def define_flags(values: flags.FlagValues, settings: type = Config) -> None:
  """A flag for each setting; a tuple may be given flag by flag, or with commas."""
  define = {
    bool: flags.DEFINE_boolean,
    int: flags.DEFINE_integer,
    float: flags.DEFINE_float,
    str: flags.DEFINE_string,
    tuple: flags.DEFINE_multi_string,
  }
  for name, _, field in flag_fields(settings):
    define[type(field.default)](name, field.default, field.metadata['help'], flag_values=values)


def from_flags(values: flags.FlagValues, settings: type = Config) -> Any:
  groups: dict[str, dict[str, Any]] = {}
  for name, group, field in flag_fields(settings):
    value = values[name].value
    if isinstance(field.default, tuple):
      split = field.metadata['split']
      words = [word for given in value for word in (given.split(',') if split else [given])]
      value = tuple(filter(None, words))
    elif isinstance(value, str):
      value = value.strip()  # as a flagfile has it
    groups.setdefault(group, {})[field.name] = value
  loose = groups.pop('', {})
  classes = {field.name: type(field.default) for field in dataclasses.fields(settings)}
  return settings(**loose, **{name: classes[name](**part) for name, part in groups.items()})


def check(settings: Any) -> None:
  """Refuses the first setting that is out of its bounds, by the name of its flag."""
  for name, group, field in flag_fields(type(settings)):
    value = getattr(getattr(settings, group) if group else settings, field.name)
    if wrong := spec.fault(field, value):
      raise spec.UserError(f'--{name} {wrong}')
    for word in value if isinstance(value, tuple) else (value,):
      if isinstance(word, str) and not word.isprintable():
        raise spec.UserError(
          f'--{name} must be one line of letters and signs, not {word!r}: take out the others.'
        )
  if isinstance(settings, Config):
    _check_parts(settings.run)
    _check_room(settings.agent)


def _check_parts(run: RunConfig) -> None:
  """Refuses what no world and no coupling has, before any of them is loaded."""
  named = [spec.parse_one(run.world, 'world')]
  parts = spec.parse(run.couplings, 'couplings')
  for table, options, found in (
    (worlds.WORLDS, world_options.OPTIONS, named),
    (couplings.COUPLINGS, coupling_options.OPTIONS, parts),
  ):
    for place, part in enumerate(found):
      with part.pointed():
        spec.check_name(table, part.name, table.what)
        if part.name in [other.name for other in found[:place]]:
          raise spec.SpecError(f"the {table.what} '{part.name}' is given twice: leave one out.")
        if part.name in options:  # those of plugins are checked when their classes are loaded
          spec.configure(options[part.name], part.options, f"{table.what} '{part.name}'")


def _check_room(agent: AgentConfig) -> None:
  """Every environment has its share of the replay, which must hold what is learnt from at once."""
  least = agent.environments * (agent.n_step + 2)
  if agent.replay_capacity < least:
    raise spec.UserError(
      f'--agent_replay_capacity={agent.replay_capacity} is too little for '
      f'--agent_environments={agent.environments} and --agent_n_step={agent.n_step}: give at least '
      f'--agent_replay_capacity={least}, or fewer environments.'
    )


def from_arguments(arguments: Iterable[str], settings: type = Config) -> Any:
  """The settings that a command makes of these arguments, flagfiles among them."""
  given = flagfile.expand(filter(None, arguments))
  values = flags.FlagValues()
  define_flags(values, settings)
  try:
    stray = values(['', *(argument.text for argument in given)])[1:]
  except flags.UnrecognizedFlagError as error:
    where = _where(error.flagname, given)
    raise spec.UserError(_unknown(error.flagname, settings, where)) from error
  except flags.Error as error:
    raise spec.UserError(_unreadable(str(error), given, settings)) from error
  if stray:
    raise spec.UserError(
      f"'{stray[0]}' is no flag: write --name=value, in quotes if it has spaces."
    )
  made = from_flags(values, settings)
  check(made)
  return made


def saved(run_dir: pathlib.Path) -> str:
  """What a run wrote down of its settings."""
  advice = 'without it nobody knows what made this run: bring it back, or train anew'
  return flagfile.text_of(run_dir / 'run.flags', advice)


def from_file(path: pathlib.Path) -> Config:
  """The config that `to_text` wrote down."""
  text = saved(path.parent)
  lines = enumerate(text.split('\n'), 1)
  try:
    if not text.strip():
      raise spec.UserError('it holds no flags.')
    return from_arguments(line for _, line in lines)
  except spec.UserError as error:
    raise spec.UserError(
      f'{path} cannot be read by this version: {error}\n'
      'Use the version that wrote it, mend the file, or train anew.'
    ) from error


def to_text(config: Config) -> str:
  """The lines of a flagfile that makes this config again."""
  lines = []
  for name, group, field in flag_fields(Config):
    value = getattr(getattr(config, group), field.name)
    lines.append(f'--{name}={str(value).lower() if isinstance(value, bool) else value}')
  return '\n'.join(lines) + '\n'


def _where(name: str, given: Iterable[flagfile.Argument]) -> str:
  """The place of the last argument that gives a flag, to be put into a message."""
  places = [
    flagfile.said(argument)
    for argument in given
    if argument.text.lstrip('-').partition('=')[0] in (name, f'no{name}')
  ]
  return places[-1] if places else ''


def _unknown(name: str, settings: type, where: str = '') -> str:
  near = spec.closest(name, (flag for flag, _, _ in flag_fields(settings)))
  return (
    f"unknown flag '--{name}'{where}.{near.replace(chr(39), chr(39) + '--', 1)} (--help shows all.)"
  )


def _unreadable(error: str, given: list[flagfile.Argument], settings: type) -> str:
  """absl's own words for a value that is missing or of a wrong kind, in ours."""
  fields = {name: field for name, _, field in flag_fields(settings)}
  match = re.match(r'flag --(\w+)=(.*?):', error, re.DOTALL)
  if match and match[1] in fields:
    name, default = match[1], fields[match[1]].default
    kind = spec.KINDS.get(type(default), 'a word')
    return f"--{name} must be {kind} like {default}, not '{match[2]}'{_where(name, given)}."
  match = re.search(r'[Mm]issing value for flag (?:--)?(\w+)', error)
  if match and match[1] in fields:
    name, default = match[1], fields[match[1]].default
    return f'--{name} has no value: write --{name}={default}, or another.'
  return f'{error.rstrip(".")}: write --name=value.'
