"""The control that asks the environment itself, in place of an imagination."""

import gymnasium
import numpy as np
import pytest
import tensorflow as tf

from tests.shared import tiny, toys
from tf_creative.core import spec
from tf_creative.learner import config as config_lib
from tf_creative.learner import learner as learner_lib
from tf_creative.worlds import asked, simulated


def _learner(world: str, couplings: str = 'simulated(share=0.5)') -> learner_lib.Learner:
  run = config_lib.RunConfig(world=world, couplings=couplings)
  return learner_lib.Learner(config_lib.Config(run, agent=toys.SMALL))


@pytest.mark.parametrize('name', ['CartPole-v1', 'MountainCar-v0', 'Acrobot-v1'])
def test_answers_are_what_the_environment_does(name):
  env, ask = gymnasium.make(name), asked.answers(name)
  chance, ends = np.random.default_rng(0), 0
  seen, _ = env.reset(seed=0)
  for _ in range(300):
    action = chance.integers(env.action_space.n)
    after, reward, ended, cut, _ = env.step(action)
    told = ask({'seen': tf.constant(seen[None])}, tf.constant(action[None]))
    np.testing.assert_allclose(told[0]['seen'][0], after, atol=1e-5)
    assert told[1].numpy() == [reward] and told[2].numpy() == [ended]
    ends += ended
    seen = env.reset()[0] if ended or cut else after
  assert ends > 5 or name != 'CartPole-v1'


def test_half_of_a_batch_is_asked_for_and_the_rest_is_not_changed():
  learner = _learner('gym(id=CartPole-v1)')
  learner.loop.warm_up()
  [coupling] = learner.coupling.each
  batch = learner.agent.sample()
  mixed = coupling.experience(batch)
  same = (mixed.observation['seen'].numpy() == batch.observation['seen'].numpy()).all((1, 2))
  assert not same[:8].any() and same[8:].all()
  before, after = np.swapaxes(mixed.observation['seen'].numpy()[:8], 0, 1)
  told, reward, ended = asked.answers('CartPole-v1')({'seen': before}, mixed.action[:8, 0])
  np.testing.assert_allclose(after, told['seen'], atol=1e-6)
  np.testing.assert_array_equal(mixed.reward[:8, 0], reward)
  np.testing.assert_array_equal(mixed.discount[:8, 0], tf.where(ended, 0.0, 1.0))
  learner.agent.episodes.close()


@pytest.mark.parametrize('options', ['sticky=0.5', 'frame_stack=2'])
def test_what_does_not_show_its_whole_state_is_not_asked(options):
  assert asked.answers('Taxi-v4') is None
  world = f'gym(id=CartPole-v1, {options})'
  assert learner_lib.build_world(world).simulator.ask is None
  with pytest.raises(spec.SpecError, match='cannot be asked what would follow'):
    _learner(world)


def test_other_lessons_and_worlds_are_refused():
  with pytest.raises(spec.SpecError, match="needs a world with 'simulator'"):
    tiny.learner(couplings='simulated')
  assert simulated.Gym(id='CartPole-v1').ask
