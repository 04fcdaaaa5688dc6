"""Stepping of the economy from quarter to quarter, with a function that reads results from each quarter.

`walk` steps in NumPy, `sim.engine.jax_stepping.scan` in a compiled program; the Mesa model takes one `step` at a
time.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from sim.economy.arrays import Array, Scalar
from sim.economy.books import measures
from sim.economy.parameters import Parameters
from sim.economy.phase import DecisionRules
from sim.economy.quarter import quarter
from sim.economy.state import Draws, Economy
from sim.engine import pytrees
from sim.opening.draws import draws_of_quarter

T = TypeVar("T")
Read = Callable[[Economy, Economy, Mapping[str, Scalar]], T]
"""A function of the economy before a quarter, the economy at its close, and identity -> residual."""


def step(
    before: Economy, parameters: Parameters, draws: Draws, decisions: DecisionRules, read: Read[T]
) -> tuple[Economy, T]:
    """Run one quarter on its draws; return the economy at the close, with its journal, and what `read` returns."""
    after, residuals = quarter(before, parameters, draws, decisions)
    return after, read(before, after, residuals)


def walk(
    economy: Economy, parameters: Parameters, draws: Draws, decisions: DecisionRules, read: Read[T]
) -> Iterator[T]:
    """Step a history in NumPy from its opening to its end, and yield what `read` returns for each quarter.

    The draws have a leading quarter axis, and so decide the length of the history.
    """
    for number in range(len(draws.rate)):
        economy, reading = step(economy, parameters, draws_of_quarter(draws, number), decisions, read)
        yield reading


@pytrees.register
@dataclass(frozen=True)
class Close:
    """The results at the close of a quarter or, with a leading quarter axis, of all quarters of a history.

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


def close_of(before: Economy, after: Economy, residuals: Mapping[str, Scalar]) -> Close:
    """Return all results at the close of a quarter."""
    series = measures.series(after) | measures.origin_series(before.books, after.books)
    return Close(after, dict(residuals), series, measures.agents(after))
