"""The report of a backtest: one HTML file that needs nothing beside it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sim.experiments.backtest.results import ScoredForecasts
from sim.experiments.backtest.tables import sheets
from sim.experiments.backtest.words import words
from sim.report.html import REPORT, write_page

ERRORS = (
    "Root mean square of the errors by group and horizon, in units of what the random walk misses by on average "
    "over all its forecasts of a series. Lower is better."
)
FANS = (
    "Each fan starts at the last actual known at its origin. A draw has parameters from the estimate at the "
    "origin, a seed of its own, and the error that the series declares."
)


def write_report(backtest: ScoredForecasts, pictures: Mapping[str, Path], folder: Path) -> Path:
    """Write `report.html`.

    Args:
        backtest: the backtest.
        pictures: name of a figure -> its PNG file.
        folder: the folder of the report.

    Returns:
        The file.
    """
    return write_page(
        folder / REPORT,
        "experiments/backtest/report.html.j2",
        title="Backtest",
        backtest=backtest,
        words=words(backtest),
        pictures=[(path, *_caption(name)) for name, path in pictures.items()],
        sheets=sheets(backtest),
    )


def _caption(name: str) -> tuple[str, str]:
    """Return title and caption of a figure."""
    if name == "errors":
        return "Errors by horizon", ERRORS
    origin = name.removeprefix("fans_")
    return ("Forecasts from all origins" if origin == "fans" else f"Forecasts from {origin}"), FANS
