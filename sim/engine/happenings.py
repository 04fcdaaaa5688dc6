"""Events of a quarter in words: runs on coins, failures, workouts, newcomers, deals, funding rounds, dated events."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sim.economy.books.flows import (
    ADVANCES,
    COMPUTE_LOANS,
    FLOWS,
    INVESTORS,
    LAB_SHARES,
    LABS,
    OWN,
    PROVIDERS,
    RESERVE,
    TOKENS,
    VENTURE_SHARES,
    VENTURES,
)
from sim.economy.parameters import REGIMES
from sim.economy.state import Economy
from sim.scenario.events import EVERYONE, Event
from sim.scenario.schema import Scenario

POPULATION = {OWN: "issuers", LABS: "labs", PROVIDERS: "providers", INVESTORS: "investors", VENTURES: "ventures"}
COMPANIES = (("labs", "labs", "lab"), ("gpus", "providers", "provider"), ("ventures", "ventures", "venture"))
"""Populations whose members can fail: the attribute of the economy, the population, the noun for one member."""
SMALLEST = 1e-3
"""Deals, coins and losses below this amount, USD bn (a million dollars), are not reported."""
RUN = 0.05
"""A run on a coin is reported if holders redeem more than this share of the coin in one week."""
LAWS = {"offshore": "no law of a large market", "genius": "the GENIUS Act", "mica": "MiCA"}
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
        quarter: the label of the quarter.
        before: the economy when the quarter opened.
        after: the economy when the quarter closed, with the quarter's journal.
        names: population -> names of its agents.

    Returns:
        One dictionary per event: quarter, kind, agent, text and usd_bn (None for an event without an amount).
    """
    return [
        *_coin_events(quarter, before, after, names),
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


def _coin_events(quarter: str, before: Economy, after: Economy, names: Mapping[str, Any]) -> list[dict[str, Any]]:
    """List what happened to coins: runs, closed redemption windows, failures, losses of reserves, changes of law."""
    market, flows, issuers = after.tokens, after.books.journal.flows, names["issuers"]
    opening = -before.books.positions[TOKENS][RESERVE]
    events: list[dict[str, Any]] = []

    def add(kind: str, index: int, text: str, usd_bn: float | None = None) -> None:
        events.append(_event(quarter, kind, issuers[index], text, usd_bn))

    for index in np.flatnonzero(opening > SMALLEST).tolist():
        name, low = issuers[index], f"{market.lowest_price[index]:.3f} USD"
        outflow, weeks = market.largest_outflow[index], market.weeks_shut[index]
        if outflow > RUN:
            lost = float(outflow * opening[index])
            add("run", index, f"holders took {outflow:.0%} of {name}'s coin back in one week", lost)
        if weeks > 0.0:
            days = f"{7 * weeks:.0f} days" if weeks < 2.0 else f"{weeks:.0f} weeks"
            add("window", index, f"{name} closed its window for {days}; its coin fell to {low}")
        owed = after.books.journal.write_offs[TOKENS][RESERVE][index]
        paid = float(flows["estate_payout"].amount[index].sum())
        if owed + paid > SMALLEST:
            got = f"holders got back {paid / (owed + paid):.0%} of {owed + paid:.1f} USD bn"
            add("issuer_failure", index, f"{name} (issuer) failed: {got}", float(owed))
        impaired = -float(after.books.journal.write_offs[ADVANCES][RESERVE][index].sum())
        if impaired > SMALLEST:
            text = f"{name}'s reserve lost {impaired:.2f} USD bn of what it had lent to the own book"
            add("reserve_loss", index, text, impaired)
    for index in np.flatnonzero((market.regime != before.tokens.regime).any(axis=1)).tolist():
        law = LAWS[REGIMES[int(market.regime[index].argmax())]]
        add("law", index, f"{issuers[index]} came under {law}")
    return events


def _failures(quarter: str, before: Economy, after: Economy, names: Mapping[str, Any]) -> list[dict[str, Any]]:
    """List the failures of companies, each with the loss of its lenders or owners."""
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
    """Return a description of the sale of a failed provider's GPUs, and the loss of its lenders, USD bn."""
    story = f": {after.gpus.sold_off[provider]:,.0f} GPUs were sold"
    kinds = ("issuer_loan_recovery", "investor_loan_recovery")
    back = float(sum(after.books.journal.flows[kind].amount[provider].sum() for kind in kinds))
    lost = float(after.books.journal.write_offs[COMPUTE_LOANS][PROVIDERS][provider])
    if back + lost < SMALLEST:
        return story, lost
    return f"{story}, and lenders got back {back / (back + lost):.0%} of {_money(back + lost)}", lost


def _workouts(quarter: str, after: Economy, names: Mapping[str, Any]) -> list[dict[str, Any]]:
    """List the workouts: lenders swap loans for shares of the debtor, and write off part of the loans."""
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


def announced(quarter: str, scenario: Scenario) -> list[dict[str, Any]]:
    """List the events that a scenario dates in this quarter, as dictionaries like those of `happened`."""
    return [
        _event(quarter, "dated", _name(event, scenario), text)
        for event in scenario.events
        if event.quarter == quarter and (text := _description(event, _name(event, scenario)))
    ]


def _description(event: Event, name: str) -> str:
    """Describe a dated event; return an empty text if other events of the quarter report what it causes."""
    size = 0.0 if event.size is None else event.size
    words: Mapping[str, str] = {
        "redemption_shock": f"holders of {100 * size:.3g}% of the coins of {name} wanted their money back at once",
        "bank_failure": f"a bank failed with {100 * size:.3g}% of what backs the coins of {name}",
        "bitcoin_crash": f"bitcoin lost {100 * size:.3g}% of its price",
        "ai_winter": f"the mood about AI fell by {size:g} standard units",
        "gpu_glut": f"GPUs from elsewhere serve {size:.0%} of other customers for {event.quarters} quarters",
        "rate_shock": f"the bill rate moved by {100 * size:+g} percentage points at once",
        "audit_published": f"a full audit of {name} was published",
        "bets_fail": f"the bets of {name} failed, if there were any",
    }
    return words.get(event.kind, "")


def _name(event: Event, scenario: Scenario) -> str:
    if event.target is None:
        return ""
    if event.target == EVERYONE:
        return "every issuer"
    groups: Sequence[Mapping[str, Any]] = (scenario.issuers, scenario.labs, scenario.providers, scenario.ventures)
    return next(group[event.target].name for group in groups if event.target in group)
