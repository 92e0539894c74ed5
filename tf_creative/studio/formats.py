"""Writes works as files: pictures, animations, drawings, arrays, data sets, and a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable
import csv
import functools
import pathlib
from typing import Any

import numpy as np
from PIL import Image
import rich.console
import rich.progress

from tf_creative import studio
from tf_creative.cli import command
from tf_creative.core import spec, storage
from tf_creative.core import world as world_lib
from tf_creative.learner import creator as creator_lib
from tf_creative.studio import atlas, pictures
from tf_creative.studio.portfolio import Portfolio

_SIDE = 128  # smallest number of screen pixels of the shorter side of a work
SHEET, _COLUMNS = 100, 10  # works on a sheet, and in its rows
_MOST_FRAMES = 60  # of an animated sheet

Written = dict[str, str]  # file or folder name -> what it is


def write(
  portfolio: Portfolio, world: world_lib.World, formats: Iterable[str], folder: pathlib.Path
) -> Written:
  """Write the works in each format; files appear whole or not at all."""
  written = _csv(portfolio, world, folder)
  for name in dict.fromkeys(formats):
    writer = globals()[f'_{name}'] if name in studio.FORMATS else functools.partial(_own, name)
    written |= writer(portfolio, world, folder)
  return written


def check(formats: Iterable[str], world: world_lib.World) -> None:
  """Raise a UserError for a format that works of this world cannot be written in."""
  for name in formats:
    if name not in names(world):
      raise spec.UserError(
        f"works of this world have no format '{name}'.{spec.nearest(name, names(world))}"
      )


def names(world: world_lib.World) -> tuple[str, ...]:
  """Return the formats that works of this world can be written in."""
  return (*studio.FORMATS, *world.media.files)


def _csv(portfolio: Portfolio, world: world_lib.World, folder: pathlib.Path) -> Written:
  with storage.whole(folder / 'works.csv') as path:
    table(portfolio, world, path)
  near = ' and of that to the picture' if len(portfolio.picture) else ''
  return {
    'works.csv': f"seed, label, strokes, likeness to what was imagined{near}, the critic's logit"
  }


def table(portfolio: Portfolio, world: world_lib.World, path: pathlib.Path) -> None:
  """Write a table of the works."""
  works = portfolio.works
  columns = {
    'seed': portfolio.seed,
    'label': [world.works.label_names[label] for label in works.label],
    'strokes': portfolio.made.steps,
    **world.measures.metrics(works.work, portfolio.concept.work),
    **portfolio.nearness(world),
    **{name: x for name, x in world.measures.describe(works.work).items() if x.ndim == 1},
    'logit': portfolio.logit,
  }
  with path.open('w', newline='') as file:
    lines = csv.writer(file, lineterminator='\n')
    lines.writerow(map(_harmless, columns))
    for row in zip(*columns.values(), strict=True):
      lines.writerow(f'{x:.6g}' if isinstance(x, np.floating) else _harmless(x) for x in row)


def _harmless(cell: Any) -> Any:
  """Return a cell that no table program takes for a formula, nor a terminal for a command."""
  if not isinstance(cell, str):
    return cell
  shown = ''.join(sign if sign.isprintable() else '?' for sign in cell)
  return f"'{shown}" if shown.startswith(('=', '+', '-', '@')) else shown


def _png(portfolio: Portfolio, world: world_lib.World, folder: pathlib.Path) -> Written:
  for number, start in enumerate(range(0, portfolio.size, SHEET)):
    with storage.whole(folder / f'sheet-{number:03d}.png') as path:
      sheet(portfolio.at(slice(start, start + SHEET)), world, portfolio.size).save(path)
  _each(portfolio, world, folder / 'png')
  return {'png/': 'a picture of each', 'sheet-*.png': f'{SHEET} on a sheet'}


def sheet(portfolio: Portfolio, world: world_lib.World, wide: int = 0) -> Image.Image:
  """Draw works on one sheet, as wide as that of `wide` works would be."""
  shown = world.media.render(portfolio.works.work)
  return pictures.sheet(shown, min(_COLUMNS, wide or len(shown)), world.media.rulers)


def _gif(portfolio: Portfolio, world: world_lib.World, folder: pathlib.Path) -> Written:
  _each(portfolio, world, folder / 'gif')
  written = {'gif/': 'the strokes of each appearing'}
  if portfolio.size > 1:
    with storage.whole(folder / 'sheet.gif') as path:
      pictures.save_gif(moving_sheet(portfolio, world), path)
    written['sheet.gif'] = f'the same for the first {SHEET} at once'
  return written


def moving_sheet(portfolio: Portfolio, world: world_lib.World) -> list[Image.Image]:
  """Draw frames of the first works appearing on one sheet."""
  frames = _frames(portfolio, world)
  times = np.linspace(0, len(frames) - 1, min(len(frames), _MOST_FRAMES)).round().astype(int)
  columns = min(_COLUMNS, portfolio.size)
  return [
    pictures.sheet(world.media.render(frames[time, :SHEET]), columns, world.media.rulers)
    for time in times
  ]


def _frames(portfolio: Portfolio, world: world_lib.World) -> np.ndarray:
  """Return the works in the making: [T + 1, N, ...]."""
  return creator_lib.frames(world, portfolio.concept, portfolio.made, portfolio.begun)


def _svg(portfolio: Portfolio, world: world_lib.World, folder: pathlib.Path) -> Written:
  _each(portfolio, world, folder / 'svg')
  return {'svg/': 'each as a drawing that paints itself in a browser'}


def _sheet(portfolio: Portfolio, world: world_lib.World, folder: pathlib.Path) -> Written:
  known, names = portfolio.concept.label, world.works.label_names
  files = [f'{_name(portfolio, world, place)}.png' for place in range(len(known))]
  shown = world.media.render(portfolio.works.work)
  atlas.write(shown, [names[label] for label in known], files, folder)
  return {'sheet.png': 'all in their own pixels', 'sheet.json': 'where each lies, for game engines'}


def _npz(portfolio: Portfolio, world: world_lib.World, folder: pathlib.Path) -> Written:
  names = ', '.join(arrays(portfolio, world, folder / 'works.npz'))
  return {'works.npz': f'arrays for numpy.load: {names}'}


def arrays(portfolio: Portfolio, world: world_lib.World, path: pathlib.Path) -> list[str]:
  """Write arrays of the works to a file; return their names."""
  made, concept = portfolio.made, portfolio.concept
  held = {
    'work': made.work,
    'imagined': concept.work,
    'begun': portfolio.begun,
    'label': concept.label,
    'label_names': np.array(world.works.label_names),
    'seed': portfolio.seed,
    'steps': made.steps,
    'strokes': portfolio.strokes(world),
    **world.media.legend(),
  }
  with storage.whole(path) as partial, partial.open('wb') as file:
    np.savez_compressed(file, **held)
  return list(held)


def _tfrecord(portfolio: Portfolio, world: world_lib.World, folder: pathlib.Path) -> Written:
  path = folder / 'tfrecord'
  with command.status(rich.console.Console(force_jupyter=False), 'tfrecord'):
    world.media.store(portfolio.works, portfolio.seed, path)
  return {'tfrecord/': f'a data set: data={path} in --world, or tfds.builder_from_directory'}


def _own(name: str, portfolio: Portfolio, world: world_lib.World, folder: pathlib.Path) -> Written:
  """Write a format that only this world has."""
  _each(portfolio, world, folder / name)
  return {f'{name}/': f'each as a .{name} file'}


Save = Callable[[int, pathlib.Path], None]  # (place of a work, path)


def saver(name: str, portfolio: Portfolio, world: world_lib.World) -> Save:
  """Return a function that saves one of the works as a file of this format."""
  media, made = world.media, portfolio.made
  if name == 'png':
    drawn = media.render(made.work)
    size, rulers = zoom(drawn), media.rulers(zoom(drawn))
    return lambda place, path: pictures.ruled(
      Image.fromarray(magnified(drawn[place], size)), rulers
    ).save(path)
  if name == 'gif':
    frames = _frames(portfolio, world)

    def animate(place: int, path: pathlib.Path) -> None:
      shown = media.render(frames[: made.steps[place] + 1, place])
      pictures.save_gif(pictures.indexed(shown, zoom(shown)), path)

    return animate
  if name == 'svg':
    scale = zoom(media.render(portfolio.begun[:1]))

    def draw(place: int, path: pathlib.Path) -> None:
      actions = made.actions[place, : made.steps[place]]
      path.write_text(media.drawing(portfolio.begun[place], actions, scale))

    return draw

  def write_own(place: int, path: pathlib.Path) -> None:
    path.write_bytes(media.files[name](made.work[place]))

  return write_own


def _each(portfolio: Portfolio, world: world_lib.World, folder: pathlib.Path) -> None:
  """Save each work as a file named by seed and label; the folder's name is the suffix."""
  folder.mkdir(exist_ok=True)
  save, console = saver(folder.name, portfolio, world), rich.console.Console(force_jupyter=False)
  for place in rich.progress.track(
    range(portfolio.size),
    folder.name,
    console=console,
    auto_refresh=False,  # no thread: see cli.command.status
    transient=True,
    disable=not console.is_terminal,
  ):
    with storage.whole(folder / f'{_name(portfolio, world, place)}.{folder.name}') as path:
      save(place, path)


def _name(portfolio: Portfolio, world: world_lib.World, place: int) -> str:
  """Name a work by its seed and label."""
  label = world.works.label_names[portfolio.concept.label[place]]
  return storage.file_name(f'{portfolio.seed[place]:06d}' + (f'-{label}' if label else ''))


def zoom(shown: np.ndarray) -> int:
  """Return the factor by which pictures [N, h, w, 3] are magnified to reach `_SIDE`."""
  return max(1, -(-_SIDE // min(shown.shape[1:3])))


def magnified(picture: np.ndarray, scale: int) -> np.ndarray:
  """Magnify a picture [h, w, ...] by a whole factor, without blurring it."""
  return picture.repeat(scale, 0).repeat(scale, 1)
