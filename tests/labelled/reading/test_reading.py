"""Folders and tables as users have them: what is wrong is said in a line that names the cure."""

import struct
import zlib

import numpy as np
from PIL import Image
import pytest

from tests.labelled import made
from tf_creative.labelled.reading import pictures, records, sets, source

DICOM = bytes(128) + b'DICM' + bytes(200)


def test_pictures_of_any_depth_and_channels_become_one_kind(tmp_path):
  made.folder(tmp_path, 4)
  deep = (
    np.linspace(0, 4000, 144).reshape(12, 12).astype(np.uint16)
  )  # 12 bits of 16, as of scanners
  made.save(tmp_path / 'lies/deep.png', deep)
  clear = np.full([12, 12, 4], 200, np.uint8)
  clear[:6, :, 3] = 0
  made.save(tmp_path / 'stands/clear.png', clear)
  found = pictures.read(str(tmp_path), 12)
  assert found.values.shape == (6, 12, 12, 1)
  assert '1 of 16 bits, read in full depth' in found.lines
  assert '1 with transparent pixels (a fourth channel), laid on black' in found.lines
  seen = found.values[[name.endswith('deep.png') for name in found.names]][0, ..., 0].ravel()
  assert len(np.unique(seen)) > 130  # 8 bits would leave 16 levels of these
  half = found.values[[name.endswith('clear.png') for name in found.names]][0, ..., 0]
  assert half[:6].max() == 0 and half[6:].min() == 1


def test_colour_is_kept_where_most_pictures_have_it(tmp_path):
  random = np.random.default_rng(0)
  for place in range(4):
    made.save(tmp_path / f'c{place % 2}/{place}.png', random.integers(0, 255, [9, 9, 3], np.uint8))
  made.save(tmp_path / 'c0/grey.png', random.integers(0, 255, [9, 9], np.uint8))
  assert pictures.read(str(tmp_path), 8).values.shape == (5, 8, 8, 3)


def test_large_pictures_are_reduced_to_the_same_means(tmp_path):
  big = np.kron([[0, 100], [200, 50]], np.ones([300, 300])).astype(np.uint8)
  made.save(tmp_path / 'a/1.png', big)
  made.save(tmp_path / 'b/1.png', big)
  found = pictures.read(str(tmp_path), 2)
  np.testing.assert_allclose(found.values[0, ..., 0], [[0, 0.5], [1, 0.25]], atol=0.01)
  assert found.facts['width'].tolist() == [600, 600]


@pytest.mark.parametrize(
  ('make', 'words'),
  [
    (lambda top: None, 'has no picture that can be read'),
    (lambda top: (top / 'a').mkdir(), 'has no picture that can be read'),
    (lambda top: (top / 'a.dcm').write_bytes(DICOM), '1 file of DICOM: convert by `dcmj2pnm'),
    (lambda top: (top / 'IM0001').write_bytes(DICOM), '1 file of DICOM: convert by'),
    (lambda top: (top / 'a.png').write_bytes(DICOM), 'it is DICOM: convert by'),
    (lambda top: (top / 'a.tif').write_bytes(b'II*'), '1 file of TIFF: convert by'),
    (lambda top: (top / 'a.nii.gz').write_bytes(b''), '1 file of NIfTI: write each slice'),
    (lambda top: (top / 'a.png').write_bytes(b''), 'a.png (it is empty)'),
    (lambda top: (top / 'a.png').write_bytes(b'no'), 'a.png (it is none, or none of'),
    (lambda top: (top / 'a.png').write_bytes(b'\x89PNG\r\n\x1a\n'), 'a.png ('),
    (lambda top: made.save(top / '1.png', np.zeros([4, 4], np.uint8)), 'has no two classes'),
  ],
)
def test_a_folder_that_cannot_be_read_is_answered_in_a_line(make, words, tmp_path):
  make(tmp_path)
  with pytest.raises(sets.DataError) as error:
    pictures.read(str(tmp_path), 8)
  assert words in str(error.value) and '\n' not in str(error.value)


def test_files_that_are_damaged_are_left_out_and_counted(tmp_path):
  made.folder(tmp_path, 6)
  (tmp_path / 'lies/bad.png').write_bytes(b'no picture')
  (tmp_path / 'lies/scan.dcm').write_bytes(DICOM)
  found = pictures.read(str(tmp_path), 8)
  assert len(found.labels) == 6
  assert any(line.startswith('1 left out: lies/bad.png') for line in found.lines)
  assert any(line.startswith('1 file of DICOM') for line in found.lines)


ROWS = made.people(20)


@pytest.mark.parametrize('separator', [',', ';', '\t', '|'])
def test_any_separator_is_found(separator, tmp_path):
  found = records.read(str(made.table(tmp_path / 'a.csv', ROWS, separator)), '', ())
  assert found.values.shape == (20, 3) and found.label_names == ('no', 'yes')
  assert [column.words for column in found.columns] == [(), (), ('a', 'b')]
  assert found.values[0, 0] == np.float32(ROWS[1][0])


def test_decimal_commas_quotes_and_missing_values(tmp_path):
  text = '"x";"z";class\n"1,5";NA;a\n-2,25;3;b\n7;?;a\n'
  (tmp_path / 'a.csv').write_text(text)
  found = records.read(str(tmp_path / 'a.csv'), '', ())
  np.testing.assert_array_equal(found.values, [[1.5, np.nan], [-2.25, 3], [7, np.nan]])


def test_letters_of_other_codes_are_read_and_told(tmp_path):
  text = 'x,class\n1,größer\n2,kleiner\n'
  for code, told in (('utf-16', 'utf-16'), ('latin-1', 'latin-1'), ('utf-8-sig', '')):
    (tmp_path / 'a.csv').write_bytes(text.encode(code))
    found = records.read(str(tmp_path / 'a.csv'), '', ())
    assert found.label_names == ('größer', 'kleiner')
    said = [line for line in found.lines if 'UTF-8' in line]
    assert said == ([f'its letters are no UTF-8: read as {told}'] if told else [])


def test_labels_may_be_numbers_and_rows_may_lack_them(tmp_path):
  rows = [['grade', 'x'], [10, 1], [2, 2], ['', 3], [2, 4]]
  found = records.read(str(made.table(tmp_path / 'a.csv', rows)), 'grade', ())
  assert found.label_names == ('2', '10') and found.labels.tolist() == [1, 0, 0]
  assert '1 row without a label left out' in found.lines


def test_a_table_without_a_head_is_read_and_its_last_column_has_the_labels(tmp_path):
  found = records.read(str(made.table(tmp_path / 'a.csv', [[1, 2, 0], [3, 4, 1]])), '', ())
  assert found.values.tolist() == [[1, 2], [3, 4]] and found.labels.tolist() == [0, 1]


def test_numbers_without_bounds_count_as_missing(tmp_path):
  rows = [['x', 'z', 'class'], ['1e400', 1, 'a'], ['-1e39', 2, 'b'], ['inf', 3, 'a'], [4, 4, 'b']]
  with np.errstate(all='raise'):
    words = records.read(str(made.table(tmp_path / 'a.csv', rows)), 'class', ('x',))
    found = records.read(str(made.table(tmp_path / 'b.csv', [*rows[:3], rows[4]])), 'class', ())
  assert words.values.shape == (4, 1)
  np.testing.assert_array_equal(found.values[:, 0], [np.nan, np.nan, 4])


def test_names_of_people_are_not_learnt_from(tmp_path):
  rows = [['name', 'x', 'class'], *([f'N{place}', place, 'ab'[place % 2]] for place in range(70))]
  found = records.read(str(made.table(tmp_path / 'a.csv', rows)), '', ())
  assert [column.name for column in found.columns] == ['x']
  assert any(line.endswith('there: name') for line in found.lines)


@pytest.mark.parametrize(
  ('rows', 'label', 'ignore', 'words'),
  [
    ([], '', (), 'is empty'),
    ([['x']], '', (), 'is no table'),
    ([['x', 'class']], '', (), 'has a head and no rows'),
    ([['x', 'class'], [1, 'a', 3]], '', (), 'is no table: its first rows are not of one width'),
    ([['x', 'x', 'class'], [1, 1, 'a']], '', (), "has several columns 'x'"),
    ([['x', 'class'], [1, '']], '', (), "the column 'class' holds no label"),
    ([['x', 'class'], [1, 'a']], 'clas', (), "has no column 'clas'. Did you mean 'class'?"),
    ([['x', 'class'], [1, 'a']], '', ('y',), "--ignore: '"),
    ([['x', 'class'], [1, 'a']], '', ('class',), '--ignore=class is the column of the labels'),
    ([['y', 'class'], [1, 'a']], '', (), 'name one by --label'),
    ([['x', 'class'], [1, 'a']], '', ('x',), 'has no column to learn from'),
    ([['x', 'v'], *([1, place / 7] for place in range(99))], '', (), 'are no classes'),
  ],
)
def test_a_table_that_cannot_be_read_is_answered_in_a_line(rows, label, ignore, words, tmp_path):
  path = made.table(tmp_path / 'a.csv', rows)
  with pytest.raises(sets.DataError) as error:
    records.read(str(path), label, ignore)
  assert words in str(error.value) and '\n' not in str(error.value)


def test_a_row_that_is_too_short_is_named(tmp_path):
  rows = [*made.people(30), [1, 2]]
  with pytest.raises(sets.DataError, match='row 32 has 2 values, and the first 4'):
    records.read(str(made.table(tmp_path / 'a.csv', rows)), '', ())


@pytest.mark.parametrize(
  ('counts', 'words'), [([12], 'of one class'), ([12, 1], "'b' has 1"), ([5, 12], "'a' has 5")]
)
def test_too_few_examples_to_learn_from_are_refused(counts, words, tmp_path):
  rows = [
    ['x', 'class'],
    *([i, name] for name, n in zip('ab', counts, strict=False) for i in range(n)),
  ]
  with pytest.raises(sets.DataError, match=words):
    sets.learnable(records.read(str(made.table(tmp_path / 'a.csv', rows)), '', ()))


def test_rows_that_leave_too_few_are_said_to_be_equal(tmp_path):
  rows = [['x', 'class'], *([i % 9, 'ab'[i % 2]] for i in range(80))]
  found = source.read(str(made.table(tmp_path / 'a.csv', rows)), 32)
  with pytest.raises(sets.DataError, match='one of each group of equal rows is kept: 0 of 80; left '
                     'out: 9 groups of several labels. Then of a class, 6 examples'):  # fmt: skip
    source.prepared(found)


def test_a_picture_in_sixteen_bits_of_colour_is_said_to_lose_some(tmp_path):
  made.folder(tmp_path, 4)

  def chunk(kind, body):
    return struct.pack('>I', len(body)) + kind + body + struct.pack('>I', zlib.crc32(kind + body))

  head = struct.pack('>IIBBBBB', 2, 2, 16, 2, 0, 0, 0)
  body = zlib.compress(b''.join(b'\0' + bytes(range(12)) for _ in range(2)))
  png = b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', head) + chunk(b'IDAT', body) + chunk(b'IEND', b'')
  (tmp_path / 'lies/deep.png').write_bytes(png)
  assert Image.open(tmp_path / 'lies/deep.png').size == (2, 2)
  assert '1 of 16 bits in colour, of which 8 are read' in pictures.read(str(tmp_path), 8).lines
