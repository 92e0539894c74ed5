"""A creative learner: a GAN that imagines works and a DQN agent that makes them.

TF-Agents needs Keras 2, so `TF_USE_LEGACY_KERAS=1` must be set before TensorFlow is imported. The
GAN uses Keras 3 in the same process.
"""

import os
import sys
import time

if 'tensorflow' in sys.modules and os.environ.get('TF_USE_LEGACY_KERAS') != '1':
  raise ImportError(
    'tf_creative must be imported before tensorflow: TF-Agents needs TF_USE_LEGACY_KERAS=1 from '
    'the start.\nEither import tf_creative first, or set TF_USE_LEGACY_KERAS=1 in the environment.'
  )
os.environ['TF_USE_LEGACY_KERAS'] = '1'
os.environ.setdefault('KERAS_BACKEND', 'tensorflow')
os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')
# What gRPC itself logs holds bytes of the other side as they came, and as many as that likes.
os.environ.setdefault('GRPC_VERBOSITY', 'NONE')

__version__ = '0.1.0'
STARTED = time.monotonic()  # the log shows how long start-up takes

from tf_creative import worlds as worlds  # noqa: E402  (registers the worlds with Gymnasium)
