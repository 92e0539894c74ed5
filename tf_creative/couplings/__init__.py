"""Couplings: what ties imagination (GAN) and hand (agent), by name."""

from tf_creative.core import plugins

COUPLINGS = plugins.Table(
  'coupling',
  'tf_creative.couplings',
  {
    'environment': 'tf_creative.couplings.environment:Environment',
    'reward': 'tf_creative.couplings.reward:Reward',
    'guide': 'tf_creative.couplings.guide:Guide',
    'augment': 'tf_creative.couplings.augment:Augment',
    'constant_reward': 'tf_creative.couplings.controls:ConstantReward',
    'random_reward': 'tf_creative.couplings.controls:RandomReward',
    'noisy_copies': 'tf_creative.couplings.controls:NoisyCopies',
    'simulated': 'tf_creative.couplings.controls:Simulated',
    'curriculum': 'tf_creative.couplings.curriculum:Curriculum',
    'random_levels': 'tf_creative.couplings.random_levels:RandomLevels',
    'level_replay': 'tf_creative.couplings.level_replay:LevelReplay',
    'adversarial': 'tf_creative.couplings.adversarial:Adversarial',
  },
)
