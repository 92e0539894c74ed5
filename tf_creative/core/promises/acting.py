"""Rules for the parts of a world in which an agent acts: play, rules, making, levels."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import tensorflow as tf

from tf_creative.core import world as world_lib
from tf_creative.core.promises.case import COUNT, Case, floats, hold, same, within


def actions_count_from_0(case: Case) -> None:
  bounds = case.world.play.action_spec
  hold((bounds.shape, bounds.dtype, bounds.minimum) == ((), tf.int32, 0), f'they are {bounds}')


def observations_are_in_their_specs(case: Case) -> None:
  parts = case.world.play.observation_spec
  for seen in case.observations:
    hold(seen.keys() == parts.keys(), f'{sorted(seen)} are seen, {sorted(parts)} are specified')
    for name, bounds in parts.items():
      within(seen[name], bounds, f"'{name}'")


def features_have_one_shape(case: Case) -> None:
  play, shapes = case.world.play, set()
  actions = play.action_spec.maximum + 1
  for seen in case.observations:
    features, brief, prior = play.features(seen), play.brief(seen), play.prior_logits(seen)
    floats(features, (COUNT, *features.shape[1:]), 'features')
    floats(brief, (COUNT, None), 'brief')
    floats(prior, (COUNT, actions) if prior.shape.rank else (), 'prior_logits')
    shapes.add((tuple(features.shape), tuple(brief.shape), tuple(prior.shape)))
  hold(len(shapes) == 1, f'the shapes of features, brief and prior_logits change: {shapes}')


def observations_tell_the_state(case: Case) -> None:
  """Check that `resume` is the inverse of `observe`: a resumed episode goes on as the original."""
  rules = case.world.rules
  for time, move in enumerate(case.moves):
    seen = rules.observe(move.state)
    again = rules.resume(seen)
    same(rules.observe(again), seen, 'what is observed of a resumed state is something else')
    following, reward, done = rules.step(again, move.action, case.seed + time)
    expected = rules.observe(move.following)
    same(rules.observe(following), expected, 'a resumed state leads to another', 1e-5)
    same(done, move.done, 'a resumed episode ends at another step')
    if not case.hidden:
      same(reward, move.reward, 'a resumed episode is rewarded otherwise', 1e-5)


def steps_are_pure(case: Case) -> None:
  """Check that equal state, action and seed give equal results and leave the state unchanged."""
  for time, move in enumerate(case.moves[:3]):
    before = tf.nest.map_structure(np.array, move.state)
    again = case.world.rules.step(move.state, move.action, case.seed + time)
    same(again, move[2:], 'the same step came out in another way')
    same(move.state, before, 'the step has changed the state that it was given')


def steps_keep_the_form_of_states(case: Case) -> None:
  following, *_ = case.world.rules.step(case.start, case.actions(0), case.seed)
  tf.nest.assert_same_structure(case.start, following)
  parts = zip(tf.nest.flatten(case.start), tf.nest.flatten(following), strict=True)
  for before, after in parts:
    hold(before.dtype == after.dtype, f'{before.dtype.name} became {after.dtype.name}')
    hold(before.shape == after.shape, f'{before.shape} became {after.shape}')


def rows_do_not_depend_on_their_company(case: Case) -> None:
  # Row 0 stays, the rows around it are permuted: its results must not change.
  rules, others = case.world.rules, [0, *range(2, COUNT), 1]
  moved = lambda nest: tf.nest.map_structure(lambda part: tf.gather(part, others), nest)  # noqa: E731
  first = lambda nest: tf.nest.map_structure(lambda part: part[:1], nest)  # noqa: E731
  move = case.moves[1]
  again = rules.step(moved(move.state), moved(move.action), case.seed + 1)
  same(first(again), first(move[2:]), 'a step is another in other company')
  features = lambda state: case.world.play.features(rules.observe(state))  # noqa: E731
  expected = first(features(move.state))
  same(first(features(moved(move.state))), expected, 'features are others in other company', 1e-5)


def episodes_end_by_the_horizon(case: Case) -> None:
  rules = case.world.rules
  most = case.world.play.action_spec.maximum + 1
  kind = case.world.play.action_spec.dtype

  @functools.partial(tf.function, autograph=False)
  def over(state: Any) -> tf.Tensor:
    def body(time: tf.Tensor, ended: tf.Tensor, state: Any) -> tuple:
      seed = tf.stack([time, 1])
      action = tf.random.stateless_uniform([COUNT], seed, maxval=most, dtype=kind)
      state, _, done = rules.step(state, action, seed)
      return time + 1, ended | done, state

    none = tf.zeros([COUNT], tf.bool)
    going_on = lambda time, ended, _: (time < rules.horizon) & ~tf.reduce_all(ended)  # noqa: E731
    return tf.while_loop(going_on, body, [0, none, state])[1]

  hold(over(case.start).numpy().all(), f'some go on after {rules.horizon} random steps')


def rewards_are_finite_and_bounded(case: Case) -> None:
  bound = case.world.play.reward_bound
  hold(np.isfinite(bound), f'the bound is {bound}')
  for move in case.moves:
    floats(move.reward, (COUNT,), 'a reward')
    hold(move.done.dtype == tf.bool and move.done.shape == (COUNT,), 'done is not bool [B]')
    most = np.abs(move.reward).max()
    hold(most <= bound * (1 + 1e-5) + 1e-5, f'a reward is {most}, beyond {bound}')


def works_in_the_making_are_works(case: Case) -> None:
  for state in (case.start, *(move.following for move in case.moves)):
    within(case.world.rules.work(state), case.world.works.work_spec, 'a work in the making')


def idle_steps_leave_works_alone(case: Case) -> None:
  for action in case.tries():
    moved, _, _ = case.world.rules.step(case.start, action, case.seed)
    idle = case.world.rules.idle(case.start, moved)
    hold((idle.dtype, idle.shape) == (tf.bool, (COUNT,)), 'it is not bool [B]')
    before, after = map(case.world.rules.work, (case.start, moved))
    changed = np.any(np.reshape(after != before, [COUNT, -1]), 1)
    hold(not np.any(idle & changed), f'action {int(action[0])} does something and is called idle')


def prospects_are_how_episodes_begin(case: Case) -> None:
  works, play = case.world.works, case.world.play
  if play.code_size:
    return  # the hand is not shown the work itself, so features cannot be foreseen from it
  values = works.to_values(case.concept.work)
  features, most = works.prospect(values, case.concept.label)
  expected = play.features(case.world.rules.observe(case.start))
  same(features, expected, 'features foreseen are not those of the start', 1e-5)
  floats(most, (COUNT,), 'the most that can be earned')


def errors_are_0_at_the_goal(case: Case) -> None:
  making, goal = case.world.making, case.concept.work
  floats(making.error(goal, goal), (COUNT,), 'an error')
  hold(not np.any(making.error(goal, goal)), 'it is not 0 at the goal')
  hold(np.all(making.error(case.played(), goal) >= 0), 'it is negative')


def goals_are_worth_most(case: Case) -> None:
  goal = case.concept.work
  values = case.world.making.cell_values(goal)
  floats(values, (*goal.shape, None), 'cell values')
  own = tf.gather(values, tf.cast(goal, tf.int32), batch_dims=goal.shape.rank)
  hold(np.all(own >= tf.reduce_max(values, -1) - 1e-6), 'another form is worth more than the goal')
  floats(case.world.making.goal_values(case.start), values.shape, 'goal values')


def midway_leads_from_start_to_goal(case: Case) -> None:
  world = case.world
  at = lambda time: world.making.midway(case.concept, tf.fill([COUNT], time), case.seed)  # noqa: E731
  begun, ended = world.rules.work(at(0)), world.rules.work(at(world.rules.horizon))
  same(begun, world.rules.work(case.start), 'after 0 steps it is not the start')
  hold(not np.any(world.making.error(ended, case.concept.work)), 'after all steps it is no goal')
  seen = world.rules.observe(at(world.rules.horizon // 2))
  for name, bounds in world.play.observation_spec.items():
    within(seen[name], bounds, f"'{name}' midway")


def action_rewards_agree_with_steps(case: Case) -> None:
  world, making = case.world, case.world.making
  state = case.moves[-1].state
  told = making.action_rewards(state, making.goal_values(state))
  floats(told, (COUNT, world.play.action_spec.maximum + 1), 'action rewards')
  told += world_lib.side_rewards(world, state)
  if case.hidden:
    return  # rewards depend on a work that the observation does not show
  for action in case.tries():
    _, reward, _ = world.rules.step(state, action, case.seed)
    same(told[:, int(action[0])], reward, f'action {int(action[0])} is rewarded otherwise', 1e-4)


def allowed_actions_keep_what_is_kept(case: Case) -> None:
  rules, state = case.world.rules, case.moves[-1].state
  before = rules.work(state)
  keep = tf.random.stateless_uniform(before.shape, case.seed) < 0.5
  allowed = rules.allowed(state, keep)
  actions = case.world.play.action_spec.maximum + 1
  hold((allowed.dtype, allowed.shape) == (tf.bool, (COUNT, actions)), 'it is not bool [B, A]')
  for action in case.tries():
    after = rules.work(rules.step(state, action, case.seed)[0])
    touched = np.any(np.reshape((after != before) & keep, [COUNT, -1]), 1)
    hold(not np.any(touched & allowed[:, int(action[0])]), f'action {int(action[0])} does not')


def placed_works_are_gone_on_with(case: Case) -> None:
  rules = case.world.rules
  placed = rules.place(case.moves[-1].state, case.concept.work)
  tf.nest.assert_same_structure(placed, case.start)
  same(rules.work(placed), case.concept.work, 'the work that was placed is another')


def surveys_fit_together(case: Case) -> None:
  found = case.world.levels.survey(case.seen[0], case.seed)
  poses, actions = found.follows.shape[1], case.world.play.action_spec.maximum + 1
  for name in ('follows', 'reward', 'goes_on', 'known'):
    shape = getattr(found, name).shape
    hold(shape == (COUNT, poses, actions), f'{name} is {shape}, not [B, P, A]')
  follows = found.follows.numpy()
  hold(follows.min() >= 0 and follows.max() < 2 * poses, 'a pose follows that is not there')
  floats(found.reward, found.follows.shape, 'a reward')
  floats(found.now, (COUNT, *found.now.shape[1:]), 'now')
  floats(found.later, (2 * COUNT, *found.now.shape[1:]), 'later')
