"""The observed data that figures show over the model: rows of configs/data up to the last quarter well covered."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sim.analysis.facts.evidence import LAST, observations, span
from sim.report.figures.style import number_of
from sim.scenario.data import read_series

BASE = "2023Q4"
"""The quarter that indices are set to 100 in."""
TOKENS = {"Tether": "tokens_outstanding", "Circle": "usdc_supply"}
"""Issuers whose token supply is in the data -> metric."""


@dataclass(frozen=True)
class Point:
    """An observation.

    Attributes:
        first, last: the numbers of the first and the last quarter that it covers, on the axis of time.
        value: the value in the unit of the figure; flows of longer periods are averages per quarter.
        reported: whether it was reported, and not estimated from something else.
        entity, metric: whom it is about, and what was measured.
    """

    first: int
    last: int
    value: float
    reported: bool
    entity: str
    metric: str


def points(file: str, entity: str, metric: str, *, flow: bool = False) -> list[Point]:
    """Return the rows of a long data file about an entity and a metric, oldest first, up to `LAST`.

    With `flow`, values of years and half-years are sums, divided by their quarters; else they are left out.
    """
    observed = []
    for period, row in observations(file, entity, metric).items():
        first, last = (number_of(quarter) for quarter in span(period))
        if first == last or flow:
            value = float(row["value"]) / (last - first + 1)
            observed.append(Point(first, last, value, row["quality"] != "estimate", entity, metric))
    return sorted(observed, key=lambda point: (point.first, point.last))


def wide(file: str, column: str, *, scale: float = 1.0) -> list[Point]:
    """Return a column of a wide data file (`rates`, `assets`), oldest first, up to `LAST`."""
    rows = sorted((number_of(quarter), row) for quarter, row in read_series(file).items() if column in row)
    return [Point(n, n, row[column] * scale, True, file, column) for n, row in rows if n <= number_of(LAST)]


def indexed(file: str, entity: str, metric: str) -> list[Point]:
    """Return the rows of a long data file as an index that is 100 in `BASE`."""
    observed = points(file, entity, metric)
    base = next((point.value for point in observed if point.first == number_of(BASE)), 0.0)
    return [replace(point, value=100.0 * point.value / base) for point in observed] if base else []


def within(observed: Iterable[Point], quarters: Sequence[int]) -> list[Point]:
    """Return the observations that lie between the first and the last of some numbered quarters, inclusive."""
    return [point for point in observed if quarters[0] <= point.first and point.last <= quarters[-1]]
