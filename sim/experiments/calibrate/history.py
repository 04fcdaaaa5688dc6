"""The observed history: the schema of `configs/history.toml`, and the figures with which the model is compared."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sim.analysis.facts.evidence import observations, span
from sim.analysis.facts.schema import Reading
from sim.scenario.data import CONFIGS
from sim.scenario.load import read_as
from sim.scenario.quarters import between, later
from sim.scenario.schema import Strict

HISTORY = CONFIGS / "history.toml"
FLOOR = 0.01
"""Before logarithms are taken, a number of the model is raised to at least this share of the observed figure."""


class Series(Strict):
    """A series of observed figures, and how the number of the model that is compared with them is made.

    Attributes:
        label: the name of the series in plain words.
        group: the group of series to which it belongs in tables.
        unit: the unit of the figures.
        data: the rows of a file in configs/data that hold the figures, written as file|entity|metric.
        points: period -> figure, for figures that are in no file of configs/data.
        source: where the figures in `points` come from: addresses, or rows of data.
        leave: the periods whose figures are not used.
        base: the quarter by whose figure all figures are divided, those of the model by the model's own.
        of, less, over: the model's number is the sum of the terms `of` minus those of `less`, divided by `over`.
        scale: the factor by which the model's number is multiplied.
        total: how the numbers of quarters become that of a longer period: their sum, the last one or their mean.
        change: whether model and data are compared by their logarithms ("log") or as they are ("level").
        error: the standard deviation of the errors of figure and model, relative for logarithms, else in `unit`.
        fitted: whether parameters are fitted to the series; if not, the model is only judged by it.
        note: a remark on how good the comparison is.
    """

    label: str
    group: Literal["supply", "income", "labs", "gpus", "funding"]
    unit: str
    data: str | None = None
    points: Mapping[str, float] = Field(default_factory=dict)
    source: tuple[str, ...] = ()
    leave: tuple[str, ...] = ()
    base: str | None = None
    of: Annotated[tuple[str, ...], Field(min_length=1)]
    less: tuple[str, ...] = ()
    over: tuple[str, ...] = ()
    scale: float = 1.0
    total: Literal["sum", "last", "mean"]
    change: Literal["log", "level"] = "log"
    error: Annotated[float, Field(gt=0.0)]
    fitted: bool = True
    note: str = ""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.data is None) == (not self.points):
            raise ValueError("set data or points, and only one of them")
        if self.points and not self.source:
            raise ValueError("points without a source: state in source where they come from")
        Reading(of=self.of, less=self.less, over=self.over)
        for term in (*self.of, *self.less, *self.over):
            if term.split("|")[0] not in ("agents", "series"):
                raise ValueError(f"{term!r}: expected agents|... or series|...")
        if self.change == "log" and any(value <= 0.0 for value in self.observed.values()):
            raise ValueError("a figure is zero or below and has no logarithm: set change = 'level'")
        return self

    @property
    def observed(self) -> dict[str, float]:
        """Period -> figure, oldest first, divided by the figure of the quarter `base` if one is set."""
        figures = dict(self.points) if self.data is None else rows(self.data)
        if self.base is not None:
            if self.base not in figures:
                raise ValueError(f"base = {self.base!r}: the series has no figure for this quarter")
            figures = {period: value / figures[self.base] for period, value in figures.items()}
        return {period: figures[period] for period in sorted(figures, key=span) if period not in self.leave}

    def transformed(self, values: float) -> float:
        """Return a figure on the scale of comparison: its logarithm, or the figure itself."""
        return math.log(values) if self.change == "log" else values


class SeriesFile(Strict):
    """The content of a file of observed series."""

    series: dict[str, Series]


@dataclass(frozen=True)
class Target:
    """One figure that the model is compared with.

    Attributes:
        name: the name of its series.
        series: the series to which it belongs.
        period: the quarter, half-year or year of the figure, such as 2024Q3, 2024H1 or 2024FY.
        value: the observed value, in the unit of the series.
    """

    name: str
    series: Series
    period: str
    value: float

    @property
    def last(self) -> str:
        """The last quarter of the period, at whose end the figure counts as known."""
        return span(self.period)[1]

    @property
    def label(self) -> str:
        """The figure in words: the label of its series, and its period."""
        return f"{self.series.label}, {self.period}"


def load_history(path: Path | str | None = None) -> dict[str, Series]:
    """Load a file of series, by default `configs/history.toml`: name -> series, in the order of the file.

    Raises:
        ScenarioError: if anything is wrong with the file; the message says what in one line.
    """
    return read_as(SeriesFile, Path(path) if path is not None else HISTORY).series


def targets(history: Mapping[str, Series], first: str, last: str) -> tuple[Target, ...]:
    """List the figures of all periods from a first to a last quarter, without those made up of others in the list."""
    figures: list[Target] = []
    for name, series in history.items():
        observed = series.observed
        quarters = {
            period: set(quarters_of(period))
            for period in observed
            if first <= span(period)[0] and span(period)[1] <= last
        }
        for period, whole in quarters.items():
            if not whole <= set().union(*(part for part in quarters.values() if part < whole)):
                figures.append(Target(name, series, period, observed[period]))
    return tuple(figures)


def quarters_of(period: str) -> list[str]:
    """List the quarters of a period, in order."""
    first, last = span(period)
    return [later(first, step) for step in range(between(first, last) + 1)]


def rows(reference: str) -> dict[str, float]:
    """Return period -> value from the rows of a data file, up to `LAST`; raise a ValueError if there are none."""
    file, *key = reference.split("|")
    if len(key) != 2:
        raise ValueError(f"{reference!r}: expected file|entity|metric")
    figures = {period: float(line["value"]) for period, line in observations(file, *key).items()}
    if not figures:
        raise ValueError(f"{reference!r}: configs/data/{file}.csv has no rows with this entity and metric")
    return figures
