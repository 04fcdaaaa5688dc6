"""From the points of a sweep to the starts of its histories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sim.experiments.sweep.space import Axis
from sim.histories import Start, start
from sim.scenario import changed
from sim.schema import Scenario

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
        scenario: with everything that holds at all points.
        axes: the keys that vary.
    """

    def __init__(self, scenario: Scenario, axes: Sequence[Axis]) -> None:
        self.scenario = scenario
        self.axes = tuple(axes)

    def start(self, point: Point, seed: int) -> Start:
        """The start of one history.

        Raises:
            ScenarioError: if the point is not allowed, or its opening balance sheets do not close.
        """
        return self.slowly(point, seed)

    def slowly(self, point: Point, seed: int) -> Start:
        """The same, built as a single history is."""
        scenario = changed(
            self.scenario, {axis.key: value for axis, value in zip(self.axes, point, strict=True)}
        )
        seeded = scenario.model_copy(update={"run": scenario.run.model_copy(update={"seed": seed})})
        return start(seeded, seed)
