"""The contracts are kept by all that is ours; and who breaks a rule is told which."""

import dataclasses
import math

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from tests.shared import tiny, toys
from tf_creative import couplings, testing, worlds
from tf_creative.core import promises
from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.couplings import base
from tf_creative.learner import learner as learner_lib
from tf_creative.worlds.level import world as level
from tf_creative.worlds.pixel_art import squash

OTHERS = [  # options under which worlds are others
  'bars(target=hidden, code=4)',
  'bars(target=none, code=4, brush=square)',
  'bars(horizon=3, pay=pixels, brush=line, palette=pico8)',
  'tunes(given=5, target=hidden, code=4)',
  'tunes(target=none, code=0, likelihood=0.5)',
]


@pytest.mark.parametrize('world', [*worlds.WORLDS, *OTHERS])
def test_every_world_keeps_the_contract(world):
  toys.skip_without(world)
  testing.check_world(learner_lib.build_world(world))


# tests/couplings/test_simulated.py has the one that needs an environment.
@pytest.mark.parametrize('name', sorted(set(couplings.COUPLINGS) - {'simulated'}))
def test_every_coupling_keeps_the_contract(name):
  testing.check_coupling(name, tiny.config())


def test_a_coupling_that_gives_codes_keeps_the_contract():
  config = tiny.config(world='bars(target=hidden, code=4)')
  testing.check_coupling('environment', config)


@pytest.mark.parametrize('name', worlds.DATA)
def test_every_data_set_keeps_the_contract(name):
  toys.skip_without(name)
  testing.check_data(name)


class Wrong(tiny.Bars):
  """What is done in place of a member of Bars, by the rule that it breaks."""

  def actions_count_from_0(self):
    return {'action_spec': works_lib.Bounded((), tf.int32, 1, 64)}

  def works_are_in_their_spec(self):
    return {'to_works': lambda *_: tf.fill([5, 4, 4], tf.constant(4, tf.uint8))}

  def values_are_works(self):
    return {'to_works': lambda _, values: 3 - tiny.Bars().to_works(values)}

  def legal_values_are_works_and_pass_gradients(self):
    return {'legal': lambda _, raw: squash.squash(raw)}

  def gaps_are_filled_around_what_is_given(self):
    return {'filled': lambda _, work, given, works: works}

  def steps_keep_the_form_of_states(self):
    def step(world, state, action, seed):
      state, *others = super().step(state, action, seed)
      return state._replace(code=state.label), *others

    return {'step': step}

  def steps_are_pure(self):
    def step(world, state, action, seed):
      state, reward, done = super().step(state, action, seed)
      return state, reward * tf.random.uniform([]), done

    return {'step': step}

  def observations_are_in_their_specs(self):
    def observe(world, state):
      return super().observe(state) | {'time_left': world.horizon + 1 - state.time}

    return {'observe': observe}

  def features_have_one_shape(self):
    return {'brief': lambda _, observation: tf.zeros([5, tf.reduce_max(observation['time_left'])])}

  def observations_tell_the_state(self):
    return {'resume': lambda _, seen: tiny.Bars().resume(seen | {'canvas': seen['target']})}

  def rows_do_not_depend_on_their_company(self):
    def step(world, state, action, seed):
      state, reward, done = super().step(state, action, seed)
      return state, reward - 0.1 * reward[1], done

    return {'step': step}

  def episodes_end_by_the_horizon(self):
    def step(world, state, action, seed):
      state, reward, done = super().step(state, action, seed)
      return state, reward, tf.zeros_like(done)

    return {'step': step}

  def rewards_are_finite_and_bounded(self):
    return {'reward_bound': 0.5}

  def works_in_the_making_are_works(self):
    return {'work': lambda _, state: tf.cast(state.canvas, tf.int32)}

  def idle_steps_leave_works_alone(self):
    return {'idle': lambda _, state, moved: moved.time == state.time + 1}

  def prospects_are_how_episodes_begin(self):
    def prospect(_, values, labels):
      features, most = tiny.Bars(horizon=30).prospect(values, labels)
      return 2 * features, most

    return {'prospect': prospect}

  def errors_are_0_at_the_goal(self):
    return {'error': lambda _, work, goal: tiny.Bars().error(work, goal) + 1}

  def goals_are_worth_most(self):
    return {'cell_values': lambda _, goal: -tiny.Bars().cell_values(goal)}

  def midway_leads_from_start_to_goal(self):
    def midway(world, concept, time, seed):
      return world.start(concept, seed)._replace(time=time)

    return {'midway': midway}

  def action_rewards_agree_with_steps(self):
    return {'action_rewards': lambda _, *given: 2 * tiny.Bars().action_rewards(*given)}

  def allowed_actions_keep_what_is_kept(self):
    return {'allowed': lambda *_: tf.ones([5, 64], tf.bool)}

  def placed_works_are_gone_on_with(self):
    return {'place': lambda _, state, work: state}

  def pictures_are_rgb(self):
    return {'render': lambda _, works: np.asarray(works)}

  def files_are_strings(self):
    return {
      'encode': lambda _, works, zoom: {'png': tiny.Bars().media.encode(works, zoom)['png_bytes']}
    }

  def files_are_read_as_they_were_written(self):
    def read(_, path, mask=''):
      work, given = tiny.Bars().media.read(path, mask)
      return work.T, given

    return {'read': read}

  def legends_are_json(self):
    return {'legend': lambda _: {'palette': object()}}

  def strokes_spell_actions(self):
    return {'strokes': lambda _, actions: actions[..., None] + 1}

  def drawings_are_svg(self):
    return {'drawing': lambda *_: '<svg>'}

  def scores_are_measured(self):
    return {'scores': {'equal': world_lib.Measure('.2%', 'of pixels equal')}}

  def traits_are_described(self):
    return {'traits': {'ink': world_lib.Measure('.1f', 'pixels of ink')}}

  def splits_have_works(self):
    return {'splits': ('train',)}

  def models_draw_works(self):
    return {
      'models': lambda _, label, seed: {'model': works_lib.Works(tiny.works().work[:5], label + 1)}
    }


def broken_by(members):
  """A world with other members: its own, or those of its media or measures."""
  horizon = 30  # longer than what is looked at
  for part, contract in (('media', world_lib.Media), ('measures', world_lib.Measures)):
    if set(members) <= {*dir(contract), *contract.__annotations__}:
      world = Wrong(horizon=horizon)
      own = getattr(world, part)
      own.__class__ = type('Broken', (type(own),), members)
      return world
  return type('Broken', (Wrong,), members)(horizon=horizon)


RULES = [
  rule.__name__ for parts, rules in promises.RULES if 'simulator' not in parts for rule in rules
]


@pytest.mark.parametrize('rule', [rule for rule in RULES if rule != 'surveys_fit_together'])
def test_a_world_that_breaks_a_rule_is_told_which(rule):
  broken = broken_by(getattr(Wrong(), rule)())
  with pytest.raises(AssertionError, match=f"the world 'pixel_art' breaks the rule '{rule}': ."):
    testing.check_world(broken)


def test_a_survey_that_leads_nowhere_is_told():
  class Nowhere(level.Level):
    def survey(self, observation, seed):
      found = super().survey(observation, seed)
      return found._replace(follows=found.follows - 1)

  with pytest.raises(AssertionError, match="the world 'level' breaks the rule 'surveys_fit_tog"):
    testing.check_world(Nowhere())


def test_a_gradient_that_is_cut_is_told():
  class Cut(tiny.Bars):
    def legal(self, raw):
      return tf.stop_gradient(super().legal(raw))

  with pytest.raises(AssertionError, match="'legal_values_are_works_and_pass_gradients': no grad"):
    testing.check_world(Cut())


def test_a_state_that_is_changed_is_told():
  class Changing(tiny.Bars):
    def start(self, concept, seed):
      state = super().start(concept, seed)
      return state._replace(time=tf.Variable(state.time))

    def step(self, state, action, seed):
      new = super().step(state._replace(time=tf.identity(state.time)), action, seed)
      state.time.assign_add(tf.ones_like(state.time)) if hasattr(state.time, 'assign') else None
      return new

  with pytest.raises(AssertionError, match="breaks the rule 'steps_are_pure'"):
    testing.check_world(Changing())


@dataclasses.dataclass(frozen=True)
class Needy:
  weight: float


WRONG = {
  'options_have_defaults': {'Options': Needy},
  'needs_are_parts_of_worlds': {'needs': ('rules', 'wings')},
  'hooks_are_there': {'metrics': None},
  'concepts_are_works': {'concept': lambda _, given: given._replace(label=given.label + 7)},
  'batches_keep_their_form': {
    'reward': lambda _, batch: batch._replace(reward=tf.cast(batch.reward, tf.float64))
  },
  'rewards_reach_every_action': {
    'reward': lambda _, batch: batch._replace(reward=batch.reward + 1)
  },
  'losses_are_finite': {'generator_loss': lambda *_: tf.constant(math.nan)},
  'hooks_run_in_a_graph': {'metrics': lambda _: {'luck': tf.Variable(0.0) + 0}},
}


@pytest.mark.parametrize('rule', WRONG)
def test_a_coupling_that_breaks_a_rule_is_told_which(rule):
  broken = type('Broken', (base.Coupling,), WRONG[rule])
  with pytest.raises(AssertionError, match=f"the coupling 'Broken' breaks the rule '{rule}': ."):
    testing.check_coupling(broken, tiny.config())


def stored(folder, label, names=('image', 'label')):
  pictures = np.zeros((4, 8, 8, 1), np.uint8)
  columns = {'image': pictures, 'label': np.arange(4)}
  features = {'image': tfds.features.Image(shape=(8, 8, 1)), 'label': label}
  columns, features = ({name: one[name] for name in names} for one in (columns, features))
  return tfds.dataset_builders.store_as_tfds_dataset(
    name='stored',
    version='1.0.0',
    features=tfds.features.FeaturesDict(features),
    split_datasets={'train': tf.data.Dataset.from_tensor_slices(columns)},
    data_dir=folder,
  ).data_dir


def test_a_data_set_of_a_folder_is_checked(tmp_path):
  testing.check_data(str(stored(tmp_path, tfds.features.ClassLabel(num_classes=4))))


def test_a_data_set_of_labels_alone_is_told(tmp_path):
  folder = stored(tmp_path, tfds.features.ClassLabel(num_classes=4), ('label',))
  with pytest.raises(AssertionError, match="the data set '.*' breaks the rule 'splits_have_works'"):
    testing.check_data(str(folder))


def test_a_label_without_names_is_told(tmp_path):
  folder = stored(tmp_path, tfds.features.Scalar(np.int64))
  with pytest.raises(AssertionError, match="the data set '.*' breaks the rule 'labels_are_named'"):
    testing.check_data(str(folder))


def test_our_worlds_tell_the_formats_of_their_files():
  class Odd(tiny.Bars):
    files = {'ppm': bytes}
    media = property(lambda self: self)

  with pytest.raises(AssertionError, match=r"'formats_are_told': formats = \(\) in .* \['ppm'\]"):
    testing.check_world(Odd())
