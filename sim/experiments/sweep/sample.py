"""The sample that an analysis of a sweep reads: its points, and outcomes at each point and replicate."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.experiments.sweep.axes import Axis

if TYPE_CHECKING:
    import pandas as pd

NOT_RUN = "not run yet"
"""Reason of a point that has fewer runs than replicates."""


@dataclass(frozen=True)
class Sample:
    """The points of a sweep with their outcomes.

    Attributes:
        folder: the folder of the sweep.
        design: the content of design.json.
        levers: the keys that vary, in the order of the design.
        points: one row for each point, one column for each lever.
        values: outcome -> its numbers, `(point, replicate)`; NaN at points with problems.
        problems: point -> the first reason why it cannot be used.
    """

    folder: Path
    design: dict[str, Any]
    levers: tuple[Axis, ...]
    points: pd.DataFrame
    values: dict[str, NDArray[np.float64]]
    problems: dict[int, str]

    @property
    def method(self) -> str:
        """The method of the design."""
        return str(self.design["method"])

    @property
    def replicates(self) -> int:
        """Histories at each point."""
        return int(self.design["replicates"])

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the levers."""
        return tuple(lever.name for lever in self.levers)

    @property
    def fine(self) -> NDArray[np.bool_]:
        """Which points can be used, `(point,)`."""
        return ~np.isin(np.arange(len(self.points)), list(self.problems))

    def cube(self) -> NDArray[np.float64]:
        """Return the points with every lever from 0 to 1 (words by their places), `(point, lever)`."""
        return np.column_stack([lever.as_numbers(self.points[lever.name]) for lever in self.levers])

    @property
    def source(self) -> str:
        """The name of the sweep and its number of runs, for notes in figures."""
        runs = len(self.points) * self.replicates
        return f"sweep {self.folder.name}, {runs:,} runs"

    def without(self, left_out: NDArray[np.bool_]) -> Sample:
        """Return the sample without some points, among them all with problems; `left_out` is `(point,)`."""
        if not left_out[list(self.problems)].all():
            raise ValueError("points with problems must be among those left out")
        return replace(
            self,
            points=self.points[~left_out].reset_index(drop=True),
            values={name: values[~left_out] for name, values in self.values.items()},
            problems={},
        )
