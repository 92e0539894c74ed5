"""Replicas as processes, and what they learn: the same lessons, whole or in two halves."""

import json
import pathlib
import pickle
import subprocess
import sys

import numpy as np
import tensorflow as tf

from tests.shared import tiny
from tf_creative.core import replicas
from tf_creative.runs import cluster

SIZE, LESSONS, BAD = 8, 8, 3  # rows of a half; how many lessons; which one is no number
MAIN = """
import pathlib, sys
from tf_creative.core import replicas
with replicas.joined():
  from tests.runs import replica
  replica.main(pathlib.Path(sys.argv[1]))
"""
_NORMAL = tf.random.stateless_normal


def configs(count: int) -> list[str]:
  """TF_CONFIG of each worker on this machine."""
  workers = [f'localhost:{port}' for port in cluster._ports(count)]
  tasks = [{'type': 'worker', 'index': number} for number in range(count)]
  return [json.dumps({'cluster': {'worker': workers}, 'task': task}) for task in tasks]


def start(given: pathlib.Path, config: str) -> subprocess.Popen:
  """A process that becomes a replica, before there is any tensor, and learns."""
  command = [sys.executable, '-c', MAIN, str(given)]
  environment = {'TF_CONFIG': config, 'TF_NUM_INTRAOP_THREADS': '1'}
  return subprocess.Popen(command, env={**cluster.os.environ, **environment})


def lessons() -> list:
  """Batches for the hand and real works for the imagination, of two halves; one is bad."""
  learner = tiny.learner()
  learner.loop.warm_up()
  found = []
  for place in range(LESSONS):
    both = [learner.agent.sample(), learner.agent.sample()]
    batch = tf.nest.map_structure(lambda *parts: np.concatenate(parts), *both)
    if place == BAD:  # in the second half only
      batch.reward[SIZE:] = np.nan
    real = learner.loop._draw(2 * SIZE)
    works = learner.world.works.to_values(real.work).numpy()
    found.append((batch, works, real.label.numpy(), np.array([[7, place], [8, place]], np.int32)))
  return found


def learn(given: list) -> dict[str, np.ndarray]:
  """Learn the lessons, or this replica's half of each; return losses and weights."""
  learner, place = tiny.learner(), replicas.here()

  def half(part):
    rows = part.shape[0] // place.count
    return part[place.number * rows : (place.number + 1) * rows]

  def draw(shape, seed):  # of all codes, and then a half of them
    return half(_NORMAL([place.count * shape[0], *shape[1:]], seed))

  @tf.function(autograph=False)
  def lesson(batch, works, labels, seeds):
    told = learner.agent.learn(batch) | learner.gan.train_step(works, labels, tf.unstack(seeds))
    told.pop('largest_reward')
    return replicas.mean(told)

  tf.random.stateless_normal = draw
  try:
    told = []
    for batch, works, labels, seeds in given:
      batch = tf.nest.map_structure(lambda part: tf.constant(half(part)), batch)
      told.append(lesson(batch, half(works), half(labels), tf.constant(seeds)))
  finally:
    tf.random.stateless_normal = _NORMAL
  hand = learner.agent.learner
  variables = [*hand._q_network.variables, *hand._optimizer.variables(), *learner.gan.variables]
  found = {f'weights {number}': part.numpy() for number, part in enumerate(variables)}
  found |= {name: np.array([float(one[name]) for one in told]) for name in told[0]}
  return found | {'skipped': np.array(int(learner.agent.guard.skipped))}


def main(path: pathlib.Path) -> None:
  """What a process does once it is a replica."""
  found = learn(pickle.loads((path / 'lessons').read_bytes()))
  np.savez(path / f'{replicas.here().number}.npz', **found)
