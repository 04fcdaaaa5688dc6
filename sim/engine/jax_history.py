"""One history with every economy on its way, as one program that JAX compiles.

Balances, parameters and draws go in as one vector and come out as one matrix, so that a call costs little more
than the arithmetic. They are data of the program: any lever, seed or scenario with as many agents and quarters
compiles nothing. Programs are compiled ahead, and kept on disk between invocations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from sim.economy.decisions import RULES
from sim.economy.state import Economy
from sim.engine import pytrees
from sim.engine.batch import Start
from sim.engine.jax_cache import compiler_options, keep_programs, one_at_a_time
from sim.engine.jax_stepping import scan
from sim.engine.stepping import Close, close_of

Shapes = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Program:
    """A compiled history. Any number of threads may call it at once.

    Attributes:
        run: function from a packed start to the packed closes, `(quarter, number)`.
        pattern: form of a close.
        shapes: shapes of the leaves of a close, in order.
    """

    run: Callable[..., Any]
    pattern: Close
    shapes: Shapes

    def __call__(self, start: Start) -> Close:
        """Run a history.

        Args:
            start: its start, with the shapes that the program was compiled for.

        Returns:
            The closes of all quarters in one: every leaf has a leading quarter axis.
        """
        with jax.enable_x64(True):
            closes = np.asarray(self.run(pytrees.packed(start)))
        return pytrees.like(self.pattern, pytrees.unpacked(closes, self.shapes))


def compile_history(start: Start) -> Program:
    """Compile a history for as many agents and quarters as a start has, or load what was compiled before."""
    shapes = tuple(np.shape(leaf) for leaf in pytrees.leaves(start))
    traced_closes: list[tuple[Close, Shapes]] = []

    def packed_close(before: Economy, after: Economy, residuals: Mapping[str, Any]) -> Any:
        close = close_of(before, after, residuals)
        leaves = [jnp.asarray(leaf, dtype=jnp.float64) for leaf in pytrees.leaves(close)]
        # What a close looks like is known once it is traced.
        traced_closes.append((pytrees.like(close, range(len(leaves))), tuple(leaf.shape for leaf in leaves)))
        return jnp.concatenate([leaf.ravel() for leaf in leaves])

    def packed_history(numbers: Any) -> Any:
        inside = pytrees.like(start, pytrees.unpacked(numbers, shapes))
        return scan(inside.economy, inside.parameters, inside.draws, RULES, packed_close)

    keep_programs()
    with jax.enable_x64(True):
        # Traced side by side by all processes that wait for it.
        traced = jax.jit(packed_history, compiler_options=compiler_options()).lower(pytrees.packed(start))
        with one_at_a_time():
            run = traced.compile()
    return Program(run, *traced_closes[-1])
