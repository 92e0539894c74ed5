"""Tables of parts, and what installed distributions add to them."""

import pytest

from tf_creative.core import plugins, spec


@pytest.fixture
def bring(tmp_path, monkeypatch):
  """Installs a distribution by its name, version and entry points of `tf_creative.numbers`."""
  monkeypatch.syspath_prepend(tmp_path)
  monkeypatch.setattr(plugins, '_used', {})

  def clear():
    plugins._entries.cache_clear()
    plugins._installed.cache_clear()

  def install(name, version, entries, within='.'):
    info = tmp_path / within / f'{name}-{version}.dist-info'
    info.mkdir(parents=True)
    (info / 'METADATA').write_text(f'Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n')
    lines = [f'{key} = {value}' for key, value in entries.items()]
    (info / 'entry_points.txt').write_text('\n'.join(['[tf_creative.numbers]', *lines, '']))
    clear()

  clear()
  yield install
  clear()


@pytest.fixture
def table():
  return plugins.Table('number', 'tf_creative.numbers', {'pi': 'math:pi', 'tau': 'math:tau'})


def test_ours_are_loaded_by_name(table):
  assert table.load('pi') == pytest.approx(3.14159, abs=1e-5)
  with pytest.raises(spec.SpecError, match="unknown number 'pie'. Did you mean 'pi'. Valid: pi, t"):
    table.load('pie')
  assert not plugins.used()


def test_a_path_is_no_name(table, bring):
  bring('others', '1.0', {'e': 'math:e'})
  with pytest.raises(spec.SpecError, match="unknown number 'math:inf'"):
    table.load('math:inf')


def test_what_others_bring_is_as_one_of_ours(table, bring):
  bring('others', '1.0', {'e': 'math:e', 'inf': 'math:inf'})
  assert list(table) == ['pi', 'tau', 'e', 'inf'] and len(table) == 4
  assert 'e' in table and table['e'] == 'math:e' and list(table.ours) == ['pi', 'tau']
  assert table.plugins == {'e': 'others 1.0', 'inf': 'others 1.0'}
  with pytest.raises(spec.SpecError, match="Did you mean 'inf'. Valid: e, inf, pi, tau."):
    table.load('infinity')
  assert not plugins.used()
  assert table.load('e') == pytest.approx(2.71828, abs=1e-5)
  assert plugins.used() == {'others': '1.0'}


def test_a_name_that_two_bring_is_refused_where_it_is_used(table, bring):
  bring('some', '1.0', {'e': 'math:e', 'nan': 'math:nan'})
  bring('others', '2.0', {'e': 'cmath:e'})
  with pytest.raises(spec.SpecError) as caught:
    table.load('e')
  assert "number 'e' is brought by" in str(caught.value) and '\n' not in str(caught.value)
  assert 'some 1.0' in str(caught.value) and 'others 2.0' in str(caught.value)
  table.load('nan'), table.load('pi')


def test_a_name_of_ours_is_refused_where_it_is_used_and_is_ours_where_it_is_told(table, bring):
  bring('others', '1.0', {'pi': 'cmath:nan'})
  with pytest.raises(spec.SpecError, match="'pi' is brought by tf_creative itself and by others 1"):
    table.load('pi')
  assert list(table) == ['pi', 'tau'] and table['pi'] == 'math:pi'
  assert table.load('tau') and not plugins.used()


@pytest.mark.parametrize(
  ('entry', 'said'),
  [
    ('crooked:value', "ValueError: it's two lines"),
    ('crooked_is_not_there:value', "ModuleNotFoundError: No module named 'crooked_is_not_there'"),
    ('math:e_is_not_there', "AttributeError: module 'math' has no attribute 'e_is_not_there'"),
  ],
)
def test_what_cannot_be_imported_is_told_in_a_line_and_hurts_nobody_else(
  table, bring, tmp_path, entry, said
):
  (tmp_path / 'crooked.py').write_text('raise ValueError("it\'s\\ntwo lines")')
  bring('others', '1.0', {'crooked': entry, 'e': 'math:e'})
  assert 'crooked' in table and table.load('e')
  with pytest.raises(spec.SpecError) as caught:
    table.load('crooked')
  assert str(caught.value).startswith("the number 'crooked' of others 1.0 cannot be imported (")
  assert said in str(caught.value) and '\n' not in str(caught.value)
  assert str(caught.value).endswith('mend or uninstall others.')


def test_the_same_distribution_in_two_places_is_one(table, bring, tmp_path, monkeypatch):
  bring('others', '1.0', {'e': 'math:e'}, within='first')
  bring('others', '2.0', {'e': 'math:e'}, within='second')
  for place in ('second', 'first'):  # the last comes first on the path
    monkeypatch.syspath_prepend(tmp_path / place)
  table.load('e')
  assert plugins.used() == {'others': '1.0'}


def test_options_are_classes_of_the_same_name():
  table = plugins.Table('number', 'tf_creative.numbers', {'pi': 'math:pi', 'big_e': 'math:e'})
  module = {'__name__': 'options', 'Pi': int, 'BigE': float, 'Other': str}
  assert table.options(module) == {'pi': int, 'big_e': float}
  del module['BigE']
  with pytest.raises(NameError, match="the number 'big_e' has no options: .* BigE in options"):
    table.options(module)
