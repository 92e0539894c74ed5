"""Writes works as files: pictures, animations, drawings, arrays, data sets, and a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable
import csv
import functools
import pathlib
import re
from typing import Any

import numpy as np
from PIL import Image
import rich.console
import rich.progress
import tensorflow as tf

from tf_creative import studio
from tf_creative.cli import command
from tf_creative.core import spec, storage
from tf_creative.core import world as world_lib
from tf_creative.learner import creator as creator_lib
from tf_creative.studio import atlas, pictures
from tf_creative.studio.portfolio import Portfolio

_SIDE = 128  # smallest number of screen pixels of the shorter side of a work
_SHEET, _COLUMNS = 100, 10  # works on a sheet, and in its rows
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
    if name not in (*studio.FORMATS, *world.media.files):
      raise spec.UserError(
        f"works of this world have no format '{name}'."
        + spec.nearest(name, (*studio.FORMATS, *world.media.files))
      )


def file_name(text: str) -> str:
  """Make a text safe for file names on every system, for shells and for specs."""
  return re.sub(r'[^\w.+-]+', '_', text)


def _csv(portfolio: Portfolio, world: world_lib.World, folder: pathlib.Path) -> Written:
  works = portfolio.works
  columns = {
    'seed': portfolio.seed,
    'label': [world.works.label_names[label] for label in works.label],
    'strokes': portfolio.made.steps,
    **world.measures.metrics(works.work, portfolio.concept.work),
    **{name: x for name, x in world.measures.describe(works.work).items() if x.ndim == 1},
    'logit': portfolio.logit,
  }
  with storage.whole(folder / 'works.csv') as path, path.open('w', newline='') as file:
    table = csv.writer(file, lineterminator='\n')
    table.writerow(map(_harmless, columns))
    for row in zip(*columns.values(), strict=True):
      table.writerow(f'{x:.6g}' if isinstance(x, np.floating) else _harmless(x) for x in row)
  return {'works.csv': "seed, label, strokes, likeness to what was imagined, the critic's logit"}


def _harmless(cell: Any) -> Any:
  """Return a cell that no table program takes for a formula, nor a terminal for a command."""
  if not isinstance(cell, str):
    return cell
  shown = ''.join(sign if sign.isprintable() else '?' for sign in cell)
  return f"'{shown}" if shown.startswith(('=', '+', '-', '@')) else shown


def _png(portfolio: Portfolio, world: world_lib.World, folder: pathlib.Path) -> Written:
  shown, rulers = world.media.render(portfolio.works.work), world.media.rulers
  scale = zoom(shown)
  for number, start in enumerate(range(0, len(shown), _SHEET)):
    with storage.whole(folder / f'sheet-{number:03d}.png') as path:
      some = shown[start : start + _SHEET]
      pictures.sheet(some, min(_COLUMNS, len(shown)), rulers).save(path)
  _each(
    portfolio,
    world,
    folder / 'png',
    lambda place, path: pictures.ruled(
      Image.fromarray(magnified(shown[place], scale)), rulers(scale)
    ).save(path),
  )
  return {'png/': 'a picture of each', 'sheet-*.png': f'{_SHEET} on a sheet'}


def _gif(portfolio: Portfolio, world: world_lib.World, folder: pathlib.Path) -> Written:
  render, made = world.media.render, portfolio.made
  frames = creator_lib.frames(world, portfolio.concept, made, portfolio.begun)  # [T + 1, N, ...]

  def animate(place: int, path: pathlib.Path) -> None:
    shown = render(frames[: made.steps[place] + 1, place])
    pictures.save_gif(pictures.indexed(shown, zoom(shown)), path)

  _each(portfolio, world, folder / 'gif', animate)
  written = {'gif/': 'the strokes of each appearing'}
  if len(made.work) > 1:
    times = np.linspace(0, len(frames) - 1, min(len(frames), _MOST_FRAMES)).round().astype(int)
    columns = min(_COLUMNS, len(made.work))
    with storage.whole(folder / 'sheet.gif') as path:
      sheets = [
        pictures.sheet(render(frames[time, :_SHEET]), columns, world.media.rulers) for time in times
      ]
      pictures.save_gif(sheets, path)
    written['sheet.gif'] = f'the same for the first {_SHEET} at once'
  return written


def _svg(portfolio: Portfolio, world: world_lib.World, folder: pathlib.Path) -> Written:
  begun, made = portfolio.begun, portfolio.made
  scale = zoom(world.media.render(begun[:1]))

  def draw(place: int, path: pathlib.Path) -> None:
    actions = made.actions[place, : made.steps[place]]
    path.write_text(world.media.drawing(begun[place], actions, scale))

  _each(portfolio, world, folder / 'svg', draw)
  return {'svg/': 'each as a drawing that paints itself in a browser'}


def _sheet(portfolio: Portfolio, world: world_lib.World, folder: pathlib.Path) -> Written:
  known, names = portfolio.concept.label, world.works.label_names
  files = [f'{_name(portfolio, world, place)}.png' for place in range(len(known))]
  shown = world.media.render(portfolio.works.work)
  atlas.write(shown, [names[label] for label in known], files, folder)
  return {'sheet.png': 'all in their own pixels', 'sheet.json': 'where each lies, for game engines'}


def _npz(portfolio: Portfolio, world: world_lib.World, folder: pathlib.Path) -> Written:
  made, concept = portfolio.made, portfolio.concept
  happened = np.arange(made.actions.shape[1]) < made.steps[:, None]  # [N, T]
  arrays = {
    'work': made.work,
    'imagined': concept.work,
    'begun': portfolio.begun,
    'label': concept.label,
    'label_names': np.array(world.works.label_names),
    'seed': portfolio.seed,
    'steps': made.steps,
    'strokes': world.media.strokes(tf.where(happened, made.actions, -1)).numpy(),
    **world.media.legend(),
  }
  with storage.whole(folder / 'works.npz') as path, path.open('wb') as file:
    np.savez_compressed(file, **arrays)
  return {'works.npz': f'arrays for numpy.load: {", ".join(arrays)}'}


def _tfrecord(portfolio: Portfolio, world: world_lib.World, folder: pathlib.Path) -> Written:
  path = folder / 'tfrecord'
  with command.status(rich.console.Console(), 'tfrecord'):
    world.media.store(portfolio.works, portfolio.seed, path)
  return {'tfrecord/': f'a data set: data={path} in --world, or tfds.builder_from_directory'}


def _own(name: str, portfolio: Portfolio, world: world_lib.World, folder: pathlib.Path) -> Written:
  """Write a format that only this world has."""
  works = portfolio.made.work
  _each(
    portfolio,
    world,
    folder / name,
    lambda place, path: path.write_bytes(world.media.files[name](works[place])),
  )
  return {f'{name}/': f'each as a .{name} file'}


def _each(
  portfolio: Portfolio,
  world: world_lib.World,
  folder: pathlib.Path,
  save: Callable[[int, pathlib.Path], None],
) -> None:
  """Save each work as a file named by seed and label; the folder's name is the suffix."""
  folder.mkdir(exist_ok=True)
  console = rich.console.Console()
  for place in rich.progress.track(
    range(len(portfolio.seed)),
    folder.name,
    console=console,
    transient=True,
    disable=not console.is_terminal,
  ):
    with storage.whole(folder / f'{_name(portfolio, world, place)}.{folder.name}') as path:
      save(place, path)


def _name(portfolio: Portfolio, world: world_lib.World, place: int) -> str:
  """Name a work by its seed and label."""
  label = world.works.label_names[portfolio.concept.label[place]]
  return file_name(f'{portfolio.seed[place]:06d}' + (f'-{label}' if label else ''))


def zoom(shown: np.ndarray) -> int:
  """Return the factor by which pictures [N, h, w, 3] are magnified to reach `_SIDE`."""
  return max(1, -(-_SIDE // min(shown.shape[1:3])))


def magnified(picture: np.ndarray, scale: int) -> np.ndarray:
  """Magnify a picture [h, w, ...] by a whole factor, without blurring it."""
  return picture.repeat(scale, 0).repeat(scale, 1)
