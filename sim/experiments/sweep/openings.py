"""Openings of the points of a sweep: what a point decides of a history; the rest is random."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from sim.economy.parameters import Parameters
from sim.economy.state import Economy, Events
from sim.errors import ScenarioError
from sim.experiments.sweep import places
from sim.experiments.sweep.axes import Axis
from sim.opening import draws
from sim.opening.open_economy import economy_of, observed, open_economy
from sim.opening.schedule import schedule
from sim.opening.synthetic_agents import with_tail
from sim.scenario.load import changed
from sim.scenario.schema import Scenario

MEMORY = 64 * 2**20
"""Most bytes that are kept of one kind of thing for later runs."""
ARRAY = 120
"""Bytes of an array beside its numbers."""
AGENT = 20_000
"""Bytes of an agent's part of a scenario, about."""


@dataclass(frozen=True)
class Opened:
    """An opening.

    Attributes:
        scenario: it was built from, with its tail.
        economy: balances at the close of the opening quarter.
        parameters: parameters and traits.
        data: observed paths that histories follow.
        events: what is dated.
    """

    scenario: Scenario
    economy: Economy
    parameters: Parameters
    data: draws.Data
    events: Events

    @property
    def parts(self) -> dict[str, Any]:
        """What has arrays."""
        return {"economy": self.economy, "parameters": self.parameters, "data": self.data, "events": self.events}

    def arrays(self) -> dict[places.Path, Any]:
        """All arrays by path."""
        return places.leaves(self.parts)

    def changed(self, arrays: Mapping[places.Path, Any]) -> Opened:
        """Return a copy with other arrays at some paths."""
        return replace(self, **places.with_leaves(self.parts, arrays))


class Kept:
    """What was made for a key, as long as it fits in memory; and always what was made last.

    Args:
        beside: bytes that each thing takes beside its arrays.
    """

    def __init__(self, beside: int = 0) -> None:
        self._left = MEMORY
        self._beside = beside
        self._kept: dict[Hashable, Any] = {}
        self._last: tuple[Hashable, Any] | None = None

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Return what was made for this key, or is made now."""
        if key in self._kept:
            return self._kept[key]
        if self._last is not None and self._last[0] == key:
            return self._last[1]
        made = make()
        arrays = places.leaves(getattr(made, "parts", made))
        size = self._beside + sum(int(np.asarray(leaf).nbytes) + ARRAY for leaf in arrays.values())
        if size <= self._left:
            self._left -= size
            self._kept[key] = made
        else:
            self._last = (key, made)
        return made


def with_number(part: Any, path: Sequence[str], value: float) -> Any:
    """Return a part of a scenario with another value of the number at a path."""
    if not path:
        return part.model_copy(update={"value": value})
    name, *below = path
    if isinstance(part, dict):
        return {**part, name: with_number(part[name], below, value)}
    return part.model_copy(update={name: with_number(getattr(part, name), below, value)})


class Openings:
    """Builds openings of a scenario with other values at some keys, and keeps them.

    Args:
        scenario: with everything that holds at all points; its seed is that of the first replicate.
        axes: the keys that vary.

    Attributes:
        seed: of the first replicate.
    """

    def __init__(self, scenario: Scenario, axes: Sequence[Axis]) -> None:
        self.scenario = scenario
        self.axes = tuple(axes)
        self.seed = scenario.run.seed
        tail = scenario.tail
        # Sizes of synthetic agents are drawn from the seed; otherwise the opening is the same for all seeds.
        self._seeded = bool(tail.issuers or tail.labs or tail.providers)

    @cached_property
    def base(self) -> Opened:
        """The opening of the scenario itself, with the first seed."""
        return self.bare({}, self.seed)

    @cached_property
    def arrays(self) -> dict[places.Path, Any]:
        """Arrays of the base."""
        return self.base.arrays()

    @cached_property
    def names(self) -> dict[str, tuple[str, ...]]:
        """Population -> names of its agents, the same at all points."""
        return open_economy(self.scenario).names

    def get(self, given: tuple[float | str | None, ...], seed: int) -> Opened:
        """Return the opening with a value for each axis, or None to leave the base's; equal arrays are shared.

        Raises:
            ScenarioError: if a value is not allowed, the balance sheets do not close, or agents differ.
        """
        wanted = {axis: value for axis, value in enumerate(given) if value is not None}
        key = (given, seed if self._seeded else None)
        found: Opened = self._openings.get(key, lambda: self._new(wanted, seed))
        return found

    @cached_property
    def _openings(self) -> Kept:
        return Kept(beside=AGENT * sum(map(len, self.names.values())))

    def bare(self, given: Mapping[int, Any], seed: int) -> Opened:
        """Return the same opening made from scratch, values by axis; nothing is kept or shared.

        Numbers are put into the scenario without reading all of it again, which takes most of the time; their
        ranges have been checked for all points at once.
        """
        words = {axis: value for axis, value in given.items() if not self.axes[axis].quantity}
        scenario = self.scenario_of(words, seed)
        for axis, value in given.items():
            if axis not in words:
                scenario = with_number(scenario, self.axes[axis].key.split("."), float(value))
        if len(given) > len(words):
            try:
                scenario.check_together()
            except ValueError as error:
                raise ScenarioError(f"{scenario.name}: {error}") from None
        found, quarters = open_economy(scenario), scenario.run.quarters
        data, events = observed(scenario, quarters), schedule(scenario, quarters)
        return Opened(with_tail(scenario), found.economy, found.parameters, data, events)

    def checked(self, given: Mapping[int, Any], seed: int) -> Opened:
        """Return the same opening, if its agents are those of the base.

        Raises:
            ScenarioError: if they are not, or as above.
        """
        opened = self.bare(given, seed)
        if {path: np.shape(leaf) for path, leaf in opened.arrays().items()} != self._shapes:
            keys = ", ".join(self.axes[axis].key for axis in given)
            raise ScenarioError(f"{self.scenario.name}: {keys}: every point of a sweep must have the same agents")
        return opened

    def scenario_of(self, given: Mapping[int, Any], seed: int) -> Scenario:
        """Return the scenario with values of some axes, as a single history gets it.

        Raises:
            ScenarioError: if a value is not allowed.
        """
        values = {self.axes[axis].key: value for axis, value in given.items()}
        scenario = changed(self.scenario, values) if values else self.scenario
        return scenario.model_copy(update={"run": scenario.run.model_copy(update={"seed": seed})})

    def rebuilt(self, opened: Opened) -> Opened:
        """Return the opening with the economy that its rules make of its scenario and its books."""
        made = economy_of(opened.scenario, opened.parameters, opened.economy.books)
        return replace(opened, economy=places.sharing(made, self._economy))

    @cached_property
    def _economy(self) -> dict[places.Path, Any]:
        """Arrays of the base's economy, the books left aside: they are handed on as they are."""
        return {
            path[1:]: leaf for path, leaf in self.arrays.items() if path[0] == "economy" and path[1] != "books"
        }

    def _new(self, given: Mapping[int, Any], seed: int) -> Opened:
        opened = self.checked(given, seed)
        return replace(opened, **places.sharing(opened.parts, self.arrays))

    @cached_property
    def _shapes(self) -> dict[places.Path, tuple[int, ...]]:
        return {path: np.shape(leaf) for path, leaf in self.arrays.items()}
