"""Splits, the command and its report: test labels are never seen, and luck is called luck."""

import numpy as np
import pytest

from tests.labelled import made
from tf_creative import augment
from tf_creative.cli import command
from tf_creative.labelled import choosing, making, outcome, pseudo, report, trials
from tf_creative.labelled.reading import groups, pictures, source


@pytest.fixture(autouse=True, scope='module')
def _short():
  """Less is learnt: these tests are about what may be seen, not about how good it gets."""
  with pytest.MonkeyPatch.context() as patch:
    patch.setattr(trials, '_STEPS', {'pictures': 30, 'records': 30})
    patch.setattr(trials, 'POOL', 16)
    patch.setattr(choosing, '_UPDATES', 40)
    yield


@pytest.fixture(scope='module')
def found(tmp_path_factory):
  return pictures.read(str(made.folder(tmp_path_factory.mktemp('bars'), 48)), 12)


@pytest.fixture(scope='module')
def shared(found):
  """What is traced once; tests lay their own labels before it."""
  return trials.Bench(found)


def test_poisoned_tests_leave_the_choice_bit_for_bit(found, shared):
  bench = shared
  clean = bench.trial(6, 0)
  unseen = groups.split(found.labels, 6, 0)
  poisoned = found._replace(values=found.values.copy(), labels=found.labels.copy())
  poisoned.values[unseen.test] = np.random.default_rng(0).random(poisoned.values[unseen.test].shape)
  bench.found = poisoned
  again = bench.trial(6, 0)
  assert np.array_equal(again.choice, clean.choice) and clean.choice.any()
  assert (again.shares, again.recipe) == (clean.shares, clean.recipe)
  assert again.scores != clean.scores  # the poison was asked for
  # A label that is among the n does matter.
  labels = found.labels.copy()
  labels[unseen.learn[:4]] = 1 - labels[unseen.learn[:4]]
  task = bench.task(unseen.learn, 0)
  other = task._replace(labels=labels[unseen.learn])
  pools = bench.pools(task, clean.recipe)
  assert not np.array_equal(
    bench.choice(task, clean.recipe, pools), bench.choice(other, clean.recipe, pools)
  )


def test_permuted_labels_gain_nothing(found, shared):
  labels = np.random.default_rng(3).permutation(found.labels)
  shared.found = found._replace(labels=labels)
  done = trials.run(shared, 6, 4)
  assert not done.gained
  assert abs(done.score('nothing').mean - 0.5) < 0.25


def test_a_random_choice_is_of_as_many_of_each_class():
  labels = np.array([0, 0, 0, 1, 1, 1])
  rows = trials.first(labels, np.array([2, 1]), np.array([3.0, 1, 2, 0, 0, -1]))
  assert rows.tolist() == [1, 2, 5]


def run(capsys, *arguments):
  capsys.readouterr()
  code = command.main(augment.augment, augment.__doc__, augment.AugmentConfig, list(arguments))
  said = capsys.readouterr()
  return code, said.out, said.err


def test_a_folder_becomes_a_folder_with_a_report(tmp_path, capsys):
  made.folder(tmp_path / 'bars', 36)
  out = tmp_path / 'out'
  code, said, _ = run(
    capsys, f'--data={tmp_path / "bars"}', '--size=12', '--per_class=3', '--splits=2',
    f'--out={out}',
  )  # fmt: skip
  assert code == 0, said
  text = (out / report.NAME).read_text()
  assert text.startswith(('**Do not use these.**', '**These are of use**'))
  assert text.splitlines()[0].replace('**', '') in said
  for part in (
    'flips and shifts',
    'mixup',
    "the critic's choice",
    '## Privacy',
    'Membership',
    '## Use',
  ):
    assert part in text
  files = sorted(path.relative_to(out).as_posix() for path in out.rglob('*.png'))
  assert making.GALLERY in files and len(files) <= 7
  assert all(name.startswith(('lies/imagined_', 'stands/imagined_', 'gallery')) for name in files)


@pytest.mark.slow  # test_what_is_recommended_runs writes a table, too
def test_a_table_becomes_a_table(tmp_path, capsys):
  path = made.table(tmp_path / 'people.csv', made.people(60))
  out = tmp_path / 'out'
  code, said, _ = run(
    capsys, f'--data={path}', '--per_class=3', '--splits=2', '--labels=6', f'--out={out}'
  )
  assert code == 0, said
  rows = (out / making.TABLE).read_text().splitlines()
  assert rows[0] == 'age,size,kind,label'
  for row in rows[1:]:
    age, _, kind, label = row.split(',')
    assert 0 < float(age) < 120 and kind in 'ab' and label in ('no', 'yes')
  assert 'SMOTE' in (out / report.NAME).read_text()


def test_what_is_recommended_runs(found, tmp_path, monkeypatch):
  few = making.Made(found.values[:6], found.labels[:6], 9, None, 0.25)
  real = making.Made(found.values, found.labels, 9, None, 0.25)
  making.write(found, few, tmp_path / 'made')
  making.write(found, real, tmp_path / 'REAL')
  monkeypatch.chdir(tmp_path)
  for folder in ('made', 'REAL'):
    (tmp_path / folder / making.GALLERY).unlink()
  text = '\n'.join(report._use(found, few, 'made'))
  code = text.split('```python\n')[1].split('```')[0]
  assert code.count('\n') <= 12
  told = {}
  exec(code.replace('epochs=50', 'epochs=1'), told)
  assert told['model'].predict(told['x'][:2]).shape == (2, 2)

  people = source.read(str(made.table(tmp_path / 'REAL.csv', made.people(60))), 32)
  making.write(people, making.Made(people.values, people.labels, 1, None, 1.0), tmp_path / 'made')
  exec('\n'.join(report._use(people, few, 'made')).split('```python\n')[1].split('```')[0], told)
  assert told['model'].n_features_in_ == 3

  table = source.read('iris', 32)
  some = making.Made(table.values[::9], table.labels[::9], 20, None, 1.0)
  making.write(table, some, tmp_path / 'made')
  (tmp_path / 'REAL.csv').write_text(
    making.table(table, making.Made(table.values, table.labels, 1, None, 1.0))
  )
  text = '\n'.join(report._use(table, some, 'made'))
  exec(text.split('```python\n')[1].split('```')[0], told)
  assert told['model'].score(told['real'][:, :-1].astype(float), told['real'][:, -1]) > 0.9


def test_without_a_gain_the_first_line_says_do_not_use_these(found):
  trial = trials.Trial(
    {'nothing': 0.7, 'classical': 0.7, 'mixup': 0.7, 'hand': 0.7}, {'hand': 0.25}, 5, {6: 0.7},
    outcome.privacy.Advantage(0.1, 0.1), trials.Recipe('hog', 1.0), np.ones([1, 4], bool),
  )  # fmt: skip
  some = making.Made(found.values[:4], found.labels[:4], 9, trial.recipe, 0.25)
  luck = outcome.Outcome([trial] * 3, 6)
  assert report.verdict(luck, some).startswith('**Do not use these.**')
  sure = outcome.Outcome([trial._replace(scores={**trial.scores, 'hand': 0.8})] * 3, 6)
  assert report.verdict(sure, some).startswith('**These are of use**: +10.0 points')
  assert report.verdict(sure, some._replace(share=0.0)).startswith('**Do not use these.**')


def test_a_check_alone_says_by_its_exit_code_whether_there_are_traps(tmp_path, capsys):
  made.folder(tmp_path / 'bars', 24)
  code, said, _ = run(capsys, f'--data={tmp_path / "bars"}', '--check_only', '--size=12')
  assert code == 0 and '0 traps' in said
  rows = [*made.people(30), ['50', '20', 'a', 'Yes']]
  made.table(tmp_path / 'a.csv', rows)
  code, said, _ = run(capsys, f'--data={tmp_path / "a.csv"}', '--check_only')
  assert code == augment.TRAPS and 'TRAP  classes of fewer than 6 examples: Yes (1)' in said


@pytest.mark.parametrize(
  ('arguments', 'words'),
  [
    ([], '--data is missing'),
    (['--data={place}/nowhere'], "there is no '"),
    (['--data=digit'], "Did you mean 'digits'?"),
    (['--data=iris', '--label=x'], 'are for columns of a CSV'),
    (['--data=iris', '--labels=40'], '--labels must be 3 to 33, not 40'),
    (['--data=iris', '--splits=1'], '--splits must be 2 to 100'),
    (['--data=iris', '--size=4'], '--size must be 8 to 64'),
    (['--data={place}/few.csv', '--out={place}/out'], "'yes' has 1"),
    (['--data={place}/one.csv', '--out={place}/out'], 'all examples are of one class'),
    (['--data=iris', '--out={place}/few.csv/x'], 'choose another --out'),
    (['--data={place}', '--out={place}/out'], 'would be read as real'),
    (['--data=iris', '--group=x'], '--group is for folders and tables'),
    (['--data=iris', '--unlabelled={place}', '--out={place}x'], '--unlabelled is for pictures'),
    (['--data=iris', '--per_class=0'], '--per_class must be 1 to 10000, not 0'),
  ],
)
def test_a_mistake_is_answered_in_a_line(arguments, words, tmp_path, capsys):
  made.table(tmp_path / 'few.csv', [['x', 'class'], *([i, 'no'] for i in range(9)), [1, 'yes']])
  made.table(tmp_path / 'one.csv', [['x', 'class'], *([i, 'no'] for i in range(9))])
  code, _, said = run(capsys, *(word.replace('{place}', str(tmp_path)) for word in arguments))
  assert code == 2 and words in said and said.count('\n') == 1
  assert not (tmp_path / 'out').exists()


def test_pseudo_labels_are_a_control_and_an_option(found, shared, tmp_path):
  shared.found = found
  trial = shared.trial(6, 0)
  assert 'pseudo' in trial.scores and 'pseudo' in trial.shares
  # The labels of the rest are not seen: any others give the same score.
  parts = shared.split(6, 0)
  task = shared.task(parts.learn, 0)
  names = [name for name in outcome.TITLES if name in trial.scores]
  of_parts, whole = pseudo.extras(task, trial.recipe, found.values[parts.more])
  again = pseudo.extras(task, trial.recipe, found.values[parts.more])[1]
  assert len(of_parts) == 3 and np.array_equal(whole.labels, again.labels)
  assert len(whole.labels) == pytest.approx(len(parts.more) / 2, abs=1)
  assert (whole.labels == np.argmax(task.fit(trial.recipe)(whole.values), 1)).all()
  hidden, given = (outcome.Outcome([trial], 6, flag) for flag in (False, True))
  assert 'pseudo' in names and 'pseudo' not in hidden.rivals and 'pseudo' in given.rivals


def test_what_pseudo_labels_gain_is_told_where_it_is_sure():
  trial = trials.Trial(
    {'nothing': 0.7, 'classical': 0.7, 'mixup': 0.7, 'pseudo': 0.8, 'hand': 0.75}, {}, 5, {6: 0.7},
    outcome.privacy.Advantage(0.1, 0.1), trials.Recipe('hog', 1.0), np.ones([1, 4], bool),
  )  # fmt: skip
  hidden, given = (outcome.Outcome([trial] * 3, 6, flag) for flag in (False, True))
  assert 'gain +10.0 points (+10.0 to +10.0): if you have' in report.advice(hidden)
  assert report.advice(given).endswith('use those.')
  assert hidden.gained and not given.gained  # the hand's choice is worse than pseudo-labels
  worse = trial._replace(scores={**trial.scores, 'pseudo': 0.6})
  assert report.advice(outcome.Outcome([trial, worse, trial], 6)) == ''


def test_augment_from_python_returns_the_outcome(tmp_path, capsys):
  import tf_creative as tc

  top = made.folder(tmp_path / 'bars', 36)
  pixels, _ = made.blobs(30, seed=9)
  for place, picture in enumerate([*pixels, made.blobs(36)[0][0]]):  # the last is a copy
    made.save(tmp_path / 'rest' / f'{place}.png', picture)
  looked = tc.augment(top, size=12, check_only=True)
  assert looked.traps == [] and not looked.useful and looked.verdict == ''
  assert '0 traps' in capsys.readouterr().out and '0 traps' in repr(looked)
  with pytest.raises(tc.UserError, match='without check_only'):
    _ = looked.examples
  done = tc.augment(
    top, size=12, per_class=2, splits=2, out=tmp_path / 'out', unlabelled=tmp_path / 'rest',
    verbose=0,
  )  # fmt: skip
  assert capsys.readouterr().out == ''
  page = tmp_path / 'out' / report.NAME
  assert done.report == page and done.outcome
  assert page.read_text().replace('**', '').startswith(done.verdict)
  assert done.outcome.unlabelled and len(done.outcome.trials) == 2
  assert 'pseudo-labels of unlabelled ones' in done.gains[''] and 'mixup' in repr(done)
  values, labels = done.examples
  assert values.shape[1:] == (12, 12, 1) and len(values) == len(labels) <= 4
  assert '30 unlabelled pictures, without near copies of labelled ones' in done.lines
  rows = (tmp_path / 'out' / pseudo.TABLE).read_text().splitlines()
  assert rows[0] == 'file,label,probability' and len(rows) == pytest.approx(16, abs=1)
  assert {row.split(',')[1] for row in rows[1:]} == {'lies', 'stands'}
  with pytest.raises(tc.UserError, match="unknown setting 'per_clas'"):
    tc.augment(top, per_clas=3)
