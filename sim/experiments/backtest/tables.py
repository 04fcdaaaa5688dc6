"""The tables of a backtest as texts, for terminal and report alike."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sim.experiments.backtest.benchmarks import BENCHMARKS
from sim.experiments.backtest.model_forecasts import MODEL
from sim.experiments.backtest.settings import GROUPS
from sim.experiments.backtest.summary import ALL, METHODS
from sim.report.numbers import MINUS

if TYPE_CHECKING:
    import pandas as pd

    from sim.experiments.backtest.results import ScoredForecasts

HEADS = ("model", "from the opening", *BENCHMARKS)
"""Columns of methods."""


@dataclass(frozen=True)
class Line:
    """A row: its name, its numbers as texts, and the places of the best numbers."""

    name: str
    cells: tuple[str, ...]
    best: tuple[int, ...] = ()


@dataclass(frozen=True)
class Sheet:
    """A table.

    Attributes:
        title: its title.
        about: how to read it, in a sentence or two.
        heads: the heads of its columns, that of the names first.
        lines: its rows.
    """

    title: str
    about: str
    heads: tuple[str, ...]
    lines: tuple[Line, ...]


def sheets(backtest: ScoredForecasts) -> list[Sheet]:
    """Write all tables of a backtest."""
    return [
        Sheet(
            "How far off",
            "Root mean square of the errors. An error counts in units of its series: 1 is what the random walk "
            "misses by on average over all its forecasts of that series. The same forecasts for every method.",
            ("", "forecasts", *HEADS),
            tuple(_by_method(backtest, "rmse")),
        ),
        Sheet(
            "Too high or too low",
            "Mean error in the same units; above zero, forecasts were too high.",
            ("", "forecasts", *HEADS),
            tuple(_by_method(backtest, "bias")),
        ),
        Sheet(
            "How good the bands are: score",
            "Continuous ranked probability score in the same units, the smaller the better: it counts how far "
            "off a forecast is and how sure it was. Only forecasts that have a band in every method.",
            ("", "bands", *HEADS),
            tuple(_by_method(backtest, "crps")),
        ),
        Sheet(
            "How good the bands are: coverage",
            "Percent of actuals within the bands of 50 and of 90 percent, which should hold so many.",
            ("", "bands", *HEADS),
            tuple(_coverage(backtest)),
        ),
        Sheet(
            "Series by series",
            "Root mean square of the errors: in hundredths of a log point (about percent) or the unit named.",
            ("series", "forecasts", *HEADS),
            tuple(_series(backtest)),
        ),
    ]


def _cuts(backtest: ScoredForecasts) -> list[tuple[str, pd.DataFrame]]:
    """List the rows with their scores by method: all, by group, by horizon, by origin."""
    table = backtest.scores
    cuts = [("all", (ALL, ALL, ALL))]
    cuts += [(GROUPS[group], (group, ALL, ALL)) for group in backtest.settings.groups]
    horizons = sorted({horizon for horizon in table["horizon"] if horizon != ALL})
    cuts += [(f"{h} quarter{'s' if h > 1 else ''} ahead", (ALL, h, ALL)) for h in horizons]
    cuts += [(f"from {origin}", (ALL, ALL, origin)) for origin in backtest.origins]
    rows = []
    for name, (group, horizon, origin) in cuts:
        part = table[(table["group"] == group) & (table["horizon"] == horizon) & (table["origin"] == origin)]
        if len(part):
            rows.append((name, part.set_index("method").loc[list(METHODS)]))
    return rows


def _by_method(backtest: ScoredForecasts, score: str) -> list[Line]:
    lines = []
    for name, part in _cuts(backtest):
        counted = part["forecasts" if score != "crps" else "bands"]
        numbers = [float(number) for number in part[score]]
        cells = (str(int(counted.iloc[0])), *(_number(number) for number in numbers))
        lines.append(Line(name, cells, _smallest([abs(number) for number in numbers])))
    return lines


def _coverage(backtest: ScoredForecasts) -> list[Line]:
    lines = []
    for name, part in _cuts(backtest):
        pairs = zip(part["coverage_50"], part["coverage_90"], strict=True)
        cells = (f"{_percent(low)} / {_percent(high)}" if not math.isnan(low) else "" for low, high in pairs)
        lines.append(Line(name, (str(int(part["bands"].iloc[0])), *cells)))
    return lines


def _series(backtest: ScoredForecasts) -> list[Line]:
    lines = []
    for _, part in backtest.by_series.groupby("series", sort=False):
        first, errors = part.iloc[0], part.set_index("method")["rmse"]
        relative = first["unit"] == "log"
        numbers = [float(errors.get(method, float("nan"))) * (100.0 if relative else 1.0) for method in METHODS]
        texts = [_number(number, 1 if relative else 2) for number in numbers]
        name = first["label"] if relative else f"{first['label']}, {first['unit']}"
        best = _smallest(numbers) if bool(first["comparable"]) else ()
        lines.append(Line(str(name), (str(int(part.set_index("method")["forecasts"][MODEL])), *texts), best))
    return lines


def _smallest(numbers: Sequence[float]) -> tuple[int, ...]:
    """Return the places of the smallest number, counted after the column of counts."""
    there = [number for number in numbers if not math.isnan(number)]
    return tuple(place + 1 for place, number in enumerate(numbers) if there and number == min(there))


def _number(number: float, digits: int = 2) -> str:
    return "" if math.isnan(number) else f"{number:.{digits}f}".replace("-", MINUS)


def _percent(share: float) -> str:
    return f"{100.0 * share:.0f}"
