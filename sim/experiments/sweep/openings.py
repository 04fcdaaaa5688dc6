"""Openings of the points of a sweep that are built from a scenario, and kept while they fit in memory."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from sim.economy.state import Events
from sim.engine import pytrees
from sim.engine.batch import seeded
from sim.errors import ScenarioError
from sim.experiments.sweep.axes import Axis
from sim.opening import draws
from sim.opening.open_economy import Opening, observed, open_economy, shared
from sim.opening.schedule import schedule
from sim.scenario.load import changed
from sim.scenario.quantities import with_number
from sim.scenario.schema import Scenario

MOST = 64 * 2**20
"""Bytes that are kept of one kind of thing, at most."""
ARRAY = 120
"""Bytes of an array beside its numbers."""
AGENT = 20_000
"""Bytes of an agent's part of a scenario, roughly."""


@dataclass(frozen=True)
class Opened:
    """What a scenario decides of a history; the rest is random.

    Attributes:
        opening: economy and parameters.
        data: observed paths that histories follow.
        events: what is dated.
    """

    opening: Opening
    data: draws.Data
    events: Events

    @property
    def tree(self) -> dict[str, Any]:
        """All arrays."""
        opening = self.opening
        return {
            "economy": opening.economy,
            "parameters": opening.parameters,
            "data": vars(self.data),
            "events": self.events,
        }

    def shapes(self) -> dict[tuple[str, ...], tuple[int, ...]]:
        """Shape of every array by its path."""
        return {path: np.shape(array) for path, array in pytrees.by_path(self.tree).items()}

    def sharing(self, other: Opened) -> Opened:
        """Take the other's arrays where they are equal, so that JAX gets what all histories share only once."""
        tree = pytrees.combined(shared, self.tree, other.tree)
        opening = replace(self.opening, economy=tree["economy"], parameters=tree["parameters"])
        return Opened(opening, draws.Data(**tree["data"]), tree["events"])


class Memory:
    """Things by key, kept as long as they fit in memory; the last one always is.

    Args:
        beside: bytes that each thing takes beside its arrays.
    """

    def __init__(self, beside: int = 0) -> None:
        self._left = MOST
        self._beside = beside
        self._kept: dict[Hashable, Any] = {}
        self._last: tuple[Hashable, Any] | None = None

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Return what was made for this key, or make it now."""
        if key in self._kept:
            return self._kept[key]
        if self._last is not None and self._last[0] == key:
            return self._last[1]
        made = make()
        arrays = pytrees.leaves(getattr(made, "tree", made))
        size = self._beside + sum(int(np.asarray(array).nbytes) + ARRAY for array in arrays)
        if size <= self._left:
            self._left -= size
            self._kept[key] = made
        else:
            self._last = (key, made)
        return made


class Openings:
    """Builds openings of a scenario with other values at some keys, and keeps them.

    Args:
        scenario: with everything that holds at all points; its seed is that of the first replicate.
        axes: the keys that vary.
    """

    def __init__(self, scenario: Scenario, axes: Sequence[Axis]) -> None:
        self.scenario = scenario
        self.axes = tuple(axes)
        tail = scenario.tail
        # Sizes of synthetic agents are drawn from the seed; otherwise the opening is the same for all seeds.
        self._seeded = bool(tail.issuers or tail.labs or tail.providers)

    @cached_property
    def base(self) -> Opened:
        """The opening of the scenario itself, with the first seed."""
        return self.built({}, self.scenario.run.seed)

    def get(self, values: Mapping[int, float | str], seed: int) -> Opened:
        """Return the opening with other values of some axes; it shares with the base the arrays that are equal.

        Raises:
            ScenarioError: if a value is not allowed, the balance sheets do not close, or agents differ.
        """
        key = (tuple(values.items()), seed if self._seeded else None)
        opened: Opened = self._kept.get(key, lambda: self.checked(values, seed).sharing(self.base))
        return opened

    @cached_property
    def _kept(self) -> Memory:
        return Memory(beside=AGENT * sum(map(len, self.base.opening.names.values())))

    def checked(self, values: Mapping[int, float | str], seed: int) -> Opened:
        """Build an opening from scratch, and refuse it unless its agents are those of the base.

        Raises:
            ScenarioError: as `get` does.
        """
        opened = self.built(values, seed)
        if opened.shapes() != self._shapes:
            keys = ", ".join(self.axes[axis].key for axis in values)
            raise ScenarioError(f"{self.scenario.name}: {keys}: every point of a sweep must have the same agents")
        return opened

    @cached_property
    def _shapes(self) -> dict[tuple[str, ...], tuple[int, ...]]:
        return self.base.shapes()

    def built(self, values: Mapping[int, float | str], seed: int) -> Opened:
        """Build an opening from scratch.

        Numbers are put into the scenario without validating all of it again, which takes most of the time; their
        ranges have been checked for all points at once.

        Args:
            values: values by axis; the scenario's own where left out.
            seed: the seed that decides the sizes of synthetic agents.

        Raises:
            ScenarioError: if a value is not allowed, or the balance sheets do not close.
        """
        numbers = {axis: float(value) for axis, value in values.items() if self.axes[axis].quantity}
        scenario = self.scenario_of({axis: value for axis, value in values.items() if axis not in numbers}, seed)
        for axis, number in numbers.items():
            scenario = with_number(scenario, self.axes[axis].key, number)
        if numbers:
            try:
                scenario.check_together()
            except ValueError as error:
                raise ScenarioError(f"{scenario.name}: {error}") from None
        quarters = scenario.run.quarters
        return Opened(open_economy(scenario), observed(scenario, quarters), schedule(scenario, quarters))

    def scenario_of(self, values: Mapping[int, float | str], seed: int) -> Scenario:
        """Return the scenario with values of some axes, as a single history gets it.

        Raises:
            ScenarioError: if a value is not allowed.
        """
        changes = {self.axes[axis].key: value for axis, value in values.items()}
        return seeded(changed(self.scenario, changes) if changes else self.scenario, seed)
