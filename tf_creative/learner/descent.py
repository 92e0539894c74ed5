"""Finds codes whose works agree with given parts of a work, by gradient descent in the graph."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from tf_creative.core import coupling as coupling_lib

_STEPS, _RATE, _BETA_1, _BETA_2 = 100, 0.05, 0.9, 0.99  # of Adam
_PRIOR = 0.03  # weight of |z|^2 in the loss, against squared errors of values


def descend(
  parts: coupling_lib.Parts,
  latents: tf.Tensor,
  label: tf.Tensor,
  work: tf.Tensor,
  given: tf.Tensor,
) -> tuple[tf.Tensor, tf.Tensor]:
  """Go down from codes [B, Z] of labels [B]; return the best on each way, and their losses [B].

  One work is given, where `given` holds.
  """
  wanted = parts.world.works.to_values(work)
  weight = tf.cast(given, tf.float32)[..., None]

  def loss(latents: tf.Tensor) -> tf.Tensor:
    squares = weight * tf.square(parts.gan.generate(latents, label) - wanted)
    far = tf.reduce_sum(squares, range(1, len(squares.shape)))
    return far + _PRIOR * tf.reduce_sum(tf.square(latents), 1)

  def step(time, latents, mean, square, best, least):
    with tf.GradientTape(watch_accessed_variables=False) as tape:
      tape.watch(latents)
      losses = loss(latents)
    gradient = tape.gradient(losses, latents)
    best = tf.where((losses < least)[:, None], latents, best)
    # Adam (Kingma & Ba 2015, algorithm 1)
    mean = _BETA_1 * mean + (1 - _BETA_1) * gradient
    square = _BETA_2 * square + (1 - _BETA_2) * tf.square(gradient)
    unbiased = mean / (1 - _BETA_1**time), square / (1 - _BETA_2**time)
    latents -= _RATE * unbiased[0] / (tf.sqrt(unbiased[1]) + 1e-8)
    return time + 1, latents, mean, square, best, tf.minimum(losses, least)

  none, worst = tf.zeros_like(latents), tf.fill(tf.shape(label), np.inf)
  start = [1.0, latents, none, none, latents, worst]
  *_, best, least = tf.while_loop(lambda time, *_: time <= _STEPS, step, start)
  return best, least


def distance(
  parts: coupling_lib.Parts, works: tf.Tensor, work: tf.Tensor, given: tf.Tensor
) -> tf.Tensor:
  """Return the squared distance of each of `works` to one, over its given parts: [B]."""
  to_values = parts.world.works.to_values
  weight = tf.cast(given, tf.float32)[..., None]
  squares = weight * tf.square(to_values(works) - to_values(work))
  return tf.reduce_sum(squares, range(1, len(squares.shape)))
