"""Formulas as MathML, which browsers draw themselves: no script and no font is fetched.

The converter is that of docutils, which knows fences of a given size by their sides: `\\big(` becomes `\\bigl(`.
"""

import re
from html import escape

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util import logging

LOG = logging.getLogger(__name__)
SPELLINGS = (
    (r"\\([bB]igg?)\s*(?=[(\[]|\\\{)", r"\\\1l"),
    (r"\\([bB]igg?)\s*/", "/"),
    (r"\\([bB]igg?)(?![a-zA-Z])", r"\\\1r"),
    (r"\\texttt(?![a-zA-Z])", r"\\text"),
    (r"\\lt(?![a-zA-Z])", "<"),
)
"""What writers use, and docutils has under another name."""


def setup(app):
    """Register with Sphinx."""
    app.add_html_math_renderer("mathml", inline_renderers=(inline, None), block_renderers=(block, None))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def inline(translator, node):
    """A formula in a line."""
    translator.body.append(mathml(node, as_block=False))
    raise nodes.SkipNode


def block(translator, node):
    """A formula on lines of its own; a wide one is scrolled, not cut."""
    translator.body.append(f'<div class="math">{mathml(node, as_block=True)}</div>')
    raise nodes.SkipNode


def mathml(node, as_block):
    """The formula; a warning, which the build takes for an error, where it cannot be read."""
    formula = node.astext().strip()
    for written, known in SPELLINGS:
        formula = re.sub(written, known, formula)
    try:
        # Where no font for mathematics is installed, an accent is drawn into its letter.
        return tex2mathml(formula, as_block=as_block).replace(' accent="true"', "")
    except MathError as error:
        LOG.warning("formula %r: %s", node.astext(), error, location=node, type="mathml")
        return f"<code>{escape(node.astext())}</code>"
