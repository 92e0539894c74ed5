"""The world of airfoils: what a stroke does and earns, what the hand sees."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from tests.worlds.airfoil import wings
from tf_creative import testing
from tf_creative.core import spec
from tf_creative.core import works as works_lib
from tf_creative.worlds import images
from tf_creative.worlds.airfoil import brief as brief_lib
from tf_creative.worlds.airfoil import forms, shape
from tf_creative.worlds.airfoil import world as airfoil

STILL = tf.constant((0, 0))


@pytest.fixture(scope='module')
def own(tmp_path_factory):
  with pytest.MonkeyPatch.context() as patch:
    wings.with_network(patch)
    yield str(wings.folder(tmp_path_factory.mktemp('wings') / 'own'))


def begun(world, count=1, text='cl=0.6 thickness=0.06 moment=-0.15'):
  label = brief_lib.names().index(brief_lib.named(text))
  work = forms.levels(np.stack([wings.form(0.12, 0.01 * number) for number in range(count)]))
  return world.start(works_lib.Works(tf.constant(work), tf.fill([count], label)), STILL)


def action(number, step):
  return tf.constant([4 * number + list(shape.STEPS).index(step)], tf.int32)


def test_the_world_keeps_all_promises(own):
  testing.check_world(airfoil.Airfoil(data=own, horizon=12))


def test_a_stroke_moves_one_number_and_earns_what_it_adds(own):
  world = airfoil.Airfoil(data=own)
  state = begun(world)
  first, paid, done = world.step(state, action(8, 8), STILL)
  moved = first.form.numpy().astype(int) - state.form.numpy()
  assert moved[0, 8] == 8 and np.abs(moved).sum() == 8 and not done
  # The first stroke earns all that the form is worth; thinner, it has less drag. The span of a
  # lower weight is .48 or .95: 8 of 255 levels take .01506 off one of eight weights, so that
  # thickness falls by .001882, and its logarithm of drag by twice that, less what camber changes.
  np.testing.assert_allclose(paid, first.worth)
  assert 0 < float(first.worth[0] - state.worth[0]) < 0.006
  back, paid, _ = world.step(first, action(8, -8), STILL)
  np.testing.assert_allclose(paid, state.worth - first.worth, atol=1e-5)
  np.testing.assert_array_equal(back.form, state.form)


def test_strokes_add_up_to_the_worth_of_the_last_form(own):
  world, rng = airfoil.Airfoil(data=own, horizon=6), np.random.default_rng(0)
  state, total, done = begun(world, 3), 0, False
  for time in range(6):
    assert not np.any(done), time
    chosen = tf.constant(rng.integers(shape.ACTIONS, size=3), tf.int32)
    state, paid, done = world.step(state, chosen, STILL)
    total += paid
  assert np.all(done)
  np.testing.assert_allclose(total, world.flown(state.form, state.label).worth, rtol=1e-5)


def test_bounds_stop_a_number_and_no_action_changes_nothing(own):
  world = airfoil.Airfoil(data=own)
  state = world.place(begun(world), tf.fill([1, 18], tf.constant(255, tf.uint8)))
  for what in (action(3, 2), tf.constant([-1], tf.int32)):
    moved, _, _ = world.step(state, what, STILL)
    np.testing.assert_array_equal(moved.form, state.form)
    assert world.idle(state, moved).numpy().all()
  moved, _, _ = world.step(state, action(3, -2), STILL)
  assert moved.form.numpy()[0, 3] == 253 and not world.idle(state, moved).numpy().any()


def test_what_is_promised_is_nearly_what_small_strokes_gain(own):
  world = airfoil.Airfoil(data=own)
  state = begun(world, 2)
  state = state._replace(time=state.time + 1)  # at first strokes are paid for the form, too
  promised = world.prior_logits(world.observe(state)).numpy().reshape(2, 18, 4)
  every = tf.tile(tf.range(shape.ACTIONS)[None], [2, 1])
  gained = world.side_reward(state, every).numpy().reshape(2, 18, 4)
  np.testing.assert_allclose(promised[..., 1:3], gained[..., 1:3], atol=4e-3)
  assert np.corrcoef(promised.ravel(), gained.ravel())[0, 1] > 0.9


def test_the_hand_sees_how_far_a_form_is_from_its_brief(own):
  world = airfoil.Airfoil(data=own)
  told = world.observe(begun(world, text='cl=0.6 thickness=0.18 moment=-0.03'))
  angle, thick, moment, lift, sure, feasible = told['facts'].numpy()[0]
  np.testing.assert_allclose(thick, 20 * (0.1247 - 0.18), atol=0.05)
  np.testing.assert_allclose(moment, 20 * 0.03, atol=0.05)  # no camber, no moment
  np.testing.assert_allclose([lift, sure], [0, 10 * (1 / (1 + np.exp(-6)) - 0.9)], atol=0.05)
  assert feasible == 0 and 0 < angle < 1


def test_gradients_of_a_prospect_lead_to_the_form(own):
  world = airfoil.Airfoil(data=own)
  state = begun(world, 2)
  values = world.to_values(state.form)
  with tf.GradientTape() as tape:
    tape.watch(values)
    features, most = world.prospect(values, state.label)
    worth = features[:, 2]
  slope = tape.gradient(worth, values)[..., 0]
  np.testing.assert_allclose(slope, state.slopes, rtol=1e-3, atol=1e-5)
  assert (most.numpy() == 6).all()


def test_ways_stray_and_come_back(own):
  world = airfoil.Airfoil(data=own, horizon=10)
  state = begun(world, 3)
  concept = works_lib.Works(state.form, state.label)
  away = [
    np.abs(
      world.midway(concept, tf.fill([3], time), STILL).form.numpy() - state.form.numpy().astype(int)
    )
    for time in (0, 5, 10)
  ]
  assert not away[0].any() and not away[2].any()
  assert 0 < away[1].max() <= 24


def test_real_works_meet_their_briefs_and_test_families_are_others(own):
  world = airfoil.Airfoil(data=own)
  train, test = (works_lib.whole(world.real(split)) for split in ('train', 'test'))
  for works in (train, test):
    assert world.flown(works.work, works.label).feasible.numpy().all()
  of = lambda works: {tuple(row) for row in works.work.numpy().tolist()}  # noqa: E731
  assert len(of(train)) == 6 and len(of(test)) == 3 and not of(train) & of(test)


def test_a_run_is_refused_when_its_airfoils_have_changed(own, tmp_path):
  kept = airfoil.Airfoil(data=own).keepsake()
  other = airfoil.Airfoil(data=str(wings.folder(tmp_path / 'other', 'dd ee ff', 4)))
  other.recall(kept)
  with pytest.raises(spec.UserError, match='has other airfoils than those of which'):
    other.real('train')
  same = dataclasses.replace(other, data=own)
  same.recall(kept)
  assert len(list(same.real('train'))) and same.keepsake() == kept


@pytest.mark.parametrize(
  ('names', 'said'), [('', 'is no file|holds no data set'), ('aa', "no airfoils .* for 'test'")]
)
def test_folders_that_are_too_few_are_told(own, tmp_path, names, said):
  del own
  folder = wings.folder(tmp_path / 'few', names)
  with pytest.raises(images.DataError, match=said):
    airfoil.Airfoil(data=str(folder)).real('train')


def test_a_folder_of_broken_files_is_told_by_one_of_them(own, tmp_path):
  del own
  (tmp_path / 'torn.dat').write_text('nothing')
  with pytest.raises(images.DataError, match='no file of .*torn.dat: it has no coordinates'):
    airfoil.Airfoil(data=str(tmp_path)).real('train')


@pytest.mark.parametrize('options', [{'judge': 'huge'}, {'horizon': 0}, {'horizon': 10**6}])
def test_impossible_worlds_are_refused(options):
  with pytest.raises(spec.SpecError):
    airfoil.Airfoil(**options)


@wings.needs_airfoils
@pytest.mark.slow
def test_the_world_of_the_package_keeps_all_promises():
  testing.check_data('airfoils')
  testing.check_world(airfoil.Airfoil(judge='xxsmall'))
