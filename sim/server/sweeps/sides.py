"""The sides of a map: what a sweep varies, in the units that readers see, and the cells that points fall into.

A lever that takes a few values has a cell for each; one that was sampled has bins, evenly spread over its range
(or over its logarithm where its points are).
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any

from sim.experiments.sensitivity.phase import BINS, POINTS_IN_BIN, UNSAID, spelled
from sim.experiments.sweep.axes import Axis as Lever
from sim.experiments.sweep.axes import levers_of
from sim.report.numbers import plain
from sim.runs.run import quoted
from sim.scenario import levers
from sim.server.pages.levers import scale

SWITCH = "switch"
"""Unit of levers that are on or off."""


@dataclass(frozen=True)
class Axis:
    """Something that a sweep varies.

    Attributes:
        lever: as the analysis of sweeps knows it.
        values: numbers or words that it takes; none where points are sampled.
        label: in words.
        unit: as it is shown; empty where there is nothing to say.
        factor: from the unit of the scenario to the one shown.
    """

    lever: Lever
    values: tuple[float | str, ...]
    label: str
    unit: str
    factor: float

    @property
    def name(self) -> str:
        """As in the design, and in tables."""
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
        """For JSON."""
        return {"name": self.name, "label": self.label, "unit": self.unit, "factor": self.factor}


@dataclass(frozen=True)
class Side:
    """An axis of a map.

    Attributes:
        axis: what it shows.
        labels: of the values, or of the edges of the bins, which are one more.
        binned: which of the two.
        sql: the cell of a point, from 0.
    """

    axis: Axis
    labels: tuple[str, ...]
    binned: bool
    sql: str

    @property
    def cells(self) -> int:
        """How many cells it has."""
        return len(self.labels) - self.binned

    def cell(self, place: int) -> str:
        """Return what a cell holds."""
        if self.binned:
            return f"{self.labels[place]} to {self.labels[place + 1]}"
        return self.labels[place]

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        cells = [self.cell(place) for place in range(self.cells)]
        return {**self.axis.to_dict(), "labels": list(self.labels), "binned": self.binned, "cells": cells}


def axes_of(design: dict[str, Any]) -> tuple[Axis, ...]:
    """Return what a design varies."""
    return tuple(_axis(design, lever, raw) for lever, raw in zip(levers_of(design), design["vary"], strict=True))


def _axis(design: dict[str, Any], lever: Lever, raw: dict[str, Any]) -> Axis:
    values: tuple[float | str, ...] = tuple(raw["values"] or ())
    if design["method"] == "morris" and not values:
        # Morris' levels lie evenly between the ends.
        between = Axis(lever, (), "", "", 1.0)
        steps = int(design["levels"]) - 1
        values = tuple(between.at(step / steps) for step in range(steps + 1))
    known = levers.BY_NAME.get(lever.name)
    if known is None:
        return Axis(lever, values, spelled(lever.name), "" if lever.unit in UNSAID else lever.unit, 1.0)
    label = known.meaning[:1].upper() + known.meaning[1:]
    if lever.unit == SWITCH:
        return Axis(lever, values, spelled(lever.name).capitalize(), "1 on, 0 off", 1.0)
    if lever.words or known.choices or lever.unit in UNSAID:
        return Axis(lever, values, label, "", 1.0)
    told = scale(known)
    return Axis(lever, values, label, told["unit"], told["factor"])


def side(axis: Axis, points: int) -> Side:
    """Return a side of a map.

    Args:
        axis: what it shows.
        points: how many points the sweep has: fewer of them, fewer bins.
    """
    column = quoted(axis.name)
    if axis.values:
        return Side(axis, tuple(axis.text(value) for value in axis.values), False, _nearest(axis, column))
    bins = int(min(max(math.sqrt(points / POINTS_IN_BIN), 2), BINS))
    labels = tuple(axis.text(axis.at(edge / bins)) for edge in range(bins + 1))
    sql = f"greatest(0, least({bins - 1}, floor({_place(axis, column)} * {bins})))::INTEGER"
    return Side(axis, labels, True, sql)


def _nearest(axis: Axis, column: str) -> str:
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


def _place(axis: Axis, column: str) -> str:
    """From 0 at the low end to 1 at the high end."""
    low, high = axis.lever.low, axis.lever.high
    if axis.lever.log:
        return f"(ln({column}) - {math.log(low)!r}) / {math.log(high) - math.log(low)!r}"
    return f"({column} - {low!r}) / {high - low!r}"
