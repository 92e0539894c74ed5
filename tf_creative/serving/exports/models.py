"""The models that an export serves: creator, generator, critic and agent.

They call the same pure functions that training uses. Dimension 0 of every input and output is the
batch.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import tensorflow as tf

from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.serving.exports import signatures
from tf_creative.serving.exports.signatures import Model, Tensors

_MOST = 10  # bound of the numbers in a code; normal samples hardly ever exceed 5


class Learnt(NamedTuple):
  """The parts of a learner that the models are made from."""

  world: world_lib.World
  creator: Any  # with an `imaginer` and an `actor`, as learner.creator.Creator has them
  code_size: int  # numbers in a code of the imagination
  zoom: int  # by how much pictures are magnified

  @property
  def seeded(self) -> dict[str, tf.TensorSpec]:
    """Inputs of the signatures that draw works from seeds."""
    return {'seed': signatures.vector(tf.int64), 'label': signatures.vector(tf.int32)}

  @property
  def work(self) -> tf.TensorSpec:
    """The spec of one stored work."""
    bounded = self.world.works.work_spec
    return tf.TensorSpec(bounded.shape, bounded.dtype)

  def check_label(self, label: tf.Tensor, least: int = 0) -> tf.Operation:
    """Assert that labels exist; with `least` -1, -1 is valid and means any label."""
    most = len(self.world.works.label_names) - 1
    return signatures.check(label, works_lib.Bounded((), tf.int32, least, most), 'label')

  @property
  def code(self) -> tf.TensorSpec:
    """The spec of one code of the imagination."""
    return tf.TensorSpec([self.code_size], tf.float32)

  def check_code(self, z: tf.Tensor) -> tf.Operation:
    """Assert that codes are near enough to those that are drawn."""
    return signatures.check(z, works_lib.Bounded((), tf.float32, -_MOST, _MOST), 'z')

  def check_work(self, work: tf.Tensor, name: str) -> tf.Operation:
    """Assert that works have only values that the world allows."""
    return signatures.check(work, self.world.works.work_spec, name)

  def shown(self, work: tf.Tensor) -> Tensors:
    """Return works with the files that the world encodes them as, such as PNG."""
    return {'work': work, **self.world.media.encode(work, self.zoom)}


def models(learnt: Learnt, about: dict[str, Any]) -> dict[str, Model]:
  """Build the models of a learner by name; `about` describes them to clients."""
  return {
    'creator': _creator(learnt, about),
    'generator': _generator(learnt),
    'critic': _critic(learnt),
    'agent': signatures.hand(learnt.world, learnt.creator.actor.values),
  }


def _creator(learnt: Learnt, about: dict[str, Any]) -> Model:
  """Build the model that imagines works and lets the hand make them."""
  world, imaginer = learnt.world, learnt.creator.imaginer

  def create(seed: tf.Tensor, label: tf.Tensor) -> Tensors:
    with tf.control_dependencies([learnt.check_label(label, -1)]):
      return _told(learnt, imaginer.imagine(seed, tf.identity(label)))

  def paint(target: tf.Tensor) -> Tensors:
    with tf.control_dependencies([learnt.check_work(target, 'target')]):
      target = tf.identity(target)
    return _made(learnt, works_lib.Works(target, tf.zeros([tf.shape(target)[0]], tf.int32)))

  def near(target: tf.Tensor, given: tf.Tensor, label: tf.Tensor) -> Tensors:
    checks = [learnt.check_work(target, 'target'), learnt.check_label(label, -1)]
    with tf.control_dependencies(checks):
      z, label = imaginer.near(tf.identity(target), given, tf.identity(label))
    return {'z': z, 'label': label, 'imagined': imaginer.decode(z, label)}

  def vary(z: tf.Tensor, label: tf.Tensor, seed: tf.Tensor, strength: tf.Tensor) -> Tensors:
    share = works_lib.Bounded((), tf.float32, 0, 1)
    checks = [
      learnt.check_code(z),
      learnt.check_label(label),
      signatures.check(strength, share, 'strength'),
    ]
    with tf.control_dependencies(checks):
      code = imaginer.mixed(tf.identity(z), seed, strength)
    return _told(learnt, world_lib.told(world, imaginer.decode(code, label), label, code))

  def tell(seed: tf.Tensor) -> Tensors:
    return {'about_bytes': tf.fill(tf.shape(seed), json.dumps(about))}

  # A hand that is told codes cannot paint a given picture: nobody knows its code.
  given = tf.TensorSpec(learnt.work.shape, tf.bool)
  one = {'label': signatures.vector(tf.int32)}
  moved = {'seed': signatures.vector(tf.int64), 'strength': signatures.vector(tf.float32)}
  of_own = {
    'paint': (paint, {'target': learnt.work}),
    'near': (near, {'target': learnt.work, 'given': given, **one}),
    'vary': (vary, {'z': learnt.code, **one, **moved}),
  }
  return Model(
    {
      'serving_default': (create, learnt.seeded),
      **({} if world.play.code_size else of_own),
      'about': (tell, {'seed': signatures.vector(tf.int64)}),
    }
  )


def _made(learnt: Learnt, concept: works_lib.Works) -> Tensors:
  """Let the hand make works, and return them with how they were made."""
  work, steps, returns, actions = learnt.creator.actor.make(concept)
  return {
    'strokes': learnt.world.media.strokes(actions),
    'actions': actions,
    'steps': steps,
    'returns': returns,
    **learnt.shown(work),
  }


def _told(learnt: Learnt, concept: works_lib.Works) -> Tensors:
  """Let the hand make works, and return them with what was imagined, and the critic's logits."""
  hand = _made(learnt, concept)
  score = learnt.creator.imaginer.score(hand['work'], concept.label)
  return {**hand, 'imagined': concept.work, 'label': concept.label, 'authenticity': score}


def _generator(learnt: Learnt) -> Model:
  """Build the model that imagines works, without a hand."""
  imaginer = learnt.creator.imaginer

  def imagine(seed: tf.Tensor, label: tf.Tensor) -> Tensors:
    with tf.control_dependencies([learnt.check_label(label, -1)]):
      concept = imaginer.imagine(seed, tf.identity(label))
    return {**learnt.shown(concept.work), 'label': concept.label}

  def decode(z: tf.Tensor, label: tf.Tensor) -> Tensors:
    with tf.control_dependencies([learnt.check_label(label), learnt.check_code(z)]):
      imagined = imaginer.decode(tf.identity(z), tf.identity(label))
    return learnt.shown(imagined)

  return Model(
    {
      'serving_default': (imagine, learnt.seeded),
      'decode': (decode, {'z': learnt.code, 'label': signatures.vector(tf.int32)}),
    }
  )


def _critic(learnt: Learnt) -> Model:
  """Build the model that judges whether works look like real ones."""
  imaginer = learnt.creator.imaginer

  def judge(work: tf.Tensor) -> Tensors:
    with tf.control_dependencies([learnt.check_work(work, 'work')]):
      logit, label = imaginer.best_label(tf.identity(work))
    return {'logit': logit, 'probability': tf.sigmoid(logit), 'label': label}

  def judge_as(work: tf.Tensor, label: tf.Tensor) -> Tensors:
    with tf.control_dependencies([learnt.check_work(work, 'work'), learnt.check_label(label)]):
      logit = imaginer.score(tf.identity(work), tf.identity(label))
    return {'logit': logit, 'probability': tf.sigmoid(logit)}

  return Model(
    {
      'serving_default': (judge, {'work': learnt.work}),
      'as_label': (judge_as, {'work': learnt.work, 'label': signatures.vector(tf.int32)}),
    }
  )
