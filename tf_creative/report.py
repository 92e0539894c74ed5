"""What a run shows of itself: its numbers, gallery.png and painting.gif."""

from __future__ import annotations

from collections.abc import Sequence
import pathlib

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tf_creative import learner as learner_lib
from tf_creative import types
from tf_creative.metrics import judge as judge_lib
from tf_creative.metrics import neighbours, summary

_PAPER, _INK, _GAP = (250, 250, 247), (40, 40, 40), 4
_CELL = 36  # screen pixels that the shorter side of a work should at least have
_MOST_ROWS, _MOST_FRAMES = 20, 60


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
        numbers[f'{_section(split)}/{name}'] = value
    imagined = creator.imagine(np.arange(self._count), self._labels())
    made = creator.make(imagined)
    for name, value in self._domain.metrics(made.work, imagined.work).items():
      numbers[f'imagined/{name}'] = value
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


def gallery(learner: learner_lib.Learner, columns: int = 10) -> Image.Image:
  """Imagined works beside what the hand made of them, a row for each class."""
  shown = _labels(learner, _MOST_ROWS)
  labels = np.repeat(shown, columns)
  imagined = learner.creator.imagine(np.arange(len(labels)), labels)
  made = learner.creator.make(imagined)
  left, right = (
    sheet(learner.domain.render(works), columns) for works in (imagined.work, made.work)
  )
  font = ImageFont.load_default(16)
  margin, head, between = 34, 34, 30
  page = Image.new(
    'RGB', (margin + left.width + between + right.width + 12, head + left.height + 8), _PAPER
  )
  draw = ImageDraw.Draw(page)
  for picture, title, x in (
    (left, 'imagined', margin),
    (right, 'painted', margin + left.width + between),
  ):
    page.paste(picture, (x, head))
    draw.text((x + _GAP, 8), title, _INK, font)
  for row, label in enumerate(shown):
    y = head + (row + 0.5) * (left.height - _GAP) / len(shown) + _GAP / 2
    draw.text((margin - 8, y), learner.domain.label_names[label][:3], _INK, font, anchor='rm')
  return page


def imagined(learner: learner_lib.Learner, columns: int = 10) -> Image.Image:
  """Works from fixed codes, a row for each class: how an imagination comes to see."""
  labels = np.repeat(_labels(learner, _MOST_ROWS), columns)
  works = learner.creator.imagine(np.arange(len(labels)), labels)
  return sheet(learner.domain.render(works.work), columns)


def painting(learner: learner_lib.Learner, columns: int = 10) -> list[Image.Image]:
  """Frames: imagined works in the upper row, the strokes appearing in the lower one."""
  labels = np.resize(_labels(learner, columns), columns)
  imagined = learner.creator.imagine(np.arange(columns) + 1000, labels)
  made = learner.creator.make(imagined)
  frames = learner.creator.frames(imagined, made)
  shown = np.unique(
    np.linspace(0, len(frames) - 1, min(len(frames), _MOST_FRAMES)).round().astype(int)
  )
  render = learner.domain.render
  return [sheet(render(np.concatenate([imagined.work, frames[index]])), columns) for index in shown]


def sheet(pictures: np.ndarray, columns: int) -> Image.Image:
  """Small RGB pictures [N, h, w, 3] as one large one, magnified without blur."""
  count, height, width, _ = pictures.shape
  zoom = max(1, -(-_CELL // min(height, width)))
  cell = np.array([height, width]) * zoom + _GAP
  rows = -(-count // columns)
  page = np.full((rows * cell[0] + _GAP, columns * cell[1] + _GAP, 3), _PAPER, np.uint8)
  for index, picture in enumerate(pictures):
    y, x = np.array(divmod(index, columns)) * cell + _GAP
    page[y : y + height * zoom, x : x + width * zoom] = picture.repeat(zoom, 0).repeat(zoom, 1)
  return Image.fromarray(page)


def save_gif(frames: Sequence[Image.Image], path: pathlib.Path) -> None:
  """An animation that rests on its last frame."""
  times = [80] * (len(frames) - 1) + [2000]
  frames[0].save(path, save_all=True, append_images=frames[1:], duration=times, loop=0)


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


def _labels(learner: learner_lib.Learner, most: int) -> np.ndarray:
  """Up to `most` of the labels that real works of the training split have, evenly spread."""
  known = np.unique(learner.real.label)
  return known[np.linspace(0, len(known) - 1, min(len(known), most)).round().astype(int)]


def _section(split: str) -> str:
  return {'test': 'held_out'}.get(split, split)
