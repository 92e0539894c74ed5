"""The settings of a run: frozen dataclasses, from which `cli.flags` makes flags."""

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

_MOST = 10**12  # bound of numbers that are only counted

# Measures need five nearest neighbours within one half of the works.
FEWEST_WORKS = 12


@dataclasses.dataclass(frozen=True)
class RunConfig:
  run_dir: str = setting(
    'runs/pixel_art',
    'folder of the run; the same command with the same folder resumes it',
    common=True,
  )
  world: str = setting(
    'pixel_art(data=digits, size=8, colors=4)',
    'the world, with options: one of those listed below',
    common=True,
  )
  agent: str = setting('ddqn', 'the learning algorithm of the hand', one_of=AGENTS, common=True)
  gan: str = setting(
    'works',
    'what is imagined: works, in worlds that have some, or transitions: what follows an action',
    one_of=('works', 'transitions'),
    common=True,
  )
  couplings: str = setting(
    'environment(real=0.25)',
    'what ties imagination and hand: any of those listed below, joined by |; empty: none, as by '
    'default in a world of which nothing can be imagined',
    common=True,
  )
  seed: int = setting(
    0,
    'seed of all randomness; change it to repeat a run independently',
    at_least=0,
    at_most=2**31 - 1,
    common=True,
  )
  strategy: str = setting(
    'one',
    'one process; mirrored: one for each GPU of this host, or --replicas on CPUs; multiworker: '
    'those of TF_CONFIG, on many hosts',
    one_of=('one', 'mirrored', 'multiworker'),
  )
  replicas: int = setting(
    1,
    'processes that learn together, each from episodes and batches of its own; 1 with --strategy: '
    'as many as there are devices or workers',
    at_least=1,
    at_most=1000,
  )
  memory_growth: bool = setting(
    False, 'take memory of a GPU as it is needed, instead of all at once'
  )
  rounds: int = setting(
    5000,
    'rounds of training, each an agent phase and a GAN phase',
    at_least=0,
    at_most=_MOST,
    common=True,
  )
  agent_steps: int = setting(
    1,
    "updates of the agent in a round's agent phase, while the GAN is frozen",
    at_least=0,
    at_most=10_000,
  )
  gan_steps: int = setting(
    1,
    "updates of the GAN in a round's GAN phase, while the agent is frozen",
    at_least=0,
    at_most=10_000,
  )
  joint_weight: float = setting(
    1.0,
    'lambda of the logged objective L_DQN + lambda L_GAN; it does not change training',
    at_least=0,
  )
  rounds_per_call: int = setting(
    50,
    'rounds in one call of the compiled loop, and between two rows of the log',
    at_least=1,
    at_most=1_000_000,
  )
  evaluate_every: int = setting(
    2500,
    'rounds between two evaluations, of which the best round is kept; 0: only at the end',
    at_least=0,
    common=True,
  )
  checkpoint_every: int = setting(
    100, 'rounds between two checkpoints; 0: only at the end', at_least=0
  )
  checkpoint_seconds: float = setting(
    60.0, 'seconds between two checkpoints, at least; lower it if rounds are slow', at_least=0
  )
  keep_checkpoints: int = setting(
    3, 'newest checkpoints that are kept, besides the best round', at_least=1
  )
  fork_from: str = setting(
    '', 'folder of another run; a new run starts from its newest checkpoint', common=True
  )
  picture_every: int = setting(
    500,
    'rounds between two pictures of imagined and made works in TensorBoard; 0: none',
    at_least=0,
  )
  histogram_every: int = setting(
    0,
    'rounds between two histograms of weights and Q-values in TensorBoard; 0: none',
    at_least=0,
  )
  works: int = setting(
    1500,
    'imagined works to measure in an evaluation, and at most as many real ones',
    at_least=FEWEST_WORKS,
    at_most=1_000_000,
  )
  skip_limit: int = setting(
    20,
    'updates in a row with non-finite losses or gradients after which a run stops',
    at_least=1,
  )
  export: bool = setting(
    True, 'export the models of the best round for serving, at the end', common=True
  )
  progress: bool = setting(
    True, 'show a live view of the training, on terminals that allow it', common=True
  )


@dataclasses.dataclass(frozen=True)
class Config:
  """All settings of a run; flags of `gan` and `agent` have that name as a prefix."""

  run: RunConfig = RunConfig()
  gan: GanConfig = GanConfig()
  agent: AgentConfig = AgentConfig()


def check(config: Config) -> None:
  """Raise a UserError for settings that do not fit together."""
  _check_parts(config)
  _check_room(config.agent)


def _check_parts(config: Config) -> None:
  """Check the specs of world and couplings, before any of their classes is loaded."""
  run = config.run
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
          made = spec.configure(options[part.name], part.options, f"{table.what} '{part.name}'")
          if hasattr(made, 'check_agent'):
            made.check_agent(config.agent)


def _check_room(agent: AgentConfig) -> None:
  """Check that each environment's part of the replay holds the steps of one transition."""
  least = agent.environments * (agent.n_step + 2)
  if agent.replay_capacity < least:
    raise spec.UserError(
      f'--agent_replay_capacity={agent.replay_capacity} is too little for '
      f'--agent_environments={agent.environments} and --agent_n_step={agent.n_step}: give at least '
      f'--agent_replay_capacity={least}, or fewer environments.'
    )
