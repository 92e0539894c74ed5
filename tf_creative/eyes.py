"""How good works are: judged by one frozen classifier, against held-out real works."""

from __future__ import annotations

import pathlib

import numpy as np

from tf_creative import learner as learner_lib
from tf_creative import types
from tf_creative.metrics import judge as judge_lib
from tf_creative.metrics import neighbours, summary


class Eyes:
  """Judges a learner's works against held-out real ones, always with the same frozen classifier."""

  def __init__(self, learner: learner_lib.Learner, run_dir: pathlib.Path, count: int):
    self._learner, self._domain, self._count = learner, learner.domain, count
    self._held_out = learner.works('test')
    self._for_hand = {
      split: _some(learner.works(split), count) for split in self._domain.hand_splits
    }
    path = run_dir / 'judge.npz'
    if path.exists():
      self._judge = judge_lib.Judge.load(path)
    else:
      values = self._domain.to_values(learner.real.work)
      names = self._domain.label_names
      self._judge = judge_lib.Judge.train(values, learner.real.label, len(names))
      self._judge.save(path)

  def look(self) -> dict[str, float]:
    """How well the hand paints what it never saw, and what imagination and hand make together."""
    creator = self._learner.creator
    numbers = {}
    for split, works in self._for_hand.items():
      made = creator.make(works)
      for name, value in self._domain.metrics(made.work, works.work).items():
        numbers[f'{_section(split)}/{name}'] = float(value.mean())
    imagined = creator.imagine(np.arange(self._count), self._labels())
    made = creator.make(imagined)
    for name, value in self._domain.metrics(made.work, imagined.work).items():
      numbers[f'imagined/{name}'] = float(value.mean())
    numbers |= {f'imagined/{k}': v for k, v in self._measure(imagined).items()}
    painted = types.Works(made.work, imagined.label)
    return numbers | {f'painted/{k}': v for k, v in self._measure(painted).items()}

  def yardstick(self) -> dict[str, float]:
    """The same measures of real works: what a perfect imagination would score."""
    training = self._measure(_some(self._learner.real, self._count))
    training['copies'] = neighbours.copies(self._held_out.work, self._learner.real.work)
    return {f'training/{k}': v for k, v in training.items()}

  def _measure(self, works: types.Works) -> dict[str, float]:
    return summary.imagination(
      works, self._held_out, self._learner.real, self._domain.to_values, self._judge
    )

  def _labels(self) -> np.ndarray:
    """Labels as frequent as among the real works, the same at every look."""
    return np.random.default_rng(0).permutation(np.resize(self._learner.real.label, self._count))


def headlines(numbers: dict[str, float]) -> str:
  """The numbers that a person wants to see first."""
  lines = []
  for section, title in (
    ('held_out', 'real pictures never trained on, painted'),
    ('unseen', 'characters never trained on, painted'),
  ):
    if f'{section}/equal_pixels' in numbers:
      lines.append(
        f'{title}: {numbers[f"{section}/equal_pixels"]:.2%} of pixels equal, '
        f'{numbers[f"{section}/perfect_pictures"]:.1%} of pictures perfect'
      )
  lines.append(
    f'{"":<22}{"Frechet":>9}{"coverage":>10}{"precision":>11}{"right label":>13}{"copies":>9}'
  )
  for section in ('training', 'imagined', 'painted'):
    row = {
      name: numbers[f'{section}/{name}']
      for name in ('frechet', 'coverage', 'precision', 'label_accuracy', 'copies')
    }
    title = {'training': 'real (training split)'}.get(section, section)
    lines.append(
      f'{title:<22}{row["frechet"]:>9.2f}{row["coverage"]:>10.2f}{row["precision"]:>11.2f}'
      f'{row["label_accuracy"]:>13.1%}{row["copies"]:>9.1%}'
    )
  return '\n'.join(lines)


def _some(works: types.Works, most: int) -> types.Works:
  """At most so many works, spread evenly over all."""
  places = np.linspace(0, len(works.label) - 1, min(len(works.label), most)).round().astype(int)
  return types.Works(*(part[places] for part in works))


def _section(split: str) -> str:
  return {'test': 'held_out'}.get(split, split)
