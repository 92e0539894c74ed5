"""Works as Python objects: pictures, labels, strokes; they show and save themselves."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator, Sequence
import html
import io
import os
import pathlib
from typing import Any, NamedTuple, overload

import numpy as np
from PIL import Image

from tf_creative.api import saving
from tf_creative.core import world as world_lib
from tf_creative.studio import formats, pictures
from tf_creative.studio import portfolio as portfolio_lib

_SOUNDS = ('wav', 'mp3', 'ogg')  # files of a world that a browser can play
_MOST_LABELS = 10  # that are named
_MOST_PLAYERS = 4  # in the picture of many works: a sound is large


class Given(NamedTuple):
  """What is to be said and shown of works that were made from pictures."""

  show: Callable[[portfolio_lib.Portfolio, world_lib.World, pathlib.Path], formats.Written]
  aimed: bool = True  # whether the hand was told what the works were to become


class Works(Sequence):
  """Works that were made together: `works[0]` is a `Work`, `works[:4]` are some of them."""

  def __init__(
    self,
    portfolio: portfolio_lib.Portfolio,
    world: world_lib.World,
    round_: int,
    given: Given | None = None,
  ):
    """Take works as of a round, and the picture that they were made from, if any."""
    self.portfolio, self.world, self.round, self.given = portfolio, world, round_, given

  def __len__(self) -> int:
    return self.portfolio.size

  @overload
  def __getitem__(self, key: int) -> Work: ...

  @overload
  def __getitem__(self, key: slice) -> Works: ...

  def __getitem__(self, key: Any) -> Any:
    if isinstance(key, slice):
      return Works(self.portfolio.at(key), self.world, self.round, self.given)
    place = range(len(self))[key]
    return Work(self.portfolio.at(slice(place, place + 1)), self.world)

  def __iter__(self) -> Iterator[Work]:
    return (self[place] for place in range(len(self)))

  @property
  def images(self) -> np.ndarray:
    """The pictures, one pixel for each cell: uint8 [N, height, width, RGB]."""
    return np.asarray(self.world.media.render(self.portfolio.works.work))

  @property
  def labels(self) -> list[str]:
    """The names of the labels."""
    return [self.world.works.label_names[label] for label in self.portfolio.concept.label]

  def save(
    self, path: str | os.PathLike, formats: str | Iterable[str] | None = None
  ) -> dict[str, str]:
    """Write the works, and return what was written: name -> what it is.

    A path with the ending of a format (png, gif, npz, csv, tfrecord) becomes one file, or a data
    set. With another ending, or with `formats` such as ('png', 'svg'), it is a folder, with what
    the command `create` writes.
    """
    path = pathlib.Path(path)
    if formats is None and saving.is_file(path, self.world):
      saving.file(self.portfolio, self.world, path)
      return {path.name: f'{len(self)} works'}
    names = ('png',) if formats is None else (formats,) if isinstance(formats, str) else formats
    written = saving.folder(self.portfolio, self.world, tuple(names), path)
    if self.given:
      written |= self.given.show(self.portfolio, self.world, path)
    return written

  def remarks(self) -> list[str]:
    """Say how like the works are to what they were to become, and what is wrong with them."""
    return list(_remarks(self))

  def __repr__(self) -> str:
    named = list(dict.fromkeys(filter(None, self.labels)))
    labels = ', '.join(named[:_MOST_LABELS] + ['...'] * (len(named) > _MOST_LABELS))
    return f'<{len(self)} works{f" of {labels}" if labels else ""}>'

  def _repr_png_(self) -> bytes | None:
    some = self.portfolio.at(slice(formats.SHEET))
    return _png(formats.sheet(some, self.world)) if len(self) else None

  def _repr_html_(self) -> str | None:
    players = ''.join(filter(None, (_player(work) for work in self[:_MOST_PLAYERS])))
    return f'{_image(self._repr_png_(), repr(self))}<br>{players}' if players else None


class Work:
  """One work, and how it was made."""

  def __init__(self, portfolio: portfolio_lib.Portfolio, world: world_lib.World):
    self.portfolio, self.world = portfolio, world

  @property
  def image(self) -> np.ndarray:
    """The picture, one pixel for each cell: uint8 [height, width, RGB]."""
    return np.asarray(self.world.media.render(self.portfolio.works.work))[0]

  @property
  def array(self) -> np.ndarray:
    """The work as stored, such as the number of each pixel's colour: uint8 [...]."""
    return self.portfolio.made.work[0]

  @property
  def imagined(self) -> np.ndarray:
    """What it was to become, as stored: uint8 [...]."""
    return np.asarray(self.portfolio.concept.work)[0]

  @property
  def label(self) -> str:
    """The name of its label; empty where data have none."""
    return self.world.works.label_names[self.portfolio.concept.label[0]]

  @property
  def seed(self) -> int:
    """The seed that makes it again, with the same label."""
    return int(self.portfolio.seed[0])

  @property
  def strokes(self) -> np.ndarray:
    """The strokes of the hand, such as row, column and colour: int32 [T, N]."""
    return self.portfolio.strokes(self.world)[0, : self.portfolio.made.steps[0]]

  @property
  def logit(self) -> float:
    """The critic's opinion, higher for what is more like real works."""
    return float(self.portfolio.logit[0])

  def save(self, path: str | os.PathLike) -> pathlib.Path:
    """Write the work as a file in the format of its ending, such as png, gif, svg, npz or mid."""
    path = pathlib.Path(path)
    saving.file(self.portfolio, self.world, path)
    return path

  def __repr__(self) -> str:
    steps = int(self.portfolio.made.steps[0])
    return f'<work {self.seed}{f" of {self.label}" if self.label else ""}, {steps} strokes>'

  def _repr_png_(self) -> bytes:
    return _png(_picture(self.portfolio, self.world))

  def _repr_html_(self) -> str | None:
    player = _player(self)
    return f'{_image(self._repr_png_(), repr(self))}<br>{player}' if player else None


def _picture(portfolio: portfolio_lib.Portfolio, world: world_lib.World) -> Image.Image:
  """Draw one work, magnified, with the world's rulers."""
  shown = world.media.render(portfolio.works.work)
  zoom = formats.zoom(shown)
  page = Image.fromarray(formats.magnified(np.asarray(shown)[0], zoom))
  return pictures.ruled(page, world.media.rulers(zoom))


def _png(picture: Image.Image) -> bytes:
  file = io.BytesIO()
  picture.save(file, 'PNG')
  return file.getvalue()


def _image(png: bytes | None, alt: str) -> str:
  data = base64.b64encode(png or b'').decode()
  return f'<img alt="{html.escape(alt, quote=True)}" src="data:image/png;base64,{data}">'


def _player(work: Work) -> str:
  """Return a player of the work's sound; empty where it has none."""
  files = work.world.media.files
  for name in (name for name in _SOUNDS if name in files):
    data = base64.b64encode(files[name](work.array)).decode()
    return f'<audio controls src="data:audio/{name};base64,{data}"></audio>'
  return ''


def _remarks(works: Works) -> Iterator[str]:
  portfolio, world, count = works.portfolio, works.world, len(works)
  if len(portfolio.picture):
    near = portfolio.nearness(world)['picture_equal']
    yield f'imagined as in the picture: {near.max():.1%} in the nearest, {near.min():.1%} in others'
  numbers = world.measures.metrics(portfolio.made.work, portfolio.concept.work)
  told = '; '.join(world.measures.scores[name].told(values) for name, values in numbers.items())
  if not world.making:
    way = int(world_lib.has_way(world, portfolio.concept).sum())
    yield f'{told}; {way} of {count} have a way through'
    if way < count:
      yield (
        f'warning: {count - way} without a way through ("solvable" in works.csv): try another '
        '--seed, or give less of the start.'
      )
    return
  yield from world.measures.remarks(portfolio.concept._replace(work=portfolio.made.work))
  if works.given and not works.given.aimed:  # then they were to become nothing
    return
  yield f'beside what was to be made: {told}'
  if (most := portfolio.made.steps.max()) > world.rules.horizon:
    episode = world.rules.horizon
    yield (
      f'strokes: {most}, more than the {episode} of an episode: after these, the hand was only '
      'allowed strokes that come nearer to the target. A hand that is trained on works like these '
      '(data= and horizon= in --world) does not need that.'
    )
