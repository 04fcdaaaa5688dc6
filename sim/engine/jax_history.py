"""One history with every economy on its way, compiled by JAX: one program, which scans the quarters.

Balances, rules and draws go in as one vector and come out as one matrix, so that a call costs little more than
the arithmetic. They are data of the program: any lever, seed or scenario with as many agents and quarters compiles
nothing. Programs are compiled ahead, and kept on disk between invocations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import sim.engine.jax_batch  # noqa: F401  (makes the economy known to JAX)
from sim.economy.books.ledger import EMPTY_JOURNAL
from sim.economy.quarter import quarter
from sim.economy.state import Draws, Economy
from sim.engine import pytrees
from sim.engine.batch import Start
from sim.engine.closes import Close, Shapes, close_of
from sim.engine.jax_cache import compiler_options, keep_programs, one_at_a_time


@dataclass(frozen=True)
class Program:
    """A compiled history. Any number of threads may call it at once.

    Attributes:
        run: from a packed start to the packed closes, `(quarter, number)`.
        pattern: of a close.
        shapes: of the leaves of a close, in order.
    """

    run: Callable[..., Any]
    pattern: Close
    shapes: Shapes

    def __call__(self, start: Start) -> Close:
        """Run a history.

        Args:
            start: of the history, with the shapes that the program was compiled for.

        Returns:
            The closes of all quarters in one: every leaf has a leading quarter axis.
        """
        with jax.enable_x64(True):
            closes = np.asarray(self.run(pytrees.packed(start)))
        return pytrees.like(self.pattern, pytrees.unpacked(closes, self.shapes))


def compile_history(start: Start) -> Program:
    """Compile a history for as many agents and quarters as a start has, or load what was compiled before."""
    shapes = tuple(np.shape(leaf) for leaf in pytrees.leaves(start))
    opening = _without_journal(start.economy)
    seen: list[tuple[Close, Shapes]] = []

    def packed_history(numbers: Any) -> Any:
        given = pytrees.like(start, pytrees.unpacked(numbers, shapes))

        def step(state: list[Any], today: Draws) -> tuple[list[Any], Any]:
            before = pytrees.like(opening, state)
            after, residuals = quarter(before, given.parameters, today)
            close = close_of(before.books, after, residuals)
            leaves = _numbers(close)
            # What a close looks like is known once it is traced.
            seen.append((pytrees.like(close, range(len(leaves))), tuple(leaf.shape for leaf in leaves)))
            return _numbers(_without_journal(after)), jnp.concatenate([leaf.ravel() for leaf in leaves])

        # Handed on as a list of leaves: JAX would sort dictionaries, and so change the order of the tables.
        return jax.lax.scan(step, _numbers(_without_journal(given.economy)), given.draws)[1]

    keep_programs()
    with jax.enable_x64(True):
        # Traced side by side by all processes that wait for it.
        traced = jax.jit(packed_history, compiler_options=compiler_options()).lower(pytrees.packed(start))
        with one_at_a_time():
            run = traced.compile()
    return Program(run, *seen[-1])


def _without_journal(economy: Economy) -> Economy:
    """What one quarter hands to the next."""
    return replace(economy, books=replace(economy.books, journal=EMPTY_JOURNAL))


def _numbers(tree: Any) -> list[Any]:
    return [jnp.asarray(leaf, dtype=jnp.float64) for leaf in pytrees.leaves(tree)]
