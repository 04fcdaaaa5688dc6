"""The loop over the quarters of a history inside a program that JAX compiles: `jax.lax.scan`."""

from dataclasses import fields, replace
from typing import Any

import jax
import jax.numpy as jnp

from sim.economy.books.ledger import EMPTY_JOURNAL
from sim.economy.parameters import Parameters
from sim.economy.phase import DecisionRules
from sim.economy.state import Draws, Economy
from sim.engine import pytrees
from sim.engine.stepping import Read, step

for _kind in pytrees.DATACLASSES:
    jax.tree_util.register_dataclass(_kind, [field.name for field in fields(_kind)], [])


def scan(economy: Economy, parameters: Parameters, draws: Draws, decisions: DecisionRules, read: Read[Any]) -> Any:
    """Run a history like `sim.engine.stepping.walk`, but as a function that JAX can trace.

    `read` must return a tree of arrays. The same tree is returned, each array with a leading quarter axis.
    """
    opening = handed_on(economy)

    # Handed on as a list of leaves: JAX would sort dictionaries, and so change the order of the tables.
    def advance(state: list[Any], today: Draws) -> tuple[list[Any], Any]:
        after, reading = step(pytrees.like(opening, state), parameters, today, decisions, read)
        return pytrees.leaves(handed_on(after)), reading

    return jax.lax.scan(advance, pytrees.leaves(opening), draws)[1]


def handed_on(economy: Economy) -> Economy:
    """Return what one quarter passes on to the next: the economy without its journal, in double precision."""
    bare = replace(economy, books=replace(economy.books, journal=EMPTY_JOURNAL))
    return pytrees.combined(lambda leaf: jnp.asarray(leaf, dtype=jnp.float64), bare)
