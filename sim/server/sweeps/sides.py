"""The levers of a sweep in the units that readers see, and the cells of a map into which its points fall.

A lever that takes a few values has a cell for each; one that was sampled has bins, evenly spread over its range
(or over its logarithm where its points are).
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any

from sim.experiments.sensitivity.phase import BINS, POINTS_IN_BIN, UNSAID, spelled
from sim.experiments.sweep.axes import Axis, levers_of
from sim.report.numbers import plain
from sim.runs.run import quoted
from sim.scenario import levers
from sim.server.pages.levers import scale

SWITCH = "switch"
"""Unit of levers that are on or off."""


@dataclass(frozen=True)
class LeverAxis:
    """A lever that a sweep varies.

    Attributes:
        lever: the lever in the analysis of sweeps.
        values: the numbers or words that it takes; none where points are sampled.
        label: the lever in words.
        unit: the unit shown; may be empty.
        factor: the factor from the unit of the scenario to the one shown.
    """

    lever: Axis
    values: tuple[float | str, ...]
    label: str
    unit: str
    factor: float

    @property
    def name(self) -> str:
        """The name in the design, and in tables."""
        return self.lever.name

    @property
    def words(self) -> str:
        """Label and unit."""
        return f"{self.label}, {self.unit}" if self.unit else self.label

    def text(self, value: float | str) -> str:
        """Return a value in the unit shown."""
        digits = 4 if self.values else 3
        return value if isinstance(value, str) else plain(float(f"{value * self.factor:.{digits}g}"))

    def at(self, place: float) -> float:
        """Return the number at a place from 0, its low end, to 1, its high end."""
        low, high = self.lever.low, self.lever.high
        if self.lever.log:
            return math.exp(math.log(low) + place * (math.log(high) - math.log(low)))
        return low + place * (high - low)

    def to_dict(self) -> dict[str, Any]:
        """Return name, label, unit and factor, for JSON."""
        return {"name": self.name, "label": self.label, "unit": self.unit, "factor": self.factor}


@dataclass(frozen=True)
class MapSide:
    """A side of a map.

    Attributes:
        axis: the lever along it.
        labels: the labels of its values, or those of the edges of its bins, of which there is one more.
        binned: whether it has bins.
        sql: an expression for the cell of a point, from 0.
    """

    axis: LeverAxis
    labels: tuple[str, ...]
    binned: bool
    sql: str

    def to_dict(self) -> dict[str, Any]:
        """Return the side for JSON; `cells` says what each cell holds."""
        ranges = [f"{low} to {high}" for low, high in itertools.pairwise(self.labels)]
        cells = ranges if self.binned else list(self.labels)
        return {**self.axis.to_dict(), "labels": list(self.labels), "binned": self.binned, "cells": cells}


def axes_of(design: dict[str, Any]) -> tuple[LeverAxis, ...]:
    """Return the levers that a design varies."""
    return tuple(_axis(design, lever, raw) for lever, raw in zip(levers_of(design), design["vary"], strict=True))


def _axis(design: dict[str, Any], lever: Axis, raw: dict[str, Any]) -> LeverAxis:
    values: tuple[float | str, ...] = tuple(raw["values"] or ())
    if design["method"] == "morris" and not values:
        # Morris' levels lie evenly between the ends.
        between = LeverAxis(lever, (), "", "", 1.0)
        steps = int(design["levels"]) - 1
        values = tuple(between.at(step / steps) for step in range(steps + 1))
    known = levers.BY_NAME.get(lever.name)
    if known is None:
        return LeverAxis(lever, values, spelled(lever.name), "" if lever.unit in UNSAID else lever.unit, 1.0)
    label = known.meaning[:1].upper() + known.meaning[1:]
    if lever.unit == SWITCH:
        return LeverAxis(lever, values, spelled(lever.name).capitalize(), "1 on, 0 off", 1.0)
    if lever.words or known.choices or lever.unit in UNSAID:
        return LeverAxis(lever, values, label, "", 1.0)
    display = scale(known)
    return LeverAxis(lever, values, label, display["unit"], display["factor"])


def side(axis: LeverAxis, points: int) -> MapSide:
    """Return a side of a map.

    Args:
        axis: the lever along it.
        points: the number of points of the sweep, on which that of the bins depends.
    """
    column = quoted(axis.name)
    if axis.values:
        return MapSide(axis, tuple(axis.text(value) for value in axis.values), False, _nearest(axis, column))
    bins = int(min(max(math.sqrt(points / POINTS_IN_BIN), 2), BINS))
    labels = tuple(axis.text(axis.at(edge / bins)) for edge in range(bins + 1))
    sql = f"greatest(0, least({bins - 1}, floor({_place(axis, column)} * {bins})))::INTEGER"
    return MapSide(axis, labels, True, sql)


def _nearest(axis: LeverAxis, column: str) -> str:
    """Return the place among the values that is nearest."""
    if axis.lever.words:
        listed = ", ".join("'" + str(word).replace("'", "''") + "'" for word in axis.values)
        return f"list_position([{listed}], {column}) - 1"
    numbers = [float(value) for value in axis.values]
    order = sorted(range(len(numbers)), key=lambda place: numbers[place])
    whens = " ".join(
        f"WHEN {column} < {(numbers[place] + numbers[then]) / 2.0!r} THEN {place}"
        for place, then in itertools.pairwise(order)
    )
    return f"CASE {whens} ELSE {order[-1]} END" if whens else "0"


def _place(axis: LeverAxis, column: str) -> str:
    """Return the place of a value, from 0 at the low end to 1 at the high end."""
    low, high = axis.lever.low, axis.lever.high
    if axis.lever.log:
        return f"(ln({column}) - {math.log(low)!r}) / {math.log(high) - math.log(low)!r}"
    return f"({column} - {low!r}) / {high - low!r}"
