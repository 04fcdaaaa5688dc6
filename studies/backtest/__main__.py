"""`python -m studies.backtest [ESTIMATES]`: write the results and figures of docs/backtest.md anew."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from sim.experiments.backtest import Backtest, backtest
from sim.experiments.backtest.figures import draw_errors, draw_fans, draw_origin
from sim.experiments.backtest.tables import Sheet, sheets
from sim.report.figures.style import save_figures
from studies.markdown import replaced, table
from studies.places import DOCS, IMAGES

PAGE = DOCS / "backtest.md"
BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"
SHOWN = "2024Q2"
"""The origin whose fan chart is on the page, where it is among the origins."""


def markdown(result: Backtest) -> Iterator[str]:
    """Write the results: what follows, then the tables."""
    yield f"{result.draws:,} draws from each origin, seed {result.seed}, estimates to {result.in_sample.last}."
    yield ""
    for sentence in result.words:
        yield f"- {sentence}"
    yield ""
    for sheet in sheets(result):
        yield f"**{sheet.title}.** {sheet.about}\n\n{_table(sheet)}"


def _table(sheet: Sheet) -> str:
    rows = [
        (line.name, *(f"**{cell}**" if place in line.best else cell for place, cell in enumerate(line.cells)))
        for line in sheet.lines
    ]
    return table(sheet.heads, rows, right=True)


def rewritten(page: str, result: Backtest) -> str:
    """Write the results into the page.

    Raises:
        ScenarioError: if the page has no place for them.
    """
    return replaced(page, BEGIN, END, "\n".join(markdown(result)) + "\n")


def main(estimates: Path | None = None) -> None:
    """Run the backtest, and write page and figures."""
    result = backtest(estimates=estimates)
    PAGE.write_text(rewritten(PAGE.read_text(encoding="utf8"), result), encoding="utf8")
    shown = SHOWN if SHOWN in result.origins else result.origins[0]
    drawn = {"errors": draw_errors(result), "fans": draw_fans(result), "fan": draw_origin(result, shown)}
    save_figures(IMAGES, ((f"backtest_{name}", figure) for name, figure in drawn.items()))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
