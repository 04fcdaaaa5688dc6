"""What happened to the coins in a quarter, and what the scenario made happen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sim.economy.books.flows import ADVANCES, RESERVE, TOKENS
from sim.economy.parameters import REGIMES
from sim.economy.state import Economy
from sim.scenario.events import EVERYONE, Event
from sim.scenario.schema import Scenario

RUN = 0.05
"""Share of a coin redeemed in one week from which it is called a run."""
LAWS = {"offshore": "no law of a large market", "genius": "the GENIUS Act", "mica": "MiCA"}
SMALLEST = 1e-3
"""USD bn: coins and losses below a million dollars are no news."""


def coin_events(
    quarter: str, before: Economy, after: Economy, names: Mapping[str, tuple[str, ...]]
) -> list[dict[str, Any]]:
    """List runs, closed windows, wound-up coins, losses of reserves and changes of law, as `happenings` does."""
    market, flows, issuers = after.tokens, after.books.journal.flows, names["issuers"]
    opening = -before.books.positions[TOKENS][RESERVE]
    told: list[tuple[str, int, str, float | None]] = []
    for index in np.flatnonzero(opening > SMALLEST).tolist():
        name, low = issuers[index], f"{market.lowest_price[index]:.3f} USD"
        outflow, weeks = market.largest_outflow[index], market.weeks_shut[index]
        if outflow > RUN:
            lost = float(outflow * opening[index])
            told.append(("run", index, f"holders took {outflow:.0%} of {name}'s coin back in one week", lost))
        if weeks > 0.0:
            days = f"{7 * weeks:.0f} days" if weeks < 2.0 else f"{weeks:.0f} weeks"
            told.append(("window", index, f"{name} closed its window for {days}; its coin fell to {low}", None))
        owed = after.books.journal.write_offs[TOKENS][RESERVE][index]
        paid = float(flows["estate_payout"].amount[index].sum())
        if owed + paid > SMALLEST:
            got = f"holders got back {paid / (owed + paid):.0%} of {owed + paid:.1f} USD bn"
            told.append(("issuer_failure", index, f"{name} (issuer) failed: {got}", float(owed)))
        impaired = -float(after.books.journal.write_offs[ADVANCES][RESERVE][index].sum())
        if impaired > SMALLEST:
            text = f"{name}'s reserve lost {impaired:.2f} USD bn of what it had lent to the own book"
            told.append(("reserve_loss", index, text, impaired))
    for index in np.flatnonzero((market.regime != before.tokens.regime).any(axis=1)).tolist():
        law = LAWS[REGIMES[int(market.regime[index].argmax())]]
        told.append(("law", index, f"{issuers[index]} came under {law}", None))
    return [
        {"quarter": quarter, "kind": kind, "agent": issuers[index], "text": text, "usd_bn": usd_bn}
        for kind, index, text, usd_bn in told
    ]


def announced(quarter: str, scenario: Scenario) -> list[dict[str, Any]]:
    """List what the scenario itself makes happen in a quarter."""
    return [
        {"quarter": quarter, "kind": "dated", "agent": _name(event, scenario), "text": text, "usd_bn": None}
        for event in scenario.events
        if event.quarter == quarter and (text := _told(event, _name(event, scenario)))
    ]


def _told(event: Event, name: str) -> str:
    """Describe the event in words; empty where its consequences are reported anyway."""
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
