"""Shows formulas as MathML, which browsers draw by themselves: no script, no fonts, no network."""

import re

from docutils import nodes
from docutils.utils.math import latex2mathml

_BAR = re.compile(r'<mo(?P<opens> class="mathopen")?>(?P<bar>[‖|])</mo>')


def _drawn(tex: str, as_block: bool) -> str:
  """Return a formula as MathML, in which the bars of a norm are of equal height at both sides."""

  def bar(match: re.Match) -> str:
    form = 'prefix' if match['opens'] else 'postfix'
    return f'<mo form="{form}" stretchy="false" lspace="0" rspace="0">{match["bar"]}</mo>'

  return _BAR.sub(bar, latex2mathml.tex2mathml(tex, as_block=as_block))


def _inline(translator, node: nodes.math) -> None:
  translator.body.append(_drawn(node.astext(), False))
  raise nodes.SkipNode


def _block(translator, node: nodes.math_block) -> None:
  formula = _drawn(node.astext(), True)
  translator.body.append(f'<div class="formula">{formula}</div>')
  raise nodes.SkipNode


def setup(app) -> dict[str, bool]:
  app.add_html_math_renderer('mathml', (_inline, None), (_block, None))
  return {'parallel_read_safe': True, 'parallel_write_safe': True}
