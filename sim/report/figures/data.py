"""Observed data to lay over the model: rows of configs/data up to the last quarter with good coverage."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from functools import cache

from sim.report.figures.style import number_of
from sim.scenario.data import CONFIGS, read_series

LAST = "2025Q2"
"""Later rows are projections and hearsay."""
BASE = "2023Q4"
"""The quarter that indices are set to 100 in."""
TOKENS = {"Tether": "tokens_outstanding", "Circle": "usdc_supply"}
"""Issuers whose token supply is in the data -> metric."""


@dataclass(frozen=True)
class Point:
    """An observation.

    Attributes:
        first: number of the first quarter it covers, on the axis of time.
        last: number of the last one.
        value: in the unit asked for; flows of longer periods are averages per quarter.
        reported: whether it was reported, and not estimated from something else.
        entity: whom it is about.
        metric: what was measured.
    """

    first: int
    last: int
    value: float
    reported: bool
    entity: str
    metric: str


def points(file: str, entity: str, metric: str, *, flow: bool = False, scale: float = 1.0) -> list[Point]:
    """Rows of a long data file, oldest first.

    Args:
        file: name under configs/data, without ending.
        entity: whom the rows are about.
        metric: what they measure.
        flow: whether values of years and half-years are sums, to be divided by their quarters.
        scale: what values are multiplied with.

    Returns:
        Observations up to `LAST`; without `flow`, of single quarters only.
    """
    found = []
    for line in _lines(file):
        if (line["entity"], line["metric"]) != (entity, metric):
            continue
        period = _period(line["quarter"])
        if period is None or period[1] > number_of(LAST) or (period[0] != period[1] and not flow):
            continue
        value = float(line["value"]) * scale / (period[1] - period[0] + 1 if flow else 1)
        found.append(Point(*period, value, line["quality"] != "estimate", entity, metric))
    return sorted(found, key=lambda point: (point.first, point.last))


def wide(file: str, column: str, *, scale: float = 1.0) -> list[Point]:
    """Return a column of a wide data file (`rates`, `assets`), oldest first, up to `LAST`."""
    found = []
    for quarter, row in read_series(file).items():
        if column in row and number_of(quarter) <= number_of(LAST):
            place = number_of(quarter)
            found.append(Point(place, place, row[column] * scale, True, file, column))
    return sorted(found, key=lambda point: point.first)


def indexed(file: str, entity: str, metric: str) -> list[Point]:
    """Rows of a long data file as an index that is 100 in `BASE`."""
    found = points(file, entity, metric)
    base = next((point.value for point in found if point.first == number_of(BASE)), 0.0)
    return [replace(point, value=100.0 * point.value / base) for point in found] if base else []


def within(found: list[Point], first: int, last: int) -> list[Point]:
    """Return the observations that lie between two quarters, inclusive."""
    return [point for point in found if first <= point.first and point.last <= last]


def _period(text: str) -> tuple[int, int] | None:
    """First and last quarter of 2024Q3, 2025H1 or 2024FY; None for anything else."""
    year, kind = text[:4], text[4:]
    if not year.isdecimal():
        return None
    start = int(year) * 4
    spans = {"Q1": (0, 0), "Q2": (1, 1), "Q3": (2, 2), "Q4": (3, 3), "H1": (0, 1), "H2": (2, 3), "FY": (0, 3)}
    return (start + spans[kind][0], start + spans[kind][1]) if kind in spans else None


@cache
def _lines(file: str) -> list[dict[str, str]]:
    with (CONFIGS / "data" / f"{file}.csv").open(newline="", encoding="utf8") as handle:
        return list(csv.DictReader(handle))
