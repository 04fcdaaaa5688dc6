"""Trees of arrays (dataclasses, dictionaries, tuples) by optree: flattened, rebuilt, stacked and packed.

Unlike JAX, which sorts the keys of dictionaries, these trees keep the order of insertion, and so the order of
payments in a quarter.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import fields, is_dataclass
from operator import attrgetter
from typing import Any, TypeVar

import numpy as np
import optree
from numpy.typing import NDArray

from sim.economy import parameters, state
from sim.economy.books import ledger
from sim.economy.coins import weekly_rounds

Tree = TypeVar("Tree")
NAMESPACE = "capflow"
DATACLASSES: tuple[type, ...] = tuple(
    dict.fromkeys(
        kind
        for module in (ledger, parameters, state, weekly_rounds)
        for kind in vars(module).values()
        if isinstance(kind, type) and is_dataclass(kind)
    )
)
"""The dataclasses of the economy, all of whose fields are trees of arrays."""
_insertion_order = ExitStack()
_insertion_order.enter_context(optree.dict_insertion_ordered(True, namespace=NAMESPACE))


def register(kind: type) -> type:
    """Make the fields of a dataclass branches of trees; a class decorator."""
    names = tuple(field.name for field in fields(kind))
    values: Callable[[Any], Any] = attrgetter(*names) if len(names) > 1 else lambda tree: (getattr(tree, names[0]),)
    optree.register_pytree_node(
        kind, lambda tree: (values(tree), None, names), lambda _, parts: kind(*parts), namespace=NAMESPACE
    )
    return kind


for _kind in DATACLASSES:
    register(_kind)


def _tree(tree: Any) -> Any:
    """Hide the type of a tree from the type checker: those of optree know only its own containers."""
    return tree


def leaves(tree: Any) -> list[Any]:
    """Return the arrays (or numbers) of a tree, in order."""
    return optree.tree_leaves(tree, namespace=NAMESPACE)


def by_path(tree: Any) -> dict[tuple[str, ...], Any]:
    """Return the arrays of a tree by their paths: names of fields and keys on the way from the root."""
    paths, arrays, _ = optree.tree_flatten_with_path(tree, namespace=NAMESPACE)
    return dict(zip(paths, arrays, strict=True))


def like(pattern: Tree, values: Iterable[Any]) -> Tree:
    """Build a tree of the form of another one, with other leaves in order; ValueError unless there are as many."""
    form = optree.tree_structure(_tree(pattern), namespace=NAMESPACE)
    built: Any = optree.tree_unflatten(form, values)
    return built


def combined(function: Callable[..., Any], first: Tree, *others: Tree) -> Tree:
    """Build a tree from several of one form: each leaf is the function of their leaves in that place."""
    built: Any = optree.tree_map(function, _tree(first), *map(_tree, others), namespace=NAMESPACE)
    return built


def stacked(trees: Sequence[Tree]) -> Tree:
    """Stack trees of one form into one tree, whose leaves have a leading axis over them."""
    return combined(lambda *column: np.array(column, dtype=np.float64), *trees)


def unstacked(tree: Tree) -> list[Tree]:
    """Undo `stacked`: one tree for each place on the leading axis; its arrays are views."""
    arrays, form = optree.tree_flatten(_tree(tree), namespace=NAMESPACE)
    build: Any = optree.tree_unflatten
    return [build(form, row) for row in zip(*arrays, strict=True)]


def joined(first: Tree, second: Tree) -> Tree:
    """Join two stacked trees, one after the other along the leading axis."""
    return combined(lambda *ends: np.concatenate(ends), first, second)


def packed(tree: Any) -> NDArray[np.float64]:
    """Return all leaves, one after the other, as one vector."""
    return np.concatenate([np.ravel(leaf) for leaf in leaves(tree)], dtype=np.float64)


def unpacked(vectors: Any, shapes: Iterable[tuple[int, ...]]) -> Iterator[Any]:
    """Yield the leaves of these shapes, in order, from vectors `(..., number)` of any array library."""
    first = 0
    for shape in shapes:
        size = int(np.prod(shape))
        yield vectors[..., first : first + size].reshape((*vectors.shape[:-1], *shape))
        first += size
