"""From the points of a sweep to the starts of its histories.

A start is what `sim.engine.batch.start` gives for the point's scenario and the run's seed, to the last bit. It is
not built from scratch each time: random numbers are drawn once for a seed, openings are built once for all points
that differ only in numbers that can be put in their places (`shortcuts`). Whether that gives the same is tried
on a sample of the points; if it does not, every opening is built from scratch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.economy.state import Draws
from sim.engine.batch import Start, start
from sim.errors import ScenarioError
from sim.experiments.sweep import shortcuts
from sim.experiments.sweep.axes import Axis
from sim.experiments.sweep.openings import Kept, Opened, Openings
from sim.experiments.sweep.shortcuts import Shortcuts
from sim.opening import draws
from sim.scenario.schema import Scenario

Point = tuple[float | str, ...]
"""The values of a point, in the order of the axes."""
TRIED = 24
"""Points of the sample, beside those where a key is lowest or highest."""


@dataclass(frozen=True)
class Problem:
    """A run that cannot be started.

    Attributes:
        run: its number.
        reason: why, in one line.
    """

    run: int
    reason: str


class Variants:
    """Opens the points of a sweep.

    Args:
        scenario: with everything that holds at all points; its seed is that of the first replicate.
        axes: the keys that vary.
        columns: of the points, numbers or places of words.
        replicates: histories at each point.
    """

    def __init__(
        self, scenario: Scenario, axes: Sequence[Axis], columns: Sequence[NDArray[Any]], replicates: int
    ) -> None:
        self.axes = tuple(axes)
        self.columns = tuple(columns)
        self.replicates = replicates
        self.openings = Openings(scenario, axes)
        self._quarters = scenario.run.quarters
        self._draws = Kept()
        self._last: tuple[Opened, Point, Opened] | None = None

    def point(self, number: int) -> Point:
        """Return the values of one point, in the order of the axes."""
        return tuple(
            axis.words[column[number]] if axis.words else float(column[number])
            for axis, column in zip(self.axes, self.columns, strict=True)
        )

    def start(self, point: Point, seed: int) -> Start:
        """Return the start of one history.

        Raises:
            ScenarioError: if the point's opening balance sheets do not close.
        """
        return self._start(point, seed, self.shortcuts)

    def slowly(self, point: Point, seed: int) -> Start:
        """Return the same start, built as that of a single history."""
        return start(self.openings.scenario_of(dict(enumerate(point)), seed), seed)

    def open(self, point: Point) -> None:
        """Build a point's opening, with the first seed.

        Raises:
            ScenarioError: if the point is not allowed, or its opening balance sheets do not close.
        """
        given = {axis: value for axis, value in enumerate(point) if axis not in self.shortcuts.places}
        self.openings.checked(given, self.openings.seed)

    @cached_property
    def shortcuts(self) -> Shortcuts:
        """Axes whose numbers are put in their places; none if that fails on the sample."""
        found = shortcuts.find(self.openings, self.columns)
        for number, replicate in self._sample() if found.places else ():
            point, seed = self.point(number), self.openings.seed + replicate
            try:
                wanted = self.slowly(point, seed)
            except ScenarioError:
                continue  # Refused when the plan is made, or a problem of the run: not for want of speed.
            if not shortcuts.equal(wanted, self._start(point, seed, found)):
                return shortcuts.NONE
        return found

    def _start(self, point: Point, seed: int, way: Shortcuts) -> Start:
        opened = self._opened(point, seed, way)
        last = self._last
        # Replicates of a point follow each other.
        if last is None or last[0] is not opened or last[1] != point:
            last = self._last = (opened, point, way.applied(self.openings, opened, point))
        placed = last[2]
        return Start(placed.economy, placed.parameters, self._drawn(placed, seed))

    def _opened(self, point: Point, seed: int, way: Shortcuts) -> Opened:
        given = tuple(None if axis in way.places else value for axis, value in enumerate(point))
        return self.openings.get(given, seed)

    def _drawn(self, opened: Opened, seed: int) -> Draws:
        """Random numbers of a seed, with the data and events of an opening."""
        names, base, data = self.openings.names, self.openings.base, opened.data

        def draw() -> Draws:
            people = (names["issuers"], names["labs"], names["ventures"])
            return draws.draw(seed, self._quarters, *people, base.data, base.events)

        return replace(
            self._draws.get(seed, draw),
            known=data.known,
            bill_rate_data=data.bill_rate,
            bitcoin_data=data.bitcoin,
            gold_data=data.gold,
            progress=data.progress,
            events=opened.events,
        )

    def _sample(self) -> list[tuple[int, int]]:
        """Points and replicates to try: where a key is lowest and highest, and some at random."""
        count = len(self.columns[0])
        ends = {int(end) for column in self.columns for end in (column.argmin(), column.argmax())}
        generator = np.random.default_rng(0)
        drawn = {int(point) for point in generator.integers(0, count, TRIED)}
        return [(point, int(generator.integers(0, self.replicates))) for point in sorted(ends | drawn)]
