"""What a search tries for a flag of `train`."""

from __future__ import annotations

import contextlib
import re
from typing import Any, NamedTuple

from tf_creative.core import spec

_DIGITS = 3  # of a number that is tried
_FORM = "write --try='NAME: LOW..HIGH', with ' log' where factors count, or --try='NAME: A, B, C'"
_NUMBER = r'[-+]?[\d.]+(?:e[-+]?\d+)?'
_RANGE = re.compile(rf'({_NUMBER})\.\.({_NUMBER})(\s+log)?')


class Try(NamedTuple):
  """What to try for a flag: numbers of a range, or one of some words."""

  flag: str
  choices: tuple[str, ...]  # of a range: both ends
  is_range: bool = False
  log: bool = False

  def choose(self, trial: Any) -> str:
    """Have Optuna choose; return the flag with its value."""
    if not self.is_range:
      return self.said(trial.suggest_categorical(self.flag, self.choices))
    low, high = map(float, self.choices)
    if self._whole():
      return self.said(trial.suggest_int(self.flag, int(low), int(high), log=self.log))
    return self.said(trial.suggest_float(self.flag, low, high, log=self.log))

  def said(self, chosen: Any) -> str:
    """Return the flag with a value that Optuna has noted."""
    is_number = isinstance(chosen, float)
    return f'--{self.flag}={f"{chosen:.{_DIGITS}g}" if is_number else chosen}'

  def _whole(self) -> bool:
    return all(re.fullmatch(r'[-+]?\d+', end) for end in self.choices)


def read(text: str) -> Try:
  """Parse 'NAME: LOW..HIGH', 'NAME: LOW..HIGH log' or 'NAME: A, B, C'."""
  flag, _, given = (part.strip() for part in text.partition(':'))
  flag = flag.lstrip('-')
  if flag and (match := _RANGE.fullmatch(given)):
    low, high, log = match.groups()
    with contextlib.suppress(ValueError):
      if float(low) < float(high) and not (log and float(low) <= 0):
        return Try(flag, (low, high), is_range=True, log=bool(log))
  choices = tuple(filter(None, (word.strip() for word in given.split(','))))
  if not flag or len(choices) < 2 or '..' in given:
    raise spec.UserError(f"cannot read what to try in '{text}': {_FORM}.")
  return Try(flag, choices)
