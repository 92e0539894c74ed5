"""Lets a model server make works, and returns them with their steps and actions."""

from __future__ import annotations

from collections.abc import Sequence
import json

import numpy as np
import tensorflow as tf

from tf_creative.core import spec
from tf_creative.core import world as world_lib
from tf_creative.learner import actor as actor_lib
from tf_creative.learner import creator as creator_lib
from tf_creative.learner import learner as learner_lib
from tf_creative.serving.server import client
from tf_creative.studio import portfolio

_ROWS = 64  # in a request


class Studio:
  """The creator of a model server; it makes the same works as the exported run."""

  def __init__(self, address: str):
    self._ask = client.connect(address)
    answer = self._ask('creator', 'about', {'seed': np.zeros(1, np.int64)})
    try:
      about = json.loads(next(iter(answer.values()))[0])
      self.round, world = int(about['round']), str(about['world'])
      labels = [str(label) for label in about['labels']]
      self.known_labels = [int(label) for label in about['known_labels']]
      if not world.isprintable() or not all(label.isprintable() for label in labels):
        raise ValueError('signs that a terminal would obey')
      if not all(0 <= label < len(labels) for label in self.known_labels):
        raise ValueError('labels without names')
    except (ValueError, KeyError, TypeError, IndexError, StopIteration, RecursionError) as error:
      raise spec.UserError(
        f'the server at {address} has a creator of another kind: serve what '
        '`python -m tf_creative.export` has written.'
      ) from error
    self.world = learner_lib.build_foreign_world(world, labels, about.get('palette'))
    try:
      self.world.need('works', 'media', by='create --server')
      shape = list(self.world.works.work_spec.shape)
    except spec.UserError as error:
      raise spec.UserError(
        f'the works of the server at {address} cannot be drawn here: that needs the data set of '
        f"--world='{world}', and a server's word is no reason to open one. Use create --run_dir "
        'where the run lies.'
      ) from error
    if shape != about.get('shape'):
      raise spec.UserError(
        f"the server at {address} makes works of shape {about.get('shape')}, and --world='{world}' "
        f'has {shape} here: use the version of tf_creative that exported them.'
      )

  def imagined(self, labels: Sequence[int], seed: int, count: int) -> portfolio.Portfolio:
    """Make `count` works, as `portfolio.imagined` does with a learner."""
    seeds = seed + np.arange(count, dtype=np.int64)
    wanted = np.resize(labels, count).astype(np.int32)
    parts = [
      self._ask(
        'creator',
        'serving_default',
        {'seed': seeds[start : start + _ROWS], 'label': wanted[start : start + _ROWS]},
      )
      for start in range(0, count, _ROWS)
    ]
    made = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    work, label = made['imagined'].astype(np.uint8), made['label'].astype(np.int32)
    # The server does not return codes; zeros only give `concept` the form that `blank` expects.
    code = np.zeros([count, self.world.play.code_size], np.float32)
    concept = world_lib.told(self.world, work, label, code)
    steps = made['steps'].astype(np.int32)
    hand = creator_lib.Made(
      made['work'].astype(np.uint8),
      steps,
      made['returns'].astype(np.float32),
      made['actions'].astype(np.int32)[:, : steps.max()],
    )
    begun = actor_lib.blank(self.world, tf.nest.map_structure(tf.constant, concept)).numpy()
    logit = made['authenticity'].astype(np.float32)
    return portfolio.Portfolio(seeds, concept, begun, hand, logit)
