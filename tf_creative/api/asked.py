"""Checks what is asked for before anything heavy is loaded."""

from __future__ import annotations

from collections.abc import Iterable
import os
import pathlib

from tf_creative import studio, worlds
from tf_creative.core import spec
from tf_creative.learner import config as config_lib
from tf_creative.worlds import options

FORMATS = (*studio.FORMATS, *options.FORMATS)
MOST, MOST_SEED = 1_000_000, 2**48  # seeds that are derived from it must fit into 64 bits


def check(
  count: int,
  seed: int,
  target: str | os.PathLike = '',
  start: str | os.PathLike = '',
  mask: str | os.PathLike = '',
) -> None:
  """Raise a UserError for arguments of `create` that are wrong, whatever makes the works."""
  for name, value, low, high in (('count', count, 1, MOST), ('seed', seed, 0, MOST_SEED)):
    if not low <= value <= high:
      raise spec.UserError(f'{name} must be {low} to {high}, not {value}.')
  if target and start:
    raise spec.UserError('--target paints a picture and --start goes on from one: choose.')
  if mask and not start:
    raise spec.UserError('--mask says what of the --start is to be made anew, and there is none.')
  for name, picture in (('target', target), ('start', start), ('mask', mask)):
    if picture and not pathlib.Path(picture).is_file():
      what = 'is a folder' if pathlib.Path(picture).is_dir() else 'is not there'
      raise spec.UserError(f'{picture} {what}: --{name} must be the file of one picture.')


def check_formats(names: Iterable[str]) -> None:
  """Raise a UserError for a file format that no world has."""
  for name in names:
    # A plugin's world may have formats of its own: then they are checked when it is loaded.
    if name not in FORMATS and not worlds.WORLDS.plugins:
      raise spec.UserError(f"--format cannot be '{name}'.{spec.nearest(name, FORMATS)}")


def check_works(works: int) -> None:
  """Raise a UserError for a number of works that is too small to be measured; 0 is none."""
  if 0 < works < config_lib.FEWEST_WORKS:
    raise spec.UserError(
      f'--works must be {config_lib.FEWEST_WORKS} or more, not {works}; 0 takes as many as the run '
      'says.'
    )
