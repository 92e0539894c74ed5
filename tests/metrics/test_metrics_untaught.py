"""What a judge without classes sees, on data with known answers.

`python -m pytest -m slow -s tests/metrics/test_metrics_untaught.py` prints the rows of RESULTS.md,
for each half of the features and for both. The judge is told nothing of the classes that there are.
PICTURES='pixel_art(data=MY/, size=32, palette=auto, colors=16)' adds a folder.
"""

import os

import numpy as np
import pytest

from tf_creative.core import works as works_lib
from tf_creative.learner import learner as learner_lib
from tf_creative.metrics import frechet, judge, neighbours

DATA = ('pixel_art(data=digits)', 'pixel_art(data=glyphs, size=16)', os.environ.get('PICTURES'))
HALVES = {'learnt': slice(64), 'random': slice(64, 128), 'both': slice(128)}
CUTS = 6


def changes(works, label, colours, rng):
  """What may befall works: noise in some cells, lack of some classes, few that are repeated."""
  for share in (0.01, 0.05, 0.1, 0.2, 1):
    changed = np.where(
      rng.random(works.shape) < share, rng.integers(0, colours, works.shape), works
    )
    yield f'noise {share:.0%}', changed.astype(np.uint8)
  classes = rng.permutation(np.unique(label))
  for share in (0.1, 0.3, 0.5, 0.8):
    left = works[~np.isin(label, classes[: max(1, round(share * len(classes)))])]
    yield f'{share:.0%} of classes lack', np.resize(left, works.shape)
  yield 'a tenth, repeated', np.resize(works[: max(2, len(works) // 10)], works.shape)


def table(world, seed, patch):
  """Row -> half of the features -> (Frechet distance, its z, precision, coverage)."""
  patch.setattr(judge, '_SEED', judge._SEED + 1000 * seed)
  learnt, held_out = (works_lib.whole(world.works.real(split)) for split in ('train', 'test'))
  to_values = lambda works: np.asarray(world.works.to_values(works))  # noqa: E731
  eyes = judge.Judge.train(to_values(learnt.work), np.zeros(len(learnt.work)))
  rng = np.random.default_rng(0)
  shown = rng.permutation(len(held_out.work))[:700]
  works, label = held_out.work.numpy()[shown], held_out.label.numpy()[shown]
  half, rows = len(shown) // 2, {}
  for _ in range(CUTS):
    order = rng.permutation(len(shown))
    real, others = order[:half], order[half : 2 * half]
    reference = eyes.features(to_values(works[real]))
    befall = changes(works[others], label[others], world.works.work_spec.maximum + 1, rng)
    some = rng.permutation(len(learnt.work))[:half]
    for name, changed in (
      ('real', works[others]), *befall, ('training', learnt.work.numpy()[some])
    ):  # fmt: skip
      features = eyes.features(to_values(changed))
      for part, place in HALVES.items():
        seen = features[:, place], reference[:, place]
        near = neighbours.fidelity_and_variety(*seen)
        numbers = frechet.distance(*seen), near['precision'], near['coverage']
        rows.setdefault(name, {}).setdefault(part, []).append(numbers)
  return rows


@pytest.mark.slow
@pytest.mark.parametrize('spec', filter(None, DATA))
@pytest.mark.parametrize('seed', [0, 1])
def test_a_judge_without_classes_ranks_what_it_is_shown(spec, seed, monkeypatch):
  rows = table(learner_lib.build_world(spec), seed, monkeypatch)
  print(f'\n{spec}, seed {seed}: z of the Frechet distance, precision, coverage')
  score = {}
  for name, parts in rows.items():
    cells = []
    for part, numbers in parts.items():
      far, *near = np.mean(numbers, 0)
      floor = np.array(rows['real'][part])[:, 0]
      score[name, part] = (far - floor.mean()) / floor.std(ddof=1)
      cells.append(f'{part} {score[name, part]:6.1f} {near[0]:.2f} {near[1]:.2f}')
    print(f'{name:<22}' + '   '.join(cells))
  for kind in ('noise', 'classes'):
    ranked = [score[name, 'both'] for name in rows if kind in name]
    assert ranked == sorted(ranked)
  assert score['noise 5%', 'both'] > 5 and score['50% of classes lack', 'both'] > 5
  assert abs(score['training', 'both']) < 5 or 'glyphs' in spec  # other typefaces
