"""A world of its own: a row of towers, one of which is given a height at a time."""

import dataclasses
import functools
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tf_creative.core import spec
from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.worlds import drawings, files, images


class State(NamedTuple):
  towers: tf.Tensor  # uint8 [B, towers], floors
  plan: tf.Tensor  # uint8 [B, towers]
  label: tf.Tensor  # int32 [B]
  time: tf.Tensor  # int32 [B]


@dataclasses.dataclass(frozen=True)
class Skyline(
  world_lib.Play,
  world_lib.Rules,
  world_lib.Works,
  world_lib.Making,
  world_lib.Media,
  world_lib.Measures,
  world_lib.Whole,
):
  """Rows of eight towers, built to a plan.

  An action is (tower, floors) as one integer; the reward is the error that it removes.
  """

  data: str = 'waves'  # pictures whose columns of ink are the towers
  floors: int = spec.setting(5, 'of a tower, at most', at_least=1, at_most=8)
  horizon: int = spec.setting(10, 'actions in an episode', at_least=1, at_most=1000)

  name = 'skyline'
  participle = 'built'
  splits = ('test',)
  scores = {'equal_towers': world_lib.Measure('.1%', 'of towers equal')}
  traits = {'mean_floors': world_lib.Measure('.2f', 'floors a tower')}
  towers = 8
  rewards_target = True

  @property
  def heights(self) -> int:
    return self.floors + 1

  @property
  def work_spec(self):
    return works_lib.Bounded((self.towers,), tf.uint8, 0, self.floors)

  @property
  def value_shape(self):
    return self.towers, self.heights

  @functools.cached_property
  def label_names(self):
    return images.label_names(self.data)

  @property
  def observation_spec(self):
    return {
      'towers': self.work_spec,
      'plan': self.work_spec,
      'label': works_lib.Bounded((), tf.int32, 0, len(self.label_names) - 1),
      'time_left': works_lib.Bounded((), tf.int32, 0, self.horizon),
    }

  @property
  def action_spec(self):
    return works_lib.Bounded((), tf.int32, 0, self.towers * self.heights - 1)

  @property
  def reward_bound(self):
    return 1.0

  def real(self, split):
    pictures = images.works(self.data, split, 8, self.towers, np.array([[0.0], [1.0]]))

    def to_work(work):
      ink = tf.reduce_sum(tf.cast(work.work, tf.int32), 0)
      return work._replace(work=tf.cast(ink * self.floors // 8, tf.uint8))

    return pictures.map(to_work)

  def start(self, concept, seed):
    del seed
    none = tf.zeros_like(concept.label)
    return State(tf.zeros_like(concept.work), concept.work, concept.label, none)

  def step(self, state, action, seed):
    del seed
    here = tf.one_hot(action // self.heights, self.towers, True, False)
    height = tf.cast(action % self.heights, tf.uint8)
    towers = tf.where(here, height[:, None], state.towers)
    reward = self.error(state.towers, state.plan) - self.error(towers, state.plan)
    over = (state.time + 1 >= self.horizon) | tf.reduce_all(towers == state.plan, 1)
    return state._replace(towers=towers, time=state.time + 1), reward, over

  def observe(self, state):
    return {
      'towers': state.towers,
      'plan': state.plan,
      'label': state.label,
      'time_left': self.horizon - state.time,
    }

  def resume(self, observation):
    time = self.horizon - observation['time_left']
    return State(observation['towers'], observation['plan'], observation['label'], time)

  def work(self, state):
    return state.towers

  def place(self, state, work):
    return state._replace(towers=work)

  def allowed(self, state, keep):
    del state
    return tf.repeat(~keep, self.heights, 1)

  def features(self, observation):
    return self._seen(*(self.to_values(observation[name]) for name in ('towers', 'plan')))

  def _seen(self, towers, plan):
    both = tf.concat([towers, plan], 1)
    return tf.reshape(both, [-1, 2 * self.towers * self.heights])

  def prospect(self, values, labels):
    del labels
    begun = self.to_values(tf.zeros_like(self.to_works(values)))
    return self._seen(begun, values), tf.reduce_sum(values * self._floors, [1, 2])

  @property
  def _floors(self):
    return tf.range(self.heights, dtype=tf.float32) / self.floors

  def legal(self, raw):
    soft = tf.nn.softmax(raw)
    return soft + tf.stop_gradient(self.to_values(self.to_works(soft)) - soft)

  def to_values(self, works):
    return tf.one_hot(tf.cast(works, tf.int32), self.heights)

  def to_works(self, values):
    return tf.cast(tf.argmax(values, -1), tf.uint8)

  def midway(self, concept, time, seed):
    order = tf.argsort(tf.random.stateless_uniform(tf.shape(concept.work), seed))
    built = order < (time * self.towers // self.horizon)[:, None]
    start = self.start(concept, seed)
    return start._replace(towers=tf.where(built, concept.work, start.towers), time=time)

  def error(self, work, goal):
    off = tf.abs(tf.cast(work, tf.float32) - tf.cast(goal, tf.float32)) / self.floors
    return tf.reduce_sum(off, 1)

  def cell_values(self, goal):
    return -tf.abs(self._floors - tf.cast(goal, tf.float32)[..., None] / self.floors)

  def goal_values(self, state):
    return self.cell_values(state.plan)

  def action_rewards(self, state, values):
    now = tf.gather(values, tf.cast(state.towers, tf.int32), batch_dims=2)
    return tf.reshape(values - now[..., None], [-1, self.towers * self.heights])

  def render(self, works):
    return self._rgb(tf.constant(np.asarray(works))).numpy()

  def _rgb(self, works):
    ink = tf.range(self.floors)[::-1, None] < tf.cast(works, tf.int32)[:, None]
    return tf.repeat(255 * tf.cast(ink, tf.uint8)[..., None], 3, -1)

  def encode(self, works, zoom):
    return {'png_bytes': drawings.png(self._rgb(works), zoom)}

  @property
  def files(self):
    return {'towers': lambda work: ' '.join(map(str, work)).encode()}

  def read(self, path, mask=''):
    if mask:
      raise spec.UserError(f'{mask}: a plan of towers has no gaps.')
    with open(path, 'rb') as file:
      words = file.read().split()
    if len(words) != self.towers or not all(word.isdigit() for word in words):
      raise spec.UserError(f'{path} is no plan: write {self.towers} heights.')
    work = np.array(words, np.uint8)
    return work, np.ones(work.shape, bool)

  def portrait(self, path, given):
    picture, _ = super().portrait(path, given)
    return picture, np.broadcast_to(given, [self.floors, self.towers])

  def store(self, works, seeds, folder):
    files.store(self.render(works.work)[..., :1], works.label, self.label_names, seeds, folder)

  def strokes(self, actions):
    spelt = tf.stack([actions // self.heights, actions % self.heights], -1)
    return tf.where(actions[..., None] < 0, -1, spelt)

  def legend(self) -> dict[str, Any]:
    return {'view': 'towers', 'floors': self.floors}

  def drawing(self, start, actions, zoom):
    marks, places = [], []
    for tower, height in self.strokes(tf.constant(actions)).numpy():
      mark = np.zeros([self.floors, self.towers], bool)
      mark[:, tower] = np.arange(self.floors)[::-1] < height
      marks.append(mark)
      places.append(1)
    begun = np.asarray(self.render(start[None]))[0, ..., 0] // 255
    return drawings.svg(begun, np.array(marks), np.array(places, int), ['#000', '#fff'], zoom)

  def metrics(self, works, concept):
    return {'equal_towers': (np.asarray(works) == np.asarray(concept)).mean(1)}

  def describe(self, works):
    return {'mean_floors': np.asarray(works, np.float32).mean(1)}
