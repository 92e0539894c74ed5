"""Compares settings of runs, and starts a run from another one whose settings may differ."""

from __future__ import annotations

from collections.abc import Callable, Container
import dataclasses
import difflib
import pathlib
from typing import Any

import tensorflow as tf

from tf_creative.cli import flags as flags_lib
from tf_creative.core import spec
from tf_creative.learner import config as config_lib
from tf_creative.learner import learner as learner_lib
from tf_creative.runs import checkpoints

# Settings that may change when a run is resumed, because learning does not depend on them.
FREE = {
  'run_dir',
  'rounds',
  'rounds_per_call',
  'evaluate_every',
  'picture_every',
  'histogram_every',
  'checkpoint_every',
  'checkpoint_seconds',
  'keep_checkpoints',
  'export',
  'progress',
  'works',
  'strategy',
  'memory_growth',
}


def changes(old: str, new: str, free: Container[str] = frozenset(FREE)) -> str:
  """Return a diff of two lists of settings, without the settings named in `free`."""

  def bound(text: str) -> list[str]:
    return [line for line in text.splitlines() if line[2:].partition('=')[0] not in free]

  lines = difflib.unified_diff(bound(old), bound(new), n=0, lineterm='')
  # Keeps '-' or '+' before '--flag=value': drops the diff's header.
  return '\n  '.join(line for line in lines if line[1:3] == '--' and '=' in line)


def settings(config: config_lib.Config) -> dict[str, Any]:
  """Return the settings that learning depends on, by the names of their flags."""
  rooms = dataclasses.asdict(config)
  named = rooms.pop('run')
  named |= {f'{room}_{name}': value for room, own in rooms.items() for name, value in own.items()}
  return {name: value for name, value in named.items() if name not in FREE}


def start(
  learner: learner_lib.Learner, config: config_lib.Config, warn: Callable[[str], None]
) -> None:
  """Restore the newest good checkpoint of `fork_from`; other couplings than its own start anew."""
  parent = pathlib.Path(config.run.fork_from)
  numbers = checkpoints.numbers(parent / 'checkpoints')
  if not numbers:
    raise spec.UserError(f'--fork_from={parent} holds no trained run.')
  theirs = flags_lib.from_file(parent / 'run.flags')
  loop, same = learner.loop, theirs.run.couplings == config.run.couplings
  parts = {'agent': learner.agent, 'gan': learner.gan, 'foresight': learner.foresight}
  parts = {name: part for name, part in parts.items() if part}
  parts |= {'coupling': learner.coupling} if same else {}
  parts['loop'] = tf.train.Checkpoint(round=loop.round, **loop.streams)
  for number in reversed(numbers):
    try:
      checkpoints.read_some(
        {'learner': tf.train.Checkpoint(**parts)}, parent / 'checkpoints', number
      )
    except checkpoints.DAMAGE as error:
      warn(f'{parent}: checkpoint {number} is damaged ({checkpoints.short(error)}): passed over')
    except checkpoints.Other as error:
      differ = changes(flags_lib.to_text(theirs), flags_lib.to_text(config), {'run_dir'})
      raise spec.UserError(
        f'--fork_from={parent} holds a learner of another shape than these settings make (- its '
        f'own, + yours):\n  {differ}\nGive networks, world and replay the settings that it has.'
      ) from error
    else:
      break
  else:
    raise spec.UserError(f'--fork_from={parent}: none of its checkpoints can be read.')
  if int(loop.round) >= config.run.rounds:
    raise spec.UserError(
      f'--fork_from={parent} has been trained for {int(loop.round)} rounds already, and rounds '
      f'count on: give more than that as --rounds, which is {config.run.rounds}.'
    )
  warn(f'starts from round {int(loop.round)} of {parent}' + ('' if same else '; couplings anew'))
