"""Worlds by name; what is not used is not imported."""

import gymnasium

DOMAINS = {
  'gym': 'tf_creative.domains.simulated:Gym',
  'level': 'tf_creative.domains.level:Level',
  'melody': 'tf_creative.domains.melody:Melody',
  'pixel_art': 'tf_creative.domains.pixel_art:PixelArt',
}

# Endings of the names of files that some worlds make, see core.world.Media.formats.
FORMATS = ('json', 'mid', 'txt', 'wav')

# For other libraries' agents: `import tf_creative` and then gymnasium.make('tf_creative/...').
for _domain in sorted(DOMAINS.keys() - {'gym'}):
  gymnasium.register(
    id=f'tf_creative/{_domain.title().replace("_", "")}-v0',
    entry_point='tf_creative.domains.gym_env:make',
    vector_entry_point='tf_creative.domains.gym_env:make_vec',
    kwargs={'domain': _domain},
  )
