"""`python -m studies.findings`: compute everything, draw the figures, write the page."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from sim.errors import ScenarioError
from studies.findings.page import HOME, IMAGES, read_findings, write_findings, write_page
from studies.findings.work import FULL, QUICK, findings
from studies.places import DOCS


def main(
    out: Annotated[Path, typer.Option(help="Folder of the page.")] = DOCS,
    quick: Annotated[bool, typer.Option("--quick", help="A few histories, to try the whole path.")] = False,
    page_only: Annotated[bool, typer.Option("--page-only", help="The page alone, from its numbers.")] = False,
    estimate: Annotated[str, typer.Option(help="Record that parameters are drawn from, or priors.")] = "2025Q2",
) -> None:
    """Compute everything that docs/findings.md says, draw its figures, and write it."""
    if quick and out.resolve() == DOCS.resolve():
        print("--quick: give --out, a few histories are not for the page that ships", file=sys.stderr)
        raise typer.Exit(2)
    try:
        if page_only:
            numbers = read_findings(out)
        else:
            from sim.report.figures.style import save_figures

            numbers, figures = findings(QUICK if quick else FULL, estimate, _say)
            write_findings(numbers, out)
            save_figures(out / IMAGES, figures.items())
    except ScenarioError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(2) from None
    print(f"{write_page(numbers, out)}  (numbers: {out / HOME})")


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    typer.run(main)
