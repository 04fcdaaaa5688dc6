"""The payments that the picture of the network draws, both in the figure and in the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.analysis.sums import quarters_of, rows_of, summed
from sim.economy.books.flows import FLOWS, OWN, RESERVE, SECTORS

if TYPE_CHECKING:
    import pandas as pd

    from sim.runs.run import Run

ASSETS = {
    "issuers": (
        *("cash", "bills", "repo", "secured_loans", "bitcoin", "gold", "other_ventures"),
        *("compute_loans", "stakes"),
    ),
    "investors": ("cash", "compute_loans", "stakes"),
    "labs": ("cash",),
    "ventures": ("cash",),
    "providers": ("cash", "gpu_book_value"),
}
"""What each population has on its balance sheet, by measure."""


def payments_by_quarter(run: Run) -> pd.DataFrame:
    """Return what each pair paid in every quarter: quarter, source, target, usd_bn, interest.

    Swaps of assets between issuers and the market are left out, because they fund nobody. Agents are
    `population/name`; a sector is two nodes: `payer/name` for what it pays, and `payee/name` for
    what it receives.
    """
    paid, interest = payments_between(run)
    pair, step = np.nonzero(paid.to_numpy())
    rows = (
        paid.index.to_frame(index=False)
        .iloc[pair]
        .assign(usd_bn=paid.to_numpy()[pair, step], interest=interest.to_numpy()[pair, step])
    )
    rows.insert(0, "quarter", np.array(quarters_of(run), dtype=object)[step])
    return rows.sort_values(["quarter", "source", "target"], ignore_index=True)


def payments_between(run: Run) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return two tables in USD bn, a row for each pair, a column for each quarter: payments, and interest in them."""
    rows = rows_of(run, "flows", "usd_bn")
    rows = rows[rows["flow"].isin(FUNDING)]
    for side, end in (("payer", "source"), ("payee", "target")):
        rows[end] = rows["flow"].map(_POPULATION[side]) + "/" + rows[side]
    by, quarters = ("source", "target"), quarters_of(run)
    interest = rows.assign(usd_bn=rows["from_bill_interest"])
    return summed(rows, by, quarters), summed(interest, by, quarters)


def _funds(kind: str) -> bool:
    flow = FLOWS[kind]
    issuers = (OWN, RESERVE)
    swap = flow.payer_gets is not None or flow.payee_gives is not None
    ends = (flow.payer, flow.payee)
    with_market = any(end in issuers for end in ends) and any(end in SECTORS for end in ends)
    return not (all(end in SECTORS for end in ends) or all(end in issuers for end in ends) or (with_market and swap))


FUNDING = frozenset(kind for kind in FLOWS if _funds(kind))
"""Flows that the picture of the network shows."""
_POPULATION = {
    side: {
        kind: {OWN: "issuers", RESERVE: "issuers"}.get(account, side if account in SECTORS else account)
        for kind, account in ((kind, getattr(flow, side)) for kind, flow in FLOWS.items())
    }
    for side in ("payer", "payee")
}
"""Side of a payment -> flow -> population of the agent on that side, or the name of the side for a sector."""
