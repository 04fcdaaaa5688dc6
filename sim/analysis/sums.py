"""Sums of the long tables of a run by key and quarter: the arithmetic under `sim.analysis.attribution`.

A table of sums holds USD bn: a row for each key, in the order in which keys first appear, and a column for each
quarter, the opening first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from sim.runs.run import Run


def quarters_of(run: Run) -> list[str]:
    """Return the labels of the quarters of a run, the opening first."""
    labels: list[str] = run.series["quarter"].tolist()
    return labels


def known_quarter(run: Run, quarter: str | None) -> str:
    """Return the label of a quarter if the run has that quarter; for None, its last quarter.

    Raises:
        ValueError: if the run has no such quarter.
    """
    quarters = quarters_of(run)
    if quarter is not None and quarter not in quarters:
        raise ValueError(f"the run has no quarter {quarter!r}: it has {quarters[0]} to {quarters[-1]}")
    return quarters[-1] if quarter is None else quarter


def rows_of(run: Run, table: str, amount: str) -> pd.DataFrame:
    """Return the rows of a long table whose amount, in a given column, is not zero; `usd_bn` is the same amount."""
    rows: pd.DataFrame = getattr(run, table)
    rows = rows[rows[amount] != 0.0]
    return rows.assign(usd_bn=rows[amount])


def payments_with_interest(run: Run) -> pd.DataFrame:
    """Return the payments that contain bill interest; `usd_bn` is only the interest in them."""
    return rows_of(run, "flows", "from_bill_interest")


def summed(rows: pd.DataFrame, by: Sequence[str], quarters: Sequence[str]) -> pd.DataFrame:
    """Add up `usd_bn` for each key, which is made of the columns `by`, and each `quarter`."""
    sums = rows.groupby([*by, "quarter"], sort=False)["usd_bn"].sum()
    return sums.unstack("quarter", fill_value=0.0, sort=False).reindex(columns=quarters, fill_value=0.0)


def long(sums: pd.DataFrame) -> pd.DataFrame:
    """Turn a table of sums into rows of quarter, key and usd_bn, one quarter after another, without zeros."""
    step, key = np.nonzero(sums.to_numpy().T)
    rows = sums.index.to_frame(index=False).iloc[key].reset_index(drop=True)
    rows.insert(0, "quarter", sums.columns.to_numpy(dtype=object)[step])
    return rows.assign(usd_bn=sums.to_numpy()[key, step])


def since_opening(run: Run, measure: str) -> pd.DataFrame:
    """Return how far a measure of each agent (population and name) is, at each quarter, above its opening value."""
    rows = run.agents[run.agents["measure"] == measure].rename(columns={"value": "usd_bn"})
    values = summed(rows, ("population", "agent"), quarters_of(run))
    return values.sub(values.iloc[:, 0], axis=0)
