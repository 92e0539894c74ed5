"""Builds these pages: `make docs`, or `python -m sphinx -W docs docs/_build/html`.

It needs no network, and what it builds loads nothing from elsewhere.
"""

import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE / '_extensions')]

import tf_creative  # noqa: E402

project = 'tf_creative'
copyright = 'the authors of tf_creative; Apache 2.0'
version = release = tf_creative.__version__

extensions = ['myst_parser', 'sphinx.ext.autodoc', 'mathml', 'notebooks', 'pages', 'reference']
exclude_patterns = ['_build', '_extensions', '**/.*']
myst_enable_extensions = ['colon_fence', 'deflist', 'dollarmath']
myst_heading_anchors = 4
default_role = 'literal'  # docstrings have single backticks for code
highlight_language = 'text'  # most blocks are commands, or what they print
smartquotes = False  # they would make a dash of the two in --flag
autodoc_member_order = 'bysource'
autodoc_typehints = 'signature'
autodoc_preserve_defaults = True
# Paths of annotations that say nothing more to a reader than their last word.
python_use_unqualified_type_names = True
add_module_names = False
toc_object_entries_show_parents = 'hide'

html_theme = 'furo'
html_title = f'tf_creative {release}'
html_static_path = ['_static']
html_css_files = ['pages.css']
html_math_renderer = 'mathml'
html_copy_source = False
html_theme_options = {'navigation_with_keys': True}
