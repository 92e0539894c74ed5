"""Shards of a bulk of works: which works each has, and its files.

`parts/` has what was made: for each shard a folder, in which `numbers.npz` is written last. From
these, `finish` writes the files of the data set.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
import contextlib
import hashlib
import json
import pathlib
import shutil
import time
from typing import Any, NamedTuple
import zipfile

from array_record.python import array_record_module  # pyright: ignore[reportAttributeAccessIssue]
import numpy as np
from PIL import Image
import tensorflow as tf

from tf_creative.core import storage

PARTS = 'parts'
NUMBERS, _DONE = 'numbers.npz', 'finished.json'
_INFO, _FEATURES = 'dataset_info.json', 'features.json'
_EPOCH = (1980, 1, 1, 0, 0, 0)  # of all files in an archive, so that equal works give equal bytes


class Numbers(NamedTuple):
  """What is known of the works of a shard, in their order."""

  seed: np.ndarray  # int64 [N]
  digest: np.ndarray  # uint64 [N], of what each looks like
  kept: np.ndarray  # bool [N], whether the critic's logit is high enough
  seconds: float  # that it took to make them


class Shards(NamedTuple):
  """All shards of a bulk; it is sent to workers, so it holds names and numbers alone."""

  out: str
  format: str
  count: int  # of works
  size: int  # works in each but the last
  seed: int
  labels: Sequence[str]
  least_logit: float

  def total(self) -> int:
    """Return how many shards there are."""
    return -(-self.count // self.size)

  def made(self) -> list[int]:
    """Return the numbers of the shards that are made."""
    return [one for one in range(self.total()) if (self.part(one) / NUMBERS).exists()]

  def part(self, number: int) -> pathlib.Path:
    """Return the folder of what was made for a shard."""
    return pathlib.Path(self.out) / PARTS / f'{number:05d}'

  def read(self, number: int) -> Numbers:
    """Return the numbers of a shard that is made."""
    with np.load(self.part(number) / NUMBERS, allow_pickle=False) as held:
      return Numbers(held['seed'], held['digest'], held['kept'], float(held['seconds']))

  def make(self, number: int, maker: Any) -> Numbers:
    """Make the works of a shard and write them."""
    began, first = time.monotonic(), number * self.size
    turn = first % len(self.labels)
    labels = [*self.labels[turn:], *self.labels[:turn]]
    works = maker.create(min(self.size, self.count - first), labels, self.seed + first)
    folder, portfolio = self.part(number), works.portfolio
    if folder.exists():  # of a worker that was killed
      shutil.rmtree(folder)
    folder.mkdir(parents=True)
    if self.format == 'png':
      _archive(works, folder / 'works.zip')
    else:
      maker.world.media.store(portfolio.works, portfolio.seed, folder / 'stored')
    digests = [_digest(work) for work in portfolio.made.work]
    kept, seconds = portfolio.logit >= self.least_logit, time.monotonic() - began
    numbers = Numbers(portfolio.seed, np.array(digests, np.uint64), kept, seconds)
    with storage.whole(folder / NUMBERS) as path, path.open('wb') as file:
      np.savez(file, **numbers._asdict())
    return numbers

  def finish(self, number: int, again: Collection[int]) -> None:
    """Write the file of a shard, without works that the critic or `again`, seeds, leave out."""
    numbers, path = self.read(number), self._file(number)
    chosen = numbers.kept & ~np.isin(numbers.seed, np.fromiter(again, np.int64))
    write = {'tfrecord': _tfrecord, 'array_record': _array_record, 'png': _zipped}[self.format]
    with storage.whole(path) as partial:
      write(_records(self.part(number), self.format), chosen, partial)
    what = {'works': int(chosen.sum()), 'bytes': path.stat().st_size}
    storage.write(self.part(number) / _DONE, json.dumps(what) + '\n')

  def describe(self) -> dict[str, Any]:
    """Write what TFDS wants to know, once all shards are finished; return counts for people."""
    parts = [self.part(number) for number in range(self.total())]
    ends = [json.loads((part / _DONE).read_text()) for part in parts]
    out = pathlib.Path(self.out)
    if self.format != 'png':
      shutil.copy(parts[0] / 'stored' / _FEATURES, out / _FEATURES)
      info = json.loads((parts[0] / 'stored' / _INFO).read_text())
      (split,) = info['splits']
      split['shardLengths'] = [str(end['works']) for end in ends]
      split['numBytes'] = str(sum(end['bytes'] for end in ends))
      info['fileFormat'] = self.format
      storage.write(out / _INFO, json.dumps(info, indent=2) + '\n')
    numbers = [self.read(number) for number in range(self.total())]
    kept = sum(int(one.kept.sum()) for one in numbers)
    written = sum(end['works'] for end in ends)
    return {
      'made': sum(len(one.seed) for one in numbers),
      'written': written,
      'left out by the critic': self.count - kept,
      'left out as made before': kept - written,
      'bytes': sum(end['bytes'] for end in ends),
      'processor seconds': round(sum(one.seconds for one in numbers), 1),
    }

  def _file(self, number: int) -> pathlib.Path:
    ending = f'{number:05d}-of-{self.total():05d}'
    if self.format == 'png':
      return pathlib.Path(self.out) / f'works-{ending}.zip'
    return pathlib.Path(self.out) / f'created-train.{self.format}-{ending}'


def _digest(work: np.ndarray) -> int:
  content = np.ascontiguousarray(work).tobytes()
  return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), 'little')


def _archive(works: Any, path: pathlib.Path) -> None:
  """Write each work as a PNG in its own pixels, named by its label and seed."""
  with zipfile.ZipFile(path, 'w') as archive:
    for seed, label, image in zip(works.portfolio.seed, works.labels, works.images, strict=True):
      name = zipfile.ZipInfo(f'{storage.file_name(label or "works")}/{seed:012d}.png', _EPOCH)
      with archive.open(name, 'w') as file:
        Image.fromarray(np.squeeze(image)).save(file, 'PNG')


def _records(part: pathlib.Path, kind: str) -> Iterator[Any]:
  """Yield what was stored of a shard's works: records, or files' names with their content."""
  if kind == 'png':
    with zipfile.ZipFile(part / 'works.zip') as archive:
      yield from ((name, archive.read(name)) for name in archive.infolist())
    return
  (path,) = (part / 'stored').glob('*.tfrecord-*')
  yield from tf.data.TFRecordDataset(str(path)).as_numpy_iterator()


def _tfrecord(records: Iterator[bytes], chosen: np.ndarray, path: pathlib.Path) -> None:
  with tf.io.TFRecordWriter(str(path)) as file:
    for record, wanted in zip(records, chosen, strict=True):
      if wanted:
        file.write(record)


def _array_record(records: Iterator[bytes], chosen: np.ndarray, path: pathlib.Path) -> None:
  writer = array_record_module.ArrayRecordWriter(str(path), 'group_size:1')
  with contextlib.closing(writer) as file:
    for record, wanted in zip(records, chosen, strict=True):
      if wanted:
        file.write(record)


def _zipped(records: Iterator[Any], chosen: np.ndarray, path: pathlib.Path) -> None:
  with zipfile.ZipFile(path, 'w') as archive:
    for (name, content), wanted in zip(records, chosen, strict=True):
      if wanted:
        archive.writestr(name, content)
