"""From each AI channel to each end: the numbers behind the flow diagram."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.attribution import (
    CASH,
    COMPANIES,
    DIRECT_OF,
    RETURNED,
    VENTURE_KINDS,
    change_over_run,
    final_label,
    with_venture_kind,
)
from sim.economy.flows import FLOWS, OWN, RESERVE

if TYPE_CHECKING:
    import pandas as pd

    from sim.runs import Run


def journeys(run: Run) -> pd.DataFrame:
    """What the interest that went through each AI channel finally paid for, at any remove.

    Money in the hands of a company is mixed, so each interest dollar that a lab, provider, investor or
    venture took in leaves it in the proportions in which that company's interest dollars left over the whole
    run. The sums per end are exact; how an end is shared among channels rests on this mixing.

    Args:
        run: a run with its tables.

    Returns:
        Columns channel (a use of `sim.attribution.direct_uses`), use, label and usd_bn. Uses are those of
        `sim.attribution.final_uses`, or what came back to the issuer. Each channel sums to what went in.
    """
    import pandas as pd

    flows = run.flows[run.flows["from_bill_interest"] != 0.0].reset_index(drop=True)
    payer = flows["flow"].map({kind: flow.payer for kind, flow in FLOWS.items()})
    payee = flows["flow"].map({kind: flow.payee for kind, flow in FLOWS.items()})
    companies, issuers = set(COMPANIES.values()), (OWN, RESERVE)
    flows["source"] = payer.str.cat(flows["payer"], sep="/")
    flows["target"] = payee.str.cat(flows["payee"], sep="/").where(payee.isin(companies), "")
    flows["end"] = flows["flow"].where(~payee.isin(issuers), RETURNED).where(~payee.isin(companies), "")
    flows["usd_bn"] = flows["from_bill_interest"]
    out = flows[payer.isin(companies)].groupby(["source", "target", "end"], as_index=False)["usd_bn"].sum()
    out = pd.concat([out, _still_held(run)], ignore_index=True)
    arrived = _followed(_entries(run, flows[payer.isin(issuers) & payee.isin(companies)]), out)
    given = flows.loc[flows["flow"] == "open_data", "usd_bn"].sum()
    if given:
        arrived.append(("open_data", "open_data", float(given)))
    table = pd.DataFrame(arrived, columns=["channel", "use", "usd_bn"])
    table = table.groupby(["channel", "use"], sort=False, as_index=False)["usd_bn"].sum()
    table.insert(2, "label", [_label(use) for use in table["use"]])
    return table


def _label(use: str) -> str:
    if use == RETURNED:
        return "paid back to issuers"
    if use.startswith(f"{CASH}_"):
        return f"cash of {use.removeprefix(f'{CASH}_')}"
    return final_label(use)


def _still_held(run: Run) -> pd.DataFrame:
    """Interest that companies still hold, as a last payment to nobody."""
    held = change_over_run(run, "cash_from_bill_interest")
    held = held[held["population"].isin(COMPANIES) & (held["value"] != 0.0)]
    return held.assign(
        source=held["population"].map(COMPANIES).str.cat(held["agent"], sep="/"),
        target="",
        end=f"{CASH}_" + held["population"],
        usd_bn=held["value"],
    )[["source", "target", "end", "usd_bn"]]


def _entries(run: Run, flows: pd.DataFrame) -> list[tuple[str, str, float]]:
    """What issuers paid to companies: channel, company, interest in USD bn."""
    entries = []
    for kind, rows in flows.groupby("flow", sort=False):
        if kind == "issuer_venture_equity":
            divided = with_venture_kind(run, rows)
            parts = {name: divided.groupby("target")[name].sum() for name in VENTURE_KINDS}
        else:
            parts = {DIRECT_OF.get(kind, kind): rows.groupby("target")["usd_bn"].sum()}
        entries += [
            (channel, company, float(usd_bn))
            for channel, amounts in parts.items()
            for company, usd_bn in amounts.items()
        ]
    return entries


def _followed(entries: list[tuple[str, str, float]], out: pd.DataFrame) -> list[tuple[str, str, float]]:
    """Follow what entered each company until it ends: an absorbing chain, solved at once.

    Args:
        entries: channel, company, USD bn.
        out: what companies paid, as source, target, end, usd_bn; target is empty where money ends.

    Returns:
        Channel, end, USD bn.
    """
    if not entries:
        return []
    channels = sorted({channel for channel, _, _ in entries})
    companies = {name: i for i, name in enumerate(sorted({*out["source"], *(c for _, c, _ in entries)}))}
    left = out.groupby("source")["usd_bn"].transform("sum").to_numpy()
    share = np.divide(out["usd_bn"].to_numpy(), left, out=np.zeros(len(out)), where=left > 0.0)
    source = out["source"].map(companies).to_numpy(dtype=int)
    target = out["target"].map(companies).fillna(-1).to_numpy(dtype=int)
    moves = target >= 0
    arriving = np.zeros((len(companies), len(channels)))
    for channel, company, usd_bn in entries:
        arriving[companies[company], channels.index(channel)] += usd_bn
    # What passes through a company is what issuers paid it and what others passed on: T = A + Q' T.
    onward = np.zeros((len(companies), len(companies)))
    np.add.at(onward, (target[moves], source[moves]), share[moves])
    through = np.linalg.solve(np.eye(len(companies)) - onward, arriving)
    paid = share[:, None] * through[source]
    return [
        (channel, str(end), float(usd_bn))
        for column, channel in enumerate(channels)
        for end, usd_bn in zip(out["end"][~moves], paid[~moves, column], strict=True)
        if usd_bn > 0.0
    ]
