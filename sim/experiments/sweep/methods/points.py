"""One point: the scenario as it is, so that histories differ in their seeds alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sim.experiments.sweep.methods.grid import Grid

if TYPE_CHECKING:
    from sim.experiments.sweep.axes import Axis
    from sim.experiments.sweep.settings import Design


class Points(Grid):
    """A grid of nothing, which has one point; there is nothing to analyse."""

    name = "seeds"
    points = "the scenario as it is"
    analysis = ""

    def count(self, design: Design, axes: Sequence[Axis]) -> int:
        """Return 1."""
        del design, axes
        return 1
