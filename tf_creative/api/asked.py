"""Checks what is asked for before anything heavy is loaded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
import os
import pathlib

from tf_creative import studio, worlds
from tf_creative.core import spec
from tf_creative.learner import config as config_lib
from tf_creative.worlds import options

FORMATS = (*studio.FORMATS, *options.FORMATS)
Path = str | os.PathLike
MOST_BETWEEN = 500  # works between two pictures: each is a frame of an animation
STRENGTH = 0.3  # of variations, where nothing else is said
MOST, MOST_SEED = 1_000_000, 2**48  # seeds that are derived from it must fit into 64 bits


def check(
  count: int,
  seed: int,
  target: Path = '',
  start: Path = '',
  mask: Path = '',
  variations: Path = '',
  like: Path = '',
) -> None:
  """Raise a UserError for wishes that are wrong, whatever makes the works."""
  for name, value, low, high in (('count', count, 1, MOST), ('seed', seed, 0, MOST_SEED)):
    if not low <= value <= high:
      raise spec.UserError(f'{name} must be {low} to {high}, not {value}.')
  wishes = {'target': target, 'start': start, 'variations': variations, 'like': like}
  check_one(wishes)
  if mask and not start:
    raise spec.UserError('--mask says what of the --start is to be made anew, and there is none.')
  for name, picture in {**wishes, 'mask': mask}.items():
    if picture:
      _check_file(name, picture)


def check_one(wishes: Mapping[str, object]) -> None:
  """Raise a UserError unless at most one of these flags is given."""
  given = [f'--{name}' for name, value in wishes.items() if value]
  if len(given) > 1:
    raise spec.UserError(f'{" and ".join(given)} ask for different things: choose one.')


def check_strength(strength: float) -> None:
  """Raise a UserError for a strength of variations that is none."""
  if not 0 <= strength <= 1:  # NaN is outside, too
    raise spec.UserError(f'--strength must be 0 to 1, not {strength}.')


def check_between(pictures: Sequence[Path], count: int) -> None:
  """Raise a UserError for what nothing can be between."""
  if len(pictures) != 2:
    raise spec.UserError(
      f'--between wants two pictures, as in --between=a.png,b.png, and has {len(pictures)}.'
    )
  for picture in pictures:
    _check_file('between', picture)
  if not 2 <= count <= MOST_BETWEEN:
    raise spec.UserError(f'--between makes 2 to {MOST_BETWEEN} works, by --count, not {count}.')


def _check_file(name: str, picture: Path) -> None:
  if not pathlib.Path(picture).is_file():
    what = 'is a folder' if pathlib.Path(picture).is_dir() else 'is not there'
    raise spec.UserError(f'{picture} {what}: --{name} must be the file of one work.')


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
