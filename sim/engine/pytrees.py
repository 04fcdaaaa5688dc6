"""Trees of arrays: dataclasses, dictionaries and tuples, taken apart into arrays and put together again.

Unlike JAX, which sorts the keys of dictionaries, these keep the order in which things were put in: the order of
payments in a quarter is that of the tables. A tree is also its own pattern, from which others are built.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from functools import partial
from itertools import islice
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Tree = TypeVar("Tree")


def leaves(tree: Any) -> list[Any]:
    """The arrays (or numbers) of a tree, in order."""
    found: list[Any] = []
    _collect(tree, found)
    return found


def like(pattern: Tree, values: Iterable[Any]) -> Tree:
    """A tree of the form of another, with other leaves.

    Args:
        pattern: the other tree.
        values: as many leaves, in order.

    Raises:
        ValueError: if there are more or fewer.
    """
    given = iter(values)
    try:
        built: Tree = _builder(pattern)(given)
    except StopIteration:
        raise ValueError("a tree got fewer leaves than it has") from None
    if next(given, given) is not given:
        raise ValueError("a tree got more leaves than it has")
    return built


def stacked(trees: Sequence[Tree]) -> Tree:
    """Trees of one form as one tree, whose leaves have a leading axis over them."""
    columns = zip(*(leaves(tree) for tree in trees), strict=True)
    return like(trees[0], [np.array(column, dtype=np.float64) for column in columns])


def unstacked(tree: Tree) -> list[Tree]:
    """What `stacked` was given: one tree for each place on the leading axis; its arrays are views."""
    build = _builder(tree)
    return [build(iter(row)) for row in zip(*leaves(tree), strict=True)]


def joined(first: Tree, second: Tree) -> Tree:
    """Two trees as `stacked` gives them, one after the other."""
    return like(first, map(np.concatenate, zip(leaves(first), leaves(second), strict=True)))


def packed(tree: Any) -> NDArray[np.float64]:
    """All leaves, one after the other, as one vector."""
    return np.concatenate([np.ravel(leaf) for leaf in leaves(tree)], dtype=np.float64)


def unpacked(vectors: Any, shapes: Iterable[tuple[int, ...]]) -> Iterator[Any]:
    """Leaves of these shapes out of vectors, along the last axis; the axes before it stay in front.

    Args:
        vectors: `(..., number)`, of any array library.
        shapes: of the leaves, in order.
    """
    first = 0
    for shape in shapes:
        size = int(np.prod(shape))
        yield vectors[..., first : first + size].reshape((*vectors.shape[:-1], *shape))
        first += size


def _collect(tree: Any, found: list[Any]) -> None:
    if isinstance(tree, dict):
        for part in tree.values():
            _collect(part, found)
    elif isinstance(tree, tuple):
        for part in tree:
            _collect(part, found)
    elif is_dataclass(tree):
        for field in fields(tree):
            _collect(getattr(tree, field.name), found)
    else:
        found.append(tree)


def _builder(pattern: Any) -> Callable[[Iterator[Any]], Any]:
    """A function that takes leaves and makes a tree: the form is looked at once for any number of trees."""
    make: Callable[[list[Any]], Any]
    if isinstance(pattern, dict):
        make, parts = partial(_dictionary, tuple(pattern)), [*pattern.values()]
    elif isinstance(pattern, tuple):
        make, parts = tuple, [*pattern]
    elif is_dataclass(pattern):
        make, parts = partial(_called, type(pattern)), [getattr(pattern, field.name) for field in fields(pattern)]
    else:
        return next
    builders, count = [_builder(part) for part in parts], len(parts)
    if all(build is next for build in builders):
        return lambda values: make(_exactly(count, values))
    return lambda values: make([build(values) for build in builders])


def _exactly(count: int, values: Iterator[Any]) -> list[Any]:
    found = [*islice(values, count)]
    if len(found) < count:
        raise StopIteration
    return found


def _dictionary(keys: tuple[Any, ...], parts: list[Any]) -> dict[Any, Any]:
    return dict(zip(keys, parts, strict=True))


def _called(kind: Any, parts: list[Any]) -> Any:
    return kind(*parts)
