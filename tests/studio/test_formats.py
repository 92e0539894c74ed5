"""Works as files: what a label says does no harm to who opens them."""

import csv
import dataclasses

import numpy as np

from tests.shared import tiny
from tf_creative.core import works as works_lib
from tf_creative.learner import creator as creator_lib
from tf_creative.studio import formats, portfolio

NAMES = ['=cmd', '+1', '-2', '@SUM', 'a\x1b[31mb', 'a\tb\nc', 'plain']
SHOWN = ["'=cmd", "'+1", "'-2", "'@SUM", 'a?[31mb', 'a?b?c', 'plain']


@dataclasses.dataclass(frozen=True)
class Named(tiny.Bars):
  """Bars with labels from anywhere."""

  label_names = NAMES


def test_labels_in_the_table_are_neither_formulas_nor_escapes(tmp_path):
  count = len(NAMES)
  works = works_lib.Works(np.zeros((count, 4, 4), np.uint8), np.arange(count, dtype=np.int32))
  zeros = np.zeros(count, np.int32)
  made = creator_lib.Made(works.work, zeros, zeros.astype(np.float32), zeros[:, None])
  logit = np.full(count, -1.5, np.float32)
  given = portfolio.Portfolio(np.arange(count), works, works.work, made, logit)
  formats.write(given, Named(), [], tmp_path)
  with (tmp_path / 'works.csv').open(newline='') as file:
    rows = list(csv.DictReader(file))
  assert [row['label'] for row in rows] == SHOWN
  assert {row['logit'] for row in rows} == {'-1.5'}  # a number is no formula
