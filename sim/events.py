"""What happened in a quarter that a newspaper would report: rounds, deals, failures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from sim.economy.flows import FLOWS, LABS, OWN, PROVIDERS, VENTURES
from sim.economy.state import Economy

POPULATION = {OWN: "issuers", LABS: "labs", PROVIDERS: "providers", VENTURES: "ventures"}
DEALS = {
    "issuer_compute_loan": "lent {amount} to {payee}",
    "issuer_compute_equity": "bought shares of {payee} for {amount}",
    "issuer_lab_equity": "bought shares of {payee} for {amount}",
    "issuer_venture_equity": "bought shares of {payee} for {amount}",
    "open_data": "paid {amount} for open data",
}


def happened(
    quarter: str, before: Economy, after: Economy, names: Mapping[str, tuple[str, ...]]
) -> list[dict[str, Any]]:
    """List the events of a quarter.

    Args:
        quarter: its label.
        before: the economy when it opened.
        after: the economy when it closed, with the quarter's journal.
        names: population -> names of its agents.

    Returns:
        One dictionary per event: quarter, kind, agent, text and usd_bn (None where no money is meant).
    """
    return [
        *_failures(quarter, before, after, names),
        *_deals(quarter, after, names),
        *_rounds(quarter, after, names),
    ]


def _event(quarter: str, kind: str, agent: str, text: str, usd_bn: float | None = None) -> dict[str, Any]:
    return {"quarter": quarter, "kind": kind, "agent": agent, "text": text, "usd_bn": usd_bn}


def _money(usd_bn: float) -> str:
    return f"{usd_bn:.2f} USD bn" if usd_bn >= 0.1 else f"{1000 * usd_bn:.0f} USD million"


def _failures(quarter: str, before: Economy, after: Economy, names: Mapping[str, Any]) -> list[dict[str, Any]]:
    events = []
    for population, what in (("labs", "lab"), ("gpus", "provider"), ("ventures", "venture")):
        group = "providers" if population == "gpus" else population
        failed = np.nonzero(getattr(before, population).alive > getattr(after, population).alive)[0]
        for index in failed:
            name = names[group][index]
            events.append(_event(quarter, "failure", name, f"{name} ({what}) failed"))
    return events


def _deals(quarter: str, after: Economy, names: Mapping[str, Any]) -> list[dict[str, Any]]:
    events = []
    for kind, wording in DEALS.items():
        payee_names = names.get(POPULATION.get(FLOWS[kind].payee, ""), ("the commons",))
        amount = after.books.journal.flows[kind].amount
        for payer, payee in np.argwhere(amount > 1e-3):
            paid, issuer = float(amount[payer, payee]), names["issuers"][payer]
            text = wording.format(amount=_money(paid), payee=payee_names[payee])
            events.append(_event(quarter, kind.removeprefix("issuer_"), issuer, f"{issuer} {text}", paid))
    return events


def _rounds(quarter: str, after: Economy, names: Mapping[str, Any]) -> list[dict[str, Any]]:
    events = []
    labs, flows = after.labs, after.books.journal.flows
    raised = flows["lab_round"].amount.sum(axis=0)
    for index in np.nonzero(raised > 1e-3)[0]:
        name, amount, post_money = names["labs"][index], float(raised[index]), float(labs.post_money[index])
        text = f"{name} raised {_money(amount)} at {post_money:,.0f} USD bn post-money"
        events.append(_event(quarter, "round", name, text, amount))
    return events
