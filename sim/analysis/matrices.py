"""The balance-sheet matrix and the transactions matrix of a stock-flow consistent economy, from a run's tables.

Rows and columns are as in Godley and Lavoie (2007). In the balance-sheet matrix each financial row sums to zero, the
row of each real asset to the value of the asset, and each column to net worth. In the transactions matrix each row
sums to zero, and each column to the change of cash.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.analysis.sums import known_quarter
from sim.runs.run import Run

if TYPE_CHECKING:
    import pandas as pd

CASH, NET_WORTH = "cash", "net_worth"


def balance_sheets(run: Run, quarter: str | None = None, by: str = "population") -> pd.DataFrame:
    """Return the balance-sheet matrix at the close of a quarter.

    Args:
        run: a run.
        quarter: the label of the quarter; the last one if left out.
        by: what has a column: each `population` (and each sector) or each `agent`.

    Returns:
        A row for each instrument, cash and net worth, a column for each holder, USD bn; liabilities are negative. The
        column `total` is zero for claims; for real assets and cash it is how much there is of them.

    Raises:
        ValueError: if the run has no such quarter, or `by` is neither of the two.
    """
    import pandas as pd

    quarter = known_quarter(run, quarter)
    claims = run.exposures[run.exposures["quarter"] == quarter]
    agents = run.agents[(run.agents["quarter"] == quarter) & run.agents["measure"].isin((CASH, NET_WORTH))]
    sides = [
        _side(claims, "instrument", "holder"),
        _side(claims[claims["issuer"] != ""], "instrument", "issuer", -1.0),
        _side(agents.rename(columns={"value": "usd_bn"}), "measure", "agent"),
    ]
    matrix = _pivoted(run, by, pd.concat(sides))
    return matrix.reindex([CASH, *dict.fromkeys(claims["instrument"]), NET_WORTH])


def transactions(run: Run, quarter: str | None = None, by: str = "population") -> pd.DataFrame:
    """Return the transactions matrix of a quarter, in which receipts are positive and payments negative.

    The arguments and the error are those of `balance_sheets`.

    Returns:
        A row for each kind of flow, and `change_of_cash`; a column for each payer or payee, USD bn. Each row sums
        to zero.
    """
    import pandas as pd

    flows = run.flows[run.flows["quarter"] == known_quarter(run, quarter)]
    matrix = _pivoted(run, by, pd.concat([_side(flows, "flow", "payer", -1.0), _side(flows, "flow", "payee")]))
    matrix = matrix.reindex(list(dict.fromkeys(flows["flow"])))
    matrix.loc["change_of_cash"] = matrix.sum()
    return matrix


def _side(table: pd.DataFrame, row: str, name: str, sign: float = 1.0) -> pd.DataFrame:
    """Return the amounts of a table, times a sign, each with the name that a column (such as `payer`) has for it."""
    return table[[row, name]].set_axis(["row", "name"], axis=1).assign(usd_bn=sign * table["usd_bn"])


def _pivoted(run: Run, by: str, sides: pd.DataFrame) -> pd.DataFrame:
    """Return the matrix of the amounts: each agent and sector is counted in the column that it belongs to."""
    if by not in ("population", "agent"):
        raise ValueError(f"by = {by!r}: expected 'population' or 'agent'")
    members = run.agents[["population", "agent"]].drop_duplicates().to_numpy()
    columns = {name: name if by == "agent" or group == "sectors" else group for group, name in members}
    sides = sides.assign(column=sides["name"].map(columns))
    matrix = sides.pivot_table(index="row", columns="column", values="usd_bn", aggfunc="sum", fill_value=0.0)
    matrix = matrix.reindex(columns=list(dict.fromkeys(columns.values())), fill_value=0.0)
    matrix["total"] = matrix.sum(axis=1)
    return matrix.rename_axis(index=None, columns=None)
