"""Rhyme, by hand: which sounds are labels, and which lines are paid for them."""

import numpy as np
import pytest
import tensorflow as tf

from tests.worlds.verse import verses
from tf_creative import testing
from tf_creative.core import spec
from tf_creative.worlds.verse import line as line_lib
from tf_creative.worlds.verse import metre, package, rules
from tf_creative.worlds.verse import world as verse

WORDS = ['', '…', 'night', 'day', 'light', 'the', 'way', 'wind', 'one']
SOUNDS = {
  'night': ('aɪt',),
  'light': ('aɪt',),
  'day': ('eɪ',),
  'way': ('eɪ',),
  'wind': ('ɪnd', 'aɪnd'),
  'one': ('ʌn',),
}
NIGHT, DAY, LIGHT, THE, WAY, WIND, ONE = range(2, 9)


def lines(*rows, steps=10):
  return np.array([[*row, *[0] * (steps - len(row))] for row in rows], np.int32)


def rhymes():
  # Ten lines end on light and two on night, nine and one on day and way, ten on wind, nine on one.
  last = [LIGHT] * 10 + [NIGHT] * 2 + [DAY] * 9 + [WAY] + [WIND] * 10 + [ONE] * 9
  return metre.Rhymes(WORDS, SOUNDS, lines(*([THE, word] for word in last)))


def test_sounds_of_ten_lines_are_labels_named_by_the_word_that_ends_most():
  found = rhymes()
  assert found.names == [metre.UNRHYMED, 'light', 'wind', 'day']
  np.testing.assert_array_equal(found.names.numbers, np.eye(4))
  assert [WORDS[at] for at in np.flatnonzero(found.has[:, 1])] == ['night', 'light']
  told = found.labels(lines([THE, WAY], [WAY, THE], [ONE], [NIGHT] * 10, []))
  assert told.tolist() == [3, 0, 0, 1, 0]


def test_a_label_is_found_by_any_word_that_rhymes():
  read = rhymes().names.read
  assert [read(word) for word in ('night', 'Way', 'wind', metre.UNRHYMED)] == [
    *('light', 'day', 'wind'),
    metre.UNRHYMED,
  ]
  for word in ('one', 'orange', ''):
    with pytest.raises(spec.SpecError, match='there are rhymes to light, wind, day'):
      read(word)


def test_a_rhyme_is_paid_at_the_end_and_only_of_the_label():
  rows = lines([THE, NIGHT], [THE, NIGHT], [NIGHT, THE], [NIGHT] * 10, [THE, WAY], [])
  said = rules.rhyme(tf.constant(rows), tf.constant(rhymes().has), tf.constant([1, 3, 1, 1, 0, 1]))
  paid = np.zeros([6, 10])
  paid[0, 2] = paid[3, 9] = 1  # the end after two words, and the tenth word
  np.testing.assert_array_equal(said, paid)
  kept = rhymes().kept(rows, np.array([1, 3, 1, 1, 0, 1]))
  assert kept.tolist() == [True, False, False, True, True, False]


@pytest.fixture(scope='module')
def own(tmp_path_factory):
  with verses.own(tmp_path_factory) as (path, patch):
    sounds = {'day': ('eɪ',), 'sea': ('iː',), 'night': ('aɪt',), 'stone': ('oʊn',)}
    patch.setattr(package, 'endings', lambda: sounds)
    yield path


@pytest.mark.parametrize('more', [{}, {'target': 'none', 'likelihood': 1.0}])
def test_a_world_of_rhymes_keeps_all_promises(own, more):
  world = verse.Verse(data=own, theory=1.0, rhyme=True, **more)
  testing.check_world(world)
  assert set(world.label_names) > {metre.UNRHYMED, 'day', 'sea'}
  plain = verse.Verse(data=own, theory=1.0)
  wide = world.making.action_features().shape[1] - plain.making.action_features().shape[1]
  assert wide == len(world.label_names) - 1


def test_the_first_policy_knows_what_rhymes_where_a_line_ends(own):
  world = verse.Verse(data=own, theory=1.5, likelihood=0.5, target='none', rhyme=True)
  plain = verse.Verse(data=own, theory=1.5, likelihood=0.5, target='none')
  words = world.corpus.words
  begun = np.stack([words.numbers('we see the leaf above my old'.split())] * 2)
  begun[1, -4:] = 0
  labels = [world.label_names.index('day'), 0, world.label_names.index('day')]
  state = line_lib.State(
    tf.constant(np.stack([begun[0], begun[0], words.numbers('we see the leaf'.split())])),
    tf.zeros([3, 10], tf.int32),
    tf.constant(labels),
    tf.zeros([3, world.play.code_size]),
    tf.constant([7, 7, 4]),
  )
  more = [one.play.prior_logits(one.rules.observe(state)) for one in (world, plain)]
  more = (more[0] - more[1]).numpy()
  # Eight syllables stand, and day would be the ninth; then nine, and it is the tenth.
  assert not more.any()
  whole = state._replace(
    line=tf.constant(np.stack([words.numbers('we see the leaf above my old new'.split())] * 3)),
    time=tf.constant([8, 8, 8]),
  )
  more = [one.play.prior_logits(one.rules.observe(whole)) for one in (world, plain)]
  more = (more[0] - more[1]).numpy()
  day = [*words.words].index('day')
  expected = np.zeros_like(more)
  expected[[0, 2], day] = 3
  np.testing.assert_allclose(more, expected, atol=1e-5)


def test_real_lines_have_the_label_of_their_sound(own):
  world = verse.Verse(data=own, theory=1.0, rhyme=True)
  for works in world.real('train').take(60):
    text = world.corpus.words.text(works.work.numpy())
    name = world.label_names[int(works.label)]
    assert name == (text.split()[-1] if name != metre.UNRHYMED else name)


def test_lines_without_pronunciations_or_rhymes_are_refused(own, monkeypatch):
  monkeypatch.setattr(package, 'endings', dict)
  with pytest.raises(spec.SpecError, match='too few lines of .* rhyme .*: leave out rhyme='):
    verse.Verse(data=own, rhyme=True).label_names  # noqa: B018
  monkeypatch.setattr(package, 'readings', dict)
  with pytest.raises(spec.SpecError, match='known of 0% .*: leave out rhyme='):
    verse.Verse(data=own, rhyme=True).label_names  # noqa: B018
