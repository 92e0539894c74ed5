"""The imagination (GAN): generator and critic in Keras 3, chosen by name from these tables."""

from tf_creative.core import plugins

NETWORKS = plugins.Table(
  'network',
  'tf_creative.gan_networks',
  {
    'close': 'tf_creative.gan.conv:CLOSE',
    'conv': 'tf_creative.gan.conv:NETWORKS',
    'dense': 'tf_creative.gan.dense:NETWORKS',
    'recurrent': 'tf_creative.gan.recurrent:NETWORKS',
    'tapered': 'tf_creative.gan.tapered:NETWORKS',
  },
)

LOSSES = plugins.Table(
  'loss',
  'tf_creative.gan_losses',
  {
    'r3gan': 'tf_creative.gan.losses:R3GAN',
    'non_saturating': 'tf_creative.gan.losses:NON_SATURATING',
    'minimax': 'tf_creative.gan.losses:MINIMAX',
    'hinge': 'tf_creative.gan.losses:HINGE',
    'wgan_gp': 'tf_creative.gan.losses:WGAN_GP',
  },
)
