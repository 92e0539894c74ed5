"""Q(lambda) on policy, without replay and without a target network."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from tf_agents.agents import tf_agent
from tf_agents.networks import network
from tf_agents.policies import greedy_policy, q_policy

from tf_creative.core import streams


class PqnAgent(tf_agent.TFAgent):
  """Learns by PQN (Gallici et al. 2024): Q-learning on what many parallel episodes just did.

  Each batch of new steps is learnt from for some epochs, in minibatches in random order, towards
  lambda-returns that were computed once, before the first of them. What replay and target network
  are otherwise for, the paper leaves to normalised layers: use --agent_norm.
  """

  def __init__(
    self,
    time_step_spec: Any,
    action_spec: Any,
    q_network: network.Network,
    optimizer: Any,
    gamma: float,
    trace: float,
    epochs: int,
    batch_size: int,
    seed: int,
    train_step_counter: tf.Variable,
  ):
    """Take `trace`, the lambda of the returns, and the size of a minibatch."""
    policy = q_policy.QPolicy(time_step_spec, action_spec, q_network)
    super().__init__(
      time_step_spec,
      action_spec,
      policy=greedy_policy.GreedyPolicy(policy),
      collect_policy=policy,
      train_sequence_length=None,
      train_step_counter=train_step_counter,
    )
    self._q_network, self._optimizer = q_network, optimizer
    self._gamma, self._trace = gamma, trace
    self._epochs, self._batch_size = epochs, batch_size
    self._stream = streams.Stream(seed, 'agent/pqn')

  def _train(self, experience: Any, weights):
    del weights
    targets, counts = self._returns(experience)
    # A row for each step [N]; the last frames only say what followed.
    rows = {
      'observation': experience.observation,
      'action': experience.action,
      'target': targets,
      'counts': counts,
    }
    rows = tf.nest.map_structure(lambda part: tf.reshape(part[:, :-1], [-1, *part.shape[2:]]), rows)
    total = counts.shape[0] * (counts.shape[1] - 1)
    size = min(self._batch_size, total)
    order = self._order(total, size)

    def update(turn: tf.Tensor, sum_: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
      some = tf.nest.map_structure(lambda part: tf.gather(part, order[turn]), rows)
      variables = self._q_network.trainable_variables
      with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(variables)
        loss = self._loss(some).loss
      self._optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
      self.train_step_counter.assign_add(1)
      return turn + 1, sum_ + loss

    turns = order.shape[0]
    _, sum_ = tf.while_loop(lambda turn, _: turn < turns, update, [0, 0.0])
    return tf_agent.LossInfo(sum_ / turns, ())

  def _order(self, total: int, size: int) -> tf.Tensor:
    """Draw the rows of each minibatch: int32 [epochs * (total // size), size]."""
    some = total // size
    chance = tf.random.stateless_uniform([self._epochs, total], self._stream.next())
    return tf.reshape(tf.argsort(chance)[:, : some * size], [self._epochs * some, size])

  def _returns(self, experience: Any) -> tuple[tf.Tensor, tf.Tensor]:
    """Return lambda-returns of frames [B, T], and a weight for each: 0 where an episode is over.

    G = r + gamma * ((1 - lambda) * max Q' + lambda * G'), and max Q where an episode is cut short.
    """
    shape = experience.reward.shape
    frames = tf.nest.map_structure(
      lambda part: tf.reshape(part, [-1, *part.shape[2:]]), experience.observation
    )
    values, _ = self._q_network(frames)
    best = tf.reshape(tf.reduce_max(values, -1), shape)
    over = experience.is_boundary()  # where the frame itself ends an episode

    def back(later: tuple[tf.Tensor, ...], now: tuple[tf.Tensor, ...]) -> tuple[tf.Tensor, ...]:
      (worth, beyond), (reward, discount, best, over) = later, now
      mixed = (1 - self._trace) * beyond + self._trace * worth
      return tf.where(over, best, reward + self._gamma * discount * mixed), best

    parts = experience.reward, experience.discount, best, over
    by_time = tuple(tf.transpose(part[:, :-1]) for part in parts)
    last = best[:, -1]
    worth, _ = tf.scan(back, by_time, (last, last), reverse=True)
    targets = tf.concat([tf.transpose(worth), last[:, None]], 1)
    return tf.ensure_shape(targets, shape), tf.cast(~over, tf.float32)

  def _loss(self, rows: dict[str, Any]) -> tf_agent.LossInfo:
    """Return the mean squared error of the values of the actions taken."""
    values, _ = self._q_network(rows['observation'])
    taken = tf.gather(values, rows['action'], batch_dims=1)
    errors = rows['counts'] * tf.square(taken - rows['target'])
    return tf_agent.LossInfo(
      tf.reduce_sum(errors) / tf.maximum(tf.reduce_sum(rows['counts']), 1.0), ()
    )
