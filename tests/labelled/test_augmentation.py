"""Features, classical augmentation, tuned classifiers and scores, by numbers worked by hand."""

import numpy as np
import pytest

from tests.labelled import made
from tf_creative.labelled import classical, classifiers, features, outcome, privacy, scores
from tf_creative.labelled.reading.sets import Column

NUMBERS = (Column('a', ()), Column('b', ()))


def task(count=24, seed=0):
  pixels, labels = made.blobs(count)
  return classifiers.Task((pixels / 255).astype(np.float32)[..., None], labels, (), 2, seed)


def test_gradients_of_a_stripe_all_point_across_it():
  stripe = np.zeros([1, 16, 16, 1], np.float32)
  stripe[:, 7:9] = 1  # it lies, so its gradients point down or up: 90 degrees, of 9 bins the middle
  cells = features.hog(stripe).reshape(9, 4, 9)  # blocks, cells, angles
  assert cells.shape == (9, 4, 9)
  # 90 degrees are 4.5 of 9: both bins beside it get a half.
  assert (cells[..., [4, 5]].sum() > 0) and cells[..., [0, 1, 2, 3, 6, 7, 8]].max() == 0
  np.testing.assert_allclose(cells[..., 4], cells[..., 5], atol=1e-6)
  standing = features.hog(stripe.swapaxes(1, 2)).reshape(9, 4, 9)
  assert standing[..., 1:].max() == 0 and standing[..., 0].max() > 0  # 0 degrees, wholly in a bin


def test_contrast_does_not_matter_to_gradients():
  picture = np.random.default_rng(0).random([1, 32, 32, 1]).astype(np.float32)
  faint = features.hog(0.3 * picture + 0.2)
  np.testing.assert_allclose(faint, features.hog(picture), atol=2e-3)


def test_rows_are_encoded_and_decoded():
  columns = (Column('a', ()), Column('b', ('x', 'y', 'z')))
  values = np.array([[1, 0], [3, 2], [np.nan, 2]], np.float32)
  encoding = features.Encoding.of(columns, values)
  code = encoding.encoded(values)
  # The median of 1 and 3 is 2, so the mean is 2; the spread of 1, 3, 2 is sqrt(2/3).
  np.testing.assert_allclose(code[:, 0], [-1.2247, 1.2247, 0], atol=1e-3)
  assert code[:, 1:].tolist() == [[1, 0, 0], [0, 0, 1], [0, 0, 1]] and encoding.width == 4
  np.testing.assert_allclose(encoding.decoded(code), [[1, 0], [3, 2], [2, 2]], atol=1e-5)


def test_copies_are_shifted_and_mirrored_and_weigh_what_one_weighs():
  values = np.arange(16, dtype=np.float32).reshape(1, 4, 4, 1)
  rows = classical.copies(classical.weighed(values, np.array([1])), 'shifts and flips')
  assert len(rows.labels) == 10 and rows.weights.sum() == pytest.approx(1)
  assert rows.values[1, :, :, 0].tolist()[:2] == [[0, 1, 2, 3], [0, 1, 2, 3]]  # moved down by one
  assert rows.values[5, 0, :, 0].tolist() == [3, 2, 1, 0]
  assert len(classical.copies(rows, 'flips').labels) == 20


def test_mixtures_lie_between_and_count_for_both_labels():
  values, labels = np.array([[0.0], [1.0]]), np.array([0, 1])
  rows = classical.mixed(values, labels, 50, seed=0)
  np.testing.assert_allclose(rows.weights[:50] + rows.weights[50:], 1)
  assert np.array_equal(rows.values[:50], rows.values[50:])
  # A mixture of both is as much 1 as its label 1 weighs.
  both = rows.labels[:50] != rows.labels[50:]
  of_one = np.where(rows.labels[:50] == 1, rows.weights[:50], rows.weights[50:])
  np.testing.assert_allclose(rows.values[:50, 0][both], of_one[both])


def test_smote_stays_between_neighbours_of_a_class():
  values = np.array([[0, 0], [1, 0], [10, 1], [12, 1]], float)
  columns = (Column('a', ()), Column('b', ('x', 'y')))
  rows = classical.smote(values, np.array([0, 0, 1, 1]), columns, 20, seed=0)
  low, high = rows.values[rows.labels == 0], rows.values[rows.labels == 1]
  assert low[:, 0].min() >= 0 and low[:, 0].max() <= 1 and set(low[:, 1]) == {0}
  assert high[:, 0].min() >= 10 and high[:, 0].max() <= 12 and set(high[:, 1]) == {1}
  assert len(low) == len(high) == 20


def test_a_tuned_classifier_knows_which_bars_lie():
  one = task()
  plain, recipe = classifiers.tuned(one)
  more, labels = made.blobs(60, seed=1)
  more = (more / 255).astype(np.float32)[..., None]
  assert classifiers.score(one.fit(recipe), more, labels) > 0.9
  assert plain.way == 'none' and recipe.reads == plain.reads


def test_no_example_is_validated_by_what_has_learnt_from_it():
  one = task(12)
  # Labels are told by nothing, and each example is unlike all others: by heart is no help.
  values = np.eye(12, dtype=np.float32)[:, :, None, None] * np.ones([1, 1, 12, 1], np.float32)
  judged = one._replace(values=values).validated(classifiers.Recipe('pixels', 100.0))
  assert judged.lost.mean() > 0.6  # by chance it is log 2, .69; by heart near 0


def test_extra_examples_that_help_get_a_weight_and_others_none():
  few = task(12)
  good, bad = [], []
  for place, (_, _) in enumerate(few.parts()):
    pixels, labels = made.blobs(60, seed=5 + place)
    pixels = (pixels / 255).astype(np.float32)[..., None]
    good.append(classical.weighed(pixels, labels))
    bad.append(classical.weighed(pixels, 1 - labels))
  recipe = classifiers.Recipe('hog', 0.1)
  assert classifiers.share(few, recipe, good) == 1
  assert classifiers.share(few, recipe, bad) == 0


def test_a_loss_that_falls_by_doubt_alone_is_no_gain():
  sure = classifiers.Validated(np.full(20, 0.5), np.array([1.0] * 15 + [0.0] * 5))
  better = sure._replace(lost=np.linspace(0.2, 0.3, 20))
  assert classifiers._gain(sure, better) == pytest.approx(0.25)
  assert classifiers._gain(sure, better._replace(right=np.zeros(20))) == 0
  luck = np.where(np.arange(20) % 2, -0.5, 1.4)  # a mean fall of .05, with a standard error of .22
  assert classifiers._gain(sure, sure._replace(lost=luck)) == 0


def test_trees_read_categories_and_gaps():
  random = np.random.default_rng(0)
  kind = random.integers(0, 2, 60)
  values = np.stack([np.where(random.random(60) < 0.2, np.nan, random.random(60)), kind], 1)
  columns = (Column('a', ()), Column('b', ('x', 'y')))
  one = classifiers.Task(values.astype(np.float32), kind, columns, 2, 0)
  for recipe in (classifiers.Recipe('trees', 5), classifiers.Recipe('rows', 1.0)):
    assert classifiers.score(one.fit(recipe), one.values, one.labels) == 1


def test_intervals_are_wide_for_few_splits():
  assert scores.interval([0.2] * 5) == pytest.approx((0.2, 0.2, 0.2))
  assert scores.interval([1.0]) == (1.0, float('-inf'), float('inf'))
  values = np.random.default_rng(0).normal(0, 1, 400)
  many, few = scores.interval(values), scores.interval(values[:4])
  # 1.96 / sqrt(400) of a standard deviation of 1 is .098.
  assert many.high - many.mean == pytest.approx(0.098, abs=0.012)
  assert few.high - few.low > 4 * (many.high - many.low)  # 400 values have 10 times less


def test_intervals_hold_zero_as_often_as_they_say():
  random, misses = np.random.default_rng(1), 0
  for _ in range(300):
    one = scores.interval(random.normal(0, 1, 5))
    misses += not one.low <= 0 <= one.high
  assert misses < 0.1 * 300  # 5% are meant; a plain percentile interval of 5 misses 17%


def test_equivalent_labels_are_read_off_a_curve_that_never_falls():
  sizes, means = [10, 20, 40], [0.6, 0.7, 0.8]
  assert scores.equivalent(sizes, means, 10, 0.1) == pytest.approx((20, False))
  # Half-way between 20 and 40 on a logarithmic scale: the root of 800.
  assert scores.equivalent(sizes, means, 20, 0.05) == pytest.approx((28.28, False), abs=0.01)
  assert scores.equivalent(sizes, means, 20, -0.1) == pytest.approx((10, False))
  assert scores.equivalent(sizes, means, 20, 0.2) == pytest.approx((40, True))
  assert scores.equivalent(sizes, means, 20, -0.2) == pytest.approx((10, True))
  # 10 and 20 are pooled to .65: no gain is no label, the least gain is worth the plateau.
  flat = [0.7, 0.6, 0.8]
  assert scores.equivalent(sizes, flat, 10, 0.0) == (10, False)
  assert scores.equivalent(sizes, flat, 10, 1e-6).count == pytest.approx(20, abs=0.01)
  assert scores.equivalent(sizes, flat, 20, -1e-6).beyond


def trial(**got):
  none = privacy.Advantage(0.0, 0.0)
  recipe = classifiers.Recipe('hog', 1.0)
  curve = {5: 0.7, 10: 0.8}
  return outcome.Trial(got, {}, 0, curve, none, recipe, np.zeros([1, 1], bool))


def test_a_gain_must_be_sure_over_every_rival():
  better = {'nothing': 0.7, 'classical': 0.72, 'mixup': 0.71, 'hand': 0.76}
  trials = [
    trial(**{name: score + 0.01 * place for name, score in better.items()}) for place in range(4)
  ]
  assert outcome.Outcome(trials, 5).gained
  assert not outcome.Outcome([*trials, trial(**{**better, 'hand': 0.60})], 5).gained
  even = [one._replace(scores={**one.scores, 'mixup': one.scores['hand']}) for one in trials]
  assert not outcome.Outcome(even, 5).gained
  nothing = [trial(nothing=0.7, classical=0.72, mixup=0.72)] * 4  # the hand took none
  assert outcome.Outcome(nothing, 5).gain('classical') == (0, 0, 0)


def test_copies_and_members_are_betrayed():
  random = np.random.default_rng(0)
  real, others = random.random([2, 40, 8])
  assert privacy.copies(real[:10], real, ()).copies == 1
  # Of 0, 3 and 10, the nearest others are 3, 3 and 7 away; the median is 3.
  line = np.array([[0.0], [3.0], [10.0]])
  assert privacy.copies(line[:1] + 1, line, ())[:3] == (0, 0, 1)
  assert privacy.copies(line[:1], line, ()).of_real == pytest.approx(3)
  told = privacy.advantage(real, others, real + 1e-3, ())
  assert told.found == 1 and told.chance < 0.4
  unrelated = privacy.advantage(real, others, random.random([40, 8]), ())
  assert unrelated.found < 0.45
  assert privacy.advantage(real, others, real[:0], ()) == (0, 0)


def test_columns_that_are_empty_or_constant_are_no_hindrance():
  random = np.random.default_rng(0)
  labels = np.arange(40) % 2
  told = labels + random.normal(0, 0.1, 40)
  values = np.stack([np.full(40, np.nan), np.full(40, 7.0), told], 1).astype(np.float32)
  columns = (Column('empty', ()), Column('same', ()), Column('told', ()))
  one = classifiers.Task(values, labels, columns, 2, 0)
  for recipe in (classifiers.Recipe('trees', 5), classifiers.Recipe('rows', 1.0)):
    assert classifiers.score(one.fit(recipe), values, labels) == 1
