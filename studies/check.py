"""`python -m studies.check`: say which pages of docs/ differ from what the studies write now.

Pages that are made from stored numbers, or from code and configs alone, are checked in seconds. `--whole` also
runs the histories behind the tables of the facts and of the backtest, which takes some minutes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from difflib import unified_diff
from pathlib import Path
from typing import Annotated

import typer

from sim.experiments.backtest import backtest
from sim.experiments.validate import validate
from sim.scenario.load import load
from studies.backtest import __main__ as backtest_page
from studies.calibration import __main__ as calibration_page
from studies.facts import __main__ as facts_page
from studies.findings import page as findings_page
from studies.odd import __main__ as odd
from studies.odd import parameters
from studies.places import DOCS, ROOT
from studies.what_matters import page as what_matters
from studies.what_matters.stored import load_result

Page = Callable[[str], str]
"""Returns the text that a page should have, from the text that it has."""
STORED: Mapping[str, Page] = {
    "calibration.md": calibration_page.filled,
    "findings.md": lambda _: findings_page.render(findings_page.read_findings()),
    "odd.md": odd.filled,
    "odd-parameters.md": lambda _: parameters.page(load("baseline")),
    "what-matters.md": lambda _: what_matters.text(load_result(ROOT / what_matters.NUMBERS)),
}
"""Pages made from stored numbers, or from code and configs alone."""
RUN: Mapping[str, Page] = {
    "backtest.md": lambda text: backtest_page.rewritten(text, backtest()),
    "facts.md": lambda text: facts_page.filled(text, validate()),
}
"""Pages whose numbers take histories."""


def differences(pages: Mapping[str, Page], docs: Path = DOCS) -> dict[str, str]:
    """Compare pages with what the studies write now.

    Args:
        pages: name of a page -> what it should be.
        docs: the folder of the pages.

    Returns:
        Name of each page that differs -> the differing lines.
    """
    changes = {}
    for name, written in pages.items():
        text = (docs / name).read_text(encoding="utf8")
        lines = unified_diff(text.splitlines(), written(text).splitlines(), name, f"{name}, written now", "", "", 0)
        changes[name] = "\n".join(line.rstrip() for line in lines)
    return {name: lines for name, lines in changes.items() if lines}


def main(
    whole: Annotated[bool, typer.Option("--whole", help="Run the histories of facts and backtest, too.")] = False,
    write: Annotated[bool, typer.Option("--write", help="Write the pages that differ.")] = False,
) -> None:
    """Say which pages of docs/ differ from what the studies write now; the exit status is 1 if one does."""
    pages = {**STORED, **(RUN if whole else {})}
    changed = differences(pages)
    for name, lines in changed.items():
        print(lines)
        print(f"{name}: differs from what its study writes", file=sys.stderr)
        if write:
            path = DOCS / name
            path.write_text(pages[name](path.read_text(encoding="utf8")), encoding="utf8")
    if changed and not write:
        raise typer.Exit(1)
    print(f"{len(pages) - len(changed)} of {len(pages)} pages are what their studies write", file=sys.stderr)


if __name__ == "__main__":
    typer.run(main)
