"""Sums since the opening, for every quarter at once: the arithmetic under `sim.analysis.attribution`.

Rows are sorted into one array `(key, quarter)`, keys in the order in which they first appear, and added up along
the quarters. The opening is quarter zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

    from sim.runs.run import Run

Key = tuple[str, ...]
Names = NDArray[Any]
"""A column of names."""


@dataclass(frozen=True)
class Rows:
    """Amounts with what they are of and when.

    Attributes:
        names: columns of names, by name.
        step: number of the quarter of each row.
        usd_bn: amount of each row.
    """

    names: dict[str, Names]
    step: Int[NDArray[np.int64], " row"]
    usd_bn: Float[NDArray[np.float64], " row"]

    def where(self, chosen: NDArray[Any]) -> Rows:
        """Return some of the rows, chosen by a mask or by their places."""
        names = {name: column[chosen] for name, column in self.names.items()}
        return Rows(names, self.step[chosen], self.usd_bn[chosen])

    def of(self, column: str, values: Any) -> NDArray[np.bool_]:
        """Which rows have one of some names in a column."""
        codes, unique = _coded(self.names[column])
        return np.array([name in values for name in unique], dtype=bool)[codes]

    def places(self, column: str) -> dict[str, NDArray[np.int64]]:
        """Where each name of a column stands, in the order in which the names first appear."""
        codes, unique = _coded(self.names[column])
        ends = np.bincount(codes, minlength=len(unique)).cumsum()
        return dict(zip(unique, np.split(np.argsort(codes, kind="stable"), ends[:-1]), strict=False))

    def mapped(self, column: str, values: Mapping[str, Any]) -> NDArray[Any]:
        """Return what the name of each row in a column stands for."""
        codes, unique = _coded(self.names[column])
        return texts([values[name] for name in unique])[codes]

    def cumulated(self, by: Sequence[str], quarters: int) -> ByQuarter:
        """Add up by the names of some columns, from the opening to each quarter.

        Args:
            by: the columns that make a key.
            quarters: how many there are, the opening counted.
        """
        found = self.summed(by, quarters)
        return ByQuarter(found.keys, found.amounts.cumsum(axis=1))

    def summed(self, by: Sequence[str], quarters: int) -> ByQuarter:
        """Add up by the names of some columns and by quarter; arguments as in `cumulated`."""
        place = np.zeros(len(self.step), dtype=np.int64)
        for name in by:
            codes, unique = _coded(self.names[name])
            place = place * len(unique) + codes
        place, first = _numbered(place)
        cells = place * quarters + self.step
        amounts = np.bincount(cells, self.usd_bn, len(first) * quarters).astype(np.float64)
        keys = list(zip(*(self.names[name][first] for name in by), strict=True))
        return ByQuarter(keys, amounts.reshape(len(first), quarters))


@dataclass(frozen=True)
class ByQuarter:
    """Amounts by key and quarter.

    Attributes:
        keys: one for each row.
        amounts: USD bn.
    """

    keys: list[Key]
    amounts: Float[NDArray[np.float64], "key quarter"]

    def long(self, labels: Sequence[str], columns: Mapping[str, Sequence[str]]) -> pd.DataFrame:
        """One row for each quarter and key with an amount, quarter by quarter.

        Args:
            labels: of the quarters.
            columns: column -> what it says of each key.

        Returns:
            The columns quarter, `columns` and usd_bn.
        """
        import pandas as pd

        step, key = np.nonzero(self.amounts.T)
        told = {name: texts(column)[key] for name, column in columns.items()}
        return pd.DataFrame({"quarter": texts(labels)[step], **told, "usd_bn": self.amounts[key, step]})


def texts(names: Sequence[str]) -> Names:
    """Names as a column."""
    return np.array(names, dtype=object)


def joined(parts: Sequence[Rows]) -> Rows:
    """Rows of several tables, which have the same columns, one after the other."""
    names = {name: np.concatenate([part.names[name] for part in parts]) for name in parts[0].names}
    step = np.concatenate([part.step for part in parts])
    return Rows(names, step, np.concatenate([part.usd_bn for part in parts]))


def quarters_of(run: Run) -> list[str]:
    """Labels of the quarters of a run, the opening first."""
    labels: list[str] = run.series["quarter"].tolist()
    return labels


def rows_of(run: Run, table: str, names: Sequence[str], amount: str) -> Rows:
    """Return the rows of a table of a run in which a column of amounts is not zero.

    Args:
        run: a run with its tables.
        table: name of a long table.
        names: its columns of names that are wanted.
        amount: its column of amounts.
    """
    whole: pd.DataFrame = getattr(run, table)
    usd_bn = whole[amount].to_numpy()
    chosen = np.flatnonzero(usd_bn)
    wanted = {name: whole[name].to_numpy(dtype=object)[chosen] for name in names}
    return Rows(wanted, _steps(run, whole["quarter"].to_numpy(dtype=object)[chosen]), usd_bn[chosen])


def payments_with_interest(run: Run) -> Rows:
    """Payments made with bill interest: flow, payer and payee, and the interest alone as the amount."""
    return rows_of(run, "flows", ("flow", "payer", "payee"), "from_bill_interest")


def since_opening(run: Run, measure: str) -> ByQuarter:
    """Return each agent's measure at the close of each quarter less its opening value, by population and agent."""
    agents = run.agents
    chosen = np.flatnonzero(agents["measure"].to_numpy(dtype=object) == measure)
    names = {name: agents[name].to_numpy(dtype=object)[chosen] for name in ("population", "agent")}
    step = _steps(run, agents["quarter"].to_numpy(dtype=object)[chosen])
    found = Rows(names, step, agents["value"].to_numpy()[chosen]).summed(("population", "agent"), len(run.series))
    return ByQuarter(found.keys, found.amounts - found.amounts[:, :1])


def _steps(run: Run, labels: Names) -> NDArray[np.int64]:
    """Return the number of each row's quarter."""
    number = {label: step for step, label in enumerate(quarters_of(run))}
    codes, unique = _coded(labels)
    return np.array([number[label] for label in unique], dtype=np.int64)[codes]


def _coded(names: Names) -> tuple[NDArray[np.int64], Names]:
    """Return a number for each row, and the names by number, in the order in which they first appear."""
    import pandas as pd

    codes, unique = pd.factorize(names)
    return codes.astype(np.int64), unique


def _numbered(codes: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Codes counted in the order in which they first appear, and the row in which each does."""
    _, first, place = np.unique(codes, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return rank[place], first[order]
