"""A grid: every combination of values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sim.experiments.sweep.methods.interface import Column
from sim.experiments.sweep.methods.rank_regression import RankRegression

if TYPE_CHECKING:
    from sim.experiments.sweep.axes import Axis
    from sim.experiments.sweep.settings import Design


class Grid(RankRegression):
    """Every combination of values, analysed by rank regression."""

    name = "grid"
    points = "every combination of the values below"
    analysis = "rank regression over a grid"

    def count(self, design: Design, axes: Sequence[Axis]) -> int:
        """Return how many combinations there are."""
        del design
        return math.prod(len(axis.values or ()) for axis in axes)

    def sample(self, design: Design, axes: Sequence[Axis]) -> list[Column]:
        """Return every combination; the last key varies fastest."""
        del design
        columns: list[Column] = []
        sizes = [len(axis.values or ()) for axis in axes]
        for place, axis in enumerate(axes):
            taken = (
                np.arange(sizes[place], dtype=np.int32) if axis.words else np.array(axis.values, dtype=float) + 0.0
            )
            after, before = math.prod(sizes[place + 1 :]), math.prod(sizes[:place])
            columns.append(np.tile(np.repeat(taken, after), before))
        return columns
