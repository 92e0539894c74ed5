"""The hand chooses by validated labels alone: what helps is taken, what harms is left."""

import numpy as np
import pytest
import tensorflow as tf

from tf_creative import testing
from tf_creative.labelled import candidates, choosing, classifiers, imagining
from tf_creative.labelled.reading.sets import Column

COUNT = 64


def described(flipped: bool = True) -> candidates.Facts:
  """Candidates in two heaps, of which every second one has the wrong label, as `told` betrays."""
  random = np.random.default_rng(0)
  truth = random.integers(0, 2, [2, COUNT])
  wrong = np.arange(COUNT) % 2 * flipped
  features = random.normal(0, 0.3, [2, COUNT, candidates.WIDTH])
  features[..., 0] += 2 * truth - 1
  asked = random.integers(0, 2, [2, 20])
  of_asked = random.normal(0, 0.3, [2, 20, candidates.WIDTH])
  of_asked[..., 0] += 2 * asked - 1
  told = np.zeros([2, COUNT, 3])
  told[..., 0] = -wrong
  return candidates.Facts(
    features.astype(np.float32),
    np.where(wrong, 1 - truth, truth).astype(np.int32),
    told.astype(np.float32),
    np.zeros([2, candidates.WIDTH + 1, 2], np.float32),
    of_asked.astype(np.float32),
    asked.astype(np.int32),
    np.full([2, 20], 1 / 20, np.float32),
  )


@pytest.fixture(scope='module')
def chooser():
  return choosing.Chooser(described(), seed=0)


def test_the_world_keeps_the_contract():
  testing.check_world(candidates.Candidates(described()))


def test_a_reward_is_the_fall_of_the_loss():
  facts = described()
  world = candidates.Candidates(facts)
  state = world.begin(tf.constant([0]))
  following, reward, over = world.step(state, tf.constant([1]), tf.constant([0, 0]))
  # The head begins at zero: p is a half, so a step adds .02 x .5 x features to the true label.
  x, label = facts.features[0, 0], facts.labels[0, 0]
  expected = np.zeros([candidates.WIDTH + 1, 2])
  expected[:, label], expected[:, 1 - label] = 0.01 * np.append(x, 1), -0.01 * np.append(x, 1)
  np.testing.assert_allclose(following.head[0], expected, atol=1e-6)
  logits = facts.asked[0] @ expected[:-1] + expected[-1]
  lost = np.log(np.exp(logits).sum(1)) - logits[np.arange(20), facts.truth[0]]
  assert reward.numpy()[0] == pytest.approx(20 * (np.log(2) - lost.mean()), abs=1e-4)
  assert following.taken.numpy()[0, label] == 1 and not over[0]
  left, nothing, _ = world.step(state, tf.constant([0]), tf.constant([0, 0]))
  assert nothing[0] == 0 and not left.head.numpy().any() and left.place[0] == 1


def test_the_hand_takes_what_helps_and_leaves_what_harms(chooser):
  facts = described()
  chooser.learn(facts)
  taken = chooser.choose(facts)
  wrong = np.arange(COUNT) % 2 == 1
  assert taken.shape == (2, COUNT)
  assert taken[:, ~wrong].mean() > 0.8 and taken[:, wrong].mean() < 0.2


def test_a_hand_that_learns_anew_has_forgotten_everything(chooser):
  facts = described()
  chooser.learn(facts)
  once = chooser.choose(facts)
  other = facts._replace(truth=1 - facts.truth)
  chooser.learn(other)
  assert chooser.choose(other)[:, ::2].mean() < 0.2  # now what was right is wrong
  chooser.learn(facts)
  assert np.array_equal(chooser.choose(facts), once)


def test_the_features_of_a_candidate_are_those_of_the_n_labels():
  random = np.random.default_rng(0)
  columns = tuple(Column(str(place), ()) for place in range(3))
  values = random.normal(0, 1, [18, 3]).astype(np.float32)
  task = classifiers.Task(values, np.arange(18) % 2, columns, 2, 0)
  pools = [
    imagining.Imagined(values[:8] + 1, np.arange(8) % 2, np.zeros(8, np.float32))
    for _ in task.parts()
  ]
  known = choosing.facts(task, classifiers.Recipe('rows', 1.0), pools)
  assert known.features.shape == (3, 8, candidates.WIDTH) and known.head.shape == (3, 25, 2)
  assert not known.features[..., 3:].any()  # there are three columns
  np.testing.assert_allclose(known.weight.sum(1), 1, atol=1e-6)
  for place, (_, part) in enumerate(task.parts()):
    assert known.truth[place, : len(part)].tolist() == task.labels[part].tolist()


def test_an_imagination_learns_its_labels_and_repeats_itself():
  labels = np.arange(40) % 2
  values = np.random.default_rng(0).normal(0, 0.3, [40, 2]).astype(np.float32)
  values[:, 0] += 2 * labels - 1
  columns = (Column('a', ()), Column('b', ()))
  gan = imagining.Imagination((2,), 2, columns, 400, seed=0)
  gan.learn(values, labels, seed=1)
  once = gan.imagine(50, seed=1)
  means = [once.values[once.labels == label][:, 0].mean() for label in (0, 1)]
  assert means[0] < -0.4 and means[1] > 0.4
  gan.learn(values, 1 - labels, seed=2)
  gan.learn(values, labels, seed=1)
  assert np.array_equal(gan.imagine(50, seed=1).values, once.values)


def test_categories_are_imagined_one_hot_and_numbers_within_bounds():
  columns = (Column('a', ()), Column('b', ('x', 'y', 'z')))
  gan = imagining.Imagination((4,), 2, columns, 2, seed=0)
  rows = gan._row(tf.constant([[100.0, 0.1, 0.3, 0.2]])).numpy()
  np.testing.assert_allclose(rows, [[4, 0, 1, 0]], atol=1e-6)
