"""TF-Agents' learners by name, all from the same config and the same kind of Q-network."""

from __future__ import annotations

from collections.abc import Iterable
import dataclasses
from typing import Any

import tensorflow as tf
from tf_agents.agents.categorical_dqn import categorical_dqn_agent
from tf_agents.agents.dqn import dqn_agent
from tf_agents.agents.ppo import ppo_clip_agent
from tf_agents.agents.reinforce import reinforce_agent
from tf_agents.specs import tensor_spec
from tf_agents.trajectories import time_step as ts
from tf_agents.trajectories import trajectory
import tf_keras

from tf_creative.agent import NETWORKS, graph_world, rollout
from tf_creative.agent import config as config_lib
from tf_creative.agent.learners import informed as informed_lib
from tf_creative.agent.learners import policies
from tf_creative.agent.learners import survey as survey_lib
from tf_creative.core import guard, spec
from tf_creative.core import world as world_lib


class Adam(tf_keras.optimizers.legacy.Adam):
  """Behind a guard. The legacy class has a fused kernel: one op for each variable, not ten."""

  def __init__(self, rate: Any):
    super().__init__(rate)
    self.guard = guard.Guard('the hand')

  @property
  def learning_rate(self) -> tf.Tensor:
    """Today's: TF-Agents' PPO asks for it, and has no way with one that falls."""
    return self._decayed_lr(tf.float32)  # pyright: ignore[reportReturnType]

  def apply_gradients(self, grads_and_vars: Iterable[tuple[tf.Tensor, tf.Variable]], *_, **__):
    pairs = list(grads_and_vars)
    update = super().apply_gradients
    gradients = [gradient for gradient, _ in pairs if gradient is not None]
    self.guard.apply(gradients, lambda: update(pairs))


class DqnAgent(dqn_agent.DqnAgent):
  """The target network says what is best and what that is worth: asked once, not for each."""

  def _compute_next_q_values(self, next_time_steps, info):
    del info
    values, _ = self._target_q_network(
      next_time_steps.observation, step_type=next_time_steps.step_type
    )
    return tf.reduce_max(values, -1)


def dqn(world: world_lib.World, config: config_lib.AgentConfig, seed: int) -> dqn_agent.DqnAgent:
  return DqnAgent(**arguments(world, config, seed))


def ddqn(world: world_lib.World, config: config_lib.AgentConfig, seed: int) -> dqn_agent.DdqnAgent:
  return dqn_agent.DdqnAgent(**arguments(world, config, seed))


def informed(
  world: world_lib.World, config: config_lib.AgentConfig, seed: int
) -> informed_lib.InformedDdqnAgent:
  world.need('rules', 'making', by='--agent=informed')
  if config.n_step != 1:
    raise spec.SpecError('--agent=informed knows the pay of one step: use --agent_n_step=1.')
  given = arguments(world, config, seed)
  pays = tensor_spec.TensorSpec([world.play.action_spec.maximum + 1], tf.float32, 'pays')
  step, action = given['time_step_spec'], given['action_spec']
  given['training_data_spec'] = trajectory.Trajectory(
    step.step_type, step.observation, action, pays, step.step_type, step.reward, step.discount
  )
  return informed_lib.InformedDdqnAgent(**given)


def survey(
  world: world_lib.World, config: config_lib.AgentConfig, seed: int
) -> survey_lib.SurveyDqnAgent:
  world.need('rules', 'levels', by='--agent=survey')
  if config.network != 'map':
    raise spec.SpecError('--agent=survey learns the values of a map: use --agent_network=map.')
  return survey_lib.SurveyDqnAgent(
    survey=world.levels.survey, seed=seed, **arguments(world, config, seed)
  )


def c51(world: world_lib.World, config: config_lib.AgentConfig, seed: int) -> dqn_agent.DqnAgent:
  """Returns lie between those of an endless run of the worst and of the best pay."""
  if config.discount >= 1:
    raise spec.SpecError(
      '--agent=c51 wants an end to what can be earned: give --agent_discount below 1, or use '
      '--agent=ddqn.'
    )
  bound = world.play.reward_bound / (1 - config.discount)
  given = arguments(world, config, seed, atoms=config.atoms)
  given['categorical_q_network'] = given.pop('q_network')
  return categorical_dqn_agent.CategoricalDqnAgent(min_q_value=-bound, max_q_value=bound, **given)


def reinforce(
  world: world_lib.World, config: config_lib.AgentConfig, seed: int
) -> reinforce_agent.ReinforceAgent:
  world.need('rules', by='--agent=reinforce')
  if rollout.length(world, config) <= world.rules.horizon:
    raise spec.SpecError(
      f'--agent=reinforce learns from whole episodes, and here they have {world.rules.horizon} '
      'steps: use --agent=ppo.'
    )
  actor, value, common = _actor_critic(world, config, seed)
  return _with_answers(
    reinforce_agent.ReinforceAgent(
      actor_network=actor,
      value_network=value,
      gamma=config.discount,
      **common,
    ),
    actor,
    value,
  )


def ppo(
  world: world_lib.World, config: config_lib.AgentConfig, seed: int
) -> ppo_clip_agent.PPOClipAgent:
  """Schulman et al. 2017, with its clipping at .2 and its lambda; pays and what is seen as is."""
  world.need('rules', by='--agent=ppo')
  actor, value, common = _actor_critic(world, config, seed)
  return _with_answers(
    ppo_clip_agent.PPOClipAgent(
      actor_net=actor,
      value_net=value,
      discount_factor=config.discount,
      num_epochs=config.epochs,
      importance_ratio_clipping=0.2,
      lambda_value=0.95,
      use_gae=True,
      use_td_lambda_return=True,
      normalize_rewards=False,
      normalize_observations=False,
      **common,
    ),
    actor,
    value,
  )


def _with_answers(agent, actor: policies.Policy, value: policies.Value):
  """What an episode is worth, where a Q-network would say it of actions, and what is undecided."""
  agent.judge, agent.surprise = value.judge, actor.surprise
  return agent


def _actor_critic(world: world_lib.World, config: config_lib.AgentConfig, seed: int):
  config = dataclasses.replace(config, dueling=False)  # which would leave a value without gradient
  actor = policies.Policy(_network(world, config, seed), world.play.action_spec.dtype)
  value = policies.Value(_network(world, config, seed + 1000, knows=False))
  for network in (actor, value):
    network.create_variables()
  # A policy begins all but undecided, or as the world finds likely (Andrychowicz et al. 2021, 3.2).
  actor.inner.hush()
  optimizer = _optimizer(config, [*actor.trainable_variables, *value.trainable_variables])
  return actor, value, _common(world) | {'optimizer': optimizer}


def arguments(
  world: world_lib.World, config: config_lib.AgentConfig, seed: int, atoms: int = 0
) -> dict[str, Any]:
  """Lists what TF-Agents' DQN and its variants are made from, plugins among them."""
  network = _network(world, config, seed, atoms, knows=not atoms)
  network.create_variables()
  return _common(world) | {
    'q_network': network,
    'optimizer': _optimizer(config, network.trainable_variables),
    'gamma': config.discount,
    'n_step_update': config.n_step,
    'target_update_period': config.target_period,
  }


def _network(
  world: world_lib.World,
  config: config_lib.AgentConfig,
  seed: int,
  atoms: int = 0,
  knows: bool = True,  # what the world finds likely, and begins with it
):
  return NETWORKS.load(config.network)(
    _observation_spec(world),
    features=world.play.features,
    brief=world.play.brief,
    likely=world.play.prior_logits if knows else None,
    num_actions=world.play.action_spec.maximum + 1,
    config=config,
    atoms=atoms,
    seed=seed,
  )


def _optimizer(config: config_lib.AgentConfig, variables: list[tf.Variable]):
  rate = config.learning_rate
  if config.decay_steps:
    rate = tf_keras.optimizers.schedules.CosineDecay(rate, config.decay_steps, alpha=0.01)
  optimizer = Adam(rate)
  optimizer._create_all_weights(variables)  # before the first trace
  return optimizer


def _observation_spec(world: world_lib.World):
  return {
    name: graph_world.to_spec(bounded, name)
    for name, bounded in world.play.observation_spec.items()
  }


def _common(world: world_lib.World):
  return {
    'time_step_spec': ts.time_step_spec(_observation_spec(world)),
    'action_spec': graph_world.to_spec(world.play.action_spec, 'action'),
    'train_step_counter': tf.Variable(0, dtype=tf.int64, trainable=False),
  }
