"""The figures of a series that were known at an origin, and the periods to forecast from there.

Figures are of quarters, half-years and years. To compare them, a sum counts by quarter, at the middle of its
period: half a year of 4.3 is 2.15 a quarter. On the scale on which model and data are compared, logarithms or the
numbers themselves, this is called a rate here, of stocks and prices too.

A period counts as known once its last quarter is over. Figures are those of today's files: what was published
later, or corrected since, is not distinguished.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sim.analysis.facts.evidence import span
from sim.experiments.calibrate.history import Series, quarters_of
from sim.experiments.calibrate.settings import Numbers
from sim.scenario.quarters import between, later


@dataclass(frozen=True)
class Known:
    """The figures of a series that were known at an origin.

    Attributes:
        series: the series.
        origin: the quarter at whose end they were known.
        figures: period -> figure in the unit of the series, oldest first; no period contains another.
    """

    series: Series
    origin: str
    figures: Mapping[str, float]

    @property
    def last(self) -> str | None:
        """The period of the last actual; None where none is known."""
        return next(reversed(tuple(self.figures)), None)

    @property
    def times(self) -> Numbers:
        """The middles of the periods, in quarters."""
        return np.array([middle(period) for period in self.figures])

    @property
    def rates(self) -> Numbers:
        """The figures as rates."""
        return np.array([rate(self.series, period, figure) for period, figure in self.figures.items()])


def known(series: Series, origin: str, first: str) -> Known:
    """Select the figures of a series that were known at the end of an origin, those from a first quarter on."""
    observed = series.observed
    periods = [period for period in observed if first <= span(period)[0] and span(period)[1] <= origin]
    taken: set[str] = set()
    chosen = []
    # The shorter ones first: a year adds nothing usable to its quarters.
    for period in sorted(periods, key=lambda period: (len(quarters_of(period)), span(period))):
        if taken.isdisjoint(quarters_of(period)):
            chosen.append(period)
            taken.update(quarters_of(period))
    return Known(series, origin, {period: observed[period] for period in sorted(chosen, key=span)})


def wanted(series: Series, origin: str, last: str) -> tuple[str, ...]:
    """List the periods to forecast from an origin to a last quarter.

    They are the quarters after the origin, and longer periods with a figure that their quarters lack.
    """
    observed = set(series.observed)
    longer = [
        period
        for period in series.observed
        if len(quarters_of(period)) > 1 and origin < span(period)[0] and span(period)[1] <= last
    ]
    lacking = [period for period in longer if not observed.issuperset(quarters_of(period))]
    return (*(later(origin, step) for step in range(1, between(origin, last) + 1)), *lacking)


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
