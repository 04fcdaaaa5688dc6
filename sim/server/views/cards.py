"""The cards of the live page: headline numbers by quarter, and the first failures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.analysis.sums import quarters_of
from sim.economy.books.uses import AI_FLOWS, INTEREST
from sim.server.views.arrays import short

if TYPE_CHECKING:
    from sim.runs.run import Run

FAILURES = ("failure", "issuer_failure")
"""Kinds of events in which a company or a coin fails."""


def cards(run: Run) -> list[dict[str, Any]]:
    """Return headline numbers: id, label, note, unit (`usd_bn`, `count`, `price`) and a value for each quarter.

    Tokens are those of the quarter, the price is the lowest since the opening, all others are sums since then.
    """
    quarters, series = quarters_of(run), run.series

    def paid(kinds: tuple[str, ...], column: str) -> NDArray[np.float64]:
        flows = run.flows[run.flows["flow"].isin(kinds)]
        sums = flows.groupby("quarter")[column].sum().reindex(quarters, fill_value=0.0)
        return np.asarray(sums.cumsum())

    capex = series["gpu_capex_usd_bn"].to_numpy().cumsum()
    with_interest = series["interest_funded_gpu_usd_bn"].to_numpy().cumsum()
    share = np.divide(with_interest, capex, out=np.zeros_like(capex), where=capex > 0.0)
    failures = [sum(e["quarter"] == q and e["kind"] in FAILURES for e in run.events) for q in quarters]
    lowest = np.minimum.accumulate(series["lowest_token_price"].to_numpy())
    earned, redeployed = paid(INTEREST, "usd_bn"), paid(AI_FLOWS, "usd_bn")
    of_interest = paid(AI_FLOWS, "from_bill_interest")
    rows: tuple[tuple[str, str, str, str, Any], ...] = (
        ("interest", "Interest earned", "on bills, repo and money funds", "usd_bn", earned),
        ("redeployed", "Put into AI and frontier", "by issuers, from any money", "usd_bn", redeployed),
        ("from_interest", "Of it, interest", "dollars that were Treasury interest", "usd_bn", of_interest),
        ("gpus_usd_bn", "GPUs paid with interest", "at any remove", "usd_bn", with_interest),
        ("tokens", "Tokens outstanding", "all issuers", "usd_bn", series["tokens_usd_bn"]),
        ("price", "Lowest coin price", "in the worst week so far", "price", lowest),
        ("failures", "Failures", "companies and coins", "count", np.cumsum(failures)),
    )
    more = {"gpus_usd_bn": {"gpus": short(series["gpus_funded_by_interest"].cumsum()), "share": short(share)}}
    return [
        {"id": name, "label": label, "note": note, "unit": unit, "values": short(values), **more.get(name, {})}
        for name, label, note, unit, values in rows
    ]


def first_failures(run: Run) -> list[dict[str, Any]]:
    """Return the failures of the first quarter that has any, in the order of the event log."""
    failures = [event for event in run.events if event["kind"] in FAILURES]
    return [event for event in failures if event["quarter"] == failures[0]["quarter"]]
