"""Which keys of a sweep need no opening built from scratch for each of their values.

A key is a shortcut if its number is copied into the rules, and what it does to the opening economy is done by the
rules: then numbers are put in their places, and the economy is built again from rules and books, or not even that
where it has only copies. Everything here is found by trying, never assumed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import ScenarioError
from sim.experiments.sweep import places
from sim.experiments.sweep.openings import Opened, Openings
from sim.experiments.sweep.places import Place
from sim.scenario.schema import SUMMED, Scenario

VALUES = 4
"""Values of a key that are tried, the lowest and the highest among them."""


@dataclass(frozen=True)
class Shortcuts:
    """Numbers that are put in their places.

    Attributes:
        places: axis -> where its number goes.
        rebuild: whether the economy is then built again from the rules, because it has more than copies.
    """

    places: Mapping[int, tuple[Place, ...]]
    rebuild: bool

    def applied(self, openings: Openings, opened: Opened, point: Sequence[Any]) -> Opened:
        """Return an opening with the numbers of a point in their places."""
        if not self.places:
            return opened
        changes: dict[places.Path, Any] = {}
        for axis, found in self.places.items():
            for place in found:
                leaf = changes[place.path] if place.path in changes else places.leaf(opened.parts, place.path)
                changes[place.path] = place.filled(leaf, float(point[axis]))
        changed = opened.changed(changes)
        return openings.rebuilt(changed) if self.rebuild else changed


NONE = Shortcuts({}, False)


def find(openings: Openings, columns: Sequence[NDArray[Any]]) -> Shortcuts:
    """Try every key that is a number with a range of its own.

    Args:
        openings: of the points.
        columns: for each axis its numbers.
    """
    copied: dict[int, tuple[Place, ...]] = {}
    ruled: dict[int, tuple[Place, ...]] = {}
    for axis, column in enumerate(columns):
        if not openings.axes[axis].quantity or judged_with_others(openings.axes[axis].key):
            continue
        try:
            tried = [(value, openings.bare({axis: value}, openings.seed)) for value in _spread(column)]
        except ScenarioError:
            continue
        found, others = places.find(
            openings.arrays,
            number_at(openings.scenario, openings.axes[axis].key),
            [(value, opened.arrays()) for value, opened in tried],
        )
        in_rules = tuple(place for place in found if place.path[0] == "parameters")
        if not in_rules or any(path[0] != "economy" for path in others):
            continue
        if not others:
            copied[axis] = found
        if _by_the_rules(openings, Shortcuts({axis: in_rules}, True), tried):
            ruled[axis] = in_rules
    plain = _apart(openings, copied)
    again = _apart(openings, ruled)
    # Building the economy again costs more, so only where it saves openings.
    return Shortcuts(plain, False) if len(plain) >= len(again) else Shortcuts(again, True)


def judged_with_others(key: str) -> bool:
    """Whether a number is judged together with others, so that its own range does not suffice."""
    parts = key.split(".")
    return parts[-1] in SUMMED.get(parts[0], ())


def number_at(scenario: Scenario, key: str) -> float:
    """Return the number at a dotted key."""
    place: Any = scenario
    for part in key.split("."):
        place = place[part] if isinstance(place, dict) else getattr(place, part)
    return float(place.value)


def _by_the_rules(openings: Openings, way: Shortcuts, tried: Sequence[tuple[float, Opened]]) -> bool:
    (axis,) = way.places
    for value, wanted in tried:
        point = [value if number == axis else None for number in range(len(openings.axes))]
        if not equal(way.applied(openings, openings.base, point).parts, wanted.parts):
            return False
    return True


def equal(one: Any, other: Any) -> bool:
    """Whether two nests have the same arrays, to the last bit."""
    first, second = places.leaves(one), places.leaves(other)
    return first.keys() == second.keys() and all(places.same(leaf, second[path]) for path, leaf in first.items())


def _apart(openings: Openings, found: Mapping[int, tuple[Place, ...]]) -> dict[int, tuple[Place, ...]]:
    """Axes that share no place with another one."""
    sizes = {path: int(np.size(leaf)) for path, leaf in openings.arrays.items()}
    alone = places.apart(list(found.values()), sizes)
    return {axis: where for (axis, where), free in zip(found.items(), alone, strict=True) if free}


def _spread(column: NDArray[Any]) -> list[float]:
    """Return a few values of a column, from the lowest to the highest."""
    values = np.unique(column)
    chosen = np.linspace(0, len(values) - 1, min(len(values), VALUES)).astype(int)
    return [float(value) for value in values[chosen]]
