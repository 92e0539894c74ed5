"""Replicas stay equal, bit for bit, and learn what one process learns from all their batches."""

import pickle

import numpy as np
import pytest
import tensorflow as tf

from tests.runs import replica
from tf_creative.core import replicas, spec, streams


def test_two_learn_what_one_learns_from_the_double_batch(tmp_path):
  given = replica.lessons()
  (tmp_path / 'lessons').write_bytes(pickle.dumps(given))
  processes = [replica.start(tmp_path, config) for config in replica.configs(2)]
  whole = replica.learn(given)
  assert [process.wait(900) for process in processes] == [0, 0]
  first, second = (dict(np.load(tmp_path / f'{number}.npz')) for number in (0, 1))
  assert set(first) == set(second) == set(whole)
  worst = 0.0
  for told in (first, second, whole):  # of the bad one each half has its own loss: one is good
    told['loss'][replica.BAD] = 0
  for name, value in whole.items():
    np.testing.assert_array_equal(first[name], second[name], name)
    worst = max(worst, np.nanmax(np.abs(first[name] - value)))
    np.testing.assert_allclose(first[name], value, atol=5e-5, err_msg=name)
  print(f'{len(whole)} losses and variables are within {worst:.1g} of one process')
  # What was no number in one half was skipped by both, and by the whole.
  assert first['skipped'] == 1
  assert len(set(whole['generator_loss'])) == replica.LESSONS


def test_number_0_draws_as_ever_and_others_their_own(monkeypatch):
  drawn = []
  for number in range(3):
    monkeypatch.setattr(replicas, '_here', replicas.Place(number, 3))
    drawn.append(tuple(streams.Stream(5, 'loop/real').next().numpy()))
    assert (replicas.own(5) == 5) == (number == 0)
  assert len(set(drawn)) == 3
  assert drawn[0] == (-4833872004531123049, 1)  # as before there were replicas


def test_alone_nothing_is_exchanged():
  parts = {'a': tf.ones([2]), 'b': None}
  assert replicas.mean(parts) is parts
  assert replicas.span(-3) == (-3, -3) and replicas.same(b'x')


@pytest.mark.parametrize(
  ('config', 'place'),
  [
    ('{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 1}}', (1, 2)),
    (
      '{"cluster": {"chief": ["a:1"], "worker": ["b:1"]}, "task": {"type": "worker", "index": 0}}',
      (1, 2),
    ),
    ('', None),
    ('{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1}}', None),
    (
      '{"cluster": {"worker": ["a:1"], "ps": ["b:1"]}, "task": {"type": "worker", "index": 0}}',
      None,
    ),
    ('[]', None),
    ('{"cluster": []}', None),
  ],
)
def test_the_place_is_that_of_tf_config(config, place, monkeypatch):
  monkeypatch.setenv('TF_CONFIG', config)
  if place:
    assert replicas.named() == place
  else:
    with pytest.raises(spec.UserError, match='set TF_CONFIG='):
      replicas.named()
