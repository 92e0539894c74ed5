"""The options of worlds; this file imports nothing heavy, so that `--help` is quick.

The docstrings of the public classes appear in `--help`.
"""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

from tf_creative.core import spec
from tf_creative.core.spec import setting
from tf_creative.worlds import WORLDS

_OF_FILES = ('.hex', '.gpl', '.pal')


class _Palettes(tuple):
  """The names of palettes; any file of one is among them, too."""

  def __contains__(self, name: object) -> bool:
    return super().__contains__(name) or str(name).lower().endswith(_OF_FILES)


PALETTES = _Palettes(('grey', 'gameboy', 'cga', 'primary', 'pico8', 'auto', 'FILE.hex'))
FITS = ('pad', 'crop', 'exact')
BRUSHES = ('pixel', 'square', 'line')
TARGETS = ('shown', 'hidden', 'none')
MELODY_STEPS = 32  # scores.STEPS, which is not imported, for that would load NumPy
MINATAR = ('asterix', 'breakout', 'freeway', 'seaquest', 'space_invaders')
_MOST_FRAMES = 16  # in a stack
_MOST_SIDE = 256  # pixels; the values of all actions on larger canvases would fill the memory


class _Options:
  """Checks options also when the class is used directly, without a spec."""

  # The world's own file formats, for `--help`: the names of its `media.files`.
  formats: ClassVar[tuple[str, ...]] = ()

  def _check(self, world: str) -> None:
    for field in dataclasses.fields(self):
      if wrong := spec.fault(field, getattr(self, field.name)):
        raise spec.SpecError(f"option '{field.name}' of {world} {wrong}", f'{field.name}=')


@dataclasses.dataclass(frozen=True)
class PixelArt(_Options):
  """Pictures in a few colours, painted stroke by stroke."""

  data: str = setting(
    'digits',
    'one of our data sets, any image data set of TFDS, a folder of one, or pictures of your own: a '
    'folder, a .zip or .npz, a sprite sheet',
  )
  size: int = setting(8, 'height in pixels', at_least=2, at_most=_MOST_SIDE)
  width: int = setting(0, 'width in pixels; 0: as the height', at_least=0, at_most=_MOST_SIDE)
  palette: str = setting(
    'grey', 'the colours; auto: learnt from the pictures; or a .hex, .gpl or .pal', one_of=PALETTES
  )
  colors: int = setting(
    4,
    'number of greys, or of the colours that palette=auto learns; other palettes have their own',
    at_least=2,
    at_most=64,
  )
  horizon: int = setting(
    0, 'strokes in an episode; 0: 5/8 of the number of pixels', at_least=0, at_most=1_000_000
  )
  target: str = setting(
    'shown',
    'whether the hand sees its target; hidden: only its code; none: and no reward for it either',
    one_of=TARGETS,
  )
  code: int = setting(32, 'size of the latent code', at_least=1, at_most=65_536)
  brush: str = setting(
    'pixel',
    'shape of a stroke; square: up to 3 pixels wide; line: to a pixel at most 3 away',
    one_of=BRUSHES,
  )
  pay: str = setting(
    'error',
    'reward: the squared error that a stroke removes; pixels: the number of pixels it corrects',
    one_of=('error', 'pixels'),
  )
  fit: str = setting('pad', 'how pictures of your own of other sizes are made to fit', one_of=FITS)
  tile: int = setting(
    0,
    'side of the tiles of sprite sheets, in pixels; 0: they are pictures',
    at_least=0,
    at_most=16_384,
  )
  frames: bool = setting(False, 'whether each frame of a GIF is a picture')
  mirror: bool = setting(False, 'whether mirror images are learnt from, too')

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
  """Melodies of four bars in eighth notes, written step by step."""

  formats = ('mid', 'wav')

  data: str = setting(
    'chorales', 'or a folder of MIDI files, or one that `create --format=tfrecord` wrote'
  )
  target: str = setting(
    'shown',
    'whether the hand sees its target; hidden: only its code; none: and no reward for it either',
    one_of=TARGETS,
  )
  given: int = setting(
    0,
    "the target's first steps that are written already when an episode begins",
    at_least=0,
    at_most=MELODY_STEPS - 1,
  )
  code: int = setting(
    32,
    'size of the latent code; 0 (with target=none): the hand sees only the mode',
    at_least=0,
    at_most=65_536,
  )
  match: float = setting(1.0, "reward of a step that equals the target's")
  theory: float = setting(0.0, 'weight of the reward by rules of melody')
  likelihood: float = setting(0.0, 'weight of the reward by log-likelihood under a next-note model')

  def __post_init__(self):
    self._check('melody')
    if self.target == 'hidden' and not self.code:
      raise spec.SpecError("option 'code' of melody must be above 0 with target=hidden.", 'code=')

  def check_agent(self, given: Any) -> None:
    """Raise a SpecError for a network that cannot read a melody."""
    if given.network in ('conv', 'strided', 'map'):
      raise spec.SpecError(
        f'--agent_network={given.network} needs planes [H, W, C], which a melody has not; use '
        '--agent_network=dense.'
      )


@dataclasses.dataclass(frozen=True)
class Level(_Options):
  """Levels for MiniGrid, in which the hand walks to the goal."""

  formats = ('json', 'txt')

  data: str = setting(
    'minigrid_levels', 'or .../four_rooms, or a folder that `create --format=tfrecord` wrote'
  )
  horizon: int = setting(
    100, "most actions in an episode, MiniGrid's max_steps", at_least=1, at_most=100_000
  )

  def __post_init__(self):
    self._check('level')


@dataclasses.dataclass(frozen=True)
class Gym(_Options):
  """Any environment of Gymnasium with discrete actions; the hand only, no imagination."""

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
class Minatar(_Options):
  """MinAtar's five small arcade games; pip install 'tf_creative[minatar]'."""

  game: str = setting('breakout', 'name of the game', one_of=MINATAR)
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

  def check_agent(self, given: Any) -> None:
    """Raise a SpecError for a network that cannot read such planes."""
    _check_network('minatar', given)


@dataclasses.dataclass(frozen=True)
class Atari(_Options):
  """Atari 2600 games of the Arcade Learning Environment; pip install 'tf_creative[atari]'."""

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


OPTIONS = WORLDS.options(globals())  # by name, each in a class of that name
FORMATS = tuple(sorted({ending for told in OPTIONS.values() for ending in told.formats}))
