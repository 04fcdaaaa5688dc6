"""Tables by key instead of by row: what the views read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.analysis.sums import ByQuarter, Rows, quarters_of, rows_of
from sim.errors import RunError

if TYPE_CHECKING:
    import pandas as pd

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
    found = rows_of(run, "flows", ("flow",), column).summed(("flow",), len(run.series))
    return {kind: amounts for (kind,), amounts in zip(found.keys, found.amounts, strict=True)}


def wide(run: Run, table: pd.DataFrame, keys: Sequence[str]) -> ByQuarter:
    """Return a long table with quarter and usd_bn by its key and quarter."""
    number = {label: step for step, label in enumerate(quarters_of(run))}
    step = table["quarter"].map(number).to_numpy(dtype=np.int64)
    names = {key: table[key].to_numpy(dtype=object) for key in keys}
    return Rows(names, step, table["usd_bn"].to_numpy()).summed(keys, len(number))
