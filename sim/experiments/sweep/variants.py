"""From the points of a sweep to the starts of its histories.

A start is what `sim.engine.batch.start` gives for the point's scenario and the run's seed, to the last bit. It is
not built from scratch each time: random numbers are drawn once for a seed, and openings are built once for all
points that differ only in numbers with a declared place in the parameters, into which they are put.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sim.economy.state import Draws
from sim.engine.batch import Start
from sim.experiments.sweep.axes import Axis
from sim.experiments.sweep.openings import Memory, Opened, Openings
from sim.opening import draws
from sim.opening.open_economy import Opening, with_numbers
from sim.opening.places import place_of
from sim.scenario.schema import Scenario

Point = tuple[float | str, ...]
"""The values of a point, in the order of the axes."""


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

    Attributes:
        places: axis -> the place into which its number is put; for other axes openings are built.
    """

    def __init__(self, scenario: Scenario, axes: Sequence[Axis]) -> None:
        self.places = {
            number: place
            for number, axis in enumerate(axes)
            if axis.quantity and (place := place_of(scenario, axis.key)) is not None
        }
        self.openings = Openings(scenario, axes)
        self._draws = Memory()
        self._last: tuple[Opened, Point, Opening] | None = None

    def start(self, point: Point, seed: int) -> Start:
        """Return the start of one history.

        Raises:
            ScenarioError: if the point is not allowed, or its opening balance sheets do not close.
        """
        opened = self.openings.get(self._without_places(point), seed)
        last = self._last
        # Replicates of a point follow each other.
        if last is None or last[0] is not opened or last[1] != point:
            numbers = {place: float(point[axis]) for axis, place in self.places.items()}
            last = self._last = (opened, point, with_numbers(opened.opening, numbers))
        return Start(last[2].economy, last[2].parameters, self._drawn(opened, seed))

    def open(self, point: Point) -> None:
        """Build a point's opening, with the first seed.

        Raises:
            ScenarioError: if the point is not allowed, or its opening balance sheets do not close.
        """
        self.openings.checked(self._without_places(point), self.openings.scenario.run.seed)

    def _without_places(self, point: Point) -> dict[int, float | str]:
        return {axis: value for axis, value in enumerate(point) if axis not in self.places}

    def _drawn(self, opened: Opened, seed: int) -> Draws:
        """Draw the random numbers of a seed once, and attach the data and events of an opening."""
        base, data = self.openings.base, opened.data

        def draw() -> Draws:
            names, quarters = base.opening.names, self.openings.scenario.run.quarters
            people = (names["issuers"], names["labs"], names["ventures"])
            return draws.draw(seed, quarters, *people, base.data, base.events)

        return replace(
            self._draws.get(seed, draw),
            known=data.known,
            bill_rate_data=data.bill_rate,
            bitcoin_data=data.bitcoin,
            gold_data=data.gold,
            progress=data.progress,
            events=opened.events,
        )
