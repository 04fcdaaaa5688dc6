"""The report of a backtest: one HTML file that needs nothing beside it."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from sim.experiments.backtest.tables import Sheet, sheets
from sim.report.html import REPORT, picture, table, write_parts

if TYPE_CHECKING:
    from sim.experiments.backtest.results import Backtest

ERRORS = (
    "Root mean square of the errors by group and horizon, in units of what the random walk misses by on average "
    "over all its forecasts of a series. Lower is better."
)
FANS = (
    "Each fan starts at the last actual known at its origin. A draw has parameters from the estimate at the "
    "origin, a seed of its own, and the error that the series declares."
)
READING = (
    "<p>A forecast is made at the end of its origin with the figures of the quarters up to it. The model's "
    "parameters are drawn from an estimate that was fitted to those; bill rate, bitcoin and gold follow the "
    "data up to the origin and the model after it. The headline starts from the last actual, because whoever "
    "forecasts knows it, and because the benchmarks do the same; the opening sheets of the model are older. "
    "Forecasts of one series from neighbouring origins overlap, and series move together: there is much less "
    "evidence here than there are rows.</p>"
)
"""How to read a backtest, as HTML."""


def write_report(found: Backtest, pictures: Mapping[str, Path], folder: Path) -> Path:
    """Write `report.html`.

    Args:
        found: the backtest.
        pictures: name of a figure -> its PNG file.
        folder: where the report goes.

    Returns:
        The file.
    """
    origins = ", ".join(found.origins)
    body = [
        f"<p class='note'>capflow: forecasts from {origins} to {found.settings.last}, {found.draws:,} draws each, "
        f"seed {found.seed}</p>",
        "<h1>Would the model have forecast it?</h1>",
        "<ul>",
        *(f"<li>{escape(sentence)}</li>" for sentence in found.words),
        "</ul>",
        *(picture(path, *_caption(name)) for name, path in pictures.items()),
        *(_sheet(sheet) for sheet in sheets(found)),
        "<h2>How to read this</h2>",
        READING,
        "<p>Values of the scenario that were chosen with later figures: "
        f"{', '.join(f'<code>{escape(key)}</code>' for key in found.set_by_hand) or 'none'}.</p>",
    ]
    return write_parts(folder / REPORT, "Backtest", body)


def _caption(name: str) -> tuple[str, str]:
    """Title and caption of a figure."""
    if name == "errors":
        return "Errors by horizon", ERRORS
    origin = name.removeprefix("fans_")
    return ("Forecasts from all origins" if origin == "fans" else f"Forecasts from {origin}"), FANS


def _sheet(sheet: Sheet) -> str:
    rows = []
    for line in sheet.lines:
        cells = (
            f"<td class='number'>{f'<strong>{escape(cell)}</strong>' if place in line.best else escape(cell)}</td>"
            for place, cell in enumerate(line.cells)
        )
        rows.append(f"<tr><td>{escape(line.name)}</td>{''.join(cells)}</tr>")
    numbers = range(1, len(sheet.heads))
    about = f"<p class='note'>{escape(sheet.about)}</p>"
    return f"<h2>{escape(sheet.title)}</h2>\n{about}\n{table(sheet.heads, rows, numbers)}"
