"""Published scores of games of Atari: of a random policy and of a human tester.

They are those of Wang et al. 2016 (Dueling Network Architectures), after Mnih et al. 2015: episodes
of at most half an hour that begin with up to 30 steps of doing nothing, without sticky actions.
"""

from __future__ import annotations

from tf_creative.core import world

STEPS = 27_000  # of four frames: half an hour
# A random policy is as good as the human in video_pinball by other ways of measuring.
ATARI = {
  'alien': world.Published(227.8, 7127.7),
  'amidar': world.Published(5.8, 1719.5),
  'assault': world.Published(222.4, 742.0),
  'asterix': world.Published(210.0, 8503.3),
  'asteroids': world.Published(719.1, 47388.7),
  'atlantis': world.Published(12850.0, 29028.1),
  'bank_heist': world.Published(14.2, 753.1),
  'battle_zone': world.Published(2360.0, 37187.5),
  'beam_rider': world.Published(363.9, 16926.5),
  'berzerk': world.Published(123.7, 2630.4),
  'bowling': world.Published(23.1, 160.7),
  'boxing': world.Published(0.1, 12.1),
  'breakout': world.Published(1.7, 30.5),
  'centipede': world.Published(2090.9, 12017.0),
  'chopper_command': world.Published(811.0, 7387.8),
  'crazy_climber': world.Published(10780.5, 35829.4),
  'defender': world.Published(2874.5, 18688.9),
  'demon_attack': world.Published(152.1, 1971.0),
  'double_dunk': world.Published(-18.6, -16.4),
  'enduro': world.Published(0.0, 860.5),
  'fishing_derby': world.Published(-91.7, -38.7),
  'freeway': world.Published(0.0, 29.6),
  'frostbite': world.Published(65.2, 4334.7),
  'gopher': world.Published(257.6, 2412.5),
  'gravitar': world.Published(173.0, 3351.4),
  'hero': world.Published(1027.0, 30826.4),
  'ice_hockey': world.Published(-11.2, 0.9),
  'jamesbond': world.Published(29.0, 302.8),
  'kangaroo': world.Published(52.0, 3035.0),
  'krull': world.Published(1598.0, 2665.5),
  'kung_fu_master': world.Published(258.5, 22736.3),
  'montezuma_revenge': world.Published(0.0, 4753.3),
  'ms_pacman': world.Published(307.3, 6951.6),
  'name_this_game': world.Published(2292.3, 8049.0),
  'phoenix': world.Published(761.4, 7242.6),
  'pitfall': world.Published(-229.4, 6463.7),
  'pong': world.Published(-20.7, 14.6),
  'private_eye': world.Published(24.9, 69571.3),
  'qbert': world.Published(163.9, 13455.0),
  'riverraid': world.Published(1338.5, 17118.0),
  'road_runner': world.Published(11.5, 7845.0),
  'robotank': world.Published(2.2, 11.9),
  'seaquest': world.Published(68.4, 42054.7),
  'skiing': world.Published(-17098.1, -4336.9),
  'solaris': world.Published(1236.3, 12326.7),
  'space_invaders': world.Published(148.0, 1668.7),
  'star_gunner': world.Published(664.0, 10250.0),
  'surround': world.Published(-10.0, 6.5),
  'tennis': world.Published(-23.8, -8.3),
  'time_pilot': world.Published(3568.0, 5229.2),
  'tutankham': world.Published(11.4, 167.6),
  'up_n_down': world.Published(533.4, 11693.2),
  'venture': world.Published(0.0, 1187.5),
  'video_pinball': world.Published(16256.9, 17667.9),
  'wizard_of_wor': world.Published(563.5, 4756.5),
  'yars_revenge': world.Published(3092.9, 54576.9),
  'zaxxon': world.Published(32.5, 9173.3),
}
