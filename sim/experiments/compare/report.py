"""The report of a comparison: one HTML file that needs nothing beside it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sim.engine.outcomes import BY_NAME, INTEREST_GPUS
from sim.experiments.compare.paired import Effect
from sim.experiments.compare.results import PairedOutcomes
from sim.experiments.compare.words import words
from sim.report.html import REPORT, write_page
from sim.report.numbers import labelled, number


def write_report(comparison: PairedOutcomes, pictures: Mapping[str, Path], folder: Path) -> Path:
    """Write `report.html`.

    Args:
        comparison: the comparison.
        pictures: name of a figure -> its PNG file.
        folder: the folder of the report.

    Returns:
        The file.
    """
    a, b = comparison.names
    return write_page(
        folder / REPORT,
        "experiments/compare/report.html.j2",
        title=f"{a} against {b}",
        comparison=comparison,
        words=words(comparison),
        cause=[path for name, path in pictures.items() if name not in BY_NAME],
        outcomes=[(BY_NAME[name].label, path) for name, path in pictures.items() if name in BY_NAME],
        rows=[
            (labelled(BY_NAME[name]), cells(effect, BY_NAME[name].unit), effect.decided)
            for name, effect in comparison.effects.items()
            if name != INTEREST_GPUS
        ],
    )


def cells(effect: Effect, unit: str) -> tuple[str, str, str, str, str]:
    """Write the cells of an effect: both means, the difference, its interval and its spread."""
    a, b = number(effect.mean_a, unit), number(effect.mean_b, unit)
    if effect.none:
        return a, b, "none", "", ""
    interval = f"{number(effect.low, unit)} to {number(effect.high, unit)}"
    spread = f"{number(effect.spread_low, unit)} to {number(effect.spread_high, unit)}"
    return a, b, number(effect.mean, unit), interval, spread
