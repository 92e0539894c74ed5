"""The next-note model: by hand, and as what a policy begins with."""

import numpy as np
import pytest
import tensorflow as tf

from tf_creative.agent import build
from tf_creative.agent import config as config_lib
from tf_creative.worlds.melody import likelihood, scores
from tf_creative.worlds.melody import world as melody

C, D, E = 22, 24, 26
THEME = np.zeros(scores.STEPS, np.uint8)
THEME[:6] = [C, 0, D, 1, 0, E]


def test_next_notes_by_hand():
  # One melody, C hold C hold ...: after C always a hold, after the hold always C.
  known = np.tile(np.array([C, 0], np.uint8), (3, 16))
  model = likelihood.NextNote(known)
  chances = np.exp(model.scores(tf.constant(known[:1]), tf.constant([8]))[0])
  # Step 0 of the bar comes 12 times, of which 9 follow C, hold, with another C before that.
  # Level 1: (12 + 2/38) / 14, level 2: (9 + 4 x) / 13, level 3: the same counts, (9 + 4 y) / 13.
  level = (12 + 2 / 38) / 14
  for _ in range(2):
    level = (9 + 4 * level) / 13
  assert chances[C] == pytest.approx(level, rel=1e-4)
  assert chances.sum() == pytest.approx(1, abs=0.02)  # save for what is below the least
  drawn = model.sample(50, seed=0, temperature=0.3)
  assert (drawn == known[0]).mean() > 0.95
  np.testing.assert_array_equal(drawn, model.sample(50, seed=0, temperature=0.3))


@pytest.mark.parametrize('kind', ['ppo', 'ddqn', 'qr', 'pqn'])
def test_a_hand_begins_with_the_model_that_pays_it(kind):
  world = melody.Melody(target='none', likelihood=1.0, given=8)
  observation = {
    'melody': tf.constant([THEME, THEME], tf.uint8),
    'label': tf.constant([0, 1]),
    'code': tf.zeros([2, 32]),
    'time_left': tf.constant([24, 3]),
  }
  likely = world.play.prior_logits(observation).numpy()
  state = world.rules.resume(observation)
  paid = world.making.side_reward(state, tf.tile(tf.range(38)[None], [2, 1])).numpy()
  np.testing.assert_array_equal(likely, paid)
  assert not np.any(melody.Melody(target='none', theory=1.0).play.prior_logits(observation))
  agent = build.hand(kind, world, config_lib.AgentConfig(network='dense'), seed=0)
  begun = tf.nn.softmax(agent.values(observation)).numpy()
  others = tf.nn.softmax(tf.zeros([2, 38])).numpy()
  model = tf.nn.softmax(likely).numpy()
  assert np.abs(begun - model).sum() < 0.5 * np.abs(others - model).sum()
