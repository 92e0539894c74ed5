"""What pixel art can be told: data, size, colours, strokes and pay."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np

from tf_creative import spec
from tf_creative.domains import brushes, common, palettes
from tf_creative.spec import setting

_MOST_SIDE = 256  # what is larger is no pixel art, and its actions would fill the memory


@dataclasses.dataclass(frozen=True)
class Easel(common.World):
  """The options of `pixel_art`, checked, and what follows from them alone."""

  data: str = 'digits'  # one of our own data sets or any image data set of TFDS
  size: int = setting(8, 'height, and width if that is 0', at_least=2, at_most=_MOST_SIDE)
  width: int = setting(0, '0: as the height', at_least=0, at_most=_MOST_SIDE)
  palette: str = setting('grey', 'the colours', one_of=('grey', *palettes.NAMED))
  colors: int = setting(
    4, 'how many greys; a named palette has its own number', at_least=2, at_most=64
  )
  horizon: int = setting(
    0, 'strokes in an episode; 0: five for every eight pixels', at_least=0, at_most=1_000_000
  )
  target: str = setting(
    'shown',
    'to the hand; hidden: it is told the code alone; none: nor is it paid',
    one_of=('shown', 'hidden', 'none'),
  )
  code: int = setting(32, 'numbers in a code', at_least=1, at_most=65_536)
  brush: str = setting(
    'pixel',
    'or square (up to three pixels wide), line (to a pixel nearby)',
    one_of=brushes.SHAPES,
  )
  pay: str = setting(
    'error',
    'the squared error that a stroke removes; pixels: how many it puts right',
    one_of=('error', 'pixels'),
  )

  def __post_init__(self):
    for field in dataclasses.fields(self):  # also where nobody has read a spec
      if wrong := spec.fault(field, getattr(self, field.name)):
        raise spec.SpecError(f"option '{field.name}' of pixel_art {wrong}", f'{field.name}=')
    if self.width == 1:
      raise spec.SpecError("option 'width' of pixel_art must be 2 or more, not 1.", 'width=')
    if not self.width:
      object.__setattr__(self, 'width', self.size)
    if not self.horizon:
      object.__setattr__(self, 'horizon', self.size * self.width * 5 // 8)

  @functools.cached_property
  def colours(self) -> np.ndarray:
    return palettes.load(self.palette, self.colors)  # [palette, channels]

  @functools.cached_property
  def _brush(self) -> brushes.Brush:
    return brushes.Brush(self.brush, self.size, self.width, len(self.colours))

  @functools.cached_property
  def _pay(self) -> np.ndarray:
    """How wrong each colour is in place of another: [palette, palette]."""
    distance = np.square(self.colours[:, None] - self.colours[None]).sum(-1)
    return distance if self.pay == 'error' else (distance > 0).astype(np.float32)
