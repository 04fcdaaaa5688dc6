"""Short ways for tests to run histories and to bend scenarios."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from support.tiny import FROZEN

from sim.economy.books.ledger import EMPTY_JOURNAL, Books
from sim.economy.quarter import quarter
from sim.opening.draws import draws_of_quarter
from sim.opening.open_economy import draws_for, open_economy
from sim.scenario.load import load
from sim.scenario.schema import Described, Quantity, Scenario, Table


def history(scenario=FROZEN, seed=1, quarters=8, changes=None, decisions=None):
    """Run a history; return the opening and, per quarter, the economy and its residuals."""
    if not isinstance(scenario, Scenario):
        scenario = load(scenario, {**(changes or {}), "run.quarters": quarters})
    start = open_economy(scenario)
    draws = draws_for(scenario, start.names, seed, quarters)
    economy, closed = start.economy, []
    for step in range(quarters):
        given = (economy, start.parameters, draws_of_quarter(draws, step))
        economy, residuals = quarter(*given, decisions) if decisions else quarter(*given)
        closed.append((economy, {name: float(number) for name, number in residuals.items()}))
    return start, closed


def mapped(part, change):
    """Rebuild a scenario with `change(quantity, value) -> value` applied to every number, ranges left aside."""
    if isinstance(part, Quantity):
        return part.model_copy(update={"value": change(part, part.value)})
    if isinstance(part, Table):
        return part.model_copy(update={"values": {k: change(part, v) for k, v in part.values.items()}})
    if isinstance(part, Described):
        return part
    if isinstance(part, dict):
        return {key: mapped(item, change) for key, item in part.items()}
    if isinstance(part, tuple):
        return tuple(mapped(item, change) for item in part)
    if hasattr(part, "model_copy"):
        return part.model_copy(update={name: mapped(item, change) for name, item in part})
    return part


def small_books(**cash) -> Books:
    """The baseline's opening books with an empty journal; `cash` overrides accounts by origin."""
    books = open_economy(load(FROZEN)).economy.books
    return replace(books, cash={**books.cash, **{k: np.asarray(v, float) for k, v in cash.items()}})


def without_journal(books: Books) -> Books:
    """The same balances at the start of a new quarter."""
    return replace(books, journal=EMPTY_JOURNAL)
