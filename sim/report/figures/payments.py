"""Who paid whom: the payments that the picture of the network shows, on paper and in the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from sim.analysis.sums import ByQuarter, Rows, quarters_of, rows_of, texts
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
    """Payments between pairs in every quarter: quarter, source, target, usd_bn, interest.

    Swaps of one asset for another between issuers and the market fund nobody and are left out. Agents are
    `population/name`; a sector is one node where it pays, `payer/name`, and another where it is paid,
    `payee/name`.
    """
    import pandas as pd

    found, interest = payments_between(run)
    pair, step = np.nonzero(found.amounts)
    names = {
        side: texts([key[place] for key in found.keys])[pair] for place, side in enumerate(("source", "target"))
    }
    amounts = {"usd_bn": found.amounts[pair, step], "interest": interest[pair, step]}
    table = pd.DataFrame({"quarter": texts(quarters_of(run))[step], **names, **amounts})
    return table.sort_values(["quarter", "source", "target"], ignore_index=True)


def payments_between(run: Run) -> tuple[ByQuarter, Float[NDArray[np.float64], "pair quarter"]]:
    """Return the payments of `payments_by_quarter` by pair, and the bill interest in them."""
    rows = rows_of(run, "flows", ("flow", "payer", "payee"), "usd_bn")
    chosen = rows.of("flow", FUNDING)
    rows = rows.where(chosen)
    names = {
        end: rows.mapped("flow", _POPULATION[side]) + "/" + rows.names[side]
        for side, end in (("payer", "source"), ("payee", "target"))
    }
    part = run.flows["from_bill_interest"].to_numpy()[np.flatnonzero(run.flows["usd_bn"].to_numpy())][chosen]
    quarters = len(run.series)
    all_money, interest = (
        Rows(names, rows.step, usd_bn).summed(("source", "target"), quarters) for usd_bn in (rows.usd_bn, part)
    )
    return all_money, interest.amounts


def _funds(kind: str) -> bool:
    flow = FLOWS[kind]
    issuers = (OWN, RESERVE)
    swap = flow.payer_gets is not None or flow.payee_gives is not None
    ends = (flow.payer, flow.payee)
    with_market = any(end in issuers for end in ends) and any(end in SECTORS for end in ends)
    return not (
        all(end in SECTORS for end in ends) or all(end in issuers for end in ends) or (with_market and swap)
    )


FUNDING = frozenset(kind for kind in FLOWS if _funds(kind))
"""Flows that the picture shows."""
_POPULATION = {
    side: {
        kind: {OWN: "issuers", RESERVE: "issuers"}.get(account, side if account in SECTORS else account)
        for kind, account in ((kind, getattr(flow, side)) for kind, flow in FLOWS.items())
    }
    for side in ("payer", "payee")
}
"""Side of a payment -> flow -> population of who stands on it, or the side itself for a sector."""
