"""A backtest in the terminal."""

from __future__ import annotations

from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sim.experiments.backtest.results import ScoredForecasts
from sim.experiments.backtest.tables import Sheet, sheets
from sim.experiments.backtest.words import words
from sim.report.html import REPORT


def show(backtest: ScoredForecasts, folder: Path) -> None:
    """Print the tables, what follows from them, and where the folder is.

    Args:
        backtest: the backtest.
        folder: the folder that was written.
    """
    console = Console(highlight=False)
    origins = (
        backtest.origins[0] if len(backtest.origins) == 1 else f"{backtest.origins[0]} to {backtest.origins[-1]}"
    )
    console.print(
        Text(
            f"Forecasts from {origins} of quarters to {backtest.settings.last}, {backtest.draws} draws each",
            "bold",
        )
    )
    for sheet in sheets(backtest):
        _print(console, sheet)
    console.print(Text("\nWhat follows", style="bold"))
    for sentence in words(backtest):
        console.print(Text(f"  {sentence}"))
    console.print(
        Text(
            "\nmodel: from the last actual known at the origin, moved by the model's own growth since. from the "
            "opening: as the history itself has it. Best in bold.",
            style="dim",
        )
    )
    console.print(Text(f"report: {folder / REPORT}"))


def _print(console: Console, sheet: Sheet) -> None:
    table = Table(title=f"{sheet.title}", box=box.SIMPLE_HEAD, title_style="bold", title_justify="left")
    first, *others = sheet.heads
    table.add_column(first)
    for head in others:
        table.add_column(head, justify="right")
    for line in sheet.lines:
        cells = [Text(cell, "bold" if place in line.best else "") for place, cell in enumerate(line.cells)]
        table.add_row(line.name, *cells)
    console.print(table)
    console.print(Text(sheet.about, style="dim"))
