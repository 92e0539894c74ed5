"""Traps in labelled sets are found, and sets without traps are let pass."""

import numpy as np

from tests.labelled import made
from tf_creative.labelled.reading import check, groups, pictures, records


def traps(found):
  return [finding.text for finding in check.check(found) if finding.trap]


def notes(found):
  return [finding.text for finding in check.check(found) if not finding.trap]


def test_a_clean_folder_has_no_trap(tmp_path):
  found = pictures.read(str(made.folder(tmp_path)), 12)
  assert found.counts.tolist() == [12, 12] and found.label_names == ('lies', 'stands')
  assert traps(found) == []


def test_copies_are_found_within_and_across_classes_and_splits(tmp_path):
  pixels, labels = made.blobs(24)
  for place, (picture, label) in enumerate(zip(pixels, labels, strict=True)):
    split = 'test' if place < 8 else 'train'
    made.save(tmp_path / split / f'c{label}' / f'{place}.png', picture)
  made.save(tmp_path / 'train/c1/again.png', pixels[10])  # of class 0
  made.save(tmp_path / 'train/c0/tested.png', pixels[0])  # of the tests
  found = pictures.read(str(tmp_path), 12)
  said = '\n'.join(traps(found))
  assert '2 of 26 pictures are equal to another (8%)' in said
  assert '1 group of equal ones in several classes' in said and 'again.png' in said
  assert '1 group of equal ones in several splits' in said and 'tested.png' in said


def test_near_copies_are_a_group_of_which_one_is_kept(tmp_path):
  pixels, labels = made.blobs(12)
  near = np.clip(pixels[4].astype(int) + 3, 0, 255).astype(np.uint8)  # 3 of 255: rms .01
  for place, picture in enumerate([*pixels, near]):
    made.save(tmp_path / f'c{[*labels, 0][place]}' / f'{place}.png', picture)
  found = pictures.read(str(tmp_path), 12)
  assert len(found.labels) == 13 and groups.grouped(found).max() + 1 == 12
  kept, lines = groups.unique(found)
  assert len(kept.labels) == 12 and lines == ['one of each group of near copies is kept: 12 of 13']
  assert any('1 of 13 pictures are nearly equal' in text for text in traps(found) + notes(found))


def test_groups_whose_labels_differ_are_left_out(tmp_path):
  found = pictures.read(str(made.folder(tmp_path)), 12)
  both = found._replace(values=np.concatenate([found.values[:1], found.values[:-1]]))
  # Rows 0 and 1 are copies now, both of class 0; make them differ.
  both.labels[1] = 1
  kept, lines = groups.unique(both)
  assert len(kept.labels) == 22
  assert 'left out: 1 group of several labels' in lines[0]


def test_what_tells_the_label_beside_the_picture_is_found(tmp_path):
  pixels, labels = made.blobs(60)
  for place, (picture, label) in enumerate(zip(pixels, labels, strict=True)):
    wide = np.pad(picture, ((0, 0), (0, 4 * label)))  # class 1 is wider, and so is darker
    made.save(tmp_path / f'c{label}' / f'{"ab"[label]}{place}.png', wide)
  found = pictures.read(str(tmp_path), 12)
  said = traps(found)
  assert any(
    'the size of the pictures alone tells the label: balanced accuracy 100%' in t for t in said
  )
  assert any('the form of the file name alone tells' in text for text in notes(found))
  shuffled = found._replace(labels=np.random.default_rng(1).permutation(found.labels))
  assert not any('alone tells' in text for text in traps(shuffled) + notes(shuffled))


def test_traps_of_a_table(tmp_path):
  rows = made.people(60)
  rows[0] += ['id', 'blank', 'same', 'mostly', 'again']
  for place, row in enumerate(rows[1:]):
    row += [place + 1, '', 7, '' if place % 3 else place, 2 * (row[3] == 'yes')]
  rows[1:] = sorted(rows[1:], key=lambda row: row[3])
  for place, row in enumerate(rows[1:]):
    row[4] = place + 1
  found = records.read(str(made.table(tmp_path / 'a.csv', rows)), '', ())
  said = traps(found)
  assert 'columns without any value: blank' in said
  assert 'columns of which half or more is missing: mostly' in said
  assert 'columns that count the rows: id' in said
  assert any(text.startswith('the order of the rows alone tells the label') for text in said)
  assert any('columns that tell the label alone' in text and 'again' in text for text in said)
  assert 'columns with one value only: same' in notes(found)


def test_a_plain_table_has_no_trap(tmp_path):
  found = records.read(str(made.table(tmp_path / 'a.csv', made.people(60))), '', ())
  assert traps(found) == []


def test_classes_of_one_and_two_spellings_are_traps(tmp_path):
  rows = [*made.people(30), ['50', '20', 'a', 'Yes '], ['51', '21', 'a', 'YES']]
  found = records.read(str(made.table(tmp_path / 'a.csv', rows)), '', ())
  said = '\n'.join(traps(found))
  assert 'classes of fewer than 6 examples: YES (1), Yes (1)' in said
  assert "classes that differ in spelling only: 'YES', 'Yes', 'yes'" in said


def test_a_split_keeps_its_promises():
  labels = np.repeat([0, 1, 2], [30, 40, 50])
  parts = groups.split(labels, 10, seed=3)
  rows = np.concatenate(parts)
  assert sorted(rows.tolist()) == list(range(120))  # each row is in one part, and in no other
  assert np.bincount(labels[parts.learn]).tolist() == [10, 10, 10]
  assert np.bincount(labels[parts.test]).tolist() == [10, 13, 16]  # a third
  assert not np.array_equal(parts.test, groups.split(labels, 10, seed=4).test)


def test_folds_share_out_each_class():
  labels = np.repeat([0, 1], [9, 6])
  parts = list(groups.folds(labels, 3, seed=0))
  assert sorted(np.concatenate([part for _, part in parts]).tolist()) == list(range(15))
  for rest, part in parts:
    assert np.bincount(labels[part]).tolist() == [3, 2] and not {*rest} & {*part}
