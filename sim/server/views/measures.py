"""Tables by key instead of by row: what the views read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.analysis.sums import quarters_of, rows_of, summed
from sim.errors import RunError

if TYPE_CHECKING:
    from sim.runs.run import Run

Measures = dict[tuple[str, str, str], NDArray[np.float64]]
"""(population, agent, measure) -> one number a quarter."""


def measures_of(run: Run) -> Measures:
    """Measures of all agents by quarter, in the order of the table.

    Raises:
        RunError: if its quarters do not have the same rows in the same order, as every run's have.
    """
    table, labels = run.agents, quarters_of(run)
    size = len(table) // len(labels)
    if len(table) != size * len(labels) or table["quarter"].iloc[::size].tolist() != labels:
        raise RunError("agents: the quarters do not have the same rows")
    names = [table[column].iloc[:size].tolist() for column in ("population", "agent", "measure")]
    numbers = table["value"].to_numpy().reshape(len(labels), size).T
    return dict(zip(zip(*names, strict=True), numbers, strict=True))


def flows_of(run: Run, column: str) -> dict[str, NDArray[np.float64]]:
    """Kind of flow -> a column of the flows, summed by quarter."""
    sums = summed(rows_of(run, "flows", column), ("flow",), quarters_of(run))
    return dict(zip(sums.index, sums.to_numpy(), strict=True))
