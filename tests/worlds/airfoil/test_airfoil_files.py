"""Airfoils as pictures and files."""

import xml.etree.ElementTree

import numpy as np
import pytest
import tensorflow as tf

from tests.worlds.airfoil import wings
from tf_creative.core import spec
from tf_creative.core import works as works_lib
from tf_creative.worlds.airfoil import coordinates, forms, plots, shape
from tf_creative.worlds.airfoil import world as airfoil


@pytest.fixture(scope='module', autouse=True)
def _network():
  with pytest.MonkeyPatch.context() as patch:
    wings.with_network(patch)
    yield


def works(*pairs):
  return forms.levels(np.stack([wings.form(*pair) for pair in pairs or ((0.12, 0.02),)]))


MEDIA = airfoil.Airfoil().media


def test_a_form_is_drawn_as_thick_as_it_is():
  thin, thick = MEDIA.render(works((0.08, 0.0), (0.16, 0.0)))
  assert thin.shape == (plots.HEIGHT, plots.WIDTH, 3)
  dark = [(picture[:100, 16 + 75] < 128).all(-1).sum() for picture in (thin, thick)]
  # At a third of the chord, 224 pixels long: .0832 and .1663 chords.
  np.testing.assert_allclose(dark, [0.0832 * 224, 0.1663 * 224], atol=1.5)
  assert (thin[104:] != thick[104:]).any()  # and its polar is another one


def test_all_frames_of_an_animation_share_the_colours_of_a_gif():
  rng = np.random.default_rng(0)
  frames = MEDIA.render(rng.integers(256, size=(40, 18)).astype(np.uint8)).astype(int)
  codes = (frames[..., 0] << 16) + (frames[..., 1] << 8) + frames[..., 2]
  assert len(np.unique(codes)) <= 256


def test_files_hold_what_is_stored(tmp_path):
  work = np.random.default_rng(0).integers(60, 140, (1, 18)).astype(np.uint8)
  work[0, 8:16] = 60
  for ending in ('dat', 'DAT'):
    (tmp_path / f'a.{ending}').write_bytes(MEDIA.files['dat'](work[0]))
    read, given = MEDIA.read(tmp_path / f'a.{ending}')
    np.testing.assert_array_equal(read, work[0])
    assert given.all()


def test_dxf_is_a_closed_outline():
  pairs = MEDIA.files['dxf'](works()[0]).decode().split('\n')
  assert pairs[:4] == ['0', 'SECTION', '2', 'ENTITIES'] and pairs[-3:] == ['0', 'EOF', '']
  found = dict(zip(pairs[::2], pairs[1::2], strict=False))
  assert found['70'] == '1' and pairs.count('VERTEX') == 199


def test_what_is_served_is_what_is_written():
  many = works((0.08, 0.0), (0.16, 0.03))
  served = tf.function(lambda work: MEDIA.encode(work, 2))(tf.constant(many))
  for text, work in zip(served['dat_bytes'].numpy(), many, strict=True):
    rows = np.loadtxt(text.decode().splitlines(), skiprows=1)
    told = np.loadtxt(MEDIA.files['dat'](work).decode().splitlines(), skiprows=1)
    np.testing.assert_allclose(rows, told, atol=2e-6)
  picture = tf.io.decode_png(served['png_bytes'][0])
  # A graph rounds otherwise, by one, and a shade in sixty where an edge lies just between two.
  np.testing.assert_allclose(picture[::2, ::2], MEDIA.render(many)[0].astype(float), atol=5)


def test_strokes_are_drawn_one_after_the_other():
  text = MEDIA.drawing(works()[0], np.array([3, 7, -1]), 2)
  tree = xml.etree.ElementTree.fromstring(text)
  paths = tree.findall('.//{*}path')
  assert [path.get('visibility') for path in paths] == ['hidden', 'hidden', None]
  assert len({path.get('d') for path in paths}) == 3
  told = MEDIA.strokes(tf.constant([[3, 4, -1]]))
  assert told.numpy().tolist() == [[[0, 8], [1, -8], [-1, -1]]]
  assert shape.moved(tf.constant(works()), tf.constant([3]))[0, 0] == works()[0, 0] + 8


def test_airfoils_are_stored_as_a_data_set(tmp_path):
  world = airfoil.Airfoil(data=str(wings.folder(tmp_path / 'own')))
  rows = works_lib.whole(world.real('train'))
  rows = works_lib.Works(rows.work.numpy(), rows.label.numpy())
  world.media.store(rows, np.arange(len(rows.label)), tmp_path / 'stored')
  again = works_lib.whole(airfoil.Airfoil(data=str(tmp_path / 'stored')).real('train'))
  assert {tuple(row) for row in again.work.numpy()} <= {tuple(row) for row in rows.work}


@pytest.mark.parametrize(
  ('name', 'text', 'said'),
  [
    ('a.png', 'x', 'no .dat file'),
    ('a.dat', '', 'no coordinates'),
    ('a.dat', '0.1\n0.2', 'no coordinates'),
    ('a.dat', '1 0\n0 0\n1 0', 'fewer than 10'),
    ('a.dat', '\x00' * 99, 'no coordinates'),
    ('a.dat', coordinates.written(wings.form(0.55), 'thick'), 'beyond the forms'),
    ('a.dat', 'nan nan\n' * 40, 'no coordinates'),
    ('a.dat', '3. 3.\n0 0\n1 0\n2 0\n', 'points|chord'),
  ],
)
def test_bad_files_are_told(tmp_path, name, text, said):
  (tmp_path / name).write_text(text)
  with pytest.raises(spec.UserError, match=said):
    MEDIA.read(tmp_path / name)


def test_an_airfoil_takes_no_mask(tmp_path):
  with pytest.raises(spec.UserError, match='takes no mask'):
    MEDIA.read(tmp_path / 'a.dat', tmp_path / 'mask.png')
