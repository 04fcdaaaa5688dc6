"""From an economy to tables: what a quarter leaves in the run folder, with names instead of indices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from sim.economy import measures
from sim.economy.checks import debtor_accounts
from sim.economy.flows import (
    ECONOMY,
    FLOWS,
    GOVERNMENT,
    INSTRUMENTS,
    INVESTORS,
    LABS,
    ORIGINS,
    OWN,
    PROVIDERS,
    RESERVE,
    TOKENS,
    VENDOR,
    VENTURES,
)
from sim.economy.ledger import Books, value
from sim.economy.state import Economy
from sim.run_writer import QuarterTables

SECTOR_NAMES = {GOVERNMENT: "Government", VENDOR: "Vendor", ECONOMY: "Economy"}
DUST = 1e-15
"""USD bn, a millionth of a dollar: what rounding leaves of a payment is not in the tables."""
NO_ONE = np.array([""], dtype=object)
"""Issuer of real assets."""


class Recorder:
    """Turns economies into tables.

    Args:
        names: population -> names of its agents.
    """

    def __init__(self, names: Mapping[str, tuple[str, ...]]) -> None:
        self.names = {**names, "sectors": tuple(SECTOR_NAMES.values())}
        self.accounts: dict[str, np.ndarray] = {
            RESERVE: np.array(names["issuers"], dtype=object),
            OWN: np.array(names["issuers"], dtype=object),
            LABS: np.array(names["labs"], dtype=object),
            PROVIDERS: np.array(names["providers"], dtype=object),
            INVESTORS: np.array(names["investors"], dtype=object),
            VENTURES: np.array(names["ventures"], dtype=object),
            **{account: np.array([name], dtype=object) for account, name in SECTOR_NAMES.items()},
        }

    def tables(
        self, quarter: str, opening: Books, economy: Economy, events: list[dict[str, Any]]
    ) -> QuarterTables:
        """Everything recorded of a quarter.

        Args:
            quarter: its label.
            opening: the books when it opened (the same as at the close for the opening quarter).
            economy: the economy at its close.
            events: what happened, from `sim.events`.
        """
        measured = measures.series(economy) | measures.origin_series(opening, economy.books)
        return QuarterTables(
            series={"quarter": quarter, **{name: float(number) for name, number in measured.items()}},
            agents=self.agents(quarter, economy),
            flows=self.flows(quarter, economy.books),
            exposures=self.exposures(quarter, economy.books),
            events=events,
        )

    def agents(self, quarter: str, economy: Economy) -> dict[str, Any]:
        """Long table of agents' measures."""
        population: list[str] = []
        agent: list[str] = []
        measure: list[str] = []
        number: list[np.ndarray] = []
        for group, table in measures.agents(economy).items():
            members = self.names[group]
            for name, column in table.items():
                population += [group] * len(members)
                agent += members
                measure += [name] * len(members)
                number.append(column)
        return {
            "quarter": [quarter] * len(agent),
            "population": population,
            "agent": agent,
            "measure": measure,
            "value": np.concatenate(number),
        }

    def flows(self, quarter: str, books: Books) -> dict[str, Any]:
        """Payments between pairs, with the part of each origin; pairs that paid nothing are left out."""
        kinds: list[str] = []
        payers, payees, amounts, origins = [], [], [], []
        for kind, flow in books.journal.flows.items():
            row, column = np.nonzero(flow.amount > DUST)
            if not len(row):
                continue
            paid = flow.amount[row, column]
            mix = np.broadcast_to(flow.origins, (*flow.amount.shape, len(ORIGINS)))[row, column]
            kinds += [kind] * len(row)
            payers.append(self.accounts[FLOWS[kind].payer][row])
            payees.append(self.accounts[FLOWS[kind].payee][column])
            amounts.append(paid)
            origins.append(paid[:, None] * mix)
        by_origin = np.concatenate(origins) if origins else np.zeros((0, len(ORIGINS)))
        return {
            "quarter": [quarter] * len(kinds),
            "flow": kinds,
            "payer": np.concatenate(payers) if payers else [],
            "payee": np.concatenate(payees) if payees else [],
            "usd_bn": np.concatenate(amounts) if amounts else np.zeros(0),
            **{f"from_{origin}": by_origin[:, index] for index, origin in enumerate(ORIGINS)},
        }

    def exposures(self, quarter: str, books: Books) -> dict[str, Any]:
        """Who holds what of whom, at market value: the balance-sheet matrix, from whom to whom.

        Cash is left out, being no one's debt here; real assets (bitcoin, gold, GPUs) have no issuer.
        """
        held: dict[tuple[str, str, str], float] = {}
        for instrument in INSTRUMENTS:
            for holder, issuer, usd_bn in self._held(books, instrument):
                # An issuer's two books are one holder.
                key = (instrument, holder, issuer)
                held[key] = held.get(key, 0.0) + usd_bn
        names = list(zip(*held, strict=True)) or [(), (), ()]
        return {
            "quarter": [quarter] * len(held),
            **dict(zip(("instrument", "holder", "issuer"), names, strict=True)),
            "usd_bn": list(held.values()),
        }

    def _held(self, books: Books, instrument: str) -> Iterator[tuple[str, str, float]]:
        """Holder, issuer and value of every position in an instrument that is worth something."""
        debtors = debtor_accounts(instrument)
        for account in books.positions[instrument]:
            if account in debtors:
                continue
            worth, holders = value(books, instrument, account), self.accounts[account]
            if worth.ndim == 2:
                issuers = self.accounts[debtors[0]]
            elif instrument == TOKENS:
                # One holder, everyone else, and a debtor for each coin.
                worth, issuers = -value(books, TOKENS, RESERVE)[None, :], self.accounts[RESERVE]
            else:
                worth, issuers = worth[:, None], self.accounts[debtors[0]] if debtors else NO_ONE
            for row, column in np.argwhere(worth):
                yield holders[row], issuers[column], float(worth[row, column])
