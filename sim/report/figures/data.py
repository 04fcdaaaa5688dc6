"""Observations that figures lay over the model: rows of configs/data, up to the last quarter that they cover well."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sim.analysis.facts.evidence import LAST, observations, span
from sim.report.figures.style import number_of
from sim.scenario.data import read_series

BASE = "2023Q4"
"""The quarter in which indices are 100."""
TOKENS = {"Tether": "tokens_outstanding", "Circle": "usdc_supply"}
"""Issuers whose token supply is in the data -> metric."""


@dataclass(frozen=True)
class Point:
    """One observation: a value, for a quarter or a longer period.

    Attributes:
        first, last: the first and the last quarter that it covers, as numbers on the axis of time.
        value: the value in the unit of the figure; a flow of a longer period is given as an average per quarter.
        reported: whether the value was reported; False if it was estimated from something else.
        entity, metric: who was measured, and what.
    """

    first: int
    last: int
    value: float
    reported: bool
    entity: str
    metric: str


def points(file: str, entity: str, metric: str, *, flow: bool = False) -> list[Point]:
    """Return the observations of a metric of an entity in a long data file, oldest first, up to `LAST`.

    With `flow`, a value of a year or half-year is a sum and is divided by the number of its quarters; otherwise
    such values are left out.
    """
    observed = []
    for period, row in observations(file, entity, metric).items():
        first, last = (number_of(quarter) for quarter in span(period))
        if first == last or flow:
            value = float(row["value"]) / (last - first + 1)
            observed.append(Point(first, last, value, row["quality"] != "estimate", entity, metric))
    return sorted(observed, key=lambda point: (point.first, point.last))


def wide(file: str, column: str, *, scale: float = 1.0) -> list[Point]:
    """Return a column of `rates` or `assets`, which have one for each measure, oldest first, up to `LAST`."""
    rows = sorted((number_of(quarter), row) for quarter, row in read_series(file).items() if column in row)
    return [Point(n, n, row[column] * scale, True, file, column) for n, row in rows if n <= number_of(LAST)]


def indexed(file: str, entity: str, metric: str) -> list[Point]:
    """Return the observations as `points` does, but as an index that is 100 in `BASE`; none if `BASE` has no value."""
    observed = points(file, entity, metric)
    base = next((point.value for point in observed if point.first == number_of(BASE)), 0.0)
    return [replace(point, value=100.0 * point.value / base) for point in observed] if base else []


def within(observed: Iterable[Point], quarters: Sequence[int]) -> list[Point]:
    """Return the observations that lie within the period from the first to the last of the numbered quarters."""
    return [point for point in observed if quarters[0] <= point.first and point.last <= quarters[-1]]
