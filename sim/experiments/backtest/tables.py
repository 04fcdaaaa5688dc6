"""The tables of a backtest as texts, which both the terminal and the report show."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sim.experiments.backtest.benchmarks import BENCHMARKS
from sim.experiments.backtest.model_forecasts import MODEL
from sim.experiments.backtest.settings import GROUPS
from sim.experiments.backtest.summary import ALL, METHODS, cut
from sim.report.numbers import MINUS

if TYPE_CHECKING:
    import pandas as pd

    from sim.experiments.backtest.results import ScoredForecasts

HEADS = ("model", "from the opening", *BENCHMARKS)
"""The heads of the columns, one for each method."""
POOLED = (
    (
        "rmse",
        "forecasts",
        "Size of the errors",
        "Root mean square of the errors. An error counts in units of its series: 1 is what the random walk "
        "misses by on average over all its forecasts of that series. The same forecasts for every method.",
    ),
    ("bias", "forecasts", "Too high or too low", "Mean error in the same units; above zero: too high."),
    (
        "crps",
        "bands",
        "Quality of the bands: score",
        "Continuous ranked probability score in the same units, the smaller the better: it counts how large the "
        "error of a forecast is and how sure it was. Only forecasts that have a band in every method.",
    ),
)
"""Tables that show one score by method: the score, the column of counts, the title, and how to read the table."""


@dataclass(frozen=True)
class Line:
    """A row of a table: its name, its numbers as texts, and the positions of the best numbers."""

    name: str
    cells: tuple[str, ...]
    best: tuple[int, ...] = ()


@dataclass(frozen=True)
class Sheet:
    """A table: its title, how to read it, the heads of its columns (the names' column first), and its rows."""

    title: str
    about: str
    heads: tuple[str, ...]
    lines: tuple[Line, ...]


def sheets(backtest: ScoredForecasts) -> list[Sheet]:
    """Write all tables of a backtest."""
    cuts = _cuts(backtest)
    return [
        *(
            Sheet(title, about, ("", counts, *HEADS), tuple(_by_method(cuts, score, counts)))
            for score, counts, title, about in POOLED
        ),
        Sheet(
            "Quality of the bands: coverage",
            "Percent of actuals within the bands of 50 and of 90 percent, which should hold that share of them.",
            ("", "bands", *HEADS),
            tuple(_coverage(cuts)),
        ),
        Sheet(
            "Series by series",
            "Root mean square of the errors: in hundredths of a log point (about percent) or the unit named.",
            ("series", "forecasts", *HEADS),
            tuple(_series(backtest)),
        ),
    ]


def _cuts(backtest: ScoredForecasts) -> dict[str, pd.DataFrame]:
    """Return row name -> scores by method, for all forecasts, then for each group, each horizon and each origin."""
    table = backtest.scores
    parts = {"all": cut(table)}
    parts |= {GROUPS[group]: cut(table, group=group) for group in backtest.settings.groups}
    for horizon in sorted(set(table["horizon"]) - {ALL}):
        parts[f"{horizon} quarter{'s' if horizon > 1 else ''} ahead"] = cut(table, horizon=horizon)
    parts |= {f"from {origin}": cut(table, origin=origin) for origin in backtest.origins}
    return {name: part.loc[list(METHODS)] for name, part in parts.items() if len(part)}


def _by_method(cuts: dict[str, pd.DataFrame], score: str, counts: str) -> Iterator[Line]:
    for name, part in cuts.items():
        numbers = [float(number) for number in part[score]]
        cells = (str(int(part[counts].iloc[0])), *(_number(number) for number in numbers))
        yield Line(name, cells, _smallest([abs(number) for number in numbers]))


def _coverage(cuts: dict[str, pd.DataFrame]) -> Iterator[Line]:
    for name, part in cuts.items():
        pairs = zip(100.0 * part["coverage_50"], 100.0 * part["coverage_90"], strict=True)
        cells = (f"{low:.0f} / {high:.0f}" if not math.isnan(low) else "" for low, high in pairs)
        yield Line(name, (str(int(part["bands"].iloc[0])), *cells))


def _series(backtest: ScoredForecasts) -> Iterator[Line]:
    for _, part in backtest.by_series.set_index("method").groupby("series", sort=False):
        label, unit, comparable = part.loc[MODEL, ["label", "unit", "comparable"]]
        log = unit == "log"
        numbers = [float(part["rmse"].get(method, math.nan)) * (100.0 if log else 1.0) for method in METHODS]
        texts = [_number(number, 1 if log else 2) for number in numbers]
        cells = str(int(part["forecasts"][MODEL])), *texts
        yield Line(label if log else f"{label}, {unit}", cells, _smallest(numbers) if comparable else ())


def _smallest(numbers: Sequence[float]) -> tuple[int, ...]:
    """Return the positions of the smallest number, the column of counts being position 0."""
    least = min((number for number in numbers if not math.isnan(number)), default=math.nan)
    return tuple(place + 1 for place, number in enumerate(numbers) if number == least)


def _number(number: float, digits: int = 2) -> str:
    return "" if math.isnan(number) else f"{number:.{digits}f}".replace("-", MINUS)
