"""The options of worlds that are environments of others; this file imports nothing heavy."""

from __future__ import annotations

import dataclasses
from typing import Any

from tf_creative.core import spec
from tf_creative.core.spec import setting
from tf_creative.worlds import checked

MINATAR = ('asterix', 'breakout', 'freeway', 'seaquest', 'space_invaders')
_MOST_FRAMES = 16  # in a stack


@dataclasses.dataclass(frozen=True)
class Gym(checked.Options):
  """Any environment of Gymnasium with discrete actions; no works, but --gan=transitions."""

  id: str = setting('CartPole-v1', 'name under which Gymnasium registers it')
  max_steps: int = setting(
    0,
    "most steps in an episode; 0: the environment's own limit, or 10,000",
    at_least=0,
    at_most=1_000_000,
  )
  reward_bound: float = setting(1.0, 'largest absolute reward of a step (needed by c51)', above=0)
  clip: bool = setting(
    False,
    'whether the hand learns from rewards clipped to reward_bound; returns are true ones',
  )
  frame_stack: int = setting(
    1, 'newest frames that the hand sees at once', at_least=1, at_most=_MOST_FRAMES
  )
  grey: bool = setting(False, 'whether pictures in colour become grey')
  resize: int = setting(
    0, 'side in pixels to which pictures are resized; 0: as they are', at_least=0, at_most=1024
  )
  sticky: float = setting(
    0.0, "probability that a step repeats the last step's action instead", at_least=0, below=1
  )

  def __post_init__(self):
    self._check('gym')


@dataclasses.dataclass(frozen=True)
class Minatar(checked.Options):
  """MinAtar's five small arcade games, by an extra package; as gym."""

  # Not `one_of`: in the line of `--help`, so long a list would be broken within a word.
  game: str = setting('breakout', f'name of the game: {", ".join(MINATAR)}')
  sticky: float = setting(
    0.1, "probability that a step repeats the last step's action instead", at_least=0, at_most=1
  )
  actions: str = setting(
    'all',
    'all six, as in published results; minimal: those that do something in this game',
    one_of=('all', 'minimal'),
  )
  max_steps: int = setting(10_000, 'most steps in an episode', at_least=1, at_most=1_000_000)

  def __post_init__(self):
    self._check('minatar')
    if self.game not in MINATAR:
      raise spec.SpecError(
        f"minatar has no game '{self.game}'.{spec.nearest(self.game, MINATAR)}", 'game='
      )

  def check_agent(self, given: Any) -> None:
    """Raise a SpecError for a network that cannot read such planes."""
    _check_network('minatar', given)


@dataclasses.dataclass(frozen=True)
class Atari(checked.Options):
  """Atari 2600 games of the Arcade Learning Environment, by an extra package; as gym."""

  game: str = setting('pong', 'name of the game, as ms_pacman or space_invaders')
  size: int = setting(84, 'side of a picture in pixels', at_least=8, at_most=210)
  stack: int = setting(
    4, 'newest frames that the hand sees at once', at_least=1, at_most=_MOST_FRAMES
  )
  sticky: float = setting(
    0.25, "probability that a frame repeats the last frame's action instead", at_least=0, at_most=1
  )
  clip: bool = setting(
    True, 'whether the hand learns from rewards clipped to reward_bound; returns are true scores'
  )
  reward_bound: float = setting(1.0, 'largest absolute reward of a step (needed by c51)', above=0)
  max_steps: int = setting(
    27_000, 'most steps of four frames in an episode', at_least=1, at_most=1_000_000
  )

  def __post_init__(self):
    self._check('atari')

  def check_agent(self, given: Any) -> None:
    """Raise a SpecError for a network that cannot read pictures."""
    _check_network('atari', given)


def _check_network(world: str, given: Any) -> None:
  if given.network in ('conv', 'direct', 'map'):
    raise spec.SpecError(
      f'--agent_network={given.network} needs an action for each pixel or place, which {world} has '
      'not; use --agent_network=strided.'
    )
