"""Sets by name, and groups that stay on one side of every split."""

import numpy as np
import pytest

from tests.labelled import made
from tf_creative.core import spec
from tf_creative.labelled import classifiers, trials
from tf_creative.labelled.reading import check, groups, named, pictures, records, sets, source
from tf_creative.worlds import bounded

# Two-year outcomes: within (1 of day 700), not within (followed 900 days), and unknown (day 100).
_GBSG2 = """horTh,age,menostat,tsize,tgrade,pnodes,progrec,estrec,time,cens
no,70,Post,21,II,3,48,66,700,1
yes,56,Post,12,III,7,61,77,900,0
yes,58,Pre,35,II,9,52,271,100,0
no,59,Post,17,I,4,60,29,1701,1
"""


def test_sets_of_scikit_learn_are_read_by_name():
  digits = named.read('digits', 32)
  assert digits.kind == 'pictures' and digits.values.shape == (1797, 8, 8, 1)
  assert digits.values.max() == 1
  cancer = named.read('breast_cancer', 32)
  assert cancer.values.shape == (569, 30) and cancer.label_names == ('malignant', 'benign')


def test_who_was_not_followed_for_two_years_has_no_label(tmp_path, monkeypatch):
  path = tmp_path / 'gbsg2.csv'
  path.write_text(_GBSG2)
  monkeypatch.setattr(bounded, 'installed', lambda *_: path)
  found = source.read('gbsg2', 32)
  assert found.label_names == ('not within', 'within') and found.labels.tolist() == [1, 0, 0]
  names = [column.name for column in found.columns]
  assert 'age' in names and not {'time', 'cens'} & {*names}
  assert '1 row left out: not followed for so long' in found.lines
  path.write_text(_GBSG2.replace(',cens', ',event'))
  with pytest.raises(sets.DataError, match="cannot be read: 'cens' is not in"):
    source.read('gbsg2', 32)


def test_a_package_that_is_not_there_is_told_how_to_install():
  try:
    found = source.read('lymph_node', 32)
  except spec.UserError as error:
    assert 'pip install --no-deps lifelines' in str(error)
  else:
    assert found.classes == 2


def test_a_set_of_tfds_is_read_by_name():
  found = source.read('tfds:glyphs', 12)
  assert found.kind == 'pictures' and found.values.shape[1:3] == (12, 12)
  assert found.values.min() == 0 and found.values.max() == 1 and found.classes > 2
  assert len(set(found.splits)) > 1 and found.lines[0].startswith('glyphs of TFDS: ')
  for name, words in (('tfds:gliphs', "Did you mean 'glyphs'"), ('tfds:chorales', 'no images')):
    with pytest.raises(spec.UserError, match=words):
      source.read(name, 12)


def of_patients(rows: int = 90, patients: int = 30):
  """Rows of patients, three each, all of one class; their age tells them."""
  table = [['patient', 'age', 'size', 'outcome']]
  for row in range(rows):
    patient = row % patients
    table.append([f'p{patient}', 20 + patient, (7 * row) % 11, ('no', 'yes')[patient % 2]])
  return table


def test_no_patient_is_on_two_sides(tmp_path):
  path = made.table(tmp_path / 'a.csv', of_patients())
  found = records.read(str(path), '', (), 'patient')
  assert found.groups is not None
  assert [column.name for column in found.columns] == ['age', 'size']
  assert "30 groups by 'patient', of which none is on two sides" in found.lines
  assert found.grouped.tolist() == [15, 15] and found.counts.tolist() == [45, 45]
  assert source.count(found, 0) == 5
  for seed in range(5):
    parts = groups.split(found.labels, 6, seed, found.groups)
    sides = [{*found.groups[rows].tolist()} for rows in parts]
    assert not sides[0] & sides[1] and not sides[0] & sides[2] and not sides[1] & sides[2]
    assert np.bincount(found.labels[parts.learn]).tolist() == [6, 6] and len(sides[0]) == 12
    assert np.bincount(found.labels[parts.test]).tolist() == [15, 15]
    task = trials.Bench.task(_Of(found), parts.learn, seed)
    assert task.groups is not None
    for rest, part in task.parts():
      assert not {*task.groups[rest].tolist()} & {*task.groups[part].tolist()}
      assert {*task.labels[rest].tolist()} == {0, 1} and {*task.labels[part].tolist()} == {0, 1}
    taught = task.taught()
    assert not {*task.groups[taught].tolist()} & {*task.groups[~taught].tolist()}


class _Of:
  """As much of a bench as makes a task."""

  def __init__(self, found):
    self.found, self._seed = found, 0


def test_a_patient_whose_rows_are_of_both_classes_is_in_one_part():
  of = np.repeat(np.arange(12), 2)
  labels = np.tile([0, 1], 12)
  task = classifiers.Task(np.zeros([24, 1]), labels, (), 2, 0, of)
  for rest, part in task.parts():
    assert len(part) == 8 and np.bincount(labels[part]).tolist() == [4, 4]
    assert not {*of[rest].tolist()} & {*of[part].tolist()}


def test_too_few_patients_are_told_before_anything_is_learnt(tmp_path):
  path = made.table(tmp_path / 'a.csv', of_patients(60, 10))
  with pytest.raises(sets.DataError, match="6 groups are needed at least.*'no' has 5"):
    source.prepared(source.read(str(path), 32, group='patient'))
  # Of 8 patients a class with 4 rows each, 3 are for tests; the other 5 give a sixth of 20 each.
  found = records.read(str(made.table(tmp_path / 'b.csv', of_patients(64, 16))), '', (), 'patient')
  assert source.count(found, 20) == 20
  with pytest.raises(sets.DataError, match='--labels=20 of each class are more than the groups'):
    trials.Bench.split(_Of(found), 20, 0)


def test_a_column_that_names_patients_is_pointed_at(tmp_path):
  path = made.table(tmp_path / 'a.csv', of_patients())
  hint = "'patient' names 30 with 3.0 rows each"
  assert any(line.startswith(hint) for line in records.read(str(path), '', ()).lines)
  found = records.read(str(path), '', (), 'patient')
  assert not any(line.startswith(hint) for line in found.lines)
  for group, words in (('patent', "Did you mean 'patient'"), ('outcome', 'column of the labels')):
    with pytest.raises(sets.DataError, match=words):
      records.read(str(path), '', (), group)


def test_pictures_stay_together_by_their_folder_or_the_beginning_of_their_name(tmp_path):
  pixels, labels = made.blobs(24)
  for place, (picture, label) in enumerate(zip(pixels, labels, strict=True)):
    split, patient = ('train', 'test')[place > 20], place // 3
    made.save(tmp_path / split / f'c{label}' / f'p{patient}' / f's{place % 8}_{place}.png', picture)
  of_folder = pictures.read(str(tmp_path), 12, 'folder')
  assert of_folder.groups is not None and len(np.unique(of_folder.groups)) == 8
  said = [finding.text for finding in check.check(of_folder) if finding.trap]
  # Pictures 21 to 23 are tests; they are of patient 7, and nobody else is.
  assert not any('in several splits' in text for text in said)
  of_name = pictures.read(str(tmp_path), 12, '_')
  assert of_name.groups is not None and len(np.unique(of_name.groups)) == 8
  said = [finding.text for finding in check.check(of_name) if finding.trap]
  assert any(text.startswith('3 groups in several splits, as that of ') for text in said)
  with pytest.raises(sets.DataError, match='--group=# tells no picture'):
    pictures.read(str(tmp_path), 12, '#')
  made.folder(tmp_path / 'flat')
  with pytest.raises(sets.DataError, match='put the pictures of each patient into a folder'):
    pictures.read(str(tmp_path / 'flat'), 12, 'folder')
