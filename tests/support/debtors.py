"""An economy with debtors for tests, and histories in which some companies are made to fail."""

import functools
from dataclasses import replace

import numpy as np
from support.histories import history, without_journal
from support.tiny import FROZEN

from sim.economy.capital.loans import debt
from sim.economy.quarter import quarter
from sim.engine.happenings import happened
from sim.opening.draws import draws_of_quarter
from sim.opening.open_economy import draws_for, open_economy
from sim.scenario.load import load

START = open_economy(load(FROZEN))
NORTHERN, COREWEAVE, AZURE = 0, 1, 5
TETHER = 0
WEAK = {"gpus.other_demand": 0.02, "labs_market.spending_ambition": 0.2, "funding.investor_appetite": 0.05}
"""Few customers, and hardly any money but the lenders'."""


def run(quarters, failed=(), seed=1, changes=None):
    """A history in which some companies are made to fail: `failed` holds (population, index, quarter).

    The population `bets` stands for all companies in which the issuer of that index has money.
    """
    scenario = load(FROZEN, {**(changes or {}), "run.quarters": quarters})
    start = open_economy(scenario)
    draws = draws_for(scenario, start.names, seed, quarters)
    for population, index, when in failed:
        name = "bets_fail" if population == "bets" else f"failed_{population}"
        table = np.array(getattr(draws.events, name))
        table[when, index] = 1.0
        draws = replace(draws, events=replace(draws.events, **{name: table}))
    economy, closed = start.economy, []
    for step in range(quarters):
        before = economy
        economy, residuals = quarter(before, start.parameters, draws_of_quarter(draws, step))
        assert max(float(r) for r in residuals.values()) <= 1e-9, (step, residuals)
        closed.append((before, economy))
    return start, closed


def told(start, closed, kind):
    """Texts of the events of a kind."""
    events = [event for pair in closed for event in happened("2026Q1", *pair, start.names)]
    return [event["text"] for event in events if event["kind"] == kind]


@functools.cache
def indebted():
    """The economy after two years, Northern Data owing 0.6 USD bn to Tether; and the rules."""
    start, closed = history(quarters=8)
    economy = closed[-1][0]
    assert debt(economy.books)[NORTHERN] > 0.5
    return replace(economy, books=without_journal(economy.books)), start.parameters
