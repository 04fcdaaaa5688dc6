"""From an economy to tables: what a quarter leaves in the run folder, with names instead of indices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from sim.economy import measures
from sim.economy.flows import (
    COMPUTE_LOANS,
    ECONOMY,
    FLOWS,
    GOVERNMENT,
    INVESTORS,
    LAB_SHARES,
    LABS,
    ORIGINS,
    OWN,
    PROVIDER_SHARES,
    PROVIDERS,
    RESERVE,
    VENDOR,
    VENTURE_SHARES,
    VENTURES,
)
from sim.economy.ledger import Books, value
from sim.economy.state import Economy
from sim.run_writer import QuarterTables

SECTOR_NAMES = {GOVERNMENT: "Government", VENDOR: "Vendor", ECONOMY: "Economy"}
ISSUED_BY = {
    COMPUTE_LOANS: PROVIDERS,
    LAB_SHARES: LABS,
    PROVIDER_SHARES: PROVIDERS,
    VENTURE_SHARES: VENTURES,
}
"""Claims that are held pairwise, and who owes them."""


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
        """Payments between pairs, with the share of each origin; pairs that paid nothing are left out."""
        kinds: list[str] = []
        payers, payees, amounts, origins = [], [], [], []
        for kind, flow in books.journal.flows.items():
            row, column = np.nonzero(flow.amount)
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
        """Who holds whose loans and shares, at market value."""
        columns: dict[str, list[Any]] = {
            "quarter": [],
            "instrument": [],
            "holder": [],
            "issuer": [],
            "usd_bn": [],
        }
        for instrument, debtor in ISSUED_BY.items():
            for account, units in books.positions[instrument].items():
                if account == debtor or units.ndim != 2:
                    continue
                worth = value(books, instrument, account)
                row, column = np.nonzero(worth)
                columns["quarter"] += [quarter] * len(row)
                columns["instrument"] += [instrument] * len(row)
                columns["holder"] += list(self.accounts[account][row])
                columns["issuer"] += list(self.accounts[debtor][column])
                columns["usd_bn"] += list(worth[row, column])
        return columns
