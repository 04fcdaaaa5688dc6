"""What was known of a series at an origin, and what is to be forecast from there.

Figures are of quarters, half-years and years. To set them beside each other, a sum counts by quarter, at the
middle of its period; so half a year of 4.3 is 2.15 a quarter. On the scale on which model and data are compared,
logarithms or the numbers themselves, this is called a rate here, of stocks and prices too.

A period counts as known once its last quarter is over. Figures are those of today's files: what was published
later, or corrected since, is not told apart.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.experiments.calibrate.history import Series, quarters_of, span
from sim.scenario.quarters import between, later

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Figure:
    """A figure of a period.

    Attributes:
        period: 2024Q3, 2024H1 or 2024FY.
        value: in the unit of its series.
    """

    period: str
    value: float


@dataclass(frozen=True)
class Known:
    """The figures of a series that were known at an origin.

    Attributes:
        series: whose figures.
        origin: quarter at whose end.
        figures: oldest first, none of which contains another.
    """

    series: Series
    origin: str
    figures: tuple[Figure, ...]

    @property
    def last(self) -> Figure | None:
        """The last actual; None where none is known."""
        return self.figures[-1] if self.figures else None

    @property
    def times(self) -> Numbers:
        """Middles of the periods, in quarters."""
        return np.array([middle(figure.period) for figure in self.figures])

    @property
    def rates(self) -> Numbers:
        """The figures as rates."""
        return np.array([rate(self.series, figure.period, figure.value) for figure in self.figures])


def known(series: Series, origin: str, first: str) -> Known:
    """What was known of a series at the end of a quarter.

    Args:
        series: whose figures.
        origin: the quarter.
        first: quarter from which figures are used.
    """
    there = [period for period in series.observed if first <= span(period)[0] and span(period)[1] <= origin]
    taken: set[str] = set()
    kept = []
    # The shorter ones first: a year adds nothing usable to its quarters.
    for period in sorted(there, key=lambda period: (len(quarters_of(period)), span(period))):
        quarters = set(quarters_of(period))
        if not quarters & taken:
            kept.append(period)
            taken |= quarters
    figures = (Figure(period, series.observed[period]) for period in sorted(kept, key=span))
    return Known(series, origin, tuple(figures))


def wanted(series: Series, origin: str, last: str) -> tuple[str, ...]:
    """Periods that are forecast: every quarter after the origin, and longer ones with a figure that quarters lack.

    Args:
        series: that is forecast.
        origin: quarter at whose end the forecast is made.
        last: quarter that is forecast.
    """
    steps = range(1, between(origin, last) + 1)
    quarters = [later(origin, step) for step in steps]
    longer = [
        period
        for period in series.observed
        if len(quarters_of(period)) > 1 and origin < span(period)[0] and span(period)[1] <= last
    ]
    lacking = [period for period in longer if not set(quarters_of(period)) <= set(series.observed)]
    return (*quarters, *lacking)


def horizon(origin: str, period: str) -> int:
    """Quarters from an origin to the last quarter of a period."""
    return between(origin, span(period)[1])


def middle(period: str) -> float:
    """Middle of a period in quarters, on a line of time that all periods share."""
    first, last = span(period)
    return between("2000Q1", first) + between(first, last) / 2.0


def size(series: Series, period: str) -> float:
    """Quarters that a figure adds up; 1 for what is not a sum."""
    return float(len(quarters_of(period))) if series.total == "sum" and not series.over else 1.0


def rate(series: Series, period: str, value: float) -> float:
    """A figure by quarter, on the scale on which it is compared."""
    return series.transformed(value / size(series, period))


def compared(series: Series, period: str, rates: Numbers) -> Numbers:
    """Rates as numbers of a period, on the scale on which they are compared."""
    quarters = size(series, period)
    return np.asarray(rates + math.log(quarters) if series.change == "log" else rates * quarters)


def in_units(series: Series, numbers: Numbers) -> Numbers:
    """Numbers of the scale of comparison in the unit of the series."""
    return np.asarray(np.exp(numbers) if series.change == "log" else numbers)
