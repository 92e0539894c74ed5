"""Makes works by the million, on this machine or on a cluster.

  python -m tf_creative.bulk --export_dir=runs/pixel_art/exports --workers=2
  python -m tf_creative.bulk --count=100000 --distinct --format=array_record
  python -m tf_creative.bulk --runner=flink --runner_flags=--flink_master=HOST

Work number i has the seed --seed + i: the works are those of `create`, bit for bit, however many
processes make them. They become a data set that TFDS reads (and --world='...(data=FOLDER)'), in
shards. If stopped, run the same command again: it makes what is missing.
"""

from __future__ import annotations

import dataclasses

from absl import logging

from tf_creative.api import asked
from tf_creative.cli import command, quiet
from tf_creative.cli import flags as flags_lib
from tf_creative.core.spec import setting

FORMATS = ('tfrecord', 'array_record', 'png')
RUNNERS = ('direct', 'flink', 'spark', 'dataflow')
_ALL = -1e9  # below any logit


@dataclasses.dataclass(frozen=True)
class BulkConfig:
  export_dir: str = setting('runs/pixel_art/exports', 'folder that a run was exported to')
  count: int = setting(1_000_000, 'number of works to make', at_least=1, at_most=10**12)
  seed: int = setting(
    0, 'seed of the first work; the others count up from it', at_least=0, at_most=asked.MOST_SEED
  )
  label: tuple = setting(('any',), 'labels of the works, used in turn: names, or any')
  out: str = setting('works', 'folder to write to; of a cluster, one that all machines share')
  format: str = setting('tfrecord', 'of the data set; png: an archive of pictures', one_of=FORMATS)
  shard: int = setting(10_000, 'works made for a file', at_least=1, at_most=10_000_000)
  distinct: bool = setting(False, 'leave out works that were made before, in any shard')
  least_logit: float = setting(_ALL, "leave out works of which the critic's logit is lower")
  runner: str = setting('direct', 'of Apache Beam; direct: this machine', one_of=RUNNERS)
  workers: int = setting(1, 'processes of --runner=direct', at_least=1, at_most=1000)
  runner_flags: tuple = setting((), "flags of another runner, '--name=value'; repeatable")


def bulk(config: BulkConfig) -> int:
  """Make the works; return the exit code."""
  quiet.off()
  flags_lib.check(config)
  command.check_writable(config.out, 'out')
  # Heavy imports stand inside functions, so that --help and a mistyped flag are answered at once.
  logging.set_verbosity(logging.ERROR)
  from tf_creative.api.bulk import pipeline

  logging.set_verbosity(logging.ERROR)  # the libraries' imports have raised it
  return pipeline.run(config)


if __name__ == '__main__':
  command.run(bulk, __doc__, BulkConfig)
