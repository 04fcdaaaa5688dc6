"""`python -m sim.experiments.findings`: compute everything, draw the figures, write the page."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.errors import ScenarioError
from sim.experiments.findings.page import DOCS, HOME, IMAGES, read_findings, write_findings, write_page
from sim.experiments.findings.work import FULL, QUICK, findings

if TYPE_CHECKING:
    from matplotlib.figure import Figure


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
            told = read_findings(out)
        else:
            told, figures = findings(QUICK if quick else FULL, estimate, _tell)
            write_findings(told, out)
            _save(figures, out)
    except ScenarioError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(2) from None
    print(f"{write_page(told, out)}  (numbers: {out / HOME})")


def _tell(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def _save(figures: Mapping[str, Figure], out: Path) -> None:
    from sim.figures.style import DPI

    (out / IMAGES).mkdir(parents=True, exist_ok=True)
    for name, figure in figures.items():
        figure.savefig(out / IMAGES / f"{name}.png", dpi=DPI)


if __name__ == "__main__":
    typer.run(main)
