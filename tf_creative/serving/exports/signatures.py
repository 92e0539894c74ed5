"""What is served: the models and their signatures, by the same pure functions that train.

Every input and output has the batch as its dimension 0, and inputs are checked in the graph, so
that every server answers a wrong one alike.
"""

from __future__ import annotations

from collections.abc import Callable
import json
from typing import Any

import numpy as np
import tensorflow as tf

from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib

_LONG = 10**9  # numbers above it are told in fewer digits
_MOST = 10  # of the size of a number in a code: what is drawn is hardly ever beyond 5

Tensors = dict[str, tf.Tensor]


class Model(tf.Module):
  """Functions of named tensors, each with the shapes and types that it is given."""

  def __init__(self, signatures: dict[str, tuple[Callable[..., Tensors], dict[str, Any]]]):
    super().__init__()
    self.functions = {
      name: tf.function(function, autograph=False).get_concrete_function(
        **{key: tf.TensorSpec([None, *spec.shape], spec.dtype, key) for key, spec in given.items()}
      )
      for name, (function, given) in signatures.items()
    }
    # The variables of Keras 3 are out of sight for tf.Module; without them here an export loads in
    # Python and fails in TensorFlow Serving.
    self._kept = [
      variable for signature in self.functions.values() for variable in signature.graph.variables
    ]

  def save(self, path: Any) -> None:
    tf.saved_model.save(self, str(path), self.functions)


def models(
  world: world_lib.World, creator: Any, code_size: int, about: dict[str, Any], zoom: int
) -> dict[str, Model]:
  """The models of a learner by name; `about` is what a client is to know of them.

  The imagination's codes have `code_size` numbers; pictures are magnified by `zoom`.
  """
  seed = {'seed': _vector(tf.int64), 'label': _vector(tf.int32)}
  work = tf.TensorSpec(world.works.work_spec.shape, world.works.work_spec.dtype)
  code = tf.TensorSpec([code_size], tf.float32)

  def made(concept: works_lib.Works) -> Tensors:
    canvas, steps, returns, actions = creator.make_graph(concept)
    return {
      'work': canvas,
      'strokes': world.media.strokes(actions),
      'actions': actions,
      'steps': steps,
      'returns': returns,
      **world.media.encode(canvas, zoom),
    }

  def create(seed: tf.Tensor, label: tf.Tensor) -> Tensors:
    with tf.control_dependencies([_check_label(label, -1)]):
      concept = creator.imagine_graph(seed, tf.identity(label))
    hand = made(concept)
    score = creator.score_graph(hand['work'], concept.label)
    return {**hand, 'imagined': concept.work, 'label': concept.label, 'authenticity': score}

  def paint(target: tf.Tensor) -> Tensors:
    with tf.control_dependencies([_check(target, world.works.work_spec, 'target')]):
      target = tf.identity(target)
    return made(works_lib.Works(target, tf.zeros([tf.shape(target)[0]], tf.int32)))

  def tell(seed: tf.Tensor) -> Tensors:
    return {'about_bytes': tf.fill(tf.shape(seed), json.dumps(about))}

  def imagine(seed: tf.Tensor, label: tf.Tensor) -> Tensors:
    with tf.control_dependencies([_check_label(label, -1)]):
      concept = creator.imagine_graph(seed, tf.identity(label))
    return {'work': concept.work, 'label': concept.label, **world.media.encode(concept.work, zoom)}

  def decode(z: tf.Tensor, label: tf.Tensor) -> Tensors:
    checks = [
      _check_label(label, 0),
      _check(z, works_lib.Bounded(code.shape, tf.float32, -_MOST, _MOST), 'z'),
    ]
    with tf.control_dependencies(checks):
      imagined = creator.decode_graph(tf.identity(z), tf.identity(label))
    return {'work': imagined, **world.media.encode(imagined, zoom)}

  def judge(work: tf.Tensor) -> Tensors:
    with tf.control_dependencies([_check(work, world.works.work_spec, 'work')]):
      logit, label = creator.best_label_graph(tf.identity(work))
    return {'logit': logit, 'probability': tf.sigmoid(logit), 'label': label}

  def judge_as(work: tf.Tensor, label: tf.Tensor) -> Tensors:
    with tf.control_dependencies(
      [_check(work, world.works.work_spec, 'work'), _check_label(label, 0)]
    ):
      logit = creator.score_graph(tf.identity(work), tf.identity(label))
    return {'logit': logit, 'probability': tf.sigmoid(logit)}

  def _check_label(label: tf.Tensor, least: int) -> tf.Operation:
    most = len(world.works.label_names) - 1
    return _check(label, works_lib.Bounded((), tf.int32, least, most), 'label')

  painted = {} if world.play.code_size else {'paint': (paint, {'target': work})}
  return {
    'creator': Model(
      {
        'serving_default': (create, seed),
        **painted,
        'about': (tell, {'seed': _vector(tf.int64)}),
      }
    ),
    'generator': Model(
      {
        'serving_default': (imagine, seed),
        'decode': (decode, {'z': code, 'label': _vector(tf.int32)}),
      }
    ),
    'critic': Model(
      {
        'serving_default': (judge, {'work': work}),
        'as_label': (judge_as, {'work': work, 'label': _vector(tf.int32)}),
      }
    ),
    'agent': hand(world, creator.values_graph),
  }


def hand(world: world_lib.World, evaluate: Callable[[Tensors], tf.Tensor]) -> Model:
  """The model of a hand: `evaluate` gives the values of all actions [B, A] in what is seen."""
  seen = {
    name: tf.TensorSpec(bounded.shape, bounded.dtype)
    for name, bounded in world.play.observation_spec.items()
  }
  drawn = {'temperature': _vector(tf.float32), 'seed': _vector(tf.int64)}

  def values(observation: Tensors) -> tf.Tensor:
    checks = [
      _check(observation[name], bounded, name)
      for name, bounded in world.play.observation_spec.items()
    ]
    with tf.control_dependencies(checks):
      return evaluate(tf.nest.map_structure(tf.identity, observation))

  def act(**observation: tf.Tensor) -> Tensors:
    q_values = values(observation)
    return {'action': tf.argmax(q_values, -1, tf.int32), 'q_values': q_values}

  def sample(temperature: tf.Tensor, seed: tf.Tensor, **observation: tf.Tensor) -> Tensors:
    q_values = values(observation)
    warm = tf.debugging.Assert(tf.reduce_all(temperature > 0), ['temperature must be above 0'])
    with tf.control_dependencies([warm]):
      logits = q_values / temperature[:, None]
    chance = tf.map_fn(
      lambda one: tf.random.stateless_uniform(q_values.shape[1:], tf.stack([one, 1]), 1e-20),
      seed,
      fn_output_signature=tf.TensorSpec(q_values.shape[1:], tf.float32),
    )
    action = tf.argmax(logits - tf.math.log(-tf.math.log(chance)), -1, tf.int32)
    return {'action': action, 'q_values': q_values}

  return Model({'serving_default': (act, seen), 'sample': (sample, {**drawn, **seen})})


def _vector(dtype: tf.DType) -> tf.TensorSpec:
  """One number for each row."""
  return tf.TensorSpec([], dtype)


def _check(value: tf.Tensor, bounded: works_lib.Bounded, name: str) -> tf.Operation:
  """That all of a tensor is within its bounds; what is not a number is not."""
  wide = tf.float32 if value.dtype.is_floating else tf.int64
  value = tf.cast(value, wide)
  # By numpy: the bounds of a type are beyond the whole numbers that TensorFlow reads.
  low, high = np.array([bounded.minimum, bounded.maximum], wide.as_numpy_dtype)
  inside = (value >= low) & (value <= high)
  said = [
    f'{bound:.3g}' if abs(bound) > _LONG else f'{bound}'
    for bound in (bounded.minimum, bounded.maximum)
  ]
  said = [f'{name} must be {" to ".join(said)}']
  return tf.debugging.Assert(tf.reduce_all(inside), said)
