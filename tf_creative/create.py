"""Makes works with a trained run, or repaints and completes given pictures, and writes files.

  python -m tf_creative.create --run_dir=runs/pixel_art --count=100 --format=png,gif,svg
  python -m tf_creative.create --run_dir=runs/pixel_art --count=5000 --label=3,7 --format=tfrecord
  python -m tf_creative.create --run_dir=runs/pixel_art --target=cat.jpg --format=svg
  python -m tf_creative.create --run_dir=runs/pixel_art --start=digit.png --label=8 --count=8
  python -m tf_creative.create --run_dir=runs/pixel_art --start=torn.png --mask=hole.png --count=8
  python -m tf_creative.create --run_dir=runs/sprites --format=sheet --palette=other.hex

Equal seeds give equal works. A --target is painted as it is. A --start is turned into the imagined
works most similar to it; if it has gaps (transparent, or white in the --mask), only these are
filled. A hand that was trained without targets continues the start freely, once for each seed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
import dataclasses
import pathlib
from typing import Any

from absl import logging

from tf_creative import studio, worlds
from tf_creative.cli import command
from tf_creative.cli import flags as flags_lib
from tf_creative.core import spec
from tf_creative.core.spec import setting
from tf_creative.worlds import options

FORMATS = (*studio.FORMATS, *options.FORMATS)
_MOST_SEED = 2**48  # seeds that are derived from it must fit into 64 bits


@dataclasses.dataclass(frozen=True)
class CreateConfig:
  run_dir: str = setting('runs/pixel_art', 'directory of the trained run that makes the works')
  server: str = setting(
    '', 'model server to use instead of a run: host:8500 for gRPC, http://host:8501 for REST'
  )
  count: int = setting(64, 'number of works; with --target always 1', at_least=1, at_most=1_000_000)
  seed: int = setting(
    0, 'seed of the first work; the others count up from it', at_least=0, at_most=_MOST_SEED
  )
  label: tuple = setting(('any',), 'labels of the works, used in turn: names, or any')
  format: tuple = setting(('png',), f'file formats, separated by commas: {", ".join(FORMATS)}')
  out: str = setting('', 'folder to write to; empty: one named by these flags in RUN/created')
  target: str = setting('', 'file of a picture for the hand to paint')
  start: str = setting('', 'file of a picture to vary or to complete')
  palette: str = setting(
    '', 'file of another palette (.hex, .gpl, .pal) for what is written, of pixel_art'
  )
  mask: str = setting('', 'file of a picture that is white where --start should be made anew')


def create(config: CreateConfig, verbosity: int = logging.ERROR) -> int:
  """Make the works and write them; return the exit code."""
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
  with command.status(console, 'starting'):
    from tf_creative.runs import run as run_lib
    from tf_creative.studio import edit, formats, portfolio, remote

    logging.set_verbosity(verbosity)  # the libraries' imports have raised it
    run_dir, picture = pathlib.Path(config.run_dir), config.target or config.start
    out = _out(config, formats.file_name(_name(config)))
    if config.server:
      maker = remote.Studio(config.server)
      shown, world = maker.world, maker.world
      known_labels, round_ = maker.known_labels, maker.round
    else:
      ran, learner = run_lib.load(run_dir)
      learner.world.need('works', by='create')
      world, known_labels = learner.world, learner.creator.known_labels
      round_ = int(learner.loop.round)
      shown = _recoloured(world, ran.run.world, config.palette) if config.palette else world
    formats.check(config.format, world)
    labels = _labels(config.label, world, known_labels)
    if picture:
      if config.target and world.play.code_size:
        raise spec.UserError(
          f'the hand of {run_dir} works from codes and cannot be shown a --target: '
          f'--start={picture} goes on from it, and a run of --world=...(target=shown) makes it.'
        )
      work, given = world.media.read(picture, config.mask)
      _check_gaps(given, config)
  with command.status(console, 'making'):
    if config.server:
      works = maker.imagined(labels, config.seed, config.count)
    elif config.target:
      works = edit.repaint(learner, work, labels[0], config.seed)
    elif config.start:
      works = edit.go_on(learner, work, given, labels, config.seed, config.count)
    else:
      works = portfolio.imagined(learner, labels, config.seed, config.count)
  try:
    out.mkdir(parents=True, exist_ok=True)
    written = formats.write(works, shown, config.format, out)
    if picture:
      written |= edit.before_after(picture, given, works, learner, out)
  except OSError as error:
    raise spec.UserError(
      f'cannot write to {out} ({error.strerror or error}): choose another --out.'
    ) from error
  width = max(map(len, written))
  return '\n'.join(
    [
      f'{len(works.seed)} made as of round {round_}',
      *_likeness(works, world, bool(picture) and edit.by_chance(learner)),
      f'{out}:',
      *(f'  {name:<{width}}  {text}' for name, text in written.items()),
    ]
  )


def _out(config: CreateConfig, name: str) -> pathlib.Path:
  """Return the folder to write to."""
  folder = pathlib.Path() if config.server else pathlib.Path(config.run_dir)
  return pathlib.Path(config.out or folder / 'created' / name)


def _likeness(works: Any, world: Any, free: bool) -> Iterator[str]:
  """Yield lines on how similar the works are to their targets; none if they have none (`free`)."""
  from tf_creative.core import world as world_lib

  numbers, count = world.measures.metrics(works.made.work, works.concept.work), len(works.seed)
  if not world.making:
    reached = ', '.join(
      f'{name} {int(values.sum())} of {count}' for name, values in numbers.items()
    )
    way = int(world_lib.has_way(world, works.concept).sum())
    yield f'{reached}; a way through: {way} of {count}'
    if way < count:
      yield (
        f'warning: {count - way} without a way through ("solvable" in works.csv): try another '
        '--seed, or give less of the start.'
      )
    return
  if free:
    return
  shares = ', '.join(f'{name} {float(values.mean()):.4g}' for name, values in numbers.items())
  yield f'like what was to be made: {shares}'
  if (most := works.made.steps.max()) > world.rules.horizon:
    episode = world.rules.horizon
    yield (
      f'strokes: {most}, more than the {episode} of an episode: after these, the hand was only '
      'allowed strokes that come nearer to the target. A hand that is trained on works like these '
      '(data= and horizon= in --world) does not need that.'
    )


def _recoloured(world: Any, text: str, path: str) -> Any:
  """Build the same world in the colours of another palette, to write works with."""
  from tf_creative.learner import learner as learner_lib
  from tf_creative.worlds.pixel_art import palettes

  own = world.media.legend().get('palette')
  if getattr(own, 'ndim', 0) == 2:  # else it has none, or one that is no list of colours
    colours = palettes.swapped(own, path)
    other = learner_lib.build_world(text, {**world.kept, 'palette': colours, 'swapped': True})
    if other.media.legend()['palette'].tolist() == colours:
      return other
  raise spec.UserError(f'works of the world {world.name} have no --palette that can be another.')


def _check(config: CreateConfig) -> None:
  """Raise a UserError for wrong settings, before anything is loaded."""
  flags_lib.check(config)
  for name in config.format:
    # A plugin's world may have formats of its own: then `formats.check` answers later.
    if name not in FORMATS and not worlds.WORLDS.plugins:
      near = spec.nearest(name, FORMATS)
      raise spec.UserError(f"--format cannot be '{name}'.{near}")
  if config.target and config.start:
    raise spec.UserError('--target paints a picture and --start goes on from one: choose.')
  if config.mask and not config.start:
    raise spec.UserError('--mask says what of the --start is to be made anew, and there is none.')
  if config.server and (config.target or config.start or config.palette):
    raise spec.UserError(
      'a --server imagines works: --target, --start and --palette want a --run_dir.'
    )
  for flag in ('target', 'start', 'mask'):
    picture = getattr(config, flag)
    if picture and not pathlib.Path(picture).is_file():
      what = 'is a folder' if pathlib.Path(picture).is_dir() else 'is not there'
      raise spec.UserError(f'{picture} {what}: --{flag} must be the file of one picture.')
  if config.out:
    command.check_writable(config.out, 'out')


def _check_gaps(given: Any, config: CreateConfig) -> None:
  if config.mask and given.all():
    raise spec.UserError(f'{config.mask} is white nowhere: then nothing is to be made anew.')
  if config.start and not given.any():
    raise spec.UserError(f'nothing of {config.start} is given: leave out --start and --mask.')


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


def _labels(names: Iterable[str], world: Any, known_labels: Iterable[int]) -> list[int]:
  """Return the indices of labels, -1 for 'any'; refuse labels that were not trained on."""
  known = {world.works.label_names[label]: label for label in known_labels}
  known['any'] = -1
  for name in names:
    if name not in known:
      raise spec.UserError(f"unknown label '{name}'.{spec.nearest(name, known)}")
  return [known[name] for name in names] or [-1]


if __name__ == '__main__':
  command.run(create, __doc__, CreateConfig)
