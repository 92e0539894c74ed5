"""Levels that MiniGrid's own generators make from fixed seeds; nothing is downloaded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
import dataclasses
import functools
import os
from typing import Any

from minigrid import minigrid_env
from minigrid.envs import CrossingEnv, DoorKeyEnv, FourRoomsEnv, MultiRoomEnv  # pyright: ignore[reportPrivateImportUsage]
import numpy as np
import tensorflow_datasets as tfds

from tf_creative.worlds.level import tiles

_FIRST_TEST_SEED = 1_000_000
_CODES = {
  'empty': tiles.FLOOR,
  'wall': tiles.WALL,
  'goal': tiles.GOAL,
  'lava': tiles.LAVA,
  'door': tiles.DOOR,
  'key': tiles.KEY,
}
# Generators of each family; consecutive seeds use them in turn.
_FAMILIES: dict[str, tuple[Callable[[], minigrid_env.MiniGridEnv], ...]] = {
  **{
    f'{name}_crossing': tuple(
      functools.partial(CrossingEnv, size=11, num_crossings=number, obstacle_type=obstacle)
      for number in (1, 2, 3, 4, 5)
    )
    for name, obstacle in (('simple', 'wall'), ('lava', 'lava'))
  },
  'door_key': tuple(functools.partial(DoorKeyEnv, size=size) for size in (6, 8, 11)),
  'four_rooms': (FourRoomsEnv,),
  'multi_room': tuple(
    functools.partial(MultiRoomEnv, minNumRooms=number, maxNumRooms=number, maxRoomSize=size)
    for number, size in ((2, 4), (4, 5), (6, 10))
  ),
}


@dataclasses.dataclass
class Config(tfds.core.BuilderConfig):
  """A configuration: families of levels, all padded to one size."""

  families: tuple[str, ...] = ()
  size: int = 0
  counts: tuple[tuple[str, int], ...] = (('train', 1200), ('test', 200))  # levels of each family


class Builder(tfds.core.GeneratorBasedBuilder):
  """Tile maps without duplicates, and the seeds that they were made from."""

  builder_config: Config
  VERSION = tfds.core.Version('1.0.0')
  RELEASE_NOTES = {'1.0.0': 'First version.'}
  BUILDER_CONFIGS = [
    Config(name='small', families=('simple_crossing', 'lava_crossing', 'door_key'), size=11),
    Config(name='four_rooms', families=('four_rooms',), size=19),
    Config(name='multi_room', families=('multi_room',), size=25, counts=(('test', 300),)),
  ]

  def _info(self) -> tfds.core.DatasetInfo:
    side = self.builder_config.size
    return self.dataset_info_from_configs(
      features=tfds.features.FeaturesDict(
        {
          'tiles': tfds.features.Tensor(shape=(side, side), dtype=np.uint8),
          'label': tfds.features.ClassLabel(names=list(self.builder_config.families)),
          'direction': tfds.features.ClassLabel(names=['right', 'down', 'left', 'up']),
          'seed': tfds.features.Scalar(np.int64),
        }
      ),
      supervised_keys=('tiles', 'label'),
    )

  def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Any]:
    del dl_manager
    return {split: self._generate_examples(split) for split, _ in self.builder_config.counts}

  def _generate_examples(self, split: str) -> Iterator[tuple[str, dict[str, Any]]]:
    counts = dict(self.builder_config.counts)
    for family in self.builder_config.families:
      known: set[bytes] = set()
      if split == 'test' and 'train' in counts:
        # Generates the training levels again, because TFDS promises no order of splits.
        known = {row['tiles'].tobytes() for row in self._levels(family, 0, counts['train'], known)}
      first = _FIRST_TEST_SEED if split == 'test' else 0
      for row in self._levels(family, first, counts[split], known):
        yield f'{family} {row["seed"]}', row | {'label': family}

  def _levels(
    self, family: str, first: int, count: int, known: set[bytes]
  ) -> Iterator[dict[str, Any]]:
    """Yield `count` levels that are not in `known`, from as many seeds as needed."""
    makers, known = [make() for make in _FAMILIES[family]], set(known)
    seed, end = first, first + 20 * count
    while count and seed < end:
      env = makers[seed % len(makers)]
      env.reset(seed=seed)
      level = framed(tile_map(env), self.builder_config.size)
      if level.tobytes() not in known:
        known.add(level.tobytes())
        count -= 1
        yield {'tiles': level, 'direction': int(env.agent_dir), 'seed': seed}
      seed += 1
    if count:
      raise ValueError(f'{family} lacks {count} new levels after {end - first} seeds.')


def tile_map(env: minigrid_env.MiniGridEnv) -> np.ndarray:
  """Read the tiles of an environment at the beginning of an episode: uint8 [H, W]."""
  kinds = [_CODES[cell.type if cell else 'empty'] for cell in env.grid.grid]
  level = np.array(kinds, np.uint8).reshape(env.height, env.width)
  level[env.agent_pos[1], env.agent_pos[0]] = tiles.START
  return level


def framed(level: np.ndarray, size: int) -> np.ndarray:
  """Pad a smaller level with walls to the right and below, so that its coordinates stay."""
  room = [(0, size - side) for side in level.shape]
  return np.pad(level, room, constant_values=tiles.WALL)


def small(data_dir: str | os.PathLike | None = None) -> Builder:
  """Return the builder of the small levels, 11 x 11."""
  return Builder(config='small', data_dir=data_dir)


def four_rooms(data_dir: str | os.PathLike | None = None) -> Builder:
  """Return the builder of MiniGrid's FourRooms, 19 x 19."""
  return Builder(config='four_rooms', data_dir=data_dir)


def multi_room(data_dir: str | os.PathLike | None = None) -> Builder:
  """Return the builder of MiniGrid's MultiRoom, 25 x 25, which has a test split only."""
  return Builder(config='multi_room', data_dir=data_dir)
