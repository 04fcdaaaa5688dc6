"""A history as a walk over its quarters: the one place in which the economy is stepped.

Whoever runs a history says what is to be read from each quarter, by a function of the economy before it, the
economy at its close and the residuals of its accounting identities. `walk` steps in NumPy,
`sim.engine.jax_stepping.scan` in a compiled program; the Mesa model takes one `step` at a time.
"""

from __future__ import annotations

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
"""What is read from a quarter: of the economy before it, the economy at its close, and identity -> residual."""


def step(
    before: Economy, parameters: Parameters, draws: Draws, decisions: DecisionRules, read: Read[T]
) -> tuple[Economy, T]:
    """Run one quarter, and read from it.

    Args:
        before: the economy at the close of the quarter before.
        parameters: parameters and traits.
        draws: the random numbers, data and events of this quarter.
        decisions: the decision rules in force.
        read: what to read.

    Returns:
        The economy at the close, with the journal of the quarter, and what was read.
    """
    after, residuals = quarter(before, parameters, draws, decisions)
    return after, read(before, after, residuals)


def walk(
    economy: Economy, parameters: Parameters, draws: Draws, decisions: DecisionRules, read: Read[T]
) -> Iterator[T]:
    """Step a history in NumPy from its opening to its end, and yield what is read from each quarter.

    Args:
        economy: the economy at the opening.
        parameters: parameters and traits.
        draws: random numbers, data and events, with a leading quarter axis.
        decisions: the decision rules in force.
        read: what to read from a quarter.
    """
    for number in range(len(draws.rate)):
        economy, reading = step(economy, parameters, draws_of_quarter(draws, number), decisions, read)
        yield reading


@pytrees.register
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


def close_of(before: Economy, after: Economy, residuals: Mapping[str, Scalar]) -> Close:
    """Read everything there is at the close of a quarter."""
    series = measures.series(after) | measures.origin_series(before.books, after.books)
    return Close(after, dict(residuals), series, measures.agents(after))
