"""From each AI channel to each end: the numbers behind the flow diagram."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from sim.analysis.attribution import CASH, COMPANIES, DIRECT_OF, RETURNED, final_label, venture_kinds
from sim.analysis.sums import (
    ByQuarter,
    Key,
    Rows,
    joined,
    payments_with_interest,
    quarters_of,
    since_opening,
    texts,
)
from sim.economy.books.flows import FLOWS, OWN, RESERVE

if TYPE_CHECKING:
    import pandas as pd

    from sim.runs.run import Run

_ACCOUNTS = {side: {kind: getattr(flow, side) for kind, flow in FLOWS.items()} for side in ("payer", "payee")}
"""Side of a payment -> flow -> account that stands on it."""


def journeys(run: Run) -> pd.DataFrame:
    """Return what the interest that went through each AI channel finally paid for, at any remove, in the run.

    Args:
        run: a run with its tables.

    Returns:
        The rows of `journeys_by_quarter` for the last quarter: channel, use, label and usd_bn.
    """
    table = journeys_by_quarter(run)
    last = table[table["quarter"] == quarters_of(run)[-1]]
    return last.drop(columns="quarter").reset_index(drop=True)


def journeys_by_quarter(run: Run) -> pd.DataFrame:
    """Return what the interest that went through each AI channel since the opening had paid for, at any remove.

    Money in the hands of a company is mixed, so each interest dollar that a lab, provider, investor or
    venture took in leaves it in the proportions in which that company's interest dollars left from the opening to
    the quarter. The sums per end are exact; how an end is shared among channels rests on this mixing.

    Args:
        run: a run with its tables.

    Returns:
        Columns quarter, channel (a use of `sim.analysis.attribution.direct_uses`), use, label and usd_bn. Uses are
        those of `sim.analysis.attribution.final_uses`, or what came back to the issuer. In every quarter each
        channel sums to what went in so far.
    """
    payments, quarters = _from_to(payments_with_interest(run)), len(run.series)
    into = payments.of("payee account", set(COMPANIES.values()))
    entering = payments.where(into & payments.of("payer account", (OWN, RESERVE)))
    entries = _entries(run, entering).cumulated(("channel", "target"), quarters)
    leaving = payments.where(payments.of("payer account", set(COMPANIES.values())))
    out = _with_held(run, leaving.cumulated(("source", "target", "end"), quarters))
    found = _followed(entries, out)
    given = payments.where(payments.of("flow", ("open_data",))).cumulated(("flow",), quarters)
    # The channel open data is its own end.
    keys: list[Key] = [*found.keys, *((kind, kind) for (kind,) in given.keys)]
    whole = ByQuarter(keys, np.concatenate([found.amounts, given.amounts]))
    uses = [use for _, use in keys]
    columns = {"channel": [channel for channel, _ in keys], "use": uses, "label": [_label(use) for use in uses]}
    return whole.long(quarters_of(run), columns)


def _from_to(payments: Rows) -> Rows:
    """Add where a payment comes from and goes to: a company by account and name, or the end of the journey."""
    accounts = {f"{side} account": payments.mapped("flow", _ACCOUNTS[side]) for side in ("payer", "payee")}
    payer, payee = accounts.values()
    into = np.isin(payee, list(COMPANIES.values()))
    back = np.isin(payee, [OWN, RESERVE])
    names = {
        **payments.names,
        **accounts,
        "source": payer + "/" + payments.names["payer"],
        "target": np.where(into, payee + "/" + payments.names["payee"], ""),
        "end": np.where(into, "", np.where(back, RETURNED, payments.names["flow"])),
    }
    return Rows(names, payments.step, payments.usd_bn)


def _label(use: str) -> str:
    if use == RETURNED:
        return "paid back to issuers"
    if use.startswith(f"{CASH}_"):
        return f"cash of {use.removeprefix(f'{CASH}_')}"
    return final_label(use)


def _with_held(run: Run, out: ByQuarter) -> ByQuarter:
    """Return what companies paid out, sorted, and the interest still held as a last payment to nobody."""
    order = sorted(range(len(out.keys)), key=lambda place: out.keys[place])
    held = since_opening(run, "cash_from_bill_interest")
    used: list[bool] = np.any(held.amounts, axis=1).tolist()
    ours = [place for place, (group, _) in enumerate(held.keys) if group in COMPANIES and used[place]]
    holders = [held.keys[place] for place in ours]
    keys = [(f"{COMPANIES[group]}/{agent}", "", f"{CASH}_{group}") for group, agent in holders]
    amounts = np.concatenate([out.amounts[order], held.amounts[ours]])
    return ByQuarter([*(out.keys[place] for place in order), *keys], amounts)


def _entries(run: Run, payments: Rows) -> Rows:
    """Return what issuers paid to companies: channel, target, step and interest in USD bn."""
    rows = [Rows({"channel": texts([]), "target": texts([])}, np.zeros(0, dtype=np.int64), np.zeros(0))]
    for kind, places in payments.places("flow").items():
        chosen = payments.where(places)
        parts = {DIRECT_OF.get(kind, kind): chosen.usd_bn}
        if kind == "issuer_venture_equity":
            parts = venture_kinds(run, chosen)
        for channel, usd_bn in parts.items():
            names = {"channel": texts([channel]).repeat(len(usd_bn)), "target": chosen.names["target"]}
            rows.append(Rows(names, chosen.step, usd_bn))
    return joined(rows)


def _followed(entries: ByQuarter, out: ByQuarter) -> ByQuarter:
    """Follow what entered each company until it ends: an absorbing chain, solved once a quarter.

    Args:
        entries: keys are channel and target, a company.
        out: what companies paid: keys are source, target and end; target is empty where money ends.

    Returns:
        Keys are channel and use, which is the end.
    """
    companies = _numbered([*(company for _, company in entries.keys), *(source for source, *_ in out.keys)])
    channels = _numbered(sorted(channel for channel, _ in entries.keys))
    ends = _numbered([end for _, target, end in out.keys if not target])
    channel = [channels[name] for name, _ in entries.keys]
    into = [companies[name] for _, name in entries.keys]
    source = np.array([companies[name] for name, *_ in out.keys], dtype=int)
    target = np.array([companies.get(name, -1) for _, name, _ in out.keys], dtype=int)
    use = np.array([ends.get(end, -1) for *_, end in out.keys], dtype=int)
    moves, stays = target >= 0, target < 0
    quarters = out.amounts.shape[1]
    arrived = np.zeros((quarters, len(ends), len(channels)))
    for step in range(quarters):
        arriving = np.zeros((len(companies), len(channels)))
        np.add.at(arriving, (into, channel), entries.amounts[:, step])
        if not arriving.any():
            continue
        paid_out = out.amounts[:, step]
        left = np.bincount(source, paid_out, len(companies))[source]
        share = np.divide(paid_out, left, out=np.zeros(len(paid_out)), where=left > 0.0)
        # What passes through a company is what issuers paid it and what others passed on: T = A + Q' T.
        onward = np.zeros((len(companies), len(companies)))
        np.add.at(onward, (target[moves], source[moves]), share[moves])
        through = np.linalg.solve(np.eye(len(companies)) - onward, arriving)
        paid = share[stays, None] * through[source[stays]]
        # Rounding may leave a hair below zero of what is nothing.
        np.add.at(arrived[step], use[stays], np.where(paid > 0.0, paid, 0.0))
    keys: list[Key] = [(channel, end) for channel in channels for end in ends]
    return ByQuarter(keys, arrived.transpose(2, 1, 0).reshape(len(keys), quarters))


def _numbered(names: Iterable[str]) -> dict[str, int]:
    """Names -> their place, in the order in which they first appear."""
    return {name: place for place, name in enumerate(dict.fromkeys(names))}
