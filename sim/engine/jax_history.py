"""The JAX program for one history, which returns the economy of every quarter.

The program takes a start as one vector and returns all closes as one matrix, so that a call costs little more than
the arithmetic. All histories with as many agents and quarters, whatever their levers, seeds or scenarios, use the same
program. It is compiled before its first call, and kept on disk from one invocation to the next.
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
    """A compiled program that runs one history. Any number of threads may call it at once.

    Attributes:
        run: the compiled function; it takes a start as one vector and returns the closes, `(quarter, number)`.
        pattern: a `Close` with numbers in place of its arrays, from which closes of the same structure are built.
        shapes: shapes of the arrays of a close, in order.
    """

    run: Callable[..., Any]
    pattern: Close
    shapes: Shapes

    def __call__(self, start: Start) -> Close:
        """Run a history: arrays of `start` must have the compiled shapes, the results have a leading quarter axis."""
        with jax.enable_x64(True):
            closes = np.asarray(self.run(pytrees.packed(start)))
        return pytrees.like(self.pattern, pytrees.unpacked(closes, self.shapes))


def compile_history(start: Start) -> Program:
    """Return the program for as many agents and quarters as `start` has: compile it, or load it if it is on disk."""
    shapes = tuple(np.shape(leaf) for leaf in pytrees.leaves(start))
    traced_closes: list[tuple[Close, Shapes]] = []

    def packed_close(before: Economy, after: Economy, residuals: Mapping[str, Any]) -> Any:
        close = close_of(before, after, residuals)
        leaves = [jnp.asarray(leaf, dtype=jnp.float64) for leaf in pytrees.leaves(close)]
        # Only tracing tells the structure of a close and the shapes of its arrays.
        traced_closes.append((pytrees.like(close, range(len(leaves))), tuple(leaf.shape for leaf in leaves)))
        return jnp.concatenate([leaf.ravel() for leaf in leaves])

    def packed_history(numbers: Any) -> Any:
        inside = pytrees.like(start, pytrees.unpacked(numbers, shapes))
        return scan(inside.economy, inside.parameters, inside.draws, RULES, packed_close)

    keep_programs()
    with jax.enable_x64(True):
        # Processes trace at the same time; only the compiler is left to one of them.
        traced = jax.jit(packed_history, compiler_options=compiler_options()).lower(pytrees.packed(start))
        with one_at_a_time():
            run = traced.compile()
    return Program(run, *traced_closes[-1])
