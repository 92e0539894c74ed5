"""Forms of airfoils: 18 numbers, fitted to coordinates, and files of coordinates."""

import numpy as np
import pytest

from tests.worlds.airfoil import wings
from tf_creative.worlds.airfoil import coordinates, forms, package, section


def naca(thickness, camber=0.0, place=0.4, count=60):
  """Coordinates of the NACA's four-digit airfoils, by their formula (Jacobs et al. 1933)."""
  x = section.stations(count)
  half = 5 * thickness * np.polyval([-0.1036, 0.2843, -0.3516, -0.126, 0], x)
  half += 5 * thickness * 0.2969 * np.sqrt(x)
  front = camber / place**2 * (2 * place * x - x**2)
  back = camber / (1 - place) ** 2 * (1 - 2 * place + 2 * place * x - x**2)
  line = np.where(x < place, front, back)
  upper, lower = np.stack([x, line + half], 1), np.stack([x, line - half], 1)
  return np.concatenate([upper[::-1], lower[1:]])


def height(numbers, x):
  upper, lower = section.sides(np.array([x]))
  return (upper @ numbers).item(), (lower @ numbers).item()


def test_a_form_is_worked_out_by_hand():
  # At x = 1/4 the class function is sqrt(1/4) * 3/4 = 3/8, and equal weights w give w * 3/8,
  # because Bernstein polynomials sum up to 1. The edge adds x / 2 of its thickness.
  numbers = np.zeros(section.NUMBERS)
  numbers[:8], numbers[8:16], numbers[section.EDGE] = 0.2, -0.1, 0.01
  np.testing.assert_allclose(height(numbers, 0.25), [0.075 + 0.00125, -0.0375 - 0.00125])
  numbers[section.NOSE] = 1  # x (1 - x)^8.5 on both sides
  np.testing.assert_allclose(height(numbers, 0.25)[0], 0.07625 + 0.25 * 0.75**8.5)


@pytest.mark.parametrize('shape', [(0.12, 0.0), (0.15, 0.04), (0.06, 0.02)])
def test_forms_fit_the_nacas_airfoils(shape):
  points = naca(*shape)
  numbers = section.fitted(points)
  for x, y in points[points[:, 0] > 0.01]:
    assert min(abs(y - each) for each in height(numbers, x)) < 6e-4
  x, matrix = section.around()
  made = matrix @ numbers
  assert abs(np.interp(0.3, x[99:], made[99:]) - np.interp(0.3, x[99::-1], made[99::-1])) == (
    pytest.approx(shape[0], abs=1e-3)
  )


def test_numbers_come_back_from_an_outline():
  rng = np.random.default_rng(0)
  numbers = wings.form(0.12, 0.03) + np.append(rng.normal(0, 0.02, 17), 0.004)
  np.testing.assert_allclose(section.fitted(section.outline(numbers)), numbers, atol=1e-4)


def test_where_an_airfoil_lies_how_long_it_is_and_how_it_is_turned_does_not_matter():
  points = naca(0.12, 0.04)
  turn = np.array([[np.cos(0.2), -np.sin(0.2)], [np.sin(0.2), np.cos(0.2)]])
  moved = 250 * points @ turn + [10, -3]
  np.testing.assert_allclose(section.fitted(moved), section.fitted(points), atol=1e-6)
  np.testing.assert_allclose(section.fitted(points[::-1]), section.fitted(points), atol=1e-6)


def test_levels_are_forms_and_forms_their_nearest_levels():
  levels = np.random.default_rng(0).integers(256, size=(20, section.NUMBERS))
  np.testing.assert_array_equal(forms.levels(forms.numbers(levels.astype(np.uint8))), levels)
  assert forms.fits(wings.form()) and not forms.fits(wings.form(0.6))
  assert np.abs(forms.numbers(forms.levels(wings.form())) - wings.form()).max() < 0.002


def lines(points):
  return [f'{x:.6f} {y:.6f}' for x, y in points]


def test_both_orders_of_files_are_read(tmp_path):
  points = naca(0.12, 0.02)
  upper, lower = points[:60][::-1], points[59:]
  (tmp_path / 'selig.dat').write_text('\n'.join(['A wing', *lines(points)]))
  blocks = ['A wing', '60. 60.', '', *lines(upper), '', *lines(lower)]
  (tmp_path / 'lednicer.dat').write_text('\r\n'.join(blocks))
  read = [coordinates.read_one(tmp_path / f'{name}.dat') for name in ('selig', 'lednicer')]
  np.testing.assert_allclose(*read, atol=1e-9)
  np.testing.assert_allclose(read[0], section.fitted(points), atol=1e-4)


@pytest.mark.parametrize(
  ('text', 'said'),
  [
    ('', 'no coordinates'),
    ('A wing\n...... ......\n', 'no coordinates'),
    ('1 0\n0 0\n1 0\n', 'fewer than 10 points'),
    ('\n'.join(['1 0'] * 30), 'no chord'),
    ('\n'.join(f'{x} {abs(x % 2 - 1)}' for x in np.linspace(0, 9, 60)), 'points'),
    ('\n'.join(lines(naca(0.12)[:60])), 'one side|fewer'),
    ('1 0\n' * 10_001, 'more than 10,000'),
    ('\n'.join(lines(naca(0.12) * [1, 30])), 'points'),
    ('1e999 0\n' * 3, 'no coordinates'),
  ],
)
def test_broken_files_are_told(tmp_path, text, said):
  (tmp_path / 'x.dat').write_text(text)
  with pytest.raises(ValueError, match=said):
    coordinates.read_one(tmp_path / 'x.dat')


def test_broken_files_are_left_out_and_named(tmp_path, caplog):
  place = wings.folder(tmp_path / 'own', 'aa', 2)
  (place / 'torn.dat').write_text('no numbers')
  (place / 'pipe.dat').mkdir()
  read, broken = coordinates.forms(coordinates.files(str(place)))
  assert list(read) == ['aa0', 'aa1'] and set(broken) == {'torn', 'pipe'}


def test_families_are_split_not_files():
  families = [
    coordinates.family(name) for name in ('naca2412', 'NACA0012-il', 'e387', '2032c', '_s1')
  ]
  assert families == ['naca', 'naca', 'e', '2032c', 's']
  turns = coordinates.splits([f'f{letter}' for letter in 'abcdefghijkl'] * 3)
  assert [name for name, split in turns.items() if split == 'test'] == ['fd', 'fg']
  assert [name for name, split in turns.items() if split == 'validation'] == ['fi']
  assert coordinates.splits(['x', 'x']) == {'x': 'train'}
  assert coordinates.splits(['x', 'y']) == {'x': 'train', 'y': 'test'}


@wings.needs_airfoils
def test_nearly_all_airfoils_of_the_package_have_a_form():
  files = package.airfoils()
  read, broken = coordinates.forms(files[::20])
  assert len(read) >= 0.97 * len(files[::20]), broken
  assert np.mean([forms.fits(form) for form in read.values()]) > 0.8
