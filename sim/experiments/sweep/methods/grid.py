"""The method "grid": every combination of values, analysed by rank regression."""

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
        """Return the number of combinations."""
        del design
        return math.prod(len(axis.values or ()) for axis in axes)

    def sample(self, design: Design, axes: Sequence[Axis]) -> list[Column]:
        """Return every combination; the last key varies fastest."""
        del design
        values = [
            np.arange(len(axis.words), dtype=np.int32) if axis.words else np.array(axis.values, dtype=float) + 0.0
            for axis in axes
        ]
        return [column.ravel() for column in np.meshgrid(*values, indexing="ij")]
