"""Writes works as a file, or as a folder of files, in any format that their world has."""

from __future__ import annotations

import pathlib

from tf_creative.core import spec, storage
from tf_creative.core import world as world_lib
from tf_creative.studio import formats, pictures
from tf_creative.studio import portfolio as portfolio_lib

_TABLE = 'csv'  # which a folder always has


def is_file(path: pathlib.Path, world: world_lib.World) -> bool:
  """Return whether a path has the ending of a format."""
  return path.suffix[1:].lower() in (_TABLE, *formats.names(world))


def folder(
  portfolio: portfolio_lib.Portfolio,
  world: world_lib.World,
  names: tuple[str, ...],
  path: pathlib.Path,
) -> formats.Written:
  """Write works in these formats to a folder, with a table of them."""
  formats.check(names, world)
  path.mkdir(parents=True, exist_ok=True)
  return formats.write(portfolio, world, names, path)


def file(portfolio: portfolio_lib.Portfolio, world: world_lib.World, path: pathlib.Path) -> None:
  """Write works as one file, or one data set, in the format of its ending."""
  name = path.suffix[1:].lower()
  if name != _TABLE:
    formats.check([name], world)
  path.parent.mkdir(parents=True, exist_ok=True)
  if name == 'tfrecord':
    world.media.store(portfolio.works, portfolio.seed, path)
  elif name == 'npz':
    formats.arrays(portfolio, world, path)
  else:
    with storage.whole(path) as partial:
      _write(name, portfolio, world, partial)


def _write(
  name: str, portfolio: portfolio_lib.Portfolio, world: world_lib.World, path: pathlib.Path
) -> None:
  if name == _TABLE:
    formats.table(portfolio, world, path)
  elif portfolio.size == 1:
    formats.saver(name, portfolio, world)(0, path)
  elif name == 'png':
    formats.sheet(portfolio, world).save(path)
  elif name == 'gif':
    pictures.save_gif(formats.moving_sheet(portfolio, world), path)
  else:
    raise spec.UserError(
      f"a file .{name} holds one work: save one, as works[0].save('x.{name}'), or give a folder, "
      f"as works.save('folder', formats='{name}')."
    )
