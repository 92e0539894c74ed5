"""What each coupling can be told. Imports nothing heavy: `--help` and typos are answered by it."""

from __future__ import annotations

import dataclasses

from tf_creative.core.spec import setting

SOME = 32  # works of either outcome that a round of `curriculum` learns from
SHAPINGS = ('difference', 'final')
FORMS = ('logit', 'log_sigmoid', 'softplus')
REAL = ('code', 'data')


@dataclasses.dataclass(frozen=True)
class Environment:
  """The hand makes what the imagination dreams up."""

  real: float = setting(
    0.25,
    'share of episodes that stay about a real work, where works are shown',
    at_least=0,
    at_most=1,
  )
  codes: float = setting(
    0.5,
    'share of a batch that is learnt from as if told another code, where they are not',
    at_least=0,
    at_most=1,
  )


@dataclasses.dataclass(frozen=True)
class Reward:
  """A critic of canvases pays each stroke what it adds to its judgement."""

  weight: float = 0.15  # how much a step is paid on average, in either direction
  shaping: str = setting(
    'difference', 'paid at every step; final: all of it at the last one', one_of=SHAPINGS
  )
  form: str = setting('logit', 'of the judgement', one_of=FORMS)
  real: str = setting(
    'code',
    'what works are to be like where the hand is told a code: what it stands for; data: the data',
    one_of=REAL,
  )
  whole: bool = False  # whether real works are shown to the critic whole at any time
  learning_rate: float = setting(1e-3, 'of the critic', above=0)
  average: float = setting(
    0.99,
    'of its weights over the last rounds; the average is who judges',
    at_least=0,
    below=1,
  )
  penalty: float = setting(0.3, 'on its slope, R1 and R2 alike', at_least=0)
  width: int = setting(64, 'channels of its layers', at_least=1, at_most=8192)
  batch_size: int = setting(
    64, 'canvases that it learns from in a round', at_least=1, at_most=1_000_000
  )


@dataclasses.dataclass(frozen=True)
class Guide:
  """What the hand can make is part of the generator's loss."""

  weight: float = setting(
    0.3, "lambda: how much of the generator's gradient is the hand's", at_least=0, at_most=1
  )
  warmup: int = setting(200, 'rounds in which lambda rises from 0', at_least=0)
  coverage: float = setting(
    0.5,
    'of real works by imagined ones, in a batch, at which lambda is 0 again',
    at_least=0,
    at_most=1,
  )


@dataclasses.dataclass(frozen=True)
class Augment:
  """The hand learns from steps on the way to imagined works, too, that it never took."""

  share: float = setting(0.5, 'of a batch, at most, that is imagined', at_least=0, at_most=1)
  percentile: float = setting(
    50.0, "of the critic's logits: works above it are likelier in than out", above=0, below=100
  )
  tries: float = setting(
    0.5,
    'share of the imagined steps that take any action instead of one that pays',
    at_least=0,
    at_most=1,
  )
  gate: bool = False  # explore less where a critic of canvases knows what lies ahead


@dataclasses.dataclass(frozen=True)
class ConstantReward:
  """A control: the same pay for every step."""

  weight: float = 0.1


@dataclasses.dataclass(frozen=True)
class RandomReward(ConstantReward):
  """A control: pay by chance."""


@dataclasses.dataclass(frozen=True)
class Curriculum:
  """The imagination makes levels of middling difficulty for the hand."""

  real: float = setting(
    0.25, 'share of episodes that stay about a real work', at_least=0, at_most=1
  )
  replay: float = setting(
    0.25, 'share of the others that are about remembered works', at_least=0, at_most=1
  )
  weight: float = setting(
    0.03, "of the generator's gradient that asks for middling difficulty", at_least=0, at_most=1
  )
  tries: int = setting(
    8,
    'imagined works, of which the one that is solved least, but has a way, is taken',
    at_least=1,
    at_most=1000,
  )
  after: int = setting(
    300, 'updates of the imagination before it is asked; until then, works of chance', at_least=0
  )
  memory: int = setting(
    96, 'works of either outcome that are remembered', at_least=SOME, at_most=1_000_000
  )


@dataclasses.dataclass(frozen=True)
class RandomLevels:
  """A control: levels of chance."""

  real: float = setting(
    0.25, 'share of episodes that stay about a real work', at_least=0, at_most=1
  )


@dataclasses.dataclass(frozen=True)
class LevelReplay:
  """A control: levels of chance, and again those that the hand failed in."""

  capacity: int = setting(256, 'levels that are kept', at_least=1, at_most=1_000_000)
  replay: float = setting(
    0.5, 'share of episodes that are about kept levels', at_least=0, at_most=1
  )
  temperature: float = setting(
    0.3, 'of the ranks by which a kept level is drawn', above=0, at_most=1000
  )
  real: float = setting(
    0.25, 'share of new levels that are real, the others being of chance', at_least=0, at_most=1
  )


@dataclasses.dataclass(frozen=True)
class Adversarial:
  """A control: the imagination makes levels that the hand expects little of."""

  real: float = setting(
    0.25, 'share of episodes that stay about a real work', at_least=0, at_most=1
  )
  weight: float = setting(
    0.3, "of the generator's gradient that is against the hand", at_least=0, at_most=1
  )


# By the names of couplings.COUPLINGS.
OPTIONS = {
  'environment': Environment,
  'reward': Reward,
  'guide': Guide,
  'augment': Augment,
  'constant_reward': ConstantReward,
  'random_reward': RandomReward,
  'curriculum': Curriculum,
  'random_levels': RandomLevels,
  'level_replay': LevelReplay,
  'adversarial': Adversarial,
}
