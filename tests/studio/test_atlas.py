"""A sprite sheet holds every work where its atlas says; a palette is another one."""

import json

import numpy as np
from PIL import Image
import pytest

from tf_creative.core import spec
from tf_creative.studio import atlas
from tf_creative.worlds.pixel_art import palettes


def test_every_work_is_where_the_atlas_says(tmp_path):
  rng = np.random.default_rng(0)
  shown = rng.integers(1, 256, (20, 3, 5, 4), np.uint8)
  labels = ['cat', 'dog', 'cat', 'eel'] * 5
  names = [f'{place:06d}-{label}.png' for place, label in enumerate(labels)]
  atlas.write(shown, labels, names, tmp_path)
  told = json.loads((tmp_path / 'sheet.json').read_text())
  page = np.asarray(Image.open(tmp_path / 'sheet.png'))
  assert told['meta']['image'] == 'sheet.png'
  assert told['meta']['size'] == {'w': page.shape[1], 'h': page.shape[0]} == {'w': 50, 'h': 9}
  assert set(told['frames']) == set(names)
  for picture, name in zip(shown, names, strict=True):
    part = told['frames'][name]['frame']
    cut = page[part['y'] : part['y'] + part['h'], part['x'] : part['x'] + part['w']]
    np.testing.assert_array_equal(cut, picture)
  # Tags are ranges of frames in their order, one for each class; a class begins a row.
  order = list(told['frames'])
  for tag in told['meta']['frameTags']:
    some = order[tag['from'] : tag['to'] + 1]
    assert {name.split('-')[1] for name in some} == {f'{tag["name"]}.png'}
    assert told['frames'][some[0]]['frame']['x'] == 0
  assert [tag['name'] for tag in told['meta']['frameTags']] == ['cat', 'dog', 'eel']


def test_a_sheet_has_bounds(tmp_path):
  with pytest.raises(spec.UserError, match='give a smaller --count'):
    atlas.write(
      np.zeros((600, 30, 1, 3), np.uint8)[:1].repeat(10_000, 0), [''] * 10_000, [], tmp_path
    )
  assert not list(tmp_path.iterdir())


def test_a_palette_takes_the_place_of_another(tmp_path):
  own = np.uint8([[0, 0, 0, 0], [0, 0, 0, 255], [200, 30, 30, 255]])
  (tmp_path / 'two.hex').write_text('0000ff\n00ff00\n')
  expected = [[0, 0, 0, 0], [0, 0, 255, 255], [0, 255, 0, 255]]
  assert palettes.swapped(own, str(tmp_path / 'two.hex')) == expected
  # With another number: the nearest to black and to red.
  (tmp_path / 'three.hex').write_text('ffffff\nff2020\n101010\n')
  nearest = palettes.swapped(own, str(tmp_path / 'three.hex'))
  assert nearest == [[0, 0, 0, 0], [16, 16, 16, 255], [255, 32, 32, 255]]
  assert palettes.swapped(own[1:, :3], str(tmp_path / 'two.hex')) == [[0, 0, 255], [0, 255, 0]]
