"""The options of couplings; this file imports nothing heavy, so that `--help` is quick.

The docstrings of the classes appear in `--help`.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from tf_creative.core import spec
from tf_creative.core.spec import setting
from tf_creative.couplings import COUPLINGS

SOME = 32  # solved works, and as many unsolved ones, that `curriculum` learns from in a round
SHAPINGS = ('difference', 'final')
FORMS = ('logit', 'log_sigmoid', 'softplus')
REAL = ('code', 'data')
OF = ('works', 'transitions')


@dataclasses.dataclass(frozen=True)
class Environment:
  """The hand's episodes are about imagined works."""

  real: float = setting(
    0.25,
    'share of episodes about real works (worlds that show the hand the work)',
    at_least=0,
    at_most=1,
  )
  codes: float = setting(
    0.5,
    'share of a batch whose code is replaced by a random one (worlds that show only a code)',
    at_least=0,
    at_most=1,
  )


@dataclasses.dataclass(frozen=True)
class Reward:
  """A critic rewards what a step adds to a work, or how like recorded play or how new it is."""

  of: str = setting(
    'works',
    'what is judged: works in the making; transitions, in worlds with --gan=transitions',
    one_of=OF,
  )
  demonstrations: str = setting(
    '',
    'recorded play to imitate (transitions): FILE.npz, as create writes it, or minari:ID; empty: '
    'what the imagination does not yet know is rewarded',
  )
  world: float = setting(
    1.0, "weight of the world's own reward beside this (transitions); 0: this alone"
  )
  weight: float = setting(0.15, 'mean absolute reward that is added per step')
  shaping: str = setting(
    'difference', 'reward at every step; final: the whole score at the last step', one_of=SHAPINGS
  )
  form: str = setting('logit', "form of the critic's score", one_of=FORMS)
  real: str = setting(
    'code',
    "what works should be like, if the hand is shown a code: the code's work; data: real works",
    one_of=REAL,
  )
  whole: bool = setting(
    False, 'compare with finished real works at all times, not with unfinished ones'
  )
  learning_rate: float = setting(1e-3, 'learning rate of the critic', above=0)
  average: float = setting(
    0.99,
    "decay of the running average of the critic's weights, which gives the scores",
    at_least=0,
    below=1,
  )
  penalty: float = setting(0.3, "weight of the critic's gradient penalties R1 and R2", at_least=0)
  width: int = setting(64, "channels of the critic's layers", at_least=1, at_most=8192)
  batch_size: int = setting(
    64, "works or steps in the critic's update, one per round", at_least=1, at_most=1_000_000
  )

  def check_agent(self, given: Any) -> None:
    """Raise a SpecError for options of another kind of reward, or a hand that cannot imitate."""
    of_works, of_transitions = ('shaping', 'real', 'whole'), ('demonstrations', 'world')
    for name in of_works if self.of == 'transitions' else of_transitions:
      if getattr(self, name) != getattr(Reward, name):
        other = 'works' if name in of_works else 'transitions'
        raise spec.SpecError(f"the option '{name}' of reward is for of={other}.", name)
    if self.demonstrations and given.discount >= 1:
      raise spec.SpecError(
        'who imitates compares the ends of episodes by what would follow for ever: give '
        '--agent_discount below 1.',
        'demonstrations',
      )


@dataclasses.dataclass(frozen=True)
class Guide:
  """The generator's loss includes the hand's regret: it learns to imagine what can be made."""

  weight: float = setting(
    0.3, "lambda: the regret's share of the generator's gradient", at_least=0, at_most=1
  )
  warmup: int = setting(200, 'rounds in which lambda rises from 0', at_least=0)
  coverage: float = setting(
    0.5,
    'share of real works near imagined ones below which lambda is 0: guards against mode collapse',
    at_least=0,
    at_most=1,
  )


@dataclasses.dataclass(frozen=True)
class Augment:
  """The hand also learns from imagined steps: towards works, or with --gan=transitions."""

  share: float = setting(0.5, 'largest share of a batch that is imagined', at_least=0, at_most=1)
  percentile: float = setting(
    50.0, "percentile of the critic's logits where half of the works are kept", above=0, below=100
  )
  tries: float = setting(
    0.5,
    'share of imagined steps with a uniformly random action instead of a rewarded one',
    at_least=0,
    at_most=1,
  )
  trust: float = setting(
    0.75,
    'share of imagined transitions, of the least doubtful, that may be taken',
    above=0,
    at_most=1,
  )
  gate: bool = setting(False, 'explore less where a critic finds the next state familiar')

  def check_agent(self, given: Any) -> None:
    """Raise a SpecError for settings of the hand with which this cannot work."""
    if self.share and int(given.batch_size * self.share) < 1:
      raise spec.SpecError(
        f'a share of {self.share} of --agent_batch_size={given.batch_size} is not one transition: '
        'use a larger batch, a larger share, or share=0.',
        'share=',
      )
    if self.share and given.n_step != 1:
      raise spec.SpecError('augment imagines single steps: use --agent_n_step=1.')


@dataclasses.dataclass(frozen=True)
class ConstantReward:
  """A control: the same reward at every step."""

  weight: float = setting(0.1, 'the reward of a step; of random ones their standard deviation')


@dataclasses.dataclass(frozen=True)
class RandomReward(ConstantReward):
  """A control: random rewards."""


@dataclasses.dataclass(frozen=True)
class NoisyCopies:
  """A control: replayed transitions with noise, in place of imagined ones."""

  share: float = setting(0.25, 'share of a batch that is copied', above=0, at_most=1)
  noise: float = setting(0.05, 'noise, in standard deviations of what is observed', at_least=0)

  def check_agent(self, given: Any) -> None:
    """Raise a SpecError for settings of the hand with which this cannot work."""
    _check_single('noisy_copies', self.share, given)


@dataclasses.dataclass(frozen=True)
class Simulated:
  """A control: what the environment itself answers, in place of imagined transitions."""

  share: float = setting(0.5, 'share of a batch that is asked for', above=0, at_most=1)
  tries: float = setting(
    0.5, 'share of it with a uniformly random action instead of the best', at_least=0, at_most=1
  )

  def check_agent(self, given: Any) -> None:
    """Raise a SpecError for settings of the hand with which this cannot work."""
    _check_single('simulated', self.share, given)


@dataclasses.dataclass(frozen=True)
class Curriculum:
  """The imagination makes levels of medium difficulty for the hand."""

  real: float = setting(0.25, 'share of episodes about real works', at_least=0, at_most=1)
  replay: float = setting(
    0.25, 'share of the other episodes about remembered works', at_least=0, at_most=1
  )
  weight: float = setting(
    0.03, "share of the generator's gradient for medium difficulty", at_least=0, at_most=1
  )
  tries: int = setting(
    8,
    'imagined works to choose from: the hardest solvable one is played',
    at_least=1,
    at_most=1000,
  )
  after: int = setting(
    300, "the generator's updates before its works are played; random works until then", at_least=0
  )
  memory: int = setting(
    96, 'solved works, and as many unsolved ones, to remember', at_least=SOME, at_most=1_000_000
  )


@dataclasses.dataclass(frozen=True)
class RandomLevels:
  """A control: random levels."""

  real: float = setting(0.25, 'share of episodes about real works', at_least=0, at_most=1)


@dataclasses.dataclass(frozen=True)
class LevelReplay:
  """A control: random levels, and again those in which the hand failed."""

  capacity: int = setting(256, 'levels to keep', at_least=1, at_most=1_000_000)
  replay: float = setting(0.5, 'share of episodes in kept levels', at_least=0, at_most=1)
  temperature: float = setting(
    0.3, 'temperature of drawing kept levels by rank; lower: the worst ones', above=0, at_most=1000
  )
  real: float = setting(
    0.25, 'share of real levels among new ones; the others are random', at_least=0, at_most=1
  )


@dataclasses.dataclass(frozen=True)
class Adversarial:
  """A control: the imagination makes levels in which the hand expects low returns."""

  real: float = setting(0.25, 'share of episodes about real works', at_least=0, at_most=1)
  weight: float = setting(
    0.3, "share of the generator's gradient that lowers the hand's value", at_least=0, at_most=1
  )


def _check_single(name: str, share: float, given: Any) -> None:
  if given.n_step != 1 or int(given.batch_size * share) < 1:
    raise spec.SpecError(
      f'{name} are single steps, at least one of them in a batch: use --agent_n_step=1 and a '
      'larger share.'
    )


OPTIONS = COUPLINGS.options(globals())  # by name, each in a class of that name
