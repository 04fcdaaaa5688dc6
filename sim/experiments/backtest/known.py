"""The figures of a series that were known at an origin, and the periods to forecast from there.

Figures are of quarters, half-years and years. To set them beside each other, a sum counts by quarter, at the
middle of its period; so half a year of 4.3 is 2.15 a quarter. On the scale on which model and data are compared,
logarithms or the numbers themselves, this is called a rate here, of stocks and prices too.

A period counts as known once its last quarter is over. Figures are those of today's files: what was published
later, or corrected since, is not distinguished.
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
        period: the period, such as 2024Q3, 2024H1 or 2024FY.
        value: the value in the unit of its series.
    """

    period: str
    value: float


@dataclass(frozen=True)
class Known:
    """The figures of a series that were known at an origin.

    Attributes:
        series: the series.
        origin: the quarter at whose end they were known.
        figures: the figures, oldest first, none of which contains another.
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
        """The middles of the periods, in quarters."""
        return np.array([middle(figure.period) for figure in self.figures])

    @property
    def rates(self) -> Numbers:
        """The figures as rates."""
        return np.array([rate(self.series, figure.period, figure.value) for figure in self.figures])


def known(series: Series, origin: str, first: str) -> Known:
    """Select the figures of a series that were known at the end of a quarter.

    Args:
        series: the series.
        origin: the quarter.
        first: the quarter from which figures are used.
    """
    there = [period for period in series.observed if first <= span(period)[0] and span(period)[1] <= origin]
    taken: set[str] = set()
    chosen = []
    # The shorter ones first: a year adds nothing usable to its quarters.
    for period in sorted(there, key=lambda period: (len(quarters_of(period)), span(period))):
        quarters = set(quarters_of(period))
        if not quarters & taken:
            chosen.append(period)
            taken |= quarters
    figures = (Figure(period, series.observed[period]) for period in sorted(chosen, key=span))
    return Known(series, origin, tuple(figures))


def wanted(series: Series, origin: str, last: str) -> tuple[str, ...]:
    """List the periods to forecast: quarters after the origin, and longer ones with a figure that quarters lack.

    Args:
        series: the series that is forecast.
        origin: the quarter at whose end the forecast is made.
        last: the last quarter that is forecast.
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
    """Count the quarters from an origin to the last quarter of a period."""
    return between(origin, span(period)[1])


def middle(period: str) -> float:
    """Return the middle of a period in quarters, on a line of time that all periods share."""
    first, last = span(period)
    return between("2000Q1", first) + between(first, last) / 2.0


def size(series: Series, period: str) -> float:
    """Return the number of quarters that a figure sums over; 1 where it is not a sum."""
    return float(len(quarters_of(period))) if series.total == "sum" and not series.over else 1.0


def rate(series: Series, period: str, value: float) -> float:
    """Return a figure by quarter, on the scale on which it is compared."""
    return series.transformed(value / size(series, period))


def compared(series: Series, period: str, rates: Numbers) -> Numbers:
    """Return rates as numbers of a period, on the scale on which they are compared."""
    quarters = size(series, period)
    return np.asarray(rates + math.log(quarters) if series.change == "log" else rates * quarters)


def in_units(series: Series, numbers: Numbers) -> Numbers:
    """Return numbers of the scale of comparison in the unit of the series."""
    return np.asarray(np.exp(numbers) if series.change == "log" else numbers)
