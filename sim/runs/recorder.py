"""Conversion of economies, in which agents are indices, to the tables of a run folder, in which they have names."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from sim.economy.books import measures
from sim.economy.books.flows import (
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
    debtor_accounts,
)
from sim.economy.books.ledger import Books
from sim.economy.state import Economy
from sim.engine import pytrees
from sim.runs.writer import QuarterTables

Columns = dict[str, np.ndarray]
"""A table: name of a column -> the values of all rows in that column."""
SECTOR_NAMES = {GOVERNMENT: "Government", VENDOR: "Vendor", ECONOMY: "Economy"}
ROUNDING = 1e-15
"""Payments below this, USD bn (a millionth of a dollar), are errors of rounding, and are left out of the tables."""
NO_ISSUER = np.array([""], dtype=object)
"""The empty name, as the issuer of real assets, which no agent has issued."""


class Recorder:
    """Turn economies into tables; `names` maps each population to the names of its agents."""

    def __init__(self, names: Mapping[str, tuple[str, ...]]) -> None:
        self.names = {**names, "sectors": tuple(SECTOR_NAMES.values())}
        self.accounts: dict[str, np.ndarray] = {
            **dict.fromkeys((RESERVE, OWN), _texts(names["issuers"])),
            **{account: _texts(names[account]) for account in (LABS, PROVIDERS, INVESTORS, VENTURES)},
            **{account: _texts([name]) for account, name in SECTOR_NAMES.items()},
        }

    def tables(self, quarter: str, opening: Books, economy: Economy, events: list[dict[str, Any]]) -> QuarterTables:
        """Return the tables of one quarter.

        Args:
            quarter: the label of the quarter.
            opening: the books when the quarter began; for the opening quarter, the books at its close.
            economy: the economy when the quarter closed.
            events: the events of the quarter, from `sim.engine.happenings`.
        """
        measured = measures.series(economy) | measures.origin_series(opening, economy.books)
        labels, books = (quarter,), pytrees.stacked([economy.books])
        return QuarterTables(
            series={"quarter": quarter, **{name: float(number) for name, number in measured.items()}},
            agents=self.agents(labels, pytrees.stacked([measures.agents(economy)])),
            flows=self.flows(labels, books),
            exposures=self.exposures(labels, books),
            events=events,
        )

    def agents(self, quarters: Sequence[str], measured: Mapping[str, Mapping[str, np.ndarray]]) -> Columns:
        """Return the table of agents' measures in long form: one row for each quarter, agent and measure.

        Args:
            quarters: the labels of the quarters.
            measured: population -> measure -> `(quarter, agent)`: `sim.economy.books.measures.agents`, stacked.
        """
        rows = [(group, name, len(self.names[group])) for group, table in measured.items() for name in table]
        counts = [count for *_, count in rows]
        number = np.concatenate([column for table in measured.values() for column in table.values()], axis=1)
        members = np.concatenate([np.array(self.names[group], dtype=object) for group, *_ in rows])
        return {
            "quarter": _texts(quarters).repeat(number.shape[1]),
            "population": np.tile(_texts([group for group, *_ in rows]).repeat(counts), len(quarters)),
            "agent": np.tile(members, len(quarters)),
            "measure": np.tile(_texts([name for _, name, _ in rows]).repeat(counts), len(quarters)),
            "value": number.ravel(),
        }

    def flows(self, quarters: Sequence[str], books: Books) -> Columns:
        """Return the payments between each payer and payee: the total and its parts by origin; zeros are left out.

        Args:
            quarters: the labels of the quarters.
            books: the books of these quarters, stacked: every array has a leading quarter axis.
        """
        steps, kinds, payers, payees, amounts, origins = [], [], [], [], [], []
        for kind, flow in books.journal.flows.items():
            step, row, column = np.nonzero(flow.amount > ROUNDING)
            if not len(row):
                continue
            paid = flow.amount[step, row, column]
            mix = np.broadcast_to(flow.origins, (*flow.amount.shape, len(ORIGINS)))[step, row, column]
            steps.append(step)
            kinds.append(_texts([kind]).repeat(len(row)))
            payers.append(self.accounts[FLOWS[kind].payer][row])
            payees.append(self.accounts[FLOWS[kind].payee][column])
            amounts.append(paid)
            origins.append(paid[:, None] * mix)
        step = _joined(steps, np.zeros(0, dtype=np.int64))
        order = np.argsort(step, kind="stable")
        by_origin = _joined(origins, np.zeros((0, len(ORIGINS))))[order]
        return {
            "quarter": _texts(quarters)[step[order]],
            "flow": _joined(kinds, _texts([]))[order],
            "payer": _joined(payers, _texts([]))[order],
            "payee": _joined(payees, _texts([]))[order],
            "usd_bn": _joined(amounts, np.zeros(0))[order],
            **{f"from_{origin}": by_origin[:, index] for index, origin in enumerate(ORIGINS)},
        }

    def exposures(self, quarters: Sequence[str], books: Books) -> Columns:
        """Return the balance-sheet matrix: what each holder has of each issuer's instruments, at market value.

        Cash is left out, because no agent owes it; real assets (bitcoin, gold, GPUs) have no issuer.

        Args:
            quarters: the labels of the quarters.
            books: the books of these quarters, stacked: every array has a leading quarter axis.
        """
        parts: list[tuple[np.ndarray, ...]] = []
        for number, instrument in enumerate(INSTRUMENTS):
            for holders, issuers, worth in self._positions(books, instrument):
                step, row, column = np.nonzero(worth)
                same = np.full(len(step), number)
                parts.append((step, same, holders[row], issuers[column], worth[step, row, column]))
        columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
        order = np.argsort(columns[0], kind="stable")
        step, kind, holder, issuer, usd_bn = (column[order] for column in columns)
        # The two books of a stablecoin issuer are one holder, so that their rows are added up.
        keys = np.stack([step, kind, *(np.unique(names, return_inverse=True)[1] for names in (holder, issuer))])
        _, first, place = np.unique(keys, axis=1, return_index=True, return_inverse=True)
        order = np.argsort(first)
        rows = first[order]
        return {
            "quarter": _texts(quarters)[step[rows]],
            "instrument": _texts(INSTRUMENTS)[kind[rows]],
            "holder": holder[rows],
            "issuer": issuer[rows],
            "usd_bn": np.bincount(place, usd_bn, len(first))[order],
        }

    def _positions(self, books: Books, instrument: str) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Yield, for each account, the names of holders and of issuers, and the values, `(quarter, holder, issuer)`."""
        debtors = debtor_accounts(instrument)
        for account in books.positions[instrument]:
            if account in debtors:
                continue
            worth, holders = _values(books, instrument, account), self.accounts[account]
            if worth.ndim == 3:
                issuers = self.accounts[debtors[0]]
            elif instrument == TOKENS:
                # The rest of the economy is the only holder; each coin has a debtor of its own.
                worth, issuers = -_values(books, TOKENS, RESERVE)[:, None, :], self.accounts[RESERVE]
            else:
                worth, issuers = worth[:, :, None], self.accounts[debtors[0]] if debtors else NO_ISSUER
            yield holders, issuers, worth


def _values(books: Books, instrument: str, account: str) -> np.ndarray:
    """Return the market value of a position in every quarter, USD bn; `ledger.value` gives it for one quarter."""
    units, price = books.positions[instrument][account], books.price[instrument]
    gap = (1,) * (units.ndim - price.ndim)
    worth: np.ndarray = units * price.reshape(price.shape[0], *gap, *price.shape[1:])
    return worth


def _texts(texts: Sequence[str]) -> np.ndarray:
    return np.array(texts, dtype=object)


def _joined(parts: list[np.ndarray], empty: np.ndarray) -> np.ndarray:
    return np.concatenate(parts) if parts else empty
