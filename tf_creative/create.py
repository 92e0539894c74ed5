"""Makes works with a trained run, or paints and mends given pictures, and writes them as files.

  python -m tf_creative.create --run_dir=runs/pixel_art --count=100 --format=png,gif,svg
  python -m tf_creative.create --run_dir=runs/pixel_art --count=5000 --label=3,7 --format=tfrecord
  python -m tf_creative.create --run_dir=runs/pixel_art --target=cat.jpg --format=svg
  python -m tf_creative.create --run_dir=runs/pixel_art --start=digit.png --label=8 --count=8
  python -m tf_creative.create --run_dir=runs/pixel_art --start=torn.png --mask=hole.png --count=8

The same seed always gives the same work. A target is painted as it is. A start becomes the nearest
imagined works; if it has gaps, which are transparent or white in the mask, only they are filled. A
hand that makes works up by codes goes on from it by those of the seeds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
import dataclasses
import pathlib
from typing import Any

from absl import logging

from tf_creative import worlds
from tf_creative.cli import command
from tf_creative.cli import flags as flags_lib
from tf_creative.core import spec
from tf_creative.core.spec import setting

FORMATS = ('png', 'gif', 'svg', 'npz', 'tfrecord')
_MOST_SEED = 2**48  # those that are derived from it must fit into 64 bits


@dataclasses.dataclass(frozen=True)
class CreateConfig:
  run_dir: str = setting('runs/pixel_art', 'the trained run that makes the works')
  server: str = setting(
    '', 'a model server that makes them instead: host:8500 by gRPC, http://host:8501 by REST'
  )
  count: int = setting(64, 'how many works; a target is one', at_least=1, at_most=1_000_000)
  seed: int = setting(
    0, 'of the first work; those of the others follow', at_least=0, at_most=_MOST_SEED
  )
  label: tuple = setting(('any',), 'what the works are of, in turn: names of labels, or any')
  format: tuple = setting(
    ('png',), f'what to write, by commas: {", ".join(FORMATS + worlds.FORMATS)}'
  )
  out: str = setting('', "where to; empty: a folder named by these flags in the run's `created`")
  target: str = setting('', 'a picture to be painted')
  start: str = setting('', 'a picture to go on from')
  mask: str = setting('', 'a picture in which all that is to be made anew of the start is white')


def create(config: CreateConfig, verbosity: int = logging.ERROR) -> int:
  """Makes the works and writes them; the exit code."""
  _check(config)
  try:
    written = _create(config, verbosity)
  except KeyboardInterrupt:
    print('stopped; every file that is there is whole')
    return 130
  print(written)
  return 0


def _create(config: CreateConfig, verbosity: int) -> str:
  """What has been made and where it is."""
  # Imported here, so that --help and a mistyped flag are answered at once.
  import rich.console

  console = rich.console.Console()
  with command.status(console, 'starting'):
    from tf_creative.runs import run as run_lib
    from tf_creative.studio import edit, formats, portfolio, remote

    logging.set_verbosity(verbosity)  # importing the libraries has turned their chatter on
    run_dir, picture = pathlib.Path(config.run_dir), config.target or config.start
    folder = pathlib.Path('created') if config.server else run_dir / 'created'
    out = pathlib.Path(config.out or folder / formats.file_name(_name(config)))
    if config.server:
      maker = remote.Studio(config.server)
      world, known_labels, round_ = maker.world, maker.known_labels, maker.round
    else:
      _, learner = run_lib.load(run_dir)
      learner.world.need('works', by='create')
      world, known_labels = learner.world, learner.creator.known_labels
      round_ = int(learner.loop.round)
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
    written = formats.write(works, world, config.format, out)
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


def _likeness(works: Any, world: Any, free: bool) -> Iterator[str]:
  """How well the works came out, in lines: nothing where they were `free` to become anything."""
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
      f'strokes: {most}, where an episode has {episode}: after these the hand had only such as '
      'come nearer to choose from. One that has learnt from works like these (by data= and '
      'horizon= in --world) does without.'
    )


def _check(config: CreateConfig) -> None:
  """What can be said at once of wrong settings."""
  flags_lib.check(config)
  for name in config.format:
    # The world of a plugin may have formats of its own: then `formats.check` answers.
    if name not in FORMATS + worlds.FORMATS and not worlds.WORLDS.plugins:
      near = spec.nearest(name, FORMATS + worlds.FORMATS)
      raise spec.UserError(f"--format cannot be '{name}'.{near}")
  if config.target and config.start:
    raise spec.UserError('--target paints a picture and --start goes on from one: choose.')
  if config.mask and not config.start:
    raise spec.UserError('--mask says what of the --start is to be made anew, and there is none.')
  if config.server and (config.target or config.start):
    raise spec.UserError('a --server imagines works: --target and --start want a --run_dir.')
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
  """A folder's name that says which flags its works are by."""
  parts = [
    f'{flag}-{pathlib.Path(picture).stem}'
    for flag, picture in (('target', config.target), ('start', config.start), ('mask', config.mask))
    if picture
  ]
  if not config.target:
    parts += [f'seed{config.seed}', f'count{config.count}']
  if config.label != ('any',):
    parts.append(f'label{"+".join(config.label)}')  # a comma would end an option of --world
  return '-'.join(parts)


def _labels(names: Iterable[str], world: Any, known_labels: Iterable[int]) -> list[int]:
  """The places of labels by name, of those that training saw; -1 is any."""
  known = {world.works.label_names[label]: label for label in known_labels}
  known['any'] = -1
  for name in names:
    if name not in known:
      raise spec.UserError(f"unknown label '{name}'.{spec.nearest(name, known)}")
  return [known[name] for name in names] or [-1]


if __name__ == '__main__':
  command.run(create, __doc__, CreateConfig)
