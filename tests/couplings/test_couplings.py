"""Couplings: the identity, the fold, and what each one promises."""

import numpy as np
import pytest
import tensorflow as tf

from tests.shared import tiny
from tf_creative.core import coupling as coupling_lib
from tf_creative.core import spec
from tf_creative.couplings import base, environment


class Marks(base.Coupling):
  """Writes its letter into everything that passes."""

  def __init__(self, letter: str):
    super().__init__(None, None, 0)
    self._letter = letter

  def concept(self, concept):
    return concept + self._letter

  experience = reward = concept

  def generator_loss(self, values, labels, gradient):
    return tf.constant(float(self._letter))


def test_no_coupling_changes_nothing():
  for coupling in (base.Chain([]), base.Coupling(None, base.NoOptions(), 0)):
    for hook in ('concept', 'experience', 'reward'):
      something = object()
      assert getattr(coupling, hook)(something) is something
    assert float(coupling.generator_loss(None, None, None)) == 0
    assert coupling.metrics() == {}


def test_couplings_fold_from_left_to_right():
  chain = base.Chain([Marks('1'), Marks('2')])
  assert chain.concept('-') == chain.experience('-') == '-12'
  assert chain.reward('-') == '-12'
  assert float(chain.generator_loss(None, None, None)) == 3


@pytest.mark.parametrize('real', [0.0, 0.25, 1.0])
def test_environment_leaves_its_share_of_real_works(real):
  learner = tiny.learner()
  parts = coupling_lib.Parts(
    learner.world, learner.gan, learner.agent, learner.agent.episodes, learner.real
  )
  coupling = environment.Environment(parts, environment.Options(real=real), seed=0)
  concept = tf.nest.map_structure(tf.constant, learner.real)
  new = coupling.concept(concept)
  kept = np.all(new.work.numpy() == concept.work.numpy(), axis=(1, 2)).mean()
  assert kept == pytest.approx(real, abs=0.05)
  np.testing.assert_array_equal(new.label, concept.label)


def test_environment_imagines_by_the_generator_and_anew_each_time():
  learner = tiny.learner()
  parts = coupling_lib.Parts(
    learner.world, learner.gan, learner.agent, learner.agent.episodes, learner.real
  )
  coupling = environment.Environment(parts, environment.Options(real=0.0), seed=0)
  concept = tf.nest.map_structure(tf.constant, learner.real)
  assert (coupling.concept(concept).work.numpy() != coupling.concept(concept).work.numpy()).any()
  for variable in learner.gan.average.trainable_variables:
    variable.assign(tf.zeros_like(variable))
  # A generator of zeros says sigmoid(0) = .5: between the second and third of four greys.
  assert set(np.unique(coupling.concept(concept).work)) <= {1, 2}


def test_a_share_that_cannot_be_is_refused():
  with pytest.raises(spec.SpecError, match='must be 0 to 1'):
    tiny.learner(couplings='environment(real=2)')
