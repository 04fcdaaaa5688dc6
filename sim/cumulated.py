"""Sums since the opening, for every quarter at once: the arithmetic under `sim.attribution`.

A table is sorted into one array `(key, quarter)`, keys in the order in which they first appear, and added up along
the quarters. The opening is quarter zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

    from sim.runs import Run

STEP = "step"
"""Column with the number of the quarter."""


@dataclass(frozen=True)
class ByQuarter:
    """Amounts by key and quarter.

    Attributes:
        keys: one row for each key.
        amounts: USD bn.
    """

    keys: pd.DataFrame
    amounts: Float[NDArray[np.float64], "key quarter"]

    def long(self, labels: list[str]) -> pd.DataFrame:
        """One row for each quarter and key with an amount: the quarter, the key and usd_bn, quarter by quarter."""
        step, key = np.nonzero(self.amounts.T)
        table = self.keys.iloc[key].reset_index(drop=True)
        table.insert(0, "quarter", np.array(labels, dtype=object)[step])
        return table.assign(usd_bn=self.amounts[key, step])


def quarters_of(run: Run) -> list[str]:
    """Labels of the quarters of a run, the opening first."""
    labels: list[str] = run.series["quarter"].tolist()
    return labels


def payments_with_interest(run: Run) -> pd.DataFrame:
    """Payments made with bill interest: flow, payer, payee, usd_bn (the interest alone) and `STEP`."""
    flows = run.flows
    amount = flows["from_bill_interest"].to_numpy()
    rows = np.flatnonzero(amount)
    table = flows[["quarter", "flow", "payer", "payee"]].take(rows)
    return table.assign(usd_bn=amount[rows], **{STEP: numbered(run, table["quarter"])}).reset_index(drop=True)


def numbered(run: Run, quarter: pd.Series) -> NDArray[np.int64]:
    """The number of each row's quarter."""
    number = {label: step for step, label in enumerate(quarters_of(run))}
    return quarter.map(number).to_numpy(dtype=np.int64)


def summed(table: pd.DataFrame, by: list[str], quarters: int) -> ByQuarter:
    """Add up `usd_bn` by key and quarter.

    Args:
        table: with the columns of `by`, `STEP` and usd_bn.
        by: columns that make a key.
        quarters: how many there are, the opening counted.
    """
    groups = table.groupby(by, sort=False)
    place = groups.ngroup().to_numpy()
    keys = table[by].drop_duplicates().reset_index(drop=True)
    cells = place * quarters + table[STEP].to_numpy()
    found = np.bincount(cells, weights=table["usd_bn"].to_numpy(dtype=float), minlength=len(keys) * quarters)
    return ByQuarter(keys, found.reshape(len(keys), quarters))


def cumulated(table: pd.DataFrame, by: list[str], quarters: int) -> ByQuarter:
    """Add up `usd_bn` by key, from the opening to each quarter; arguments as in `summed`."""
    found = summed(table, by, quarters)
    return ByQuarter(found.keys, found.amounts.cumsum(axis=1))


def since_opening(run: Run, measure: str) -> ByQuarter:
    """A measure of each agent at the close of each quarter less at the opening; keys population and agent."""
    agents = run.agents
    rows = agents[agents["measure"] == measure]
    table = rows[["population", "agent"]].assign(usd_bn=rows["value"], **{STEP: numbered(run, rows["quarter"])})
    found = summed(table, ["population", "agent"], len(run.series))
    return ByQuarter(found.keys, found.amounts - found.amounts[:, :1])
