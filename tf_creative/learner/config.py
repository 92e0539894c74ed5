"""The settings of a run: one frozen dataclass per room; `cli.flags` makes flags of them."""

from __future__ import annotations

import dataclasses

from tf_creative import couplings, worlds
from tf_creative.agent import AGENTS
from tf_creative.agent.config import AgentConfig
from tf_creative.core import spec
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


def check(config: Config) -> None:
  """Refuses settings that do not go together."""
  _check_parts(config.run)
  _check_room(config.agent)


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
