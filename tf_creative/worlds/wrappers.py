"""What wraps each environment of the world `gym`, by its options."""

from __future__ import annotations

from collections.abc import Callable, Iterator
import functools

import gymnasium
import numpy as np
from PIL import Image

from tf_creative.core import spec
from tf_creative.worlds import options


def of(given: options.Gym) -> Iterator[Callable[[gymnasium.Env], gymnasium.Wrapper]]:
  """Yield the wrappers that options ask for, the innermost first; frames are stacked later."""
  wrappers = gymnasium.wrappers
  if given.sticky:
    yield functools.partial(wrappers.StickyAction, repeat_action_probability=given.sticky)
  if given.grey:
    yield lambda env: wrappers.GrayscaleObservation(_pictured(env, 'grey'), keep_dim=True)
  if given.resize:
    yield lambda env: _resized(_pictured(env, 'resize'), given.resize)


def _pictured(env: gymnasium.Env, option: str) -> gymnasium.Env:
  """Return an environment as it is, if it shows pictures that the option can change."""
  space = env.observation_space
  pictures = isinstance(space, gymnasium.spaces.Box) and space.dtype == np.uint8
  shape = space.shape if pictures else ()
  wanted = '[H, W, 3]' if option == 'grey' else '[H, W] or [H, W, C]'
  if not (len(shape) == 3 and shape[-1] == 3 or option == 'resize' and len(shape) in (2, 3)):  # pyright: ignore[reportOptionalSubscript]
    told = ' '.join(str(space).split())
    raise spec.SpecError(
      f"option '{option}' of gym needs pictures {wanted} in bytes, and what is seen is {told}: "
      'leave it out.',
      f'{option}=',
    )
  return env


def _resized(env: gymnasium.Env, side: int) -> gymnasium.Wrapper:
  """Resize pictures by Pillow, by means over areas; Gymnasium's own wrapper needs OpenCV."""
  box = gymnasium.spaces.Box
  shape = (side, side, *env.observation_space.shape[2:])  # pyright: ignore[reportOptionalSubscript]

  def resized(seen: np.ndarray) -> np.ndarray:
    planes = np.moveaxis(seen.reshape(*seen.shape[:2], -1), -1, 0)
    pictures = [Image.fromarray(plane) for plane in planes]
    small = [picture.resize((side, side), Image.Resampling.BOX) for picture in pictures]
    return np.stack([np.asarray(picture) for picture in small], -1).reshape(shape)

  return gymnasium.wrappers.TransformObservation(env, resized, box(0, 255, shape, np.uint8))
