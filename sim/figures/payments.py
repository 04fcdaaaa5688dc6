"""Who paid whom: the payments that the picture of the network shows, on paper and in the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.economy.flows import FLOWS, OWN, RESERVE, SECTORS

if TYPE_CHECKING:
    import pandas as pd

    from sim.runs import Run

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
    """Payments between pairs in every quarter: quarter, source, target, usd_bn, interest.

    Swaps of one asset for another between issuers and the market fund nobody and are left out. Agents are
    `population/name`; a sector is one node where it pays, `payer/name`, and another where it is paid,
    `payee/name`.
    """
    flows = run.flows[run.flows["flow"].isin([kind for kind in FLOWS if _funds(kind)])]
    sides = {}
    for side in ("payer", "payee"):
        account = flows["flow"].map({kind: getattr(flow, side) for kind, flow in FLOWS.items()})
        population = account.replace({OWN: "issuers", RESERVE: "issuers"}).mask(account.isin(SECTORS), side)
        sides[side] = population.str.cat(flows[side].astype(str), sep="/")
    table = flows.assign(source=sides["payer"], target=sides["payee"], interest=flows["from_bill_interest"])
    return table.groupby(["quarter", "source", "target"], as_index=False)[["usd_bn", "interest"]].sum()


def _funds(kind: str) -> bool:
    flow = FLOWS[kind]
    issuers = (OWN, RESERVE)
    swap = flow.payer_gets is not None or flow.payee_gives is not None
    ends = (flow.payer, flow.payee)
    with_market = any(end in issuers for end in ends) and any(end in SECTORS for end in ends)
    return not (
        all(end in SECTORS for end in ends) or all(end in issuers for end in ends) or (with_market and swap)
    )
