"""The close of a quarter: the economy, the residuals of its identities, and its measures."""

from __future__ import annotations

from dataclasses import dataclass

from sim.economy.arrays import Array, Scalar
from sim.economy.books import measures
from sim.economy.books.ledger import Books
from sim.economy.state import Economy


@dataclass(frozen=True)
class Close:
    """What there is at the close of a quarter; with a leading quarter axis, of a history.

    Attributes:
        economy: the economy, its books with the quarter's journal.
        residuals: identity -> largest relative residual.
        series: measures of the whole economy.
        agents: population -> measure -> one number for each agent.
    """

    economy: Economy
    residuals: dict[str, Scalar]
    series: dict[str, Scalar]
    agents: dict[str, dict[str, Array]]


Shapes = tuple[tuple[int, ...], ...]


def close_of(before: Books, economy: Economy, residuals: dict[str, Scalar]) -> Close:
    """What there is at the close of a quarter that opened with the books `before`."""
    series = measures.series(economy) | measures.origin_series(before, economy.books)
    return Close(economy, residuals, series, measures.agents(economy))
