"""TF-Agents' learners by name, all from the same config and the same kind of Q-network."""

from __future__ import annotations

import tensorflow as tf
from tf_agents.agents.categorical_dqn import categorical_dqn_agent
from tf_agents.agents.dqn import dqn_agent
from tf_agents.specs import tensor_spec
from tf_agents.trajectories import time_step as ts
from tf_agents.trajectories import trajectory
import tf_keras

from tf_creative import spec, types
from tf_creative.agent import NETWORKS
from tf_creative.agent import config as config_lib
from tf_creative.agent import informed as informed_lib
from tf_creative.agent import survey as survey_lib
from tf_creative.agent import world as world_lib


def dqn(domain: types.Domain, config: config_lib.AgentConfig, seed: int) -> dqn_agent.DqnAgent:
  return dqn_agent.DqnAgent(**_arguments(domain, config, seed))


def ddqn(domain: types.Domain, config: config_lib.AgentConfig, seed: int) -> dqn_agent.DdqnAgent:
  return dqn_agent.DdqnAgent(**_arguments(domain, config, seed))


def informed(
  domain: types.Domain, config: config_lib.AgentConfig, seed: int
) -> informed_lib.InformedDdqnAgent:
  if config.n_step != 1:
    raise spec.SpecError('--agent=informed knows the pay of one step: use --agent_n_step=1.')
  arguments = _arguments(domain, config, seed)
  pays = tensor_spec.TensorSpec([domain.action_spec.maximum + 1], tf.float32, 'pays')
  step, action = arguments['time_step_spec'], arguments['action_spec']
  arguments['training_data_spec'] = trajectory.Trajectory(
    step.step_type, step.observation, action, pays, step.step_type, step.reward, step.discount
  )
  return informed_lib.InformedDdqnAgent(**arguments)


def survey(
  domain: types.Domain, config: config_lib.AgentConfig, seed: int
) -> survey_lib.SurveyDqnAgent:
  if config.network != 'map' or domain.knows_ways:
    raise spec.SpecError(
      '--agent=survey learns a world that is walked through, as level is: use --agent_network=map.'
    )
  return survey_lib.SurveyDqnAgent(
    survey=domain.survey, seed=seed, **_arguments(domain, config, seed)
  )


def c51(domain: types.Domain, config: config_lib.AgentConfig, seed: int) -> dqn_agent.DqnAgent:
  """Returns lie between those of an endless run of the worst and of the best pay."""
  bound = domain.reward_bound / (1 - config.discount)
  arguments = _arguments(domain, config, seed, atoms=config.atoms)
  arguments['categorical_q_network'] = arguments.pop('q_network')
  return categorical_dqn_agent.CategoricalDqnAgent(
    min_q_value=-bound, max_q_value=bound, **arguments
  )


def _arguments(domain: types.Domain, config: config_lib.AgentConfig, seed: int, atoms: int = 0):
  observation_spec = {
    name: world_lib.to_spec(bounded, name) for name, bounded in domain.observation_spec.items()
  }
  network = spec.load(NETWORKS, config.network, 'Q-network')(
    observation_spec,
    features=domain.features,
    brief=domain.brief,
    num_actions=domain.action_spec.maximum + 1,
    config=config,
    atoms=atoms,
    seed=seed,
  )
  network.create_variables()
  # The legacy class is the one with a fused kernel: one op for each variable instead of ten.
  rate = config.learning_rate
  if config.decay_steps:
    rate = tf_keras.optimizers.schedules.CosineDecay(rate, config.decay_steps, alpha=0.01)
  optimizer = tf_keras.optimizers.legacy.Adam(rate)
  optimizer._create_all_weights(network.trainable_variables)  # before the first trace
  return {
    'time_step_spec': ts.time_step_spec(observation_spec),
    'action_spec': world_lib.to_spec(domain.action_spec, 'action'),
    'q_network': network,
    'optimizer': optimizer,
    'gamma': config.discount,
    'n_step_update': config.n_step,
    'target_update_period': config.target_period,
    'train_step_counter': tf.Variable(0, dtype=tf.int64, trainable=False),
  }
