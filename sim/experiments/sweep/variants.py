"""Variants of a scenario: the starts of histories at the points of a sweep.

A start is that of `sim.engine.batch.start` for the scenario of the point and the seed of the run, to the last bit.
It is not built from scratch each time: random numbers are drawn once for a seed, and an opening is built once for
all points that differ only in numbers with a declared place in the parameters, into which they are copied.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from sim.economy.state import Draws, Events
from sim.engine import pytrees
from sim.engine.batch import Start, seeded
from sim.errors import ScenarioError
from sim.experiments.sweep.axes import Axis
from sim.opening import draws
from sim.opening.open_economy import Opening, observed, open_economy, shared, with_numbers
from sim.opening.places import place_of
from sim.opening.schedule import schedule
from sim.scenario.load import changed
from sim.scenario.quantities import with_number
from sim.scenario.schema import Scenario

Point = tuple[float | str, ...]
"""The values of a point, in the order of the axes."""
MOST = 64 * 2**20
"""Most bytes that a cache holds."""
ARRAY = 120
"""Bytes of an array in addition to its numbers."""
AGENT = 20_000
"""Approximate bytes of an agent's part of a scenario."""


@dataclass(frozen=True)
class Problem:
    """The number of a run that cannot be started, and the reason in one line."""

    run: int
    reason: str


@dataclass(frozen=True)
class Opened:
    """Everything about a history that the scenario decides: opening, observed paths and dated events."""

    opening: Opening
    data: draws.Data
    events: Events

    @property
    def tree(self) -> dict[str, Any]:
        """All arrays, as a tree."""
        economy, parameters = self.opening.economy, self.opening.parameters
        return {"economy": economy, "parameters": parameters, "data": vars(self.data), "events": self.events}

    def shapes(self) -> dict[tuple[str, ...], tuple[int, ...]]:
        """Return the shape of every array by its path."""
        return {path: np.shape(array) for path, array in pytrees.by_path(self.tree).items()}

    def sharing(self, other: Opened) -> Opened:
        """Take the other's arrays where they are equal, so that JAX gets arrays that all histories share once."""
        tree = pytrees.combined(shared, self.tree, other.tree)
        opening = replace(self.opening, economy=tree["economy"], parameters=tree["parameters"])
        return Opened(opening, draws.Data(**tree["data"]), tree["events"])


class Cache:
    """A cache of trees by key: all that fit in memory, and the last one."""

    def __init__(self, extra: int = 0) -> None:
        self._left = MOST
        self._extra = extra
        self._trees: dict[Hashable, Any] = {}
        self._last: tuple[Hashable, Any] = (None, None)

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Return the tree of a key, which is made unless it is in the cache."""
        if key in self._trees:
            return self._trees[key]
        if self._last[0] != key:
            tree = make()
            self._last = (key, tree)
            arrays = pytrees.leaves(getattr(tree, "tree", tree))
            size = self._extra + sum(int(np.asarray(array).nbytes) + ARRAY for array in arrays)
            if size <= self._left:
                self._left -= size
                self._trees[key] = tree
        return self._last[1]


class Variants:
    """Opens the points of a sweep.

    Args:
        scenario: the scenario, with the changes that apply at all points; its seed is that of the first replicate.
        axes: the keys that vary.

    Attributes:
        places: axis -> the place of its number in the parameters; openings are built for the other axes.
    """

    def __init__(self, scenario: Scenario, axes: Sequence[Axis]) -> None:
        self.scenario = scenario
        self.axes = tuple(axes)
        self.places = {
            number: place
            for number, axis in enumerate(axes)
            if axis.quantity and (place := place_of(scenario, axis.key)) is not None
        }
        tail = scenario.tail
        # Sizes of synthetic agents are drawn from the seed; otherwise the opening is the same for all seeds.
        self._seeded = bool(tail.issuers or tail.labs or tail.providers)
        self._draws = Cache()
        self._last: tuple[Opened, Point, Opening] | None = None

    @cached_property
    def base(self) -> Opened:
        """The opening of the scenario itself, with the first seed."""
        return self.built({}, self.scenario.run.seed)

    @cached_property
    def _openings(self) -> Cache:
        return Cache(extra=AGENT * sum(map(len, self.base.opening.names.values())))

    def start(self, point: Point, seed: int) -> Start:
        """Return the start of one history.

        Raises:
            ScenarioError: if the point is not allowed, or its opening balance sheets do not close.
        """
        key = (self._without_places(point), seed if self._seeded else None)
        opened = self._openings.get(key, lambda: self.open(point, seed).sharing(self.base))
        last = self._last
        # Replicates of a point follow each other.
        if last is None or last[0] is not opened or last[1] != point:
            numbers = {place: float(point[axis]) for axis, place in self.places.items()}
            last = self._last = (opened, point, with_numbers(opened.opening, numbers))
        return Start(last[2].economy, last[2].parameters, self._drawn(opened, seed))

    def open(self, point: Point, seed: int | None = None) -> Opened:
        """Build the opening of a point from scratch, all but its numbers with places in the parameters.

        Args:
            point: the values of the point.
            seed: the seed that decides the sizes of synthetic agents; the first one if left out.

        Raises:
            ScenarioError: if a value is not allowed, the balance sheets do not close, or the agents are not those
                of the scenario.
        """
        values = dict(self._without_places(point))
        opened = self.built(values, self.scenario.run.seed if seed is None else seed)
        if opened.shapes() != self.base.shapes():
            keys = ", ".join(self.axes[axis].key for axis in values)
            raise ScenarioError(f"{self.scenario.name}: {keys}: every point of a sweep must have the same agents")
        return opened

    def built(self, values: Mapping[int, float | str], seed: int) -> Opened:
        """Build the opening of the scenario with other values of some axes.

        Numbers are set without validating the whole scenario again, which takes most of the time; their ranges
        have been checked for all points at once.
        """
        numbers = {self.axes[axis].key: float(v) for axis, v in values.items() if self.axes[axis].quantity}
        words = {self.axes[axis].key: value for axis, value in values.items() if not self.axes[axis].quantity}
        scenario = seeded(changed(self.scenario, words) if words else self.scenario, seed)
        for key, number in numbers.items():
            scenario = with_number(scenario, key, number)
        if numbers:
            try:
                scenario.check_together()
            except ScenarioError as error:
                raise error.inside(scenario.name) from None
        quarters = scenario.run.quarters
        return Opened(open_economy(scenario), observed(scenario, quarters), schedule(scenario, quarters))

    def _without_places(self, point: Point) -> tuple[tuple[int, float | str], ...]:
        return tuple((axis, value) for axis, value in enumerate(point) if axis not in self.places)

    def _drawn(self, opened: Opened, seed: int) -> Draws:
        """Return the random numbers of a seed, drawn once, with the data and events of an opening."""
        base, data = self.base, opened.data

        def draw() -> Draws:
            names, quarters = base.opening.names, self.scenario.run.quarters
            agents = (names["issuers"], names["labs"], names["ventures"])
            return draws.draw(seed, quarters, *agents, base.data, base.events)

        return replace(
            self._draws.get(seed, draw),
            known=data.known,
            bill_rate_data=data.bill_rate,
            bitcoin_data=data.bitcoin,
            gold_data=data.gold,
            progress=data.progress,
            events=opened.events,
        )
