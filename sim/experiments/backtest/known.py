"""The figures of a series that were known at an origin, and the periods to forecast from there.

A figure covers a quarter, half a year or a year. To make figures comparable, a sum is divided by the quarters of its
period and placed at the middle of the period: 4.3 in half a year is 2.15 a quarter. The result, put on the scale on
which model and data are compared (logarithms or the numbers themselves), is called a rate here, even where the
series is a stock or a price and nothing is divided.

A figure counts as known once the last quarter of its period is over. All figures come from today's files: that some
were published later, or corrected since, is ignored.
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
        origin: the quarter at whose end the figures were known.
        figures: period -> figure in the unit of the series, oldest first; periods do not overlap.
    """

    series: Series
    origin: str
    figures: Mapping[str, float]

    @property
    def last(self) -> str | None:
        """The period of the last known figure; None if no figure is known."""
        return next(reversed(tuple(self.figures)), None)

    @property
    def times(self) -> Numbers:
        """The middle of each period, in quarters, as `middle` counts them."""
        return np.array([middle(period) for period in self.figures])

    @property
    def rates(self) -> Numbers:
        """The figures as rates, in the order of `figures`."""
        return np.array([rate(self.series, period, figure) for period, figure in self.figures.items()])


def known(series: Series, origin: str, first: str) -> Known:
    """Select the figures of a series that were known at the end of an origin and start no earlier than `first`."""
    observed = series.observed
    periods = [period for period in observed if first <= span(period)[0] and span(period)[1] <= origin]
    taken: set[str] = set()
    chosen = []
    # Shorter periods are chosen first: the figure of a year adds nothing to those of its quarters.
    for period in sorted(periods, key=lambda period: (len(quarters_of(period)), span(period))):
        if taken.isdisjoint(quarters_of(period)):
            chosen.append(period)
            taken.update(quarters_of(period))
    return Known(series, origin, {period: observed[period] for period in sorted(chosen, key=span)})


def wanted(series: Series, origin: str, last: str) -> tuple[str, ...]:
    """List the periods to forecast from an origin to a last quarter.

    They are all quarters after the origin, and those longer periods that have a figure where not all their quarters do.
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
    """Return the middle of a period, counted in quarters since 2000Q1, so that all periods share one time line."""
    first, last = span(period)
    return between("2000Q1", first) + between(first, last) / 2.0


def size(series: Series, period: str) -> float:
    """Return the number of quarters that a figure is the sum of; 1 if it is not a sum."""
    return float(len(quarters_of(period))) if series.total == "sum" and not series.over else 1.0


def rate(series: Series, period: str, value: float) -> float:
    """Return the rate of a figure: the figure per quarter, on the scale on which it is compared."""
    return series.transformed(value / size(series, period))


def compared(series: Series, period: str, rates: Numbers) -> Numbers:
    """Turn rates back into numbers for a whole period, on the scale on which they are compared."""
    quarters = size(series, period)
    return np.asarray(rates + math.log(quarters) if series.change == "log" else rates * quarters)
