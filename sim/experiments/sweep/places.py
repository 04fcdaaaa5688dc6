"""Where a number of the scenario lands in the opening of a history.

Building an opening from a scenario takes milliseconds, and most numbers are only copied into the rules. Which are,
and where to, is found by trying: the opening is built with several values of one number, and whatever changed must
be that number itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
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
        """The array with the number in its place."""
        if self.spots is None:
            return np.float64(value) if np.ndim(leaf) == 0 else np.full(np.shape(leaf), value)
        changed = np.array(leaf)
        changed.flat[self.spots] = value
        return changed


def leaves(part: Any, at: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Arrays of nested dataclasses and dictionaries, with their paths."""
    if is_dataclass(part):
        for field in fields(part):
            yield from leaves(getattr(part, field.name), (*at, field.name))
    elif isinstance(part, Mapping):
        for key, inside in part.items():
            yield from leaves(inside, (*at, str(key)))
    else:
        yield at, part


def with_leaves(part: Any, changes: Mapping[Path, Any]) -> Any:
    """The same nest with other arrays at some paths; everything else is shared."""
    if () in changes:
        return changes[()]
    below: dict[str, dict[Path, Any]] = {}
    for path, leaf in changes.items():
        below.setdefault(path[0], {})[path[1:]] = leaf
    if isinstance(part, Mapping):
        return {**part, **{key: with_leaves(part[key], inside) for key, inside in below.items()}}
    return replace(part, **{key: with_leaves(getattr(part, key), inside) for key, inside in below.items()})


def same(one: Any, other: Any) -> bool:
    """Whether two arrays are the same to the last bit, with the same shape and type."""
    a, b = np.asarray(one), np.asarray(other)
    return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()


def sharing(part: Any, model: Mapping[Path, Any]) -> Any:
    """The nest with the model's own arrays where they are the same: what is shared is handed on only once."""
    return with_leaves(
        part,
        {path: model[path] for path, leaf in leaves(part) if path in model and same(leaf, model[path])},
    )


def find(
    opened: Callable[[float], Any], base: Any, number: float, tried: Iterable[float]
) -> tuple[Place, ...] | None:
    """Places that a number is copied to.

    Args:
        opened: builds the nest with another value of the number.
        base: the nest as it is.
        number: the value in it.
        tried: other values.

    Returns:
        The places; None if anything else changes with the number, or nothing does.

    Raises:
        ScenarioError: from `opened`.
    """
    at_base = dict(leaves(base))
    changed: dict[Path, NDArray[np.bool_]] = {}
    seen: list[tuple[float, Leaves]] = [(number, at_base)]
    for value in tried:
        if value == number:
            continue
        there = dict(leaves(opened(value)))
        if there.keys() != at_base.keys():
            return None
        for path, leaf in there.items():
            one, other = np.asarray(leaf), np.asarray(at_base[path])
            if one.shape != other.shape or one.dtype != other.dtype:
                return None
            if not np.array_equal(one, other, equal_nan=True):
                changed[path] = changed.get(path, np.zeros(one.shape, dtype=bool)) | (one != other)
        seen.append((value, there))
    copied = all(
        (np.asarray(there[path])[where] == value).all() for value, there in seen for path, where in changed.items()
    )
    if not changed or not copied:
        return None
    return tuple(
        Place(path, None if where.all() else np.flatnonzero(where)) for path, where in sorted(changed.items())
    )


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
