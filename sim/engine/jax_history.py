"""One history with the economy of every quarter, as one program that JAX compiles.

A start goes in as one vector and closes come out as one matrix, so that a call costs little more than the
arithmetic. Any lever, seed or scenario with as many agents and quarters uses the same program, which is compiled
ahead of time and kept on disk between invocations.
"""

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
        """Run a history from a start of the compiled shapes; leaves of the closes have a leading quarter axis."""
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
        # The form of a close is known once it is traced.
        traced_closes.append((pytrees.like(close, range(len(leaves))), tuple(leaf.shape for leaf in leaves)))
        return jnp.concatenate([leaf.ravel() for leaf in leaves])

    def packed_history(numbers: Any) -> Any:
        inside = pytrees.like(start, pytrees.unpacked(numbers, shapes))
        return scan(inside.economy, inside.parameters, inside.draws, RULES, packed_close)

    keep_programs()
    with jax.enable_x64(True):
        # All processes that wait for the compiler trace at once.
        traced = jax.jit(packed_history, compiler_options=compiler_options()).lower(pytrees.packed(start))
        with one_at_a_time():
            run = traced.compile()
    return Program(run, *traced_closes[-1])
