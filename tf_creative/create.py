"""Makes works with a run, or repaints or completes given pictures.

  python -m tf_creative.create --run_dir=runs/pixel_art --count=100
  python -m tf_creative.create --format=png,gif,svg
  python -m tf_creative.create --count=5000 --label=3,7 --format=tfrecord
  python -m tf_creative.create --target=cat.jpg --format=svg
  python -m tf_creative.create --start=digit.png --label=8 --count=8
  python -m tf_creative.create --start=torn.png --mask=hole.png --count=8
  python -m tf_creative.create --format=sheet --palette=other.hex

Equal seeds give equal works. A --target is painted as it is. A --start is turned into the imagined
works most similar to it; if it has gaps (transparent, or white in the --mask), only these are
filled. A hand that was trained without targets continues the start freely, once for each seed.
"""

from __future__ import annotations

import dataclasses
import pathlib

from absl import logging

from tf_creative.api import asked, quiet
from tf_creative.cli import command
from tf_creative.cli import flags as flags_lib
from tf_creative.core import spec
from tf_creative.core.spec import setting


@dataclasses.dataclass(frozen=True)
class CreateConfig:
  run_dir: str = setting('runs/pixel_art', 'directory of the trained run that makes the works')
  server: str = setting(
    '', 'model server to use instead of a run: host:8500 for gRPC, http://host:8501 for REST'
  )
  count: int = setting(
    64, 'number of works; with --target always 1', at_least=1, at_most=asked.MOST
  )
  seed: int = setting(
    0, 'seed of the first work; the others count up from it', at_least=0, at_most=asked.MOST_SEED
  )
  label: tuple = setting(('any',), 'labels of the works, used in turn: names, or any')
  format: tuple = setting(
    ('png',), f'file formats, separated by commas: {", ".join(asked.FORMATS)}'
  )
  out: str = setting('', 'folder to write to; empty: one named by these flags in RUN/created')
  target: str = setting('', 'file of a picture for the hand to paint')
  start: str = setting('', 'file of a picture to vary or to complete')
  palette: str = setting(
    '', 'file of another palette (.hex, .gpl, .pal) for what is written, of pixel_art'
  )
  mask: str = setting('', 'file of a picture that is white where --start should be made anew')


def create(config: CreateConfig, verbosity: int = logging.ERROR) -> int:
  """Make the works and write them; return the exit code."""
  quiet.off()
  _check(config)
  try:
    written = _create(config, verbosity)
  except KeyboardInterrupt:
    print('stopped; all files that were written are complete')
    return 130
  print(written)
  return 0


def _create(config: CreateConfig, verbosity: int) -> str:
  """Make the works; return a summary of them and of their files."""
  # Heavy imports stand inside functions, so that --help and a mistyped flag are answered at once.
  import rich.console

  console = rich.console.Console()
  logging.set_verbosity(verbosity)
  with command.status(console, 'starting'):
    from tf_creative.api import exported, run
    from tf_creative.core import storage

    logging.set_verbosity(verbosity)  # the libraries' imports have raised it
    maker = exported.Remote(config.server) if config.server else run.Run(config.run_dir)
    folder = pathlib.Path('' if config.server else config.run_dir) / 'created'
    out = pathlib.Path(config.out or folder / storage.file_name(_name(config)))
    maker.check_formats(config.format)
  with command.status(console, 'making'):
    works = maker.create(
      config.count, config.label, config.seed, config.target, config.start, config.mask
    )
    works = maker.recoloured(works, config.palette) if config.palette else works
  try:
    written = works.save(out, config.format)
  except OSError as error:
    raise spec.UserError(
      f'cannot write to {out} ({error.strerror or error}): choose another --out.'
    ) from error
  width = max(map(len, written))
  return '\n'.join(
    [
      f'{len(works)} made as of round {works.round}',
      *works.remarks(),
      f'{out}:',
      *(f'  {name:<{width}}  {text}' for name, text in written.items()),
    ]
  )


def _check(config: CreateConfig) -> None:
  """Raise a UserError for wrong settings, before anything is loaded."""
  flags_lib.check(config)
  if config.server and (config.target or config.start or config.palette):
    raise spec.UserError(
      'a --server imagines works: --target, --start and --palette want a --run_dir.'
    )
  asked.check_formats(config.format)
  asked.check(config.count, config.seed, config.target, config.start, config.mask)
  if config.out:
    command.check_writable(config.out, 'out')


def _name(config: CreateConfig) -> str:
  """Return a folder's name that shows the flags of its works."""
  parts = [
    f'{flag}-{pathlib.Path(picture).stem}'
    for flag in ('target', 'start', 'mask', 'palette')
    if (picture := getattr(config, flag))
  ]
  if not config.target:
    parts += [f'seed{config.seed}', f'count{config.count}']
  if config.label != ('any',):
    # No comma: the folder may be used in --world=...(data=FOLDER), where a comma ends an option.
    parts.append(f'label{"+".join(config.label)}')
  return '-'.join(parts)


if __name__ == '__main__':
  command.run(create, __doc__, CreateConfig)
