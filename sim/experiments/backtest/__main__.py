"""`python -m sim.experiments.backtest [ESTIMATES]`: the results and figures of docs/backtest.md, written anew."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from sim.errors import ScenarioError
from sim.experiments.backtest.forecasting import backtest
from sim.experiments.backtest.results import Backtest
from sim.experiments.backtest.tables import Sheet, sheets
from sim.report.markdown import table
from sim.scenario.data import CONFIGS

DOCS = CONFIGS.parent / "docs"
PAGE = DOCS / "backtest.md"
BEGIN, END = "<!-- results: begin -->\n", "<!-- results: end -->\n"
SHOWN = "2024Q2"
"""Origin whose fan chart is on the page, where it is among the origins."""


def markdown(found: Backtest) -> Iterator[str]:
    """Lines of the results: what follows, then the tables."""
    yield f"{found.draws:,} draws from each origin, seed {found.seed}, estimates to {found.in_sample.last}."
    yield ""
    for sentence in found.words:
        yield f"- {sentence}"
    yield ""
    for sheet in sheets(found):
        yield from _sheet(sheet)


def _sheet(sheet: Sheet) -> Iterator[str]:
    yield f"**{sheet.title}.** {sheet.about}"
    yield ""
    rows = [
        (line.name, *(f"**{cell}**" if place in line.best else cell for place, cell in enumerate(line.cells)))
        for line in sheet.lines
    ]
    yield table(sheet.heads, rows, numbers=range(1, len(sheet.heads)))


def rewritten(page: str, found: Backtest) -> str:
    """A page with its results written anew.

    Raises:
        ScenarioError: if it has no place for them.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ScenarioError(f"{PAGE.name}: no lines {BEGIN.strip()} and {END.strip()}")
    return before + begin + "\n".join(markdown(found)) + "\n" + end + after


def main(estimates: Path | None = None) -> None:
    """Run the backtest, and write page and figures."""
    from sim.experiments.backtest.figures import draw_errors, draw_fans, draw_origin
    from sim.report.figures.style import save_figures

    found = backtest(estimates=estimates)
    PAGE.write_text(rewritten(PAGE.read_text(encoding="utf8"), found), encoding="utf8")
    shown = SHOWN if SHOWN in found.origins else found.origins[0]
    drawn = {"errors": draw_errors(found), "fans": draw_fans(found), "fan": draw_origin(found, shown)}
    save_figures(DOCS / "images", ((f"backtest_{name}", figure) for name, figure in drawn.items()))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
