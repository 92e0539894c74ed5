"""Tables of worlds and data sets by name; an entry is imported only when it is used."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import machinery
import sys
from typing import Any

from tf_creative.core import plugins

WORLDS = plugins.Table(
  'world',
  'tf_creative.worlds',
  {
    'airfoil': 'tf_creative.worlds.airfoil.world:Airfoil',
    'atari': 'tf_creative.worlds.arcade.atari:Atari',
    'gym': 'tf_creative.worlds.simulated:Gym',
    'level': 'tf_creative.worlds.level.world:Level',
    'melody': 'tf_creative.worlds.melody.world:Melody',
    'minatar': 'tf_creative.worlds.arcade.minatar:Minatar',
    'pixel_art': 'tf_creative.worlds.pixel_art.world:PixelArt',
    'verse': 'tf_creative.worlds.verse.world:Verse',
  },
)

_LEVELS = 'tf_creative.worlds.level.minigrid_levels.minigrid_levels_dataset_builder'
# What data= takes besides the names of TFDS: functions of data_dir that return a builder.
DATA = plugins.Table(
  'data set',
  'tf_creative.data',
  {
    'digits': 'tf_creative.worlds.pixel_art.digits.digits_dataset_builder:Builder',
    'glyphs': 'tf_creative.worlds.pixel_art.glyphs.glyphs_dataset_builder:Builder',
    'chorales': 'tf_creative.worlds.melody.chorales.chorales_dataset_builder:Builder',
    'verse': 'tf_creative.worlds.verse.verse.verse_dataset_builder:Builder',
    'airfoils': 'tf_creative.worlds.airfoil.airfoils.airfoils_dataset_builder:Builder',
    'places': 'tf_creative.worlds.verse.places.places_dataset_builder:Builder',
    'minigrid_levels': f'{_LEVELS}:small',
    'minigrid_levels/four_rooms': f'{_LEVELS}:four_rooms',
    'minigrid_levels/multi_room': f'{_LEVELS}:multi_room',
  },
)


def register(gymnasium: Any) -> None:
  """Register our worlds, for other libraries' agents: gymnasium.make('tf_creative/PixelArt-v0')."""
  for world in sorted(WORLDS.ours.keys() - {'atari', 'gym', 'minatar'}):  # the others' environments
    gymnasium.register(
      id=f'tf_creative/{world.title().replace("_", "")}-v0',
      entry_point='tf_creative.worlds.as_gym.env:make',
      vector_entry_point='tf_creative.worlds.as_gym.env:make_vec',
      kwargs={'world': world},
    )


class _Registrar:
  """Registers our worlds as soon as somebody imports Gymnasium.

  To import it here would take most of the time of `import tf_creative`. Its own way, an entry point
  in our metadata, would import tf_creative, and so set TF_USE_LEGACY_KERAS, for all its users.
  """

  def find_spec(
    self, name: str, path: Sequence[str] | None, target: Any = None
  ) -> machinery.ModuleSpec | None:
    if name != 'gymnasium':
      return None
    finders = (finder for finder in sys.meta_path if finder is not self)
    found = next(filter(None, (finder.find_spec(name, path, target) for finder in finders)), None)
    if found and found.loader:
      load = found.loader.exec_module

      def exec_module(module: Any) -> None:
        load(module)
        register(module)

      found.loader.exec_module = exec_module
    return found


if 'gymnasium' in sys.modules:
  register(sys.modules['gymnasium'])
else:
  sys.meta_path.insert(0, _Registrar())
