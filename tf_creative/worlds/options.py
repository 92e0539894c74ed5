"""What each world can be told. Imports nothing heavy: `--help` and typos are answered by it."""

from __future__ import annotations

import dataclasses

from tf_creative.core import spec
from tf_creative.core.spec import setting
from tf_creative.worlds.melody import scores

PALETTES = ('grey', 'gameboy', 'cga', 'primary', 'pico8')
BRUSHES = ('pixel', 'square', 'line')
TARGETS = ('shown', 'hidden', 'none')
_MOST_SIDE = 256  # what is larger is no pixel art, and its actions would fill the memory


class _Options:
  """Checks the options also where nobody has read a spec."""

  def _check(self, world: str) -> None:
    for field in dataclasses.fields(self):
      if wrong := spec.fault(field, getattr(self, field.name)):
        raise spec.SpecError(f"option '{field.name}' of {world} {wrong}", f'{field.name}=')


@dataclasses.dataclass(frozen=True)
class PixelArt(_Options):
  """Pictures in a few colours, stroke by stroke."""

  data: str = 'digits'  # one of our own data sets or any image data set of TFDS
  size: int = setting(8, 'height, and width if that is 0', at_least=2, at_most=_MOST_SIDE)
  width: int = setting(0, '0: as the height', at_least=0, at_most=_MOST_SIDE)
  palette: str = setting('grey', 'the colours', one_of=PALETTES)
  colors: int = setting(
    4, 'how many greys; a named palette has its own number', at_least=2, at_most=64
  )
  horizon: int = setting(
    0, 'strokes in an episode; 0: five for every eight pixels', at_least=0, at_most=1_000_000
  )
  target: str = setting(
    'shown',
    'to the hand; hidden: it is told the code alone; none: nor is it paid',
    one_of=TARGETS,
  )
  code: int = setting(32, 'numbers in a code', at_least=1, at_most=65_536)
  brush: str = setting(
    'pixel',
    'or square (up to three pixels wide), line (to a pixel nearby)',
    one_of=BRUSHES,
  )
  pay: str = setting(
    'error',
    'the squared error that a stroke removes; pixels: how many it puts right',
    one_of=('error', 'pixels'),
  )

  def __post_init__(self):
    self._check('pixel_art')
    if self.width == 1:
      raise spec.SpecError("option 'width' of pixel_art must be 2 or more, not 1.", 'width=')
    if not self.width:
      object.__setattr__(self, 'width', self.size)
    if not self.horizon:
      object.__setattr__(self, 'horizon', self.size * self.width * 5 // 8)


@dataclasses.dataclass(frozen=True)
class Melody(_Options):
  """Four bars in eighth notes, step by step."""

  data: str = 'chorales'  # or a folder of MIDI files, or of what `create --format=tfrecord` wrote
  target: str = setting(
    'shown',
    'to the hand; hidden: it is told the code alone; none: nor is it paid',
    one_of=TARGETS,
  )
  given: int = setting(
    0,
    'steps of the theme that stand at the beginning, to be gone on from',
    at_least=0,
    at_most=scores.STEPS - 1,
  )
  code: int = setting(
    32,
    'numbers in a code; 0 with target=none: the hand is told nothing but the mode',
    at_least=0,
    at_most=65_536,
  )
  match: float = 1.0  # what a class of the theme is worth
  theory: float = 0.0  # weight of the rules of melody
  likelihood: float = 0.0  # weight of the log-likelihood under the next-note model

  def __post_init__(self):
    self._check('melody')
    if self.target == 'hidden' and not self.code:
      raise spec.SpecError(
        "option 'code' of melody must be above 0 where the theme is hidden.", 'code='
      )


@dataclasses.dataclass(frozen=True)
class Level(_Options):
  """Levels for MiniGrid, in which the hand walks to the goal."""

  data: str = 'minigrid_levels'  # .../four_rooms, or a folder that `create --format=tfrecord` wrote
  horizon: int = setting(
    100, "actions in an episode: MiniGrid's max_steps", at_least=1, at_most=100_000
  )

  def __post_init__(self):
    self._check('level')


@dataclasses.dataclass(frozen=True)
class Gym(_Options):
  """Any environment of Gymnasium with discrete actions; there is no imagination."""

  id: str = 'CartPole-v1'  # as Gymnasium registers it
  max_steps: int = setting(
    0, "in an episode; 0: the environment's own, or 10,000", at_least=0, at_most=1_000_000
  )
  reward_bound: float = setting(1.0, 'the largest reward of a step, in size (c51)', above=0)

  def __post_init__(self):
    self._check('gym')


# By the names of worlds.WORLDS.
OPTIONS = {'gym': Gym, 'level': Level, 'melody': Melody, 'pixel_art': PixelArt}
