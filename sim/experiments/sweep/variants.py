"""From the points of a sweep to the starts of its histories.

A start is what `sim.histories.start` gives for the point's scenario and the run's seed, to the last bit. It is not
built from scratch each time: random numbers are drawn once for a seed, openings are built once for all points that
differ only in numbers copied into the rules, and those numbers are then put in their places (`places`). Whether
that gives the same is tried on a sample of the points; if it does not, every point is built from scratch.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim import shocks
from sim.economy.rules import Rules
from sim.economy.state import Draws, Economy, Events
from sim.errors import ScenarioError
from sim.experiments.sweep import places
from sim.experiments.sweep.places import Place
from sim.experiments.sweep.space import Axis
from sim.histories import Start, start
from sim.opening import observed, open_economy
from sim.scenario import changed
from sim.schedule import schedule
from sim.schema import SUMMED, Scenario

Point = tuple[float | str, ...]
"""The values of a point, in the order of the axes."""
MEMORY = 64 * 2**20
"""Most bytes of random numbers, and of openings, that are kept for later runs."""
TRIED = 24
"""Points of the sample, beside those where a key is lowest or highest."""


@dataclass(frozen=True)
class Problem:
    """A run that cannot be started.

    Attributes:
        run: its number.
        reason: why, in one line.
    """

    run: int
    reason: str


@dataclass(frozen=True)
class Opened:
    """What a point decides of a start; the rest is random."""

    economy: Economy
    rules: Rules
    data: shocks.Data
    events: Events


class Kept:
    """What was made for a key, as long as it fits in memory; and always what was made last."""

    def __init__(self, most: int) -> None:
        self._left = most
        self._kept: dict[Hashable, Any] = {}
        self._last: tuple[Hashable, Any] | None = None

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """What was made for this key, or is made now."""
        if key in self._kept:
            return self._kept[key]
        if self._last is not None and self._last[0] == key:
            return self._last[1]
        made = make()
        size = sum(int(np.asarray(leaf).nbytes) + 100 for _, leaf in places.leaves(made))
        if size <= self._left:
            self._left -= size
            self._kept[key] = made
        else:
            self._last = (key, made)
        return made


class Variants:
    """Opens the points of a sweep.

    Args:
        scenario: with everything that holds at all points.
        axes: the keys that vary.
        columns: of the points, numbers or places of words.
        replicates: histories at each point; the first has the scenario's seed.
    """

    def __init__(
        self, scenario: Scenario, axes: Sequence[Axis], columns: Sequence[NDArray[Any]], replicates: int
    ) -> None:
        self.scenario = scenario
        self.axes = tuple(axes)
        self.columns = tuple(columns)
        self.replicates = replicates
        self._openings = Kept(MEMORY)
        self._draws = Kept(MEMORY)
        tail = scenario.tail
        # Sizes of synthetic agents are drawn from the seed; otherwise the opening is the same for all seeds.
        self._seeded = bool(tail.issuers or tail.labs or tail.providers)

    def point(self, number: int) -> Point:
        """The values of one point, in the order of the axes."""
        return tuple(
            axis.words[column[number]] if axis.words else float(column[number])
            for axis, column in zip(self.axes, self.columns, strict=True)
        )

    def start(self, point: Point, seed: int) -> Start:
        """The start of one history.

        Raises:
            ScenarioError: if the point's opening balance sheets do not close.
        """
        return self._start(point, seed, self.direct)

    def open(self, point: Point) -> None:
        """Build a point's opening, with the first seed.

        Raises:
            ScenarioError: if the point is not allowed, or its opening balance sheets do not close.
        """
        self._opened(self._unplaced(point, self.direct), self.scenario.run.seed)

    def slowly(self, point: Point, seed: int) -> Start:
        """The same, built as a single history is."""
        return start(_seeded(self._scenario(dict(enumerate(point))), seed), seed)

    @cached_property
    def direct(self) -> dict[int, tuple[Place, ...]]:
        """Axes whose numbers are put in their places: axis -> places; none if that fails on the sample."""
        found = self._copied()
        if not found:
            return {}
        for number, replicate in self._sample():
            point, seed = self.point(number), self.scenario.run.seed + replicate
            try:
                wanted = self.slowly(point, seed)
            except ScenarioError:
                continue  # Refused when the plan is made, or a problem of the run: not for want of speed.
            one, other = (dict(places.leaves(made)) for made in (wanted, self._start(point, seed, found)))
            if one.keys() != other.keys() or not all(places.same(one[path], other[path]) for path in one):
                return {}
        return found

    def _start(self, point: Point, seed: int, direct: dict[int, tuple[Place, ...]]) -> Start:
        opened = self._opened(self._unplaced(point, direct), seed)
        economy, rules = self._placed(opened, point, direct)
        return Start(economy, rules, self._drawn(opened, seed))

    def _unplaced(self, point: Point, direct: dict[int, tuple[Place, ...]]) -> tuple[float | str | None, ...]:
        """A point's values that the opening is built with; None for those that are put in their places."""
        return tuple(None if axis in direct else value for axis, value in enumerate(point))

    def _placed(
        self, opened: Opened, point: Point, direct: dict[int, tuple[Place, ...]]
    ) -> tuple[Economy, Rules]:
        """Economy and rules with the point's numbers in their places; the last point's are kept."""
        if not direct:
            return opened.economy, opened.rules
        last = getattr(self, "_last", None)
        if last is not None and last[0] is opened and last[1] == point:
            return last[2]
        changes: dict[places.Path, Any] = {}
        for axis, found in direct.items():
            for place in found:
                leaf = changes[place.path] if place.path in changes else _leaf(opened, place.path)
                changes[place.path] = place.filled(leaf, float(point[axis]))
        made = places.with_leaves(opened, changes)
        self._last = (opened, point, (made.economy, made.rules))
        return made.economy, made.rules

    def _opened(self, given: tuple[float | str | None, ...], seed: int) -> Opened:
        """The opening with values of some axes; None leaves the base's value."""
        key = (given, seed if self._seeded else None)
        wanted = {axis: value for axis, value in enumerate(given) if value is not None}
        return self._openings.get(key, lambda: self._opening(wanted, seed))

    def _opening(self, given: dict[int, Any], seed: int) -> Opened:
        opened = self._bare(given, seed)
        model = self._model
        if {path: np.shape(leaf) for path, leaf in places.leaves(opened)} != self._shapes:
            keys = ", ".join(self.axes[axis].key for axis in given)
            raise ScenarioError(f"{self.scenario.name}: {keys}: every point of a sweep must have the same agents")
        return places.sharing(opened, model)

    def _bare(self, given: dict[int, Any], seed: int) -> Opened:
        scenario = _seeded(self._scenario(given), seed)
        found = open_economy(scenario)
        quarters = scenario.run.quarters
        return Opened(found.economy, found.rules, observed(scenario, quarters), schedule(scenario, quarters))

    def _with_one(self, axis: int, value: float) -> Opened:
        return self._bare({axis: value}, self.scenario.run.seed)

    def _scenario(self, given: dict[int, Any]) -> Scenario:
        if not given:
            return self.scenario
        return changed(self.scenario, {self.axes[axis].key: value for axis, value in given.items()})

    @cached_property
    def _base(self) -> Opened:
        return self._bare({}, self.scenario.run.seed)

    @cached_property
    def _model(self) -> dict[places.Path, Any]:
        return dict(places.leaves(self._base))

    @cached_property
    def _shapes(self) -> dict[places.Path, tuple[int, ...]]:
        return {path: np.shape(leaf) for path, leaf in self._model.items()}

    @cached_property
    def _names(self) -> dict[str, tuple[str, ...]]:
        return open_economy(self.scenario).names

    def _drawn(self, opened: Opened, seed: int) -> Draws:
        """Random numbers of a seed, with the data and events of an opening."""
        base, names = self._base, self._names

        def draw() -> Draws:
            people = (names["issuers"], names["labs"], names["ventures"])
            return shocks.draw(seed, self.scenario.run.quarters, *people, base.data, base.events)

        return _following(self._draws.get(seed, draw), opened)

    def _copied(self) -> dict[int, tuple[Place, ...]]:
        """Axes whose numbers are only copied, at least once into the rules, and no two into one place."""
        found: dict[int, tuple[Place, ...]] = {}
        for number, (axis, column) in enumerate(zip(self.axes, self.columns, strict=True)):
            if not axis.quantity or summed(axis.key):
                continue
            try:
                where = places.find(
                    partial(self._with_one, number),
                    self._base,
                    _number(self.scenario, axis.key),
                    _spread(column),
                )
            except ScenarioError:
                continue
            if where and any(place.path[0] == "rules" for place in where):
                found[number] = where
        sizes = {path: int(np.size(leaf)) for path, leaf in self._model.items()}
        alone = places.apart(list(found.values()), sizes)
        return {axis: where for (axis, where), free in zip(found.items(), alone, strict=True) if free}

    def _sample(self) -> list[tuple[int, int]]:
        """Points and replicates to try: where a key is lowest and highest, and some at random."""
        count = len(self.columns[0])
        ends = {int(end) for column in self.columns for end in (column.argmin(), column.argmax())}
        generator = np.random.default_rng(0)
        drawn = {int(point) for point in generator.integers(0, count, TRIED)}
        return [(point, int(generator.integers(0, self.replicates))) for point in sorted(ends | drawn)]


def summed(key: str) -> bool:
    """Whether a number is judged together with others, so that its own range does not suffice."""
    parts = key.split(".")
    return parts[-1] in SUMMED.get(parts[0], ())


def _seeded(scenario: Scenario, seed: int) -> Scenario:
    return scenario.model_copy(update={"run": scenario.run.model_copy(update={"seed": seed})})


def _following(drawn: Draws, opened: Opened) -> Draws:
    data = opened.data
    return replace(
        drawn,
        known=data.known,
        bill_rate_data=data.bill_rate,
        bitcoin_data=data.bitcoin,
        gold_data=data.gold,
        events=opened.events,
    )


def _leaf(part: Any, path: places.Path) -> Any:
    for name in path:
        part = part[name] if isinstance(part, dict) else getattr(part, name)
    return part


def _number(scenario: Scenario, key: str) -> float:
    place: Any = scenario
    for part in key.split("."):
        place = place[part] if isinstance(place, dict) else getattr(place, part)
    return float(place.value)


def _spread(column: NDArray[Any]) -> list[float]:
    """A few values of a column, from the lowest to the highest."""
    found = np.unique(column)
    chosen = np.linspace(0, len(found) - 1, min(len(found), 4)).astype(int)
    return [float(value) for value in found[chosen]]
