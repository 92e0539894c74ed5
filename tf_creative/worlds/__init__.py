"""Tables of worlds and data sets by name; an entry is imported only when it is used."""

import gymnasium

from tf_creative.core import plugins

WORLDS = plugins.Table(
  'world',
  'tf_creative.worlds',
  {
    'gym': 'tf_creative.worlds.simulated:Gym',
    'level': 'tf_creative.worlds.level.world:Level',
    'melody': 'tf_creative.worlds.melody.world:Melody',
    'pixel_art': 'tf_creative.worlds.pixel_art.world:PixelArt',
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
    'minigrid_levels': f'{_LEVELS}:small',
    'minigrid_levels/four_rooms': f'{_LEVELS}:four_rooms',
    'minigrid_levels/multi_room': f'{_LEVELS}:multi_room',
  },
)

# Other libraries' agents can use our worlds: `import tf_creative`, then
# gymnasium.make('tf_creative/PixelArt-v0').
for _world in sorted(WORLDS.ours.keys() - {'gym'}):
  gymnasium.register(
    id=f'tf_creative/{_world.title().replace("_", "")}-v0',
    entry_point='tf_creative.worlds.gym_env:make',
    vector_entry_point='tf_creative.worlds.gym_env:make_vec',
    kwargs={'world': _world},
  )
