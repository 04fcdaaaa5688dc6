"""The observed history: the schema of `configs/history.toml`, and the figures that the model is compared with."""

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
"""The least number of the model in a comparison by logarithms, as a part of the figure observed."""


class Series(Strict):
    """Something that was observed more than once, and the number of the model that is compared with it.

    Attributes:
        label: its name in plain words.
        group: the group of series that it belongs to in tables.
        unit: the unit of its figures.
        data: the rows of configs/data, as file|entity|metric.
        points: the figures by period, where there are no such rows.
        source: the rows or addresses of these figures.
        leave: the periods that are not used.
        base: the quarter whose figure all are divided by, on both sides.
        of, less, over: the terms of the model that are added, subtracted and divided by, as in a fact's reading.
        scale: the factor on the model's number.
        total: how quarters become a period.
        change: whether model and data are compared by their logarithms or by their difference.
        error: standard deviation of what figure and model leave open, relative for logarithms, else in the unit.
        fitted: whether parameters are fitted to it, or the model is only judged by it.
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
            raise ValueError("set either data or points")
        if self.points and not self.source:
            raise ValueError("points need a source")
        Reading(of=self.of, less=self.less, over=self.over)
        for term in (*self.of, *self.less, *self.over):
            if term.split("|")[0] not in ("agents", "series"):
                raise ValueError(f"{term!r}: expected agents|... or series|...")
        if self.change == "log" and any(value <= 0.0 for value in self.observed.values()):
            raise ValueError("a figure that is not above zero has no logarithm: set change = 'level'")
        return self

    @property
    def observed(self) -> dict[str, float]:
        """Figures by period, oldest first, divided by that of the base."""
        figures = dict(self.points) if self.data is None else rows(self.data)
        if self.base is not None:
            if self.base not in figures:
                raise ValueError(f"base = {self.base!r}: has no figure")
            figures = {period: value / figures[self.base] for period, value in figures.items()}
        return {period: figures[period] for period in sorted(figures, key=span) if period not in self.leave}

    def transformed(self, values: float) -> float:
        """Return a figure as it is compared."""
        return math.log(values) if self.change == "log" else values


class SeriesFile(Strict):
    """A file of observed series."""

    series: dict[str, Series]


@dataclass(frozen=True)
class Target:
    """One figure that the model is compared with.

    Attributes:
        name: the name of its series.
        series: the series that it belongs to.
        period: the period, such as 2024Q3, 2024H1 or 2024FY.
        value: the observed value, in the unit of the series.
    """

    name: str
    series: Series
    period: str
    value: float

    @property
    def last(self) -> str:
        """Last quarter of the period, after which the figure is known."""
        return span(self.period)[1]

    @property
    def label(self) -> str:
        """The figure in words."""
        return f"{self.series.label}, {self.period}"


def load_history(path: Path | str | None = None) -> dict[str, Series]:
    """Load the series of a file, or of the one that ships: name -> series, in the order of the file.

    Raises:
        ScenarioError: for anything wrong with the file, in one line.
    """
    return read_as(SeriesFile, Path(path) if path is not None else HISTORY).series


def targets(history: Mapping[str, Series], first: str, last: str) -> tuple[Target, ...]:
    """List the figures of whole periods from a first to a last quarter, none of which is made of others listed."""
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
    """Return the rows of a long data file, by period up to `LAST`; raise a ValueError where it has none."""
    file, *key = reference.split("|")
    if len(key) != 2:
        raise ValueError(f"{reference!r}: expected file|entity|metric")
    figures = {period: float(line["value"]) for period, line in observations(file, *key).items()}
    if not figures:
        raise ValueError(f"{reference!r}: configs/data/{file}.csv has no such rows")
    return figures
