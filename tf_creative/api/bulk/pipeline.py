"""The pipeline of Apache Beam that makes a bulk of works: shards are made, compared, written."""

from __future__ import annotations

from collections.abc import Iterator
import contextlib
import dataclasses
import json
import os
import pathlib
import shutil
import sys
import threading
import time
from typing import Any

import rich.console

from tf_creative.api import exported
from tf_creative.api.bulk import shards as shards_lib
from tf_creative.core import plugins, spec, storage

beam: Any = plugins.extra('apache_beam', 'beam', '`bulk`')
_options: Any = plugins.extra('apache_beam.options.pipeline_options', 'beam', '`bulk`')
_RUNNERS = {  # names of ours -> Beam's
  'direct': 'apache_beam.runners.portability.fn_api_runner.FnApiRunner',
  'flink': 'FlinkRunner',
  'spark': 'SparkRunner',
  'dataflow': 'DataflowRunner',
}
_SUMMARY, _SETTINGS = 'bulk.json', 'settings.json'
_STEP = '[while running'  # in messages of errors
_LOOK_SECONDS = 5  # between two lines of progress
_SILENT = {'out', 'runner', 'workers', 'runner_flags'}  # which make no difference to what is made


class Make(beam.DoFn):
  """Makes a shard, unless it is made: number -> (digest, (seed, number)) of the works kept."""

  def __init__(self, shards: shards_lib.Shards, exports: str):
    self._shards, self._exports = shards, exports

  def setup(self) -> None:
    """Load the models, once in each process."""
    self._maker = exported.Export(self._exports)

  def process(self, number: int) -> Iterator[tuple[int, tuple[int, int]]]:
    there = (self._shards.part(number) / shards_lib.NUMBERS).exists()
    made = self._shards.read(number) if there else self._shards.make(number, self._maker)
    beam.metrics.Metrics.counter('bulk', 'works').inc(len(made.seed))
    for seed, digest in zip(made.seed[made.kept], made.digest[made.kept], strict=True):
      yield int(digest), (int(seed), number)


def _later(found: tuple[int, Any]) -> Iterator[tuple[int, int]]:
  """Yield all of equal works but the one with the lowest seed: (number of its shard, seed)."""
  _, places = found
  for seed, number in sorted(places)[1:]:
    yield number, seed


def build(root: Any, shards: shards_lib.Shards, exports: str, distinct: bool) -> None:
  """Add the steps to a pipeline."""
  numbers = root | 'shards' >> beam.Create(range(shards.total())) | beam.Reshuffle()
  works = numbers | 'make' >> beam.ParDo(Make(shards, exports))
  # What was made before is known only once all is made; so each shard is finished after that.
  if distinct:
    again = works | beam.GroupByKey() | 'later ones' >> beam.FlatMap(_later)
  else:
    again = works | 'none' >> beam.FlatMap(lambda _: ())
  keyed = root | 'all' >> beam.Create([(number, None) for number in range(shards.total())])
  both = {'shard': keyed, 'again': again} | beam.CoGroupByKey()
  _ = both | 'finish' >> beam.Map(_finish, shards)


def _finish(found: tuple[int, dict[str, Any]], shards: shards_lib.Shards) -> None:
  number, parts = found
  shards.finish(number, parts['again'])


def run(config: Any) -> int:
  """Make all works that are missing; return the exit code."""
  out = pathlib.Path(os.path.abspath(config.out))
  console = rich.console.Console(highlight=False)
  maker = exported.Export(os.path.abspath(config.export_dir))
  maker.check_formats([])  # whatever is wrong with the export or the labels is said now
  for name in config.label:
    maker.create(1, name)
  shards = shards_lib.Shards(
    out=str(out),
    format=config.format,
    count=config.count,
    size=config.shard,
    seed=config.seed,
    labels=config.label,
    least_logit=config.least_logit,
  )
  if _prepared(config, out, maker.round):
    console.print(f'{out} is complete: {(out / _SUMMARY).read_text().strip()}', soft_wrap=True)
    return 0
  console.print(f'{config.count:,} works in {shards.total():,} files', soft_wrap=True)
  began = time.monotonic()
  try:
    with _told(shards, console):
      root = beam.Pipeline(_RUNNERS[config.runner], options=_settings(config))
      build(root, shards, str(maker.path), config.distinct)
      root.run().wait_until_finish()
  except KeyboardInterrupt:
    console.print(
      f'stopped, {len(shards.made())} of {shards.total()} made; the same command goes on',
      soft_wrap=True,
    )
    return 130
  except Exception as error:
    if _STEP not in str(error) and not isinstance(error, RuntimeError):  # Beam has added the step
      raise
    *_, reason = str(error).strip().splitlines() or [type(error).__name__]
    raise spec.UserError(
      f'{len(shards.made())} of {shards.total()} made, then it failed: {reason}. The same command '
      'goes on from there.'
    ) from error
  summary = {**shards.describe(), 'seconds': round(time.monotonic() - began, 1)}
  storage.write(out / _SUMMARY, json.dumps(summary) + '\n')
  shutil.rmtree(out / shards_lib.PARTS)
  for name, value in summary.items():
    console.print(f'{name:<24}{value:,}', soft_wrap=True)
  what = 'pictures' if config.format == 'png' else 'a data set: tfds.builder_from_directory'
  console.print(f'{out}  {what}', soft_wrap=True)
  return 0


def _prepared(config: Any, out: pathlib.Path, round_: int) -> bool:
  """Note what is to be made; return whether it is; a UserError if something else is there."""
  told = {name: part for name, part in dataclasses.asdict(config).items() if name not in _SILENT}
  text = json.dumps({**told, 'export_dir': os.path.abspath(config.export_dir), 'round': round_})
  out.mkdir(parents=True, exist_ok=True)
  noted = out / _SETTINGS
  if noted.exists() and noted.read_text() != text + '\n':
    raise spec.UserError(
      f'{out} has works by other settings ({noted}): choose another --out, or remove that folder.'
    )
  if not noted.exists() and any(out.iterdir()):
    raise spec.UserError(f'{out} is not empty: choose another --out.')
  storage.write(noted, text + '\n')
  return (out / _SUMMARY).exists()


def _settings(config: Any) -> Any:
  """Return Beam's options."""
  if config.runner != 'direct':
    return _options.PipelineOptions([*config.runner_flags])
  if config.runner_flags:
    raise spec.UserError('--runner=direct takes no --runner_flags.')
  mode = 'multi_processing' if config.workers > 1 else 'in_memory'
  return _options.PipelineOptions(
    [f'--direct_num_workers={config.workers}', f'--direct_running_mode={mode}']
  )


@contextlib.contextmanager
def _told(shards: shards_lib.Shards, console: Any) -> Iterator[None]:
  """Print now and then how many shards are made, and how long the others will take."""
  over, began, first = threading.Event(), time.monotonic(), len(shards.made())

  def tell() -> None:
    last = first
    while not over.wait(_LOOK_SECONDS):
      if (done := len(shards.made())) == last:
        continue
      last, rate = done, (time.monotonic() - began) / (done - first)
      console.print(
        f'{done} of {shards.total()} files, {shards.size / rate:,.0f} works/s, '
        f'{rate * (shards.total() - done) / 60:.1f} min left',
        soft_wrap=True,
      )

  thread = threading.Thread(target=tell, daemon=True)
  thread.start()
  try:
    yield
  finally:
    over.set()
    thread.join()
    sys.stdout.flush()
