"""Tables of a run as figures need them: quarters as numbers in the rows, measures or agents in the columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.report.figures.style import number_of
from sim.runs.run import Run

if TYPE_CHECKING:
    import pandas as pd


def series(run: Run) -> pd.DataFrame:
    """Return the series of a run, indexed by the number of the quarter."""
    table = run.series.copy()
    table.index = [number_of(quarter) for quarter in table["quarter"]]
    return table


def measure(run: Run, population: str, name: str) -> pd.DataFrame:
    """Return a measure of a population: a row for each numbered quarter, a column for each agent in the run's order."""
    rows = run.agents
    rows = rows[(rows["population"] == population) & (rows["measure"] == name)]
    table = rows.pivot(index="quarter", columns="agent", values="value")
    table = table[list(dict.fromkeys(rows["agent"]))].sort_index()
    table.index = [number_of(quarter) for quarter in table.index]
    return table


def largest(table: pd.DataFrame, most: int, population: str, by: pd.Series | None = None) -> pd.DataFrame:
    """Return the largest columns of a measure that can be added up; the others become one, "12 smaller labs".

    `table` is one that `measure` returned; `by` is the size of each column (if left out, its value in the last row).
    """
    sizes = (table.iloc[-1] if by is None else by).fillna(0.0)
    ranked = sizes.sort_values(ascending=False, kind="stable").index
    if len(ranked) <= most:
        return table[list(ranked)]
    first, rest = list(ranked[: most - 1]), list(ranked[most - 1 :])
    return table[first].assign(**{f"{len(rest)} smaller {population}": table[rest].sum(axis=1)})


def after_opening(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table without the opening quarter, in which nothing is paid yet."""
    return table.iloc[1:] if len(table) > 1 else table
