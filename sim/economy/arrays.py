"""Helpers for arrays, used by all phases.

Each helper uses the library of the arrays it is given, so that a phase runs with NumPy (one history) or with JAX
(thousands of histories).
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
"""Divisors up to this size count as zero: repeated rounding leaves them, and dividing by them would overflow."""


def namespace(array: Array) -> Any:
    """Return the array library (`numpy` or `jax.numpy`) that `array` belongs to."""
    return array.__array_namespace__()


def ratio(numerator: Array, denominator: Array, empty: float = 0.0) -> Array:
    """Divide; the result is `empty` where the denominator is zero, without warning, overflow or NaN gradient."""
    xp = namespace(denominator)
    nonzero = abs(denominator) > NEXT_TO_NOTHING
    return xp.where(nonzero, numerator / xp.where(nonzero, denominator, 1.0), empty)


def affordable(cash: Array, due: Array) -> Array:
    """Return the share of the amount due that cash can pay, from zero to one.

    It is slightly less than cash / due, so that rounding in the payments cannot overdraw the account, and zero where
    rounding has left a negative balance.
    """
    return namespace(due).clip(ratio(cash, due, empty=1.0) * (1.0 - 1e-14), 0.0, 1.0)


def material(amount: Array) -> Array:
    """Set amounts below a thousand dollars (1e-6 USD bn) to zero, because they may be rounding."""
    return namespace(amount).where(amount > 1e-6, amount, 0.0)


def column(vector: Array) -> Array:
    """Turn a vector of amounts `(n,)` into a payment matrix to a single receiver `(n, 1)`."""
    return vector[:, None]


def row(vector: Array) -> Array:
    """Turn a vector of amounts `(n,)` into a payment matrix from a single payer `(1, n)`."""
    return vector[None, :]


def diagonal(vector: Array) -> Array:
    """Turn a vector `(n,)` into a payment matrix `(n, n)` in which each agent pays itself, from book to book."""
    xp = namespace(vector)
    return xp.eye(vector.shape[0]) * vector[:, None]


def flag(condition: Array, like: Array) -> Array:
    """Turn a condition into ones (true) and zeros, with the data type of `like`."""
    return namespace(like).astype(condition, like.dtype)


def repeat(step: Callable[[Carry, dict[str, Array]], Carry], first: Carry, inputs: dict[str, Array]) -> Carry:
    """Apply `step` once for each index of the inputs' leading axis, beginning with the state `first`.

    JAX uses its own loop (`lax.scan`), so that `step` is compiled only once. The state, a tree of arrays, must keep
    its shapes and types from step to step. The inputs are name -> array; `step` gets one entry of each array.
    """
    some = next(iter(inputs.values()))
    compiled = getattr(import_module(namespace(some).__name__.partition(".")[0]), "lax", None)
    if compiled is not None:
        last, _ = compiled.scan(lambda carried, today: (step(carried, today), None), first, inputs)
        return last
    for number in range(some.shape[0]):
        first = step(first, {name: values[number] for name, values in inputs.items()})
    return first
