"""Helpers on arrays that the phases share.

The array library comes from the arrays: the same phase runs in NumPy for one history and in JAX for thousands.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeVar

from jaxtyping import Float

Array = Any
"""An array of NumPy or JAX; jaxtyping annotates shapes and types."""

Scalar = Float[Array, ""]

Carry = TypeVar("Carry")

NEXT_TO_NOTHING = 1e-290
"""Treated as zero in divisions: left by repeated rounding, and too small a divisor without overflow."""


def namespace(array: Array) -> Any:
    """Return the array library (`numpy` or `jax.numpy`) that `array` belongs to."""
    return array.__array_namespace__()


def ratio(numerator: Array, denominator: Array, empty: float = 0.0) -> Array:
    """Divide, giving `empty` where the denominator is zero (and no warning, overflow or NaN gradient)."""
    xp = namespace(denominator)
    nonzero = abs(denominator) > NEXT_TO_NOTHING
    return xp.where(nonzero, numerator / xp.where(nonzero, denominator, 1.0), empty)


def affordable(cash: Array, due: Array) -> Array:
    """Share of the amount due that cash can pay, from zero to one.

    Slightly less than cash over due, so that rounding in the payments cannot overdraw the account, and not
    negative where rounding left a negative balance.
    """
    return namespace(due).clip(ratio(cash, due, empty=1.0) * (1.0 - 1e-14), 0.0, 1.0)


def material(amount: Array) -> Array:
    """Drop amounts below a thousand dollars (1e-6 USD bn), which may be left by rounding."""
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
    """Apply `step` repeatedly over the leading axis of the inputs, from the state `first`.

    A compiling library uses its own loop, so that a step is compiled once; the state, a tree of arrays, must keep
    its shapes and types.
    """
    some = next(iter(inputs.values()))
    compiled = getattr(import_module(namespace(some).__name__.partition(".")[0]), "lax", None)
    if compiled is not None:
        last, _ = compiled.scan(lambda carried, today: (step(carried, today), None), first, inputs)
        return last
    for number in range(some.shape[0]):
        first = step(first, {name: values[number] for name, values in inputs.items()})
    return first
