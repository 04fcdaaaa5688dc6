"""The two matrices of a stock-flow consistent economy, from the tables of a run.

Rows and columns as in Godley and Lavoie (2007): in the balance-sheet matrix each financial row sums to zero, real
assets sum to what they are worth, and each column to net worth; in the transactions matrix each row sums to zero,
and each column to the change of cash.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.runs.run import Run

if TYPE_CHECKING:
    import pandas as pd

CASH, NET_WORTH = "cash", "net_worth"


def balance_sheets(run: Run, quarter: str | None = None, by: str = "population") -> pd.DataFrame:
    """Return the balance-sheet matrix at the close of a quarter.

    Args:
        run: a run.
        quarter: its label; the last one if left out.
        by: `population` (sectors by name) or `agent`.

    Returns:
        Instruments, cash and net worth by holder, USD bn; liabilities are negative. The column `total` is zero
        for claims, and the stock of real assets and cash otherwise.

    Raises:
        ValueError: if the run has no such quarter.
    """
    import pandas as pd

    quarter = _known(run, quarter)
    columns = _columns(run, by)
    held = run.exposures[run.exposures["quarter"] == quarter]
    owed = held[held["issuer"] != ""]
    sides = pd.concat(
        [
            pd.DataFrame({"row": held["instrument"], "name": held["holder"], "usd_bn": held["usd_bn"]}),
            pd.DataFrame({"row": owed["instrument"], "name": owed["issuer"], "usd_bn": -owed["usd_bn"]}),
        ]
    )
    agents = run.agents[(run.agents["quarter"] == quarter) & run.agents["measure"].isin((CASH, NET_WORTH))]
    own = pd.DataFrame({"row": agents["measure"], "name": agents["agent"], "usd_bn": agents["value"]})
    matrix = _pivoted(pd.concat([sides, own]), columns)
    order = [CASH, *(row for row in dict.fromkeys(sides["row"])), NET_WORTH]
    return matrix.reindex(order)


def transactions(run: Run, quarter: str | None = None, by: str = "population") -> pd.DataFrame:
    """Return the transactions matrix of a quarter: receipts positive, payments negative.

    Args:
        run: a run.
        quarter: its label; the last one if left out.
        by: `population` (sectors by name) or `agent`.

    Returns:
        Kinds of flow by who pays and receives, USD bn, and the row `change_of_cash`. Each row sums to zero.

    Raises:
        ValueError: if the run has no such quarter.
    """
    import pandas as pd

    quarter = _known(run, quarter)
    columns = _columns(run, by)
    flows = run.flows[run.flows["quarter"] == quarter]
    sides = pd.concat(
        [
            pd.DataFrame({"row": flows["flow"], "name": flows["payer"], "usd_bn": -flows["usd_bn"]}),
            pd.DataFrame({"row": flows["flow"], "name": flows["payee"], "usd_bn": flows["usd_bn"]}),
        ]
    )
    matrix = _pivoted(sides, columns).reindex(list(dict.fromkeys(flows["flow"])))
    matrix.loc["change_of_cash"] = matrix.sum()
    return matrix


def _pivoted(sides: pd.DataFrame, columns: dict[str, str]) -> pd.DataFrame:
    sides = sides.assign(column=sides["name"].map(columns))
    matrix = sides.pivot_table(index="row", columns="column", values="usd_bn", aggfunc="sum", fill_value=0.0)
    matrix = matrix.reindex(columns=list(dict.fromkeys(columns.values())), fill_value=0.0)
    matrix["total"] = matrix.sum(axis=1)
    return matrix.rename_axis(index=None, columns=None)


def _columns(run: Run, by: str) -> dict[str, str]:
    """Name of every agent and sector -> the column it belongs to."""
    if by not in ("population", "agent"):
        raise ValueError(f"by = {by!r}: expected 'population' or 'agent'")
    members = run.agents[["population", "agent"]].drop_duplicates()
    pairs = zip(members["population"], members["agent"], strict=True)
    return {name: name if by == "agent" or group == "sectors" else group for group, name in pairs}


def _known(run: Run, quarter: str | None) -> str:
    labels = list(run.series["quarter"])
    if quarter is None:
        return labels[-1]
    if quarter not in labels:
        raise ValueError(f"quarter {quarter!r}: the run has {labels[0]} to {labels[-1]}")
    return quarter
