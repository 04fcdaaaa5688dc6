"""Where a number of the scenario lands in the opening of a history.

Building an opening from a scenario takes milliseconds, and most numbers are only copied into the rules. Which are,
and where to, is found by trying: the opening is built with several values of one number, and whatever changed must
be that number itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, is_dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Path = tuple[str, ...]
"""Names of fields and keys on the way from the root to an array."""
Leaves = dict[Path, Any]


@dataclass(frozen=True)
class Place:
    """Where a number is copied to.

    Attributes:
        path: of an array.
        spots: flat indices in it; None where it is all of it.
    """

    path: Path
    spots: NDArray[np.intp] | None

    def filled(self, leaf: Any, value: float) -> Any:
        """Return the array with the number in its place."""
        if self.spots is None:
            return np.float64(value) if np.ndim(leaf) == 0 else np.full(np.shape(leaf), value)
        changed = np.array(leaf)
        changed.flat[self.spots] = value
        return changed


def leaves(part: Any) -> Leaves:
    """Arrays of nested dataclasses and dictionaries, by path."""
    found: Leaves = {}

    def walk(part: Any, at: Path) -> None:
        inside = part if isinstance(part, dict) else vars(part) if is_dataclass(part) else None
        if inside is None:
            found[at] = part
            return
        for name, below in inside.items():
            walk(below, (*at, name))

    walk(part, ())
    return found


def leaf(part: Any, path: Path) -> Any:
    """Return the array at a path."""
    for name in path:
        part = part[name] if isinstance(part, dict) else getattr(part, name)
    return part


def with_leaves(part: Any, changes: Mapping[Path, Any]) -> Any:
    """Return the same nest with other arrays at some paths; everything else is shared."""
    if () in changes:
        return changes[()]
    below: dict[str, dict[Path, Any]] = {}
    for path, leaf in changes.items():
        below.setdefault(path[0], {})[path[1:]] = leaf
    if isinstance(part, dict):
        return {**part, **{key: with_leaves(part[key], inside) for key, inside in below.items()}}
    return replace(part, **{key: with_leaves(getattr(part, key), inside) for key, inside in below.items()})


def same(one: Any, other: Any) -> bool:
    """Whether two arrays are the same to the last bit, with the same shape and type."""
    if one is other:
        return True
    a, b = np.asarray(one), np.asarray(other)
    return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()


def sharing(part: Any, model: Mapping[Path, Any]) -> Any:
    """Return the nest with the model's own arrays where they are the same, so that they are sent only once."""
    return with_leaves(
        part,
        {path: model[path] for path, leaf in leaves(part).items() if path in model and same(leaf, model[path])},
    )


def find(
    base: Leaves, number: float, there: Iterable[tuple[float, Leaves]]
) -> tuple[tuple[Place, ...], frozenset[Path]]:
    """Places that a number is copied to.

    Args:
        base: arrays of the nest as it is.
        number: the value in it.
        there: other values of the number, each with the arrays that it gives, of the same shapes.

    Returns:
        The places in the arrays where whatever changes is the number itself, and the paths of the other arrays
        that change.
    """
    changed: dict[Path, NDArray[np.bool_]] = {}
    seen: list[tuple[float, Leaves]] = [(number, base), *there]
    for _, arrays in seen[1:]:
        for path, leaf in arrays.items():
            if not same(leaf, base[path]):
                differs = np.asarray(leaf) != np.asarray(base[path])
                changed[path] = changed.get(path, np.zeros(differs.shape, dtype=bool)) | differs
    copied = {
        path
        for path, where in changed.items()
        if all((np.asarray(arrays[path])[where] == value).all() for value, arrays in seen)
    }
    found = tuple(
        Place(path, None if changed[path].all() else np.flatnonzero(changed[path])) for path in sorted(copied)
    )
    return found, frozenset(changed) - copied


def apart(places: Sequence[tuple[Place, ...]], shapes: Mapping[Path, int]) -> list[bool]:
    """For each number whether no other one is copied to any of its places.

    Args:
        places: of each number.
        shapes: path -> how many elements the array has.
    """
    taken: dict[tuple[Path, int], int] = {}
    spots = [
        {
            (place.path, int(spot))
            for place in of_one
            for spot in (range(shapes[place.path]) if place.spots is None else place.spots)
        }
        for of_one in places
    ]
    for one in spots:
        for spot in one:
            taken[spot] = taken.get(spot, 0) + 1
    return [all(taken[spot] == 1 for spot in one) for one in spots]
