"""Your own pictures as a data set of TFDS, kept until a file is another one."""

from __future__ import annotations

from collections.abc import Iterator
import dataclasses
import hashlib
import pathlib
import re
import sys
from typing import Any

import tensorflow_datasets as tfds
from tensorflow_datasets.core import constants

from tf_creative import worlds
from tf_creative.worlds import files, folders
from tf_creative.worlds.pixel_art.pictures import reading, sources

_PIXELS = 'pixels: '  # the end of a description


@dataclasses.dataclass(kw_only=True)
class Config(tfds.core.BuilderConfig):
  """What is to be stored; the name is the fingerprint of the files."""

  read: reading.Read | Any = dataclasses.field(default=None, repr=False)  # it is large
  shape: tuple[int, int, int] = (0, 0, 4)


class Builder(tfds.core.GeneratorBasedBuilder):
  """Pictures RGBA of one size, with labels where they have been sorted."""

  name = 'pictures'
  VERSION = tfds.core.Version('1.0.0')
  RELEASE_NOTES = {'1.0.0': 'First version.'}

  def _info(self) -> tfds.core.DatasetInfo:
    config: Any = self.builder_config
    label = {'label': tfds.features.ClassLabel(names=config.read.labels)}
    features = {'image': tfds.features.Image(shape=config.shape)}
    said = [*config.read.lines, f'{_PIXELS}{_digest(config.read)}']
    return tfds.core.DatasetInfo(
      builder=self,
      description='\n'.join(said),
      features=tfds.features.FeaturesDict(features | (label if config.read.labels else {})),
    )

  def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Any]:
    del dl_manager
    rows = self.builder_config.read.rows  # pyright: ignore[reportOptionalMemberAccess]
    return {
      split: self._generate_examples([row for row in rows if row.split == split])
      for split in sorted({row.split for row in rows})
    }

  def _generate_examples(self, rows: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    for row in rows:
      label = {'label': row.label} if row.label else {}
      yield f'{row.hashed} {row.label}', {'image': row.pixels, **label}


def are_in(data: str) -> bool:
  """Return whether this is a source of pictures on the disk, rather than the name of a data set."""
  path = pathlib.Path(data)
  if data in worlds.DATA or folders.is_one(data):
    return False
  if path.is_file():
    return True
  return path.is_dir() and ('/' in data or data not in _named())


def prepared(data: str, told: Any) -> str:
  """Return the folder of the data set of TFDS that holds the pictures of `data`.

  They are read, and what there is to say is said, unless that has been done. `told` are options of
  pixel_art.
  """
  try:
    with sources.opened(data) as found:
      how = told.size, told.width, told.fit, told.tile, told.frames
      name = sources.fingerprint(found, Builder.VERSION, how)
      if folders.is_one(place := folder(name)):
        return place
      read = reading.read(data, found, told)
  except (OSError, ValueError) as error:
    if isinstance(error, folders.DataError):
      raise
    said = getattr(error, 'strerror', None) or str(error)
    raise folders.DataError(f"the pictures in '{data}' cannot be read: {said}.") from error
  for line in read.lines:
    print(line, file=sys.stderr)
  config = Config(name=name, read=read, shape=(told.size, told.width, 4))
  try:
    with files.quiet():
      Builder(config=config, data_dir=str(_root())).download_and_prepare()
  except Exception as error:  # from TFDS or the disk
    if not folders.is_one(place):  # else another process has made it in the meantime
      raise folders.DataError(
        f"the pictures of '{data}' cannot be kept in {place}: {folders.first_words(error)}. Set "
        'TFDS_DATA_DIR to a folder that can be written.'
      ) from error
  return place


def folder(name: str) -> str:
  """Return where the pictures of this fingerprint are kept."""
  if not re.fullmatch('[0-9a-f]{24}', str(name)):
    raise folders.DataError(
      f'{name!r} is no fingerprint of pictures: what the run kept is damaged.'
    )
  return str(pathlib.Path(_root(), Builder.name, name, str(Builder.VERSION)))


def name_of(place: str) -> str:
  """Return the fingerprint of a prepared folder."""
  return pathlib.Path(place).parent.name


def digest(place: str) -> str:
  """Return the digest of pixels and labels that a prepared folder declares; '' if none."""
  with folders.read(place):
    folders.check_files(place)
    found = re.search(rf'{_PIXELS}(\w+)$', tfds.builder_from_directory(place).info.description)
  return found[1] if found else ''


def _digest(read: reading.Read) -> str:
  """Hash all that a run learns from: pictures with their splits and labels."""
  whole = hashlib.sha256(repr(read.labels).encode())
  for row in read.rows:  # sorted by splits, labels and hashes
    whole.update(f'{row.split}\0{row.label}\0'.encode(errors='replace'))
    whole.update(row.pixels.tobytes())
  return whole.hexdigest()[:32]


def _root() -> pathlib.Path:
  """Return where TFDS keeps its data sets."""
  return pathlib.Path(constants.DATA_DIR).expanduser()


def _named() -> list[str]:
  return tfds.list_builders(with_community_datasets=False)
