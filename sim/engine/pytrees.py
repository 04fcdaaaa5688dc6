"""Trees of arrays (nested dataclasses, dictionaries and tuples), which are flattened, rebuilt, stacked and packed.

The library optree does the work. JAX would sort the keys of dictionaries; here they keep the order of insertion, and
with it the order of payments in a quarter. The arrays (or numbers) in a tree are called its leaves.
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
    """Decorate a dataclass, so that trees branch into its fields."""
    names = tuple(field.name for field in fields(kind))
    values: Callable[[Any], Any] = attrgetter(*names) if len(names) > 1 else lambda tree: (getattr(tree, names[0]),)
    optree.register_pytree_node(
        kind, lambda tree: (values(tree), None, names), lambda _, parts: kind(*parts), namespace=NAMESPACE
    )
    return kind


for _kind in DATACLASSES:
    register(_kind)


def _tree(tree: Any) -> Any:
    """Hide the type of a tree from the type checker: the annotations of optree know only containers of its own."""
    return tree


def leaves(tree: Any) -> list[Any]:
    """Return the arrays (or numbers) of a tree, in order."""
    return optree.tree_leaves(tree, namespace=NAMESPACE)


def by_path(tree: Any) -> dict[tuple[str, ...], Any]:
    """Return path -> array for a tree; a path is the names of the fields and keys on the way from the root."""
    paths, arrays, _ = optree.tree_flatten_with_path(tree, namespace=NAMESPACE)
    return dict(zip(paths, arrays, strict=True))


def like(pattern: Tree, values: Iterable[Any]) -> Tree:
    """Build a tree of the same structure as `pattern` from `values`; ValueError unless there is one for each leaf."""
    form = optree.tree_structure(_tree(pattern), namespace=NAMESPACE)
    built: Any = optree.tree_unflatten(form, values)
    return built


def combined(function: Callable[..., Any], first: Tree, *others: Tree) -> Tree:
    """Build a tree from trees of one structure: each leaf is `function` applied to their leaves in the same place."""
    built: Any = optree.tree_map(function, _tree(first), *map(_tree, others), namespace=NAMESPACE)
    return built


def stacked(trees: Sequence[Tree]) -> Tree:
    """Stack trees of one structure into one tree; the leading axis of each leaf counts the trees."""
    return combined(lambda *column: np.array(column, dtype=np.float64), *trees)


def unstacked(tree: Tree) -> list[Tree]:
    """Undo `stacked`: return one tree for each place on the leading axis; the arrays of these trees are views."""
    arrays, form = optree.tree_flatten(_tree(tree), namespace=NAMESPACE)
    build: Any = optree.tree_unflatten
    return [build(form, row) for row in zip(*arrays, strict=True)]


def joined(first: Tree, second: Tree) -> Tree:
    """Join two stacked trees: the second is appended to the first along the leading axis."""
    return combined(lambda *ends: np.concatenate(ends), first, second)


def packed(tree: Any) -> NDArray[np.float64]:
    """Return all leaves of a tree, flattened and one after the other, as one vector."""
    return np.concatenate([np.ravel(leaf) for leaf in leaves(tree)], dtype=np.float64)


def unpacked(vectors: Any, shapes: Iterable[tuple[int, ...]]) -> Iterator[Any]:
    """Undo `packed`: cut vectors, `(..., number)`, of any array library into leaves of these shapes, in order."""
    first = 0
    for shape in shapes:
        size = int(np.prod(shape))
        yield vectors[..., first : first + size].reshape((*vectors.shape[:-1], *shape))
        first += size
