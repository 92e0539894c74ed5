"""Makes works with a run, or repaints or completes given pictures.

  python -m tf_creative.create --run_dir=runs/pixel_art --count=100
  python -m tf_creative.create --format=png,gif,svg
  python -m tf_creative.create --count=5000 --label=3,7 --format=tfrecord
  python -m tf_creative.create --target=cat.jpg --format=svg
  python -m tf_creative.create --start=torn.png --mask=hole.png --count=8
  python -m tf_creative.create --like=sprite.png --count=8
  python -m tf_creative.create --variations=sprite.png --strength=.3 --count=8
  python -m tf_creative.create --between=sword.png,axe.png --count=12
  python -m tf_creative.create --format=sheet --palette=other.hex

Equal seeds give equal works. A --target is painted as it is. Of a --start the gaps are filled
(transparent, or white in the --mask); a hand that was trained without targets continues it freely,
once for each seed. --like finds what comes nearest to a picture in the imagination, --variations
makes new works around that, and --between leads from one picture to another.

In environments of Gymnasium there are no works: --count episodes of the greedy hand are recorded in
episodes.npz, which other hands imitate by reward(of=transitions, demonstrations=FILE).
"""

from __future__ import annotations

from collections.abc import Iterator
import contextlib
import dataclasses
import pathlib
import re
from typing import Any

from absl import logging

from tf_creative.api import asked
from tf_creative.cli import command, quiet
from tf_creative.cli import flags as flags_lib
from tf_creative.core import spec
from tf_creative.core.spec import setting

_PICTURES = ('target', 'start', 'variations', 'like')  # flags of which at most one is given


@dataclasses.dataclass(frozen=True)
class CreateConfig:
  run_dir: str = setting('runs/pixel_art', 'directory of the trained run that makes the works')
  server: str = setting(
    '', 'model server to use instead of a run: host:8500 for gRPC, http://host:8501 for REST'
  )
  count: int = setting(
    64, 'number of works, or of episodes; with --target always 1', at_least=1, at_most=asked.MOST
  )
  seed: int = setting(
    0, 'seed of the first work; the others count up from it', at_least=0, at_most=asked.MOST_SEED
  )
  label: tuple = setting(('any',), 'labels of the works, used in turn: names, or any')
  brief: str = setting(
    '', "what the works are for, in place of a label: 're=1e6, cl=0.8, thickness=.12'"
  )
  format: tuple = setting(
    ('png',), f'file formats, separated by commas: {", ".join(asked.FORMATS)}'
  )
  out: str = setting('', 'folder to write to; empty: one named by these flags in RUN/created')
  target: str = setting('', 'file of a picture for the hand to paint')
  start: str = setting('', 'file of a picture to complete')
  palette: str = setting(
    '', 'file of another palette (.hex, .gpl, .pal) for what is written, of pixel_art'
  )
  mask: str = setting('', 'file of a picture that is white where --start should be made anew')
  like: str = setting('', 'file of a picture: the imagined works that come nearest, in order')
  variations: str = setting('', 'file of a picture: new works near it')
  strength: float = setting(
    asked.STRENGTH,
    'how far --variations go: from 0, the nearest work, to 1, works without a picture',
    at_least=0,
    at_most=1,
  )
  between: tuple = setting((), 'files of two pictures: works that lead from one to the other')


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
    plays = not config.server and not maker.world.works
    if not plays:
      maker.check_formats(config.format)
  with command.status(console, 'making'):
    if plays:
      return _recorded(maker, config, out)
    works = _made(maker, config)
    works = maker.recoloured(works, config.palette) if config.palette else works
  with _writing(out):
    written = works.save(out, config.format)
  width = max(map(len, written))
  return '\n'.join(
    [
      f'{len(works)} made as of round {works.round}',
      *works.remarks(),
      f'{out}:',
      *(f'  {name:<{width}}  {text}' for name, text in written.items()),
    ]
  )


def _recorded(run: Any, config: CreateConfig, out: pathlib.Path) -> str:
  """Record episodes in a world without works; return a summary."""
  kept = dataclasses.replace(
    CreateConfig(), **{name: getattr(config, name) for name in ('run_dir', 'count', 'seed', 'out')}
  )
  if config != kept:
    raise spec.UserError(
      f"there are no works in the world '{run.world.name}', and episodes are recorded: give only "
      '--count, --seed and --out.'
    )
  with _writing(out):
    arrays = run.record(config.count, config.seed, out)
  ends = arrays['terminations'] | arrays['truncations']
  mean = arrays['rewards'].sum() / ends.sum()
  return (
    f'{config.count} episodes, {len(ends)} steps, recorded as of round {run.round}; mean return '
    f'{mean:.6g}\n{out}:\n  episodes.npz  for --gan=transitions --couplings='
    "'reward(of=transitions, demonstrations=FILE)'"
  )


def _made(maker: Any, config: CreateConfig) -> Any:
  """Have the works made that are asked for."""
  common = {'count': config.count, 'label': (config.brief,) if config.brief else config.label}
  if config.between:
    return maker.between(*config.between, **common)
  common['seed'] = config.seed
  if config.like:
    return maker.like(config.like, **common)
  if config.variations:
    return maker.vary(config.variations, config.strength, **common)
  return maker.create(**common, target=config.target, start=config.start, mask=config.mask)


@contextlib.contextmanager
def _writing(out: pathlib.Path) -> Iterator[None]:
  try:
    yield
  except OSError as error:
    raise spec.UserError(
      f'cannot write to {out} ({error.strerror or error}): choose another --out.'
    ) from error


def _check(config: CreateConfig) -> None:
  """Raise a UserError for wrong settings, before anything is loaded."""
  flags_lib.check(config)
  pictures = {name: getattr(config, name) for name in _PICTURES}
  asked.check_one({**pictures, 'between': config.between})
  for name, given in {**pictures, 'between': config.between, 'palette': config.palette}.items():
    if given and config.server:
      raise spec.UserError(f'a --server imagines works: --{name} wants a --run_dir.')
  asked.check_formats(config.format)
  asked.check(config.count, config.seed, mask=config.mask, **pictures)
  if config.between:
    asked.check_between(config.between, config.count)
  if config.strength != asked.STRENGTH and not config.variations:
    raise spec.UserError('--strength says how far --variations go, and there are none.')
  if config.brief and config.label != CreateConfig.label:
    raise spec.UserError('--brief and --label ask for different things: choose one.')
  if config.out:
    command.check_writable(config.out, 'out')


def _name(config: CreateConfig) -> str:
  """Return a folder's name that shows the flags of its works."""
  parts = [
    f'{flag}-{pathlib.Path(picture).stem}'
    for flag in (*_PICTURES, 'mask', 'palette')
    if (picture := getattr(config, flag))
  ]
  parts += [f'strength{config.strength:g}'] if config.variations else []
  if config.between:
    parts.append('-'.join(['between', *(pathlib.Path(one).stem for one in config.between)]))
  if not config.target:
    parts += [f'seed{config.seed}', f'count{config.count}']
  if config.brief:
    parts.append('brief-' + '+'.join(re.split(r'[\s,]+', config.brief.strip())))
  if config.label != ('any',):
    # No comma: the folder may be used in --world=...(data=FOLDER), where a comma ends an option.
    parts.append(f'label{"+".join(config.label)}')
  return '-'.join(parts)


if __name__ == '__main__':
  command.run(create, __doc__, CreateConfig)
