"""What worlds share whose works are written place by place: notes of a melody, words of a line."""

from __future__ import annotations

from typing import Any, ClassVar

import tensorflow as tf

from tf_creative.core import works as works_lib

CODE_BOUND = 10  # bound of the numbers in a code, which are drawn from a standard normal


class Written:
  """Parts of a world whose options are target, code, given and match; the first of its bases.

  The hand sees what is written so far, and beside it the target, a code that tells it, or neither.
  """

  written: ClassVar[tuple[str, str]]  # names in an observation: of what is written, of the target
  target: Any
  code: Any
  given: Any
  match: Any
  label_names: Any
  work_spec: Any
  horizon: Any

  @property
  def code_size(self) -> int:
    return 0 if self.target == 'shown' else self.code

  @property
  def rewards_target(self) -> bool:
    return self.target != 'none'

  @property
  def observation_spec(self) -> dict[str, works_lib.Bounded]:
    code = works_lib.Bounded((self.code_size,), tf.float32, -CODE_BOUND, CODE_BOUND)
    own, target = self.written
    return {
      own: self.work_spec,
      **({target: self.work_spec} if self.target == 'shown' else {}),
      **({'code': code} if self.code_size else {}),
      'label': works_lib.Bounded((), tf.int32, 0, len(self.label_names) - 1),
      'time_left': works_lib.Bounded((), tf.int32, 0, self.horizon),
    }

  def brief(self, observation: dict[str, tf.Tensor]) -> tf.Tensor:
    return observation.get('code', tf.zeros([tf.shape(observation['label'])[0], 0]))

  def error(self, work: tf.Tensor, goal: tf.Tensor) -> tf.Tensor:
    wrong = tf.cast(work != goal, tf.float32)[:, self.given :]
    return self.match * tf.reduce_sum(wrong, 1)

  def _until(self, work: tf.Tensor, time: tf.Tensor) -> tf.Tensor:
    """Return works [B, T] of which only the first given + time [B] places are written."""
    written = tf.range(work.shape[1]) < self.given + time[:, None]
    return tf.where(written, work, tf.zeros_like(work))
