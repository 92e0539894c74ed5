"""A run that is stopped and goes on ends bit for bit like one that never was, whatever it is of."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from tests.shared import digest, tiny
from tf_creative.learner import learner as learner_lib
from tf_creative.runs import checkpoints

EVERYTHING = (
  'environment(real=0.3)|reward(width=8, batch_size=8)|guide(weight=0.3, warmup=2)'
  '|augment(share=0.3, gate=true)'
)
# Each setting once, several in a case, for a case takes half a minute: by default those of QUICK.
CASES = {
  'no couplings, dqn, boltzmann': {
    'couplings': '',
    'agent': 'dqn',
    'agent_exploration': 'boltzmann',
  },
  'c51, n-step, dense': {
    'agent': 'c51',
    'agent_n_step': 3,
    'agent_atoms': 5,
    'agent_network': 'dense',
    'gan_network': 'dense',
    'gan_loss': 'wgan_gp',
  },
  'qr, n-step, normalised': {
    'couplings': 'reward(width=8, batch_size=8)|guide(weight=0.3, warmup=2)',
    'agent': 'qr',
    'agent_n_step': 3,
    'agent_atoms': 5,
    'agent_network': 'strided',
    'agent_norm': True,
  },
  'pqn, normalised, averaged': {
    'couplings': 'environment|reward(width=8, batch_size=8)',
    'agent': 'pqn',
    'agent_epochs': 2,
    'agent_collect_steps': 4,
    'agent_network': 'dense',
    'agent_norm': True,
    'agent_average': 0.9,
  },
  'informed, averaged, recurrent': {
    'agent': 'informed',
    'agent_average': 0.9,
    'agent_decay_steps': 9,
    'gan_network': 'recurrent',
    'gan_loss': 'hinge',
    'gan_decay_steps': 9,
  },
  'all couplings': {'couplings': EVERYTHING},
  'hidden, controls, phases': {
    'world': 'bars(target=hidden, code=4)',
    'couplings': 'environment(codes=0.5)|constant_reward|random_reward',
    'agent': 'informed',
    'agent_reader': 8,
    'gan_steps': 2,
    'agent_steps': 3,
  },
  'none': {
    'world': 'bars(target=none, code=4)',
    'couplings': 'environment(codes=0.5)|reward(whole=true, width=8, batch_size=8)',
    'agent_reader': 8,
  },
  'reinforce': {'agent': 'reinforce', 'agent_network': 'dense'},
  'ppo, melodies': {
    'world': 'tunes(target=none, code=4, theory=1, likelihood=0.1)',
    'couplings': 'environment|reward(whole=true, width=8, batch_size=8)',
    'agent': 'ppo',
    'agent_epochs': 1,
    'agent_network': 'dense',
  },
  'levels': {
    'world': 'level(horizon=6)',
    'couplings': 'curriculum(memory=32, after=0)|level_replay(capacity=8)',
    'agent': 'survey',
    'agent_network': 'map',
    'agent_n_step': 2,
  },
  'other levels': {
    'world': 'level(horizon=6)',
    'couplings': 'random_levels(real=0.5)|adversarial(real=0.5)',
    'agent_network': 'map',
  },
}

QUICK = ('all couplings', 'reinforce')


def learner(settings):
  config = tiny.config()
  rooms = {'gan': {}, 'agent': {}, 'run': {}}
  for name, value in settings.items():
    room, _, rest = name.partition('_')
    own = rest and room in rooms and rest in vars(getattr(config, room))
    rooms[room if own else 'run'][rest if own else name] = value
  made = {room: dataclasses.replace(getattr(config, room), **own) for room, own in rooms.items()}
  return learner_lib.Learner(dataclasses.replace(config, **made))


def born(build):
  """What `build` makes, and all variables that came into being meanwhile."""
  found = []

  def note(create, **how):
    found.append(create(**how))
    return found[-1]

  with tf.variable_creator_scope(note):
    made = build()
  return made, found


def values(found):
  return [variable.numpy() for variable in found]


def lost(made, found, folder):
  """The names of those variables that a checkpoint does not bring back."""
  checkpoint, kept = tf.train.Checkpoint(learner=made), values(found)
  checkpoints.Shelf(folder, checkpoint, 2).save(2)
  for variable, value in zip(found, kept, strict=True):
    variable.assign(~value if value.dtype == bool else value + value.dtype.type(1))
  checkpoints.read(checkpoint, folder, 2)
  names = [variable.name for variable in found]
  back = map(np.array_equal, values(found), kept)
  return [name for name, same in zip(names, back, strict=True) if not same]


@pytest.mark.parametrize('case', CASES)
def test_every_variable_is_in_the_checkpoint(case, tmp_path):
  assert not lost(*born(lambda: learner(CASES[case])), tmp_path)


@pytest.mark.parametrize(
  'case',
  [pytest.param(case, marks=() if case in QUICK else pytest.mark.slow) for case in CASES],
)
def test_going_on_is_as_if_nothing_had_happened(case, tmp_path):
  whole, found = born(lambda: learner(CASES[case]))
  _, later = born(lambda: (whole.loop.warm_up(), whole.loop.step(2)))
  assert not later, 'variables are born when the learner is built, and never later'
  assert not lost(whole, found, tmp_path / 'at 2'), 'every variable must be in the checkpoint'
  whole.loop.step(4)
  assert whole.loop.rounds.experimental_get_tracing_count() == 1
  checkpoints.Shelf(tmp_path / 'whole', tf.train.Checkpoint(learner=whole), 2).save(6)

  resumed = learner(CASES[case])
  checkpoints.read(tf.train.Checkpoint(learner=resumed), tmp_path / 'at 2', 2)
  for count in (1, 3):  # in other chunks than before
    resumed.loop.step(count)
  checkpoints.Shelf(tmp_path / 'resumed', tf.train.Checkpoint(learner=resumed), 2).save(6)
  whole, resumed = (digest.of_checkpoint(tmp_path / name) for name in ('whole', 'resumed'))
  assert {'learner/agent', 'learner/gan', 'learner/loop'} <= set(whole)
  assert [part for part in whole if whole[part] != resumed[part]] == []
  begun = digest.of_checkpoint(tmp_path / 'at 2')
  assert [part for part in begun if whole[part] == begun[part]] in ([], ['learner/coupling'])


def test_what_a_checkpoint_does_not_hold_is_noticed(tmp_path):
  """The first half of the test above can fail: here is a variable that nobody tracks."""

  def careless():
    made = learner({})
    made.world = dataclasses.replace(made.world), tf.Variable(7, name='careless')
    object.__setattr__(
      made,
      '_self_unconditional_checkpoint_dependencies',
      [each for each in made._self_unconditional_checkpoint_dependencies if each.name != 'world'],
    )
    return made

  assert lost(*born(careless), tmp_path) == ['careless:0']


PARTS = {
  'weights of the hand': lambda made: made.agent.learner._q_network.variables,
  "the hand's optimizer": lambda made: made.agent.learner._optimizer.variables(),
  'replay': lambda made: made.agent.replay.variables(),
  'world': lambda made: made.agent.episodes.variables,
  'chance of exploring': lambda made: made.agent.explorer._stream.variables,
  'average': lambda made: [part.value for part in made.gan.average.variables],
  "the generator's optimizer": lambda made: [
    part.value for part in made.gan.generator_optimizer.variables
  ],
  'chance of the loop': lambda made: made.loop.streams['_works'].variables,
}


@pytest.fixture(scope='module')
def twins(tmp_path_factory):
  """The end of one learner, another as it was born, and a shelf where the first was younger."""
  folder = tmp_path_factory.mktemp('twins')
  whole, of_whole = born(lambda: learner({}))
  whole.loop.warm_up()
  whole.loop.step(2)
  checkpoints.Shelf(folder, tf.train.Checkpoint(learner=whole), 2).save(2)
  whole.loop.step(2)
  other, of_other = born(lambda: learner({}))
  return values(of_whole), other, of_other, values(of_other), folder


@pytest.mark.parametrize('part', [*PARTS, None])
def test_what_is_not_restored_is_noticed(part, twins):
  """The second half can fail, too: whichever part is left as it was born, the end is another."""
  end, other, found, first, folder = twins
  checkpoints.read(tf.train.Checkpoint(learner=other), folder, 2)
  left_out = {id(each) for each in PARTS[part](other)} if part else set()
  for variable, value in zip(found, first, strict=True):
    if id(variable) in left_out:
      variable.assign(value)
  try:
    other.loop.step(2)
  except tf.errors.InvalidArgumentError:  # nothing is there to be sampled
    assert part == 'replay'
  else:
    assert all(map(np.array_equal, values(found), end)) == (part is None)
