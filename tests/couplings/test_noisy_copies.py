"""The control of imagined transitions: copies of replayed ones, with noise."""

import dataclasses

import numpy as np
import pytest

from tests.shared import tiny, toys
from tf_creative.core import spec
from tf_creative.couplings import controls
from tf_creative.learner import config as config_lib
from tf_creative.learner import learner as learner_lib

RUN = config_lib.RunConfig(world='gym(id=CartPole-v1)', couplings='noisy_copies(share=0.5)')


@pytest.fixture(scope='module')
def learner():
  made = learner_lib.Learner(config_lib.Config(RUN, agent=toys.SMALL))
  made.loop.warm_up()
  yield made
  made.agent.episodes.close()


def test_half_of_a_batch_is_copied_and_nothing_else_is_changed(learner):
  [coupling] = learner.coupling.each
  batch = learner.agent.sample()
  mixed = coupling.experience(batch)
  same = (mixed.observation['seen'].numpy() == batch.observation['seen'].numpy()).all((1, 2))
  assert not same[:8].any() and same[8:].all()


def test_noise_is_as_large_as_asked(learner):
  [coupling] = learner.coupling.each
  for noise in (0.0, 0.5):
    options = dataclasses.replace(coupling.options, share=1.0, noise=noise)
    one = controls.NoisyCopies(learner.loop.built, options, seed=0)
    seen = np.concatenate(
      [one.experience(learner.agent.sample()).observation['seen'] for _ in range(20)]
    ).reshape(-1, 4)
    known = learner.agent.replay.newest(333).observation['seen'].numpy().reshape(-1, 4)
    off = abs(seen[:, None] - known[None]).max(-1).min(-1)  # from the nearest real one
    assert (off.max() == 0) == (noise == 0)
    spread = seen.var(0) / known.var(0)
    assert spread.mean() == pytest.approx(1 + noise**2, rel=0.3)


def test_other_lessons_and_longer_steps_are_refused():
  with pytest.raises(spec.SpecError, match='replaces single actions: use --agent=ddqn'):
    tiny.learner(couplings='noisy_copies', agent='informed')
  with pytest.raises(spec.SpecError, match='use --agent_n_step=1'):
    agent = dataclasses.replace(toys.SMALL, n_step=3)
    learner_lib.Learner(config_lib.Config(RUN, agent=agent))
