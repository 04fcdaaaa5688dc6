"""Conversions: tables of a run to arrays by key and quarter, and arrays to lists of rounded numbers for JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.analysis.sums import quarters_of
from sim.errors import RunError

if TYPE_CHECKING:
    from sim.runs.run import Run

DIGITS = 6
"""Significant digits of numbers in JSON; no screen shows more."""
Measures = dict[tuple[str, str, str], NDArray[np.float64]]
"""(population, agent, measure) -> one number for each quarter."""


def measures_of(run: Run) -> Measures:
    """Return the measures of all agents by quarter, in the order of the table.

    Raises:
        RunError: if the quarters do not all have the same rows in the same order.
    """
    table, labels = run.agents, quarters_of(run)
    size = len(table) // len(labels)
    if len(table) != size * len(labels) or table["quarter"].iloc[::size].tolist() != labels:
        raise RunError("agents: not all quarters have the same rows; the table may be damaged or edited")
    names = [table[column].iloc[:size].tolist() for column in ("population", "agent", "measure")]
    numbers = table["value"].to_numpy().reshape(len(labels), size).T
    return dict(zip(zip(*names, strict=True), numbers, strict=True))


def short(values: Any) -> list[Any]:
    """Return numbers with `DIGITS` significant digits, nested like the array; None for infinity or NaN."""
    numbers = np.asarray(values, dtype=float)
    fine = np.isfinite(numbers)
    size = np.abs(np.where(fine & (numbers != 0.0), numbers, 1.0))
    scale = 10.0 ** np.clip(DIGITS - 1 - np.floor(np.log10(size)), 0.0, 15.0)
    rounded = (np.round(np.where(fine, numbers, 0.0) * scale) / scale).astype(object)
    rounded[~fine] = None
    return rounded.tolist()
