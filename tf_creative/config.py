"""Settings: one frozen dataclass per room becomes the flags, their help, and `run.flags`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
import dataclasses
import pathlib
import sys
import textwrap
from typing import Any

from absl import flags

from tf_creative import spec
from tf_creative.agent.config import AgentConfig
from tf_creative.gan.config import GanConfig
from tf_creative.spec import setting


@dataclasses.dataclass(frozen=True)
class RunConfig:
  run_dir: str = setting('runs/default', 'where everything goes; the same command again resumes')
  domain: str = setting('pixel_art', 'the world: pixel_art(data=digits, size=8, colors=4, ...)')
  agent: str = setting('ddqn', 'the learner of the hand: ddqn, dqn, c51, informed')
  couplings: str = setting(
    'environment',
    'what ties imagination and hand: environment, reward, guide, augment; empty: nothing',
  )
  seed: int = setting(0, 'of everything that is drawn')
  rounds: int = setting(8000, 'rounds of training: an agent phase, then a GAN phase')
  agent_steps: int = setting(1, "updates of the agent in a round's agent phase (GAN frozen)")
  gan_steps: int = setting(1, "updates of the GAN in a round's GAN phase (agent frozen)")
  joint_weight: float = setting(1.0, 'lambda of the logged objective L_DQN + lambda L_GAN')
  rounds_per_call: int = setting(50, 'rounds in one call of the compiled loop')
  evaluate_every: int = setting(
    2000, 'rounds between two looks, of which the best is kept; 0: only one, at the end'
  )
  checkpoint_every: int = setting(100, 'rounds between two checkpoints; 0: only one, at the end')
  checkpoint_seconds: float = setting(60.0, 'and so much time at least')
  keep_checkpoints: int = setting(3, 'checkpoints that are kept beside the best, the newest')
  fork_from: str = setting('', 'another run, with what it has learnt a new one is to start')
  picture_every: int = setting(
    500, 'rounds between two pictures of imagined and painted works in TensorBoard; 0: never'
  )
  histogram_every: int = setting(
    0, 'rounds between two histograms of weights and Q-values in TensorBoard; 0: never'
  )
  skip_limit: int = setting(
    20, 'updates in a row with losses or slopes that are no numbers, after which a run stops'
  )
  works: int = setting(1500, 'imagined works (and at most so many real ones) to measure on')
  export: bool = setting(True, 'publish the models that it ends with for serving')
  progress: bool = setting(True, 'a live view of the training where the screen allows it')


@dataclasses.dataclass(frozen=True)
class Config:
  """Everything that a run is made from; the rooms' fields carry the room's name as a prefix."""

  run: RunConfig = RunConfig()
  gan: GanConfig = GanConfig()
  agent: AgentConfig = AgentConfig()


def _fields(settings: type) -> Iterator[tuple[str, str, dataclasses.Field]]:
  """Every setting as (flag, group, field); what is not in a group is in the group ''."""
  for field in dataclasses.fields(settings):
    if not dataclasses.is_dataclass(field.default):
      yield field.name, '', field
      continue
    prefix = '' if field.name == 'run' else f'{field.name}_'
    for inner in dataclasses.fields(field.default):
      yield prefix + inner.name, field.name, inner


def define_flags(values: flags.FlagValues = flags.FLAGS, settings: type = Config) -> None:
  """A flag for each setting; a tuple may be given flag by flag, or with commas."""
  define = {
    bool: flags.DEFINE_boolean,
    int: flags.DEFINE_integer,
    float: flags.DEFINE_float,
    str: flags.DEFINE_string,
    tuple: flags.DEFINE_multi_string,
  }
  for name, _, field in _fields(settings):
    define[type(field.default)](name, field.default, field.metadata['help'], flag_values=values)


def from_flags(values: flags.FlagValues = flags.FLAGS, settings: type = Config) -> Any:
  groups: dict[str, dict[str, Any]] = {}
  for name, group, field in _fields(settings):
    value = values[name].value
    if isinstance(field.default, tuple):
      split = field.metadata['split']
      words = [word for given in value for word in (given.split(',') if split else [given])]
      value = tuple(filter(None, words))
    groups.setdefault(group, {})[field.name] = value
  loose = groups.pop('', {})
  classes = {field.name: type(field.default) for field in dataclasses.fields(settings)}
  return settings(**loose, **{name: classes[name](**part) for name, part in groups.items()})


def from_arguments(arguments: Iterable[str]) -> Config:
  """The config that train makes of these arguments, flagfiles among them."""
  values = flags.FlagValues()
  define_flags(values)
  try:
    stray = values(['', *filter(None, arguments)])[1:]
  except flags.UnrecognizedFlagError as error:
    raise spec.UserError(_unknown(error.flagname, Config)) from error
  except flags.Error as error:
    raise spec.UserError(f'{error}.') from error
  if stray:
    raise spec.UserError(
      f"'{stray[0]}' is no flag: write --name=value, in quotes if it has spaces."
    )
  return from_flags(values)


def from_file(path: pathlib.Path) -> Config:
  """The config that `to_text` wrote down."""
  try:
    return from_arguments(path.read_text().split('\n'))
  except spec.UserError as error:
    raise spec.UserError(f'{path} cannot be read by this version: {error}') from error


def to_text(config: Config) -> str:
  """The lines of a flagfile that makes this config again."""
  lines = []
  for name, group, field in _fields(Config):
    value = getattr(getattr(config, group), field.name)
    lines.append(f'--{name}={str(value).lower() if isinstance(value, bool) else value}')
  return '\n'.join(lines) + '\n'


def help_text(usage: str, settings: type = Config) -> str:
  """What `--help` shows: every setting on a line or two, with its default."""
  lines, shown = [usage.strip()], None
  titles = {'run': 'The run', 'gan': 'The imagination (GAN)', 'agent': 'The hand (agent)'}
  for name, group, field in _fields(settings):
    if group != shown:
      lines += ['', f'{titles.get(group, "Settings")}:']
      shown = group
    default = ','.join(field.default) if isinstance(field.default, tuple) else field.default
    text = f'{field.metadata["help"]} [{default}]'
    head = f'  --{name}'
    lines += textwrap.wrap(text, 100, initial_indent=f'{head:<26} ', subsequent_indent=' ' * 27)
  return '\n'.join(lines)


def parser(usage: str, settings: type = Config) -> Callable[[list[str]], list[str]]:
  """Reads the command line as absl does, but answers `--help` with every setting on one page."""

  def parse(argv: list[str]) -> list[str]:
    if {'--help', '-help', '-h', '--helpshort'} & set(argv):
      print(help_text(usage, settings))
      sys.exit(0)
    try:
      return flags.FLAGS(argv)
    except flags.UnrecognizedFlagError as error:
      print(f'error: {_unknown(error.flagname, settings)} All settings: --help', file=sys.stderr)
      sys.exit(2)
    except flags.Error as error:
      print(f'error: {error}\nAll settings: --help', file=sys.stderr)
      sys.exit(2)

  return parse


def _unknown(name: str, settings: type) -> str:
  near = spec.closest(name, (flag for flag, _, _ in _fields(settings)))
  return f"unknown flag '--{name}'." + near.replace("'", "'--", 1)
