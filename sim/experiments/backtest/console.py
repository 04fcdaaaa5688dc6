"""The terminal output of a backtest: its tables and its sentences."""

from pathlib import Path

from rich.text import Text

from sim.experiments.backtest.results import ScoredForecasts
from sim.experiments.backtest.tables import Line, sheets
from sim.experiments.backtest.words import words
from sim.report import terminal
from sim.report.html import REPORT


def show(backtest: ScoredForecasts, folder: Path) -> None:
    """Print the tables, the sentences on what follows from them, and the path of the report in the folder."""
    origins = " to ".join(dict.fromkeys((backtest.origins[0], backtest.origins[-1])))
    title = f"Forecasts from {origins} of quarters to {backtest.settings.last}, {backtest.draws} draws each"
    terminal.show(title, style="bold")
    for sheet in sheets(backtest):
        terminal.show_table(sheet.title, sheet.heads, [_cells(line) for line in sheet.lines], about=sheet.about)
    terminal.show_list("What follows", words(backtest))
    terminal.show(
        "\nmodel: the last figure known at the origin, times the model's own growth since then. from the "
        "opening: the number of the model's history itself. Best in bold.",
        style="dim",
    )
    terminal.show(f"report: {folder / REPORT}")


def _cells(line: Line) -> list[Text]:
    cells = [Text(cell, "bold" if place in line.best else "") for place, cell in enumerate(line.cells)]
    return [Text(line.name), *cells]
