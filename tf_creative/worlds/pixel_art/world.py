"""The world of pixel art: the hand paints a target that it sees, or whose code it knows."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any, NamedTuple

import tensorflow as tf

from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.worlds.pixel_art import measuring, showing, sight


class State(NamedTuple):
  canvas: tf.Tensor  # uint8 [B, H, W], indices into the palette
  target: tf.Tensor  # uint8 [B, H, W]
  label: tf.Tensor  # int32 [B]
  code: Any  # float32 [B, C] where the hand is told it, else ()
  time: tf.Tensor  # int32 [B], strokes made


@dataclasses.dataclass(frozen=True)
class PixelArt(sight.Sight, world_lib.Rules, world_lib.Making, world_lib.Whole):
  """An action is (row, column, shape, colour) as one integer; reward is the error it removes."""

  name = 'pixel_art'

  @functools.cached_property
  def measures(self) -> measuring.PixelArtMeasures:
    return measuring.PixelArtMeasures(bool(self.code_size), lambda: self.source)

  @functools.cached_property
  def media(self) -> showing.PixelArtMedia:
    return showing.PixelArtMedia(self, self.colours, self._brush, self.label_names, self._in_full)

  @property
  def rewards_target(self) -> bool:
    return self.target != 'none'

  def start(self, concept: works_lib.Works, seed: tf.Tensor) -> State:
    del seed  # every canvas begins blank
    time = tf.zeros(tf.shape(concept.label), tf.int32)
    code = concept.code
    if self.code_size:
      code = tf.clip_by_value(code, -sight.CODE_BOUND, sight.CODE_BOUND)
    return State(tf.zeros_like(concept.work), concept.work, concept.label, code, time)

  def step(self, state: State, action: tf.Tensor, seed: tf.Tensor):
    del seed  # the rules are deterministic
    colour = tf.cast(action % len(self.colours), tf.uint8)
    canvas = tf.where(self._brush.covered(action), colour[:, None, None], state.canvas)
    new = state._replace(canvas=canvas, time=state.time + 1)
    over = new.time >= self.horizon
    if not self.rewards_target:
      return new, tf.zeros_like(state.time, tf.float32), over
    gain = self._errors(state.canvas, state.target) - self._errors(canvas, state.target)
    if self.target == 'shown':  # a hand that does not see the target cannot know that it is done
      over |= tf.reduce_all(canvas == state.target, [1, 2])
    return new, tf.reduce_sum(gain, [1, 2]), over

  def observe(self, state: State) -> dict[str, tf.Tensor]:
    return {
      'canvas': state.canvas,
      **({'code': state.code} if self.code_size else {'target': state.target}),
      'label': state.label,
      'time_left': self.horizon - state.time,
    }

  def resume(self, observation: dict[str, tf.Tensor]) -> State:
    canvas = observation['canvas']
    return State(
      canvas,
      observation.get('target', canvas),
      observation['label'],
      observation.get('code', ()),
      self.horizon - observation['time_left'],
    )

  def midway(self, concept: works_lib.Works, time: tf.Tensor, seed: tf.Tensor) -> State:
    """Paint as many random pixels as `time` allows; those with larger errors rather earlier."""
    start = self.start(concept, seed)
    error = self._errors(start.canvas, start.target)
    ink_count = tf.math.count_nonzero(error, [1, 2], dtype=tf.int32)
    # If there are fewer strokes than pixels of ink, each step paints several, so that the whole
    # picture is done at the end.
    done = time * tf.maximum(ink_count, self.horizon) // self.horizon
    luck = tf.reshape(
      error * tf.random.stateless_uniform(tf.shape(error), seed), [-1, self.size * self.width]
    )
    # The argsort of an argsort is the rank of each pixel.
    turn = tf.argsort(tf.argsort(luck, direction='DESCENDING'))
    painted = tf.reshape(turn < done[:, None], tf.shape(error))
    return start._replace(canvas=tf.where(painted, start.target, start.canvas), time=time)

  def error(self, work: tf.Tensor, goal: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(self._errors(work, goal), [1, 2])

  def goal_values(self, state: State) -> tf.Tensor:
    worth = self.cell_values(state.target)
    return worth if self.target == 'shown' else tf.zeros_like(worth)

  def cell_values(self, goal: tf.Tensor) -> tf.Tensor:
    """Return each pixel's value in each colour, with `goal` as target: [B, H, W, palette]."""
    return -tf.gather(self._cost, tf.cast(goal, tf.int32))

  def action_rewards(self, state: State, worth: tf.Tensor) -> tf.Tensor:
    now = tf.gather(worth, tf.cast(state.canvas, tf.int32), batch_dims=3)
    gain = self._brush.under(worth - now[..., None])
    return tf.reshape(gain, [-1, self._brush.actions])

  def work(self, state: State) -> tf.Tensor:
    return state.canvas

  def place(self, state: State, work: tf.Tensor) -> State:
    return state._replace(canvas=work)

  def allowed(self, state: State, keep: tf.Tensor) -> tf.Tensor:
    del state  # a pixel may be painted at any time
    touched = self._brush.under(tf.cast(keep, tf.float32)[..., None])[..., 0]
    return tf.repeat(touched == 0, len(self.colours), axis=1)

  def idle(self, state: State, moved: State) -> tf.Tensor:
    # A hand that sees its target has seen all that it goes by; one that is told a code may wait.
    same = tf.reduce_all(state.canvas == moved.canvas, [1, 2])
    return same & (self.target == 'shown')

  def _errors(self, canvas: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    """Return the error of each pixel: float32 [B, H, W]."""
    return tf.gather(self._cost.ravel(), self._pair(canvas, target))
