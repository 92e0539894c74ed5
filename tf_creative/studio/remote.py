"""Lets exported models make works, on a server or here; they come with steps and actions."""

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
from tf_creative.studio import nearby, portfolio

_ROWS = 64  # in a request
_MOST_WORDS = 2000  # letters of a world's spec, or of a label
_MOST = float(np.finfo(np.float32).max)
_ABOUT = {'about_bytes': tf.string}
_MADE = {  # besides the works, whose type is the world's
  'label': tf.int32,
  'steps': tf.int32,
  'actions': tf.int32,
  'returns': tf.float32,
  'authenticity': tf.float32,
}
_NEAR = {'z': tf.float32, 'label': tf.int32}
_ODD = (ValueError, KeyError, TypeError, IndexError, OverflowError, RecursionError)


class Studio:
  """An exported creator; it makes the same works as the exported run, by TensorFlow."""

  def __init__(self, address: str, ask: client.Ask | None = None):
    """Take a server's address, or `ask`, which answers as it does, with a name for messages."""
    self._ask = ask or client.connect(address)
    self._who = who = address if ask else f'the server at {address}'
    seed = {'seed': np.zeros(1, np.int64)}
    answer = self._ask('creator', 'about', seed, _ABOUT)['about_bytes']
    try:
      about = json.loads(answer[0])
      self.round, world = int(about['round']), str(about['world'])
      labels = [str(label) for label in about['labels']]
      self.known_labels = [int(label) for label in about['known_labels']]
      if not all(text.isprintable() and len(text) <= _MOST_WORDS for text in (world, *labels)):
        raise ValueError('names that cannot be shown')
      if not 0 <= self.round < 2**63:
        raise ValueError('no such round')
      if not all(0 <= label < len(labels) for label in self.known_labels):
        raise ValueError('labels without names')
      theirs = [int(size) for size in about['shape']]
    except _ODD as error:
      raise client.odd(who, error) from error
    self.world = learner_lib.build_foreign_world(world, labels, about.get('palette'))
    try:
      self.world.need('works', 'media', by='create --server')
      shape = list(self.world.works.work_spec.shape)
    except spec.UserError as error:
      raise spec.UserError(
        f'the works of {who} cannot be drawn here: that needs the data set of '
        f"--world='{world}', and a server's word is no reason to open one. Use create --run_dir "
        'where the run lies.'
      ) from error
    if shape != theirs:
      raise spec.UserError(
        f"{who} makes works of shape {theirs}, and --world='{world}' has {shape} here: "
        'use the version of tf_creative that exported them.'
      )

  def imagined(self, labels: Sequence[int], seed: int, count: int) -> portfolio.Portfolio:
    """Make `count` works, as `portfolio.imagined` does with a learner."""
    seeds = seed + np.arange(count, dtype=np.int64)
    wanted = np.resize(labels, count).astype(np.int32)
    return self._made('serving_default', {'seed': seeds, 'label': wanted})

  def varied(
    self,
    picture: nearby.Picture,
    labels: Sequence[int],
    seed: int,
    count: int,
    strength: float,
  ) -> portfolio.Portfolio:
    """Make new works near a picture, as `nearby.vary` does with a learner."""
    nearby.check_told(bool(self.world.play.code_size))
    each = np.array(list(dict.fromkeys(labels)), np.int32)
    work, given = (np.repeat(part[None], len(each), 0) for part in picture)
    near = self._ask('creator', 'near', {'target': work, 'given': given, 'label': each}, _NEAR)
    turns = np.resize([list(each).index(label) for label in labels], count)
    try:
      if near['z'].shape[:1] != each.shape or near['label'].shape != each.shape:
        raise ValueError('other codes than were asked for')
      code, label = near['z'][turns], near['label'][turns]
    except ValueError as error:
      raise client.odd(self._who, error) from error
    made = self._made(
      'vary',
      {
        'z': code,
        'label': label,
        'seed': seed + np.arange(count, dtype=np.int64),
        'strength': np.full(count, strength, np.float32),
      },
    )
    return nearby.beside(made, picture)

  def _made(self, signature: str, given: client.Arrays) -> portfolio.Portfolio:
    """Ask for works, some rows at a time."""
    count, parts = len(given['seed']), []
    kinds = _MADE | dict.fromkeys(('imagined', 'work'), self.world.works.work_spec.dtype)
    for start in range(0, count, _ROWS):
      rows = {name: part[start : start + _ROWS] for name, part in given.items()}
      parts.append(self._ask('creator', signature, rows, kinds))
      try:
        self._check(parts[-1], rows['label'])
      except ValueError as error:
        raise client.odd(self._who, error) from error
    made = {name: np.concatenate([part[name] for part in parts]) for name in kinds}
    # The server does not return codes; zeros only give `concept` the form that `blank` expects.
    code = np.zeros([count, self.world.play.code_size], np.float32)
    concept = world_lib.told(self.world, made['imagined'], made['label'], code)
    steps = made['steps']
    actions = made['actions'][:, : steps.max()]
    hand = creator_lib.Made(made['work'], steps, made['returns'], actions)
    begun = actor_lib.blank(self.world, tf.nest.map_structure(tf.constant, concept)).numpy()
    return portfolio.Portfolio(given['seed'], concept, begun, hand, made['authenticity'])

  def _check(self, made: client.Arrays, asked: np.ndarray) -> None:
    """Raise a ValueError for works that no creator of this world can have made."""
    work, action = self.world.works.work_spec, self.world.play.action_spec
    count, horizon = len(asked), self.world.rules.horizon
    shapes = dict.fromkeys(_MADE, (count,))
    shapes |= dict.fromkeys(('imagined', 'work'), (count, *work.shape))
    shapes |= {'actions': (count, horizon)}
    bounds = dict.fromkeys(('imagined', 'work'), (work.minimum, work.maximum))
    bounds |= {'label': (0, len(self.world.works.label_names) - 1), 'steps': (0, horizon)}
    bounds |= {'actions': (-1, action.maximum)}
    for name, values in made.items():
      if values.shape != shapes[name]:
        raise ValueError(f"'{name}' has shape {list(values.shape)}, not {list(shapes[name])}")
      low, high = bounds.get(name, (-_MOST, _MOST))
      if not ((values >= low) & (values <= high)).all():  # NaN is outside
        raise ValueError(f"'{name}' is not {low} to {high}")
    if ((asked >= 0) & (made['label'] != asked)).any():
      raise ValueError('works of other labels than were asked for')
    if ((made['actions'] >= 0) != (np.arange(horizon) < made['steps'][:, None])).any():
      raise ValueError('other steps than actions')
