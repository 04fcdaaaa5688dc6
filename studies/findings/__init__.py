"""The answer: everything that docs/findings.md says, computed, drawn and written by one command.

`python -m studies.findings` runs the histories, writes docs/findings/findings.json, draws the figures into
docs/images and renders docs/findings.md from docs/findings/findings.md.jinja. No number stands in the template.
"""

from studies.findings.page import render, write_page
from studies.findings.work import FULL, QUICK, Size, findings

__all__ = ["FULL", "QUICK", "Size", "findings", "render", "write_page"]
