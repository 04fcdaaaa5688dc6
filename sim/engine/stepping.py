"""Steps of the economy from one quarter to the next; after each, a function that the caller gives reads results.

`walk` runs a history in NumPy, and `sim.engine.jax_stepping.scan` in a compiled program; the Mesa model calls `step`
for one quarter at a time.
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
"""A function that is given the economies before and after a quarter, and identity -> residual, and reads results."""


def step(
    before: Economy, parameters: Parameters, draws: Draws, decisions: DecisionRules, read: Read[T]
) -> tuple[Economy, T]:
    """Run one quarter with its draws; return the economy at the close, with the journal, and what `read` returns."""
    after, residuals = quarter(before, parameters, draws, decisions)
    return after, read(before, after, residuals)


def walk(
    economy: Economy, parameters: Parameters, draws: Draws, decisions: DecisionRules, read: Read[T]
) -> Iterator[T]:
    """Run a history in NumPy from its opening to its end, and yield what `read` returns for each quarter.

    The draws have a leading quarter axis; its length is the number of quarters that are run.
    """
    for number in range(len(draws.rate)):
        economy, reading = step(economy, parameters, draws_of_quarter(draws, number), decisions, read)
        yield reading


@pytrees.register
@dataclass(frozen=True)
class Close:
    """The results at the close of one quarter; or of all quarters of a history, with a leading quarter axis.

    Attributes:
        economy: the economy; its books contain the journal of the quarter.
        residuals: identity -> largest relative residual of any agent.
        series: measure -> one number for the whole economy.
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
