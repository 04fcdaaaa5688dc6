"""What happened in a quarter that a newspaper would report: rounds, deals, workouts, failures, newcomers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from sim.economy.books.flows import (
    COMPUTE_LOANS,
    FLOWS,
    INVESTORS,
    LAB_SHARES,
    LABS,
    OWN,
    PROVIDERS,
    VENTURE_SHARES,
    VENTURES,
)
from sim.economy.books.ledger import Books
from sim.economy.state import Economy
from sim.engine.coin_happenings import coin_events

POPULATION = {OWN: "issuers", LABS: "labs", PROVIDERS: "providers", INVESTORS: "investors", VENTURES: "ventures"}
COMPANIES = (("labs", "labs", "lab"), ("gpus", "providers", "provider"), ("ventures", "ventures", "venture"))
"""Part of the economy, population and word for one member, for everyone who can fail."""
SMALLEST = 1e-3
"""USD bn: deals below a million dollars are no news."""
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
        *coin_events(quarter, before, after, names),
        *_failures(quarter, before, after, names),
        *_workouts(quarter, after, names),
        *_newcomers(quarter, before, after, names),
        *_deals(quarter, after, names),
        *_rounds(quarter, after, names),
    ]


def _event(quarter: str, kind: str, agent: str, text: str, usd_bn: float | None = None) -> dict[str, Any]:
    return {"quarter": quarter, "kind": kind, "agent": agent, "text": text, "usd_bn": usd_bn}


def _money(usd_bn: float) -> str:
    return f"{usd_bn:.2f} USD bn" if usd_bn >= 0.1 else f"{1000 * usd_bn:.0f} USD million"


def _failures(quarter: str, before: Economy, after: Economy, names: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Who failed, and what lenders and owners lost by it."""
    events = []
    for part, group, what in COMPANIES:
        failed = np.nonzero(getattr(before, part).alive > getattr(after, part).alive)[0]
        for index in failed:
            name = names[group][index]
            if group == "providers":
                story, lost = _liquidation(after, int(index))
            else:
                shares = LAB_SHARES if group == "labs" else VENTURE_SHARES
                issued = -before.books.positions[shares][group][index]
                lost = float(issued * before.books.price[shares][index])
                story = f": shares last worth {_money(lost)} are worth nothing"
            events.append(_event(quarter, "failure", name, f"{name} ({what}) failed{story}", lost))
    return events


def _liquidation(after: Economy, provider: int) -> tuple[str, float]:
    """How many GPUs of a failed provider were sold, what lenders got back, and what they lost, USD bn."""
    story = f": {after.gpus.sold_off[provider]:,.0f} GPUs were sold"
    back = _recovered(after.books, provider)
    lost = float(after.books.journal.write_offs[COMPUTE_LOANS][PROVIDERS][provider])
    if back + lost < SMALLEST:
        return story, lost
    return f"{story}, and lenders got back {back / (back + lost):.0%} of {_money(back + lost)}", lost


def _recovered(books: Books, provider: int) -> float:
    kinds = ("issuer_loan_recovery", "investor_loan_recovery")
    return float(sum(books.journal.flows[kind].amount[provider].sum() for kind in kinds))


def _workouts(quarter: str, after: Economy, names: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Who took shares for loans, and what was lost in the exchange."""
    events = []
    journal = after.books.journal
    for account in (OWN, INVESTORS):
        swapped = -journal.conversions[COMPUTE_LOANS][account]
        lost = -journal.write_offs[COMPUTE_LOANS][account]
        for holder, provider in np.argwhere(swapped > SMALLEST):
            lender, debtor = names[POPULATION[account]][holder], names["providers"][provider]
            amount, given_up = float(swapped[holder, provider]), float(lost[holder, provider])
            text = f"{lender} swapped {_money(amount)} of loans to {debtor} for shares"
            if given_up > SMALLEST:
                text += f" and wrote off {_money(given_up)}"
            events.append(_event(quarter, "workout", lender, text, amount))
    return events


def _newcomers(quarter: str, before: Economy, after: Economy, names: Mapping[str, Any]) -> list[dict[str, Any]]:
    events = []
    for part, group, what in COMPANIES:
        for index in np.nonzero(getattr(before, part).alive < getattr(after, part).alive)[0]:
            name = names[group][index]
            capital = float(after.books.journal.flows[f"{what}_founding"].amount[0, index])
            text = f"a newcomer took the place of {name} ({what}) with {_money(capital)}"
            events.append(_event(quarter, "entry", name, text, capital))
    return events


def _deals(quarter: str, after: Economy, names: Mapping[str, Any]) -> list[dict[str, Any]]:
    events = []
    for kind, wording in DEALS.items():
        payee_names = names.get(POPULATION.get(FLOWS[kind].payee, ""), ("the commons",))
        amount = after.books.journal.flows[kind].amount
        for payer, payee in np.argwhere(amount > SMALLEST):
            paid, issuer = float(amount[payer, payee]), names["issuers"][payer]
            text = wording.format(amount=_money(paid), payee=payee_names[payee])
            events.append(_event(quarter, kind.removeprefix("issuer_"), issuer, f"{issuer} {text}", paid))
    return events


def _rounds(quarter: str, after: Economy, names: Mapping[str, Any]) -> list[dict[str, Any]]:
    events = []
    labs, flows = after.labs, after.books.journal.flows
    raised = flows["lab_round"].amount.sum(axis=0)
    for index in np.nonzero(raised > SMALLEST)[0]:
        name, amount, post_money = names["labs"][index], float(raised[index]), float(labs.post_money[index])
        text = f"{name} raised {_money(amount)} at {post_money:,.0f} USD bn post-money"
        events.append(_event(quarter, "round", name, text, amount))
    return events
