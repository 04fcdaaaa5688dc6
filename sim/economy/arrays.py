"""The few array helpers that every phase shares.

Nothing here, and nothing in the economy, names an array library: the namespace comes from the arrays, so
the same phase runs in NumPy for one history and in JAX for thousands.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeVar

from jaxtyping import Float

Array = Any
"""An array of whichever library the caller brought; shapes and dtypes are given by jaxtyping."""

Scalar = Float[Array, ""]

Carry = TypeVar("Carry")

NEXT_TO_NOTHING = 1e-290
""""Zero" in divisions: what repeated rounding leaves, and too small to divide by without overflow."""


def namespace(array: Array) -> Any:
    """Return the array library (`numpy` or `jax.numpy`) that `array` belongs to."""
    return array.__array_namespace__()


def ratio(numerator: Array, denominator: Array, empty: float = 0.0) -> Array:
    """Divide, giving `empty` where the denominator is zero (and no warning, overflow or NaN gradient)."""
    xp = namespace(denominator)
    nonzero = abs(denominator) > NEXT_TO_NOTHING
    return xp.where(nonzero, numerator / xp.where(nonzero, denominator, 1.0), empty)


def affordable(cash: Array, due: Array) -> Array:
    """Share of what is due that cash can pay, from none to all of it.

    A hair less than cash over due, so that rounding in the payments cannot overdraw the account; and not below
    zero, should rounding have left the account or the debt there.
    """
    return namespace(due).clip(ratio(cash, due, empty=1.0) * (1.0 - 1e-14), 0.0, 1.0)


def material(amount: Array) -> Array:
    """Drop amounts below a thousand dollars (1e-6 USD bn): what rounding leaves of an ask is not an ask."""
    return namespace(amount).where(amount > 1e-6, amount, 0.0)


def column(vector: Array) -> Array:
    """Turn a vector of amounts `(n,)` into a payment matrix to a single receiver `(n, 1)`."""
    return vector[:, None]


def row(vector: Array) -> Array:
    """Turn a vector of amounts `(n,)` into a payment matrix from a single payer `(1, n)`."""
    return vector[None, :]


def diagonal(vector: Array) -> Array:
    """Turn a vector `(n,)` into a matrix `(n, n)` in which each agent pays itself (book to book)."""
    xp = namespace(vector)
    return xp.eye(vector.shape[0]) * vector[:, None]


def flag(condition: Array, like: Array) -> Array:
    """Turn a condition into ones and zeros of the type of `like`."""
    return namespace(like).astype(condition, like.dtype)


def repeat(step: Callable[[Carry, dict[str, Array]], Carry], first: Carry, inputs: dict[str, Array]) -> Carry:
    """Take one step after another, over the leading axis of the inputs.

    In a library that compiles, the loop is its own compiled loop, so that a step is compiled once and not as often
    as it is taken; in the others it is a plain loop.

    Args:
        step: from what was carried and one slice of each input to what is carried on.
        first: what is carried into the first step; a dataclass of arrays, of the same shapes and types ever after.
        inputs: arrays with as many slices as there are steps.
    """
    some = next(iter(inputs.values()))
    compiled = getattr(import_module(namespace(some).__name__.partition(".")[0]), "lax", None)
    if compiled is not None:
        last, _ = compiled.scan(lambda carried, today: (step(carried, today), None), first, inputs)
        return last
    for number in range(some.shape[0]):
        first = step(first, {name: values[number] for name, values in inputs.items()})
    return first
