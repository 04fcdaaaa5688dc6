"""Headline numbers by quarter: what a reader wants to know first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.economy.books.uses import AI_FLOWS, INTEREST
from sim.server.views.measures import flows_of
from sim.server.views.numbers import short

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.runs.run import Run

FAILURES = ("failure", "issuer_failure")
"""Kinds of events in which an agent fails: companies, and coins."""


def cards(run: Run) -> list[dict[str, Any]]:
    """Headline numbers: id, label, note, unit (`usd_bn`, `count`, `price`) and a value a quarter.

    Tokens are those of the quarter, the price is the lowest from the opening on, the others are sums since then.
    """
    quarters = run.series["quarter"].tolist()
    series = run.series.set_index("quarter")

    def so_far(name: str) -> NDArray[np.float64]:
        return np.cumsum(series[name].to_numpy())

    whole, interest = flows_of(run, "usd_bn"), flows_of(run, "from_bill_interest")

    def paid(kinds: tuple[str, ...], of: dict[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        return np.cumsum(sum((of[kind] for kind in kinds if kind in of), np.zeros(len(quarters))))

    capex, with_interest = so_far("gpu_capex_usd_bn"), so_far("interest_funded_gpu_usd_bn")
    share = np.divide(with_interest, capex, out=np.zeros_like(capex), where=capex > 0.0)
    failed = np.array([sum(e["quarter"] == q and e["kind"] in FAILURES for e in run.events) for q in quarters])
    lowest = np.minimum.accumulate(series["lowest_token_price"].to_numpy())
    told = (
        ("interest", "Interest earned", "on bills, repo and money funds", "usd_bn", paid(INTEREST, whole)),
        ("redeployed", "Put into AI and frontier", "by issuers, from any money", "usd_bn", paid(AI_FLOWS, whole)),
        (
            *("from_interest", "Of it, interest", "dollars that were Treasury interest", "usd_bn"),
            paid(AI_FLOWS, interest),
        ),
        ("gpus_usd_bn", "GPUs paid with interest", "at any remove", "usd_bn", with_interest),
        ("tokens", "Tokens outstanding", "all issuers", "usd_bn", series["tokens_usd_bn"]),
        ("price", "Lowest coin price", "in the worst week so far", "price", lowest),
        ("failures", "Failures", "companies and coins", "count", np.cumsum(failed)),
    )
    names = ("id", "label", "note", "unit")
    found = [{**dict(zip(names, row, strict=False)), "values": short(row[4])} for row in told]
    gpus = short(so_far("gpus_funded_by_interest"))
    for card in found:
        if card["id"] == "gpus_usd_bn":
            card |= {"gpus": gpus, "share": short(share)}
    return found


def first_failures(run: Run) -> list[dict[str, Any]]:
    """Return the failures of the first quarter that has any, in the order of the event log."""
    failed = [event for event in run.events if event["kind"] in FAILURES]
    return [event for event in failed if event["quarter"] == failed[0]["quarter"]]
