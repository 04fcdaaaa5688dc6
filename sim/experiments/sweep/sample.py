"""What is analysed of a sweep: its points, and the numbers of every outcome at each point and replicate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.outcomes import BY_NAME
from sim.errors import RunError, ScenarioError, suggestion
from sim.experiments.sweep.axes import Varied, levers_of
from sim.experiments.sweep.folder import Sweep
from sim.runs.run import quoted

if TYPE_CHECKING:
    import pandas as pd

NOT_RUN = "not run yet"
"""Reason of a point that has fewer runs than replicates."""


@dataclass(frozen=True)
class Sample:
    """The points of a sweep with their outcomes.

    Attributes:
        folder: of the sweep.
        design: the design, as in `design.json`.
        levers: what is varied, in the order of the design.
        points: one row for each point, one column for each lever.
        values: outcome -> its numbers, `(point, replicate)`; NaN at points with problems.
        problems: point -> the first reason why it cannot be used.
    """

    folder: Path
    design: dict[str, Any]
    levers: tuple[Varied, ...]
    points: pd.DataFrame
    values: dict[str, NDArray[np.float64]]
    problems: dict[int, str]

    @property
    def method(self) -> str:
        """The design's method."""
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
        fine = np.ones(len(self.points), dtype=bool)
        fine[list(self.problems)] = False
        return fine

    def cube(self) -> NDArray[np.float64]:
        """The points with every lever from 0 to 1 (words by their places), `(point, lever)`."""
        return np.column_stack([lever.as_numbers(self.points[lever.name]) for lever in self.levers])

    @property
    def source(self) -> str:
        """Which sweep it is and how many runs it has, for notes on sources."""
        runs = len(self.points) * self.replicates
        return f"sweep {self.folder.name}, {runs:,} runs"

    def without(self, left_out: NDArray[np.bool_]) -> Sample:
        """The sample without some points; what remains has no problems."""
        kept = ~left_out
        problems = {point: why for point, why in self.problems.items() if kept[point]}
        if problems:
            raise ValueError("points with problems must be among those left out")
        return replace(
            self,
            points=self.points[kept].reset_index(drop=True),
            values={name: values[kept] for name, values in self.values.items()},
            problems={},
        )


def read(folder: Path | str, outcomes: Sequence[str]) -> Sample:
    """Read the points and some outcomes of a sweep.

    Args:
        folder: of the sweep.
        outcomes: names of outcomes.

    Raises:
        RunError: if it is not a sweep folder, or a table cannot be read.
        ScenarioError: if there is no such outcome.
    """
    for name in outcomes:
        if name not in BY_NAME:
            raise ScenarioError(f"--outcome {name}: no such outcome{suggestion(name, BY_NAME)}")
    sweep = Sweep.open(folder)
    if not sweep.design["vary"]:
        raise RunError(f"{folder}: nothing was varied but the seed, so nothing can be said to matter")
    if not sweep.done:
        raise RunError(f"{folder}: no runs yet")
    design, points = sweep.design, sweep.points
    columns = ", ".join(quoted(name) for name in ("point", "replicate", "problem", *outcomes))
    runs = sweep.query(f"SELECT {columns} FROM outcomes ORDER BY point, replicate")
    replicates, count = int(design["replicates"]), len(points)
    values = {name: np.full((count, replicates), np.nan) for name in outcomes}
    at = (runs["point"].to_numpy(), runs["replicate"].to_numpy())
    for name in outcomes:
        values[name][at] = runs[name].to_numpy(dtype=float)
    done = np.zeros((count, replicates), dtype=bool)
    done[at] = True
    problems = {int(point): NOT_RUN for point in np.flatnonzero(~done.all(axis=1))}
    failed = runs[runs["problem"].notna()].drop_duplicates("point")
    problems |= {int(p): str(why) for p, why in zip(failed["point"], failed["problem"], strict=True)}
    for name in outcomes:
        values[name][list(problems)] = np.nan
    return Sample(sweep.path, design, levers_of(design), points, values, dict(sorted(problems.items())))
