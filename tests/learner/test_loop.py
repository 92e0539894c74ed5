"""The loop: its order, what each phase leaves alone, and that it is the same every time."""

import tempfile

import numpy as np
import pytest
import tensorflow as tf

from tests.shared import tiny
from tf_creative.couplings import base
from tf_creative.learner import loop as loop_lib


class Tape:
  """A part or coupling that notes which of its methods were called."""

  def __init__(self, calls: list[str], name: str, part):
    self._calls, self._name, self._part = calls, name, part

  def __getattr__(self, attribute):
    value = getattr(self._part, attribute)
    if not callable(value) or isinstance(value, type):
      return value

    def noted(*args, **kwargs):
      self._calls.append(f'{self._name}.{attribute}')
      return value(*args, **kwargs)

    return noted


def test_the_order_of_a_round():
  learner = tiny.learner()
  calls = []
  agent = Tape(calls, 'agent', learner.agent)
  gan = Tape(calls, 'gan', learner.gan)
  coupling = Tape(calls, 'coupling', base.Chain([]))
  parts = learner.loop._parts._replace(agent=agent, gan=gan)
  loop = loop_lib.Loop(parts, coupling, tiny.config())
  loop.warm_up()
  calls.clear()
  loop._round()
  assert calls == [
    'coupling.concept',
    'agent.sample',
    'agent.collect',
    'coupling.experience',
    'coupling.reward',
    'agent.learn',
    'gan.train_step',
    'coupling.generator_loss',
    'coupling.metrics',
  ]


def saved(module: tf.Module) -> list[bytes]:
  """Everything that a checkpoint of the module holds, sorted: a variable may have several names."""
  with tempfile.TemporaryDirectory() as folder:
    reader = tf.train.load_checkpoint(tf.train.Checkpoint(module=module).write(f'{folder}/state'))
    names = [name for name in reader.get_variable_to_shape_map() if name.startswith('module/')]
    return sorted(np.asarray(reader.get_tensor(name)).tobytes() for name in names)


def test_each_phase_leaves_the_other_part_bit_identical():
  learner = tiny.learner()
  learner.loop.warm_up()
  agent, gan = saved(learner.agent), saved(learner.gan)
  assert len(agent) > 30 and len(gan) > 20
  learner.loop._gan_step()
  assert agent == saved(learner.agent)
  assert gan != saved(learner.gan)
  gan = saved(learner.gan)
  learner.loop._agent_step()
  assert gan == saved(learner.gan)
  assert agent != saved(learner.agent)


def test_the_same_seed_is_the_same_in_one_call_or_in_many_and_traced_once():
  def run(*counts):
    learner = tiny.learner(seed=1)
    learner.loop.warm_up()
    metrics = [learner.loop.step(count) for count in counts]
    assert learner.loop.rounds.experimental_get_tracing_count() == 1
    return metrics, saved(learner)

  (one, end), (many, same) = run(3, 6), run(3, 1, 2, 3)
  assert one[0] == many[0]
  assert end == same


def test_another_seed_gives_other_metrics():
  first, again, other = (tiny.taste(tiny.learner(seed=seed)) for seed in (1, 1, 2))
  assert first == again != other


@pytest.mark.parametrize('agent_steps, gan_steps', [(3, 2), (0, 1), (1, 0)])
def test_phases_have_the_lengths_that_the_flags_say(agent_steps, gan_steps):
  learner = tiny.learner(agent_steps=agent_steps, gan_steps=gan_steps)
  learner.loop.warm_up()
  updates = int(learner.agent.updates)
  metrics = learner.loop.step(4)
  assert int(learner.agent.updates) - updates == 4 * agent_steps
  assert int(learner.gan.generator_optimizer.iterations) == 4 * gan_steps
  assert ('agent/loss' in metrics, 'gan/critic_loss' in metrics) == (agent_steps > 0, gan_steps > 0)


def test_the_joint_objective_is_the_weighted_sum():
  learner = tiny.learner(joint_weight=0.5)
  learner.loop.warm_up()
  metrics = learner.loop.step(1)
  expected = metrics['agent/loss'] + 0.5 * metrics['gan/generator_loss']
  assert metrics['joint/loss'] == pytest.approx(expected, rel=1e-6)


def test_all_metrics_are_means_over_the_rounds():
  counter = tf.Variable(0.0)
  repeat = tf.function(lambda n: loop_lib.repeat(lambda: {'n': counter.assign_add(1.0)}, n))
  assert float(repeat(tf.constant(4))['n']) == (1 + 2 + 3 + 4) / 4


def test_environment_and_control_differ_only_in_what_is_painted():
  control, coupled = tiny.learner(couplings=''), tiny.learner(couplings='environment(real=0)')
  for learner in (control, coupled):
    learner.loop.warm_up()
  real = {work.tobytes() for work in control.real.work}
  of_real = [work.numpy().tobytes() in real for work in control.agent.episodes.bank.work]
  imagined = [work.numpy().tobytes() in real for work in coupled.agent.episodes.bank.work]
  assert all(of_real) and not all(imagined)
