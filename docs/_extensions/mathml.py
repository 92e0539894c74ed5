"""Shows formulas as MathML, which browsers draw by themselves: no script, no fonts, no network."""

from docutils import nodes
from docutils.utils.math import latex2mathml


def _inline(translator, node: nodes.math) -> None:
  translator.body.append(latex2mathml.tex2mathml(node.astext()))
  raise nodes.SkipNode


def _block(translator, node: nodes.math_block) -> None:
  formula = latex2mathml.tex2mathml(node.astext(), as_block=True)
  translator.body.append(f'<div class="formula">{formula}</div>')
  raise nodes.SkipNode


def setup(app) -> dict[str, bool]:
  app.add_html_math_renderer('mathml', (_inline, None), (_block, None))
  return {'parallel_read_safe': True, 'parallel_write_safe': True}
