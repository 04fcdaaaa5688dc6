"""The space of a sweep: the keys of the scenario that vary, with unit, allowed range and how far they go."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import ScenarioError, suggestion
from sim.experiments.sweep.settings import Design, Vary
from sim.scenario import levers
from sim.scenario.load import changed
from sim.scenario.schema import Scenario

if TYPE_CHECKING:
    import pandas as pd

FIXED = {
    "run": "every history of a sweep has the same length, opening and seeds; use quarters and seed of the file",
    "decisions": "decision rules are the same at all points; give them under [set]",
    "tail": "every point has the same agents; give the tail under [set]",
}
"""Sections that cannot vary, and why."""


@dataclass(frozen=True)
class Axis:
    """One key that varies.

    Attributes:
        name: as in the design file; also the name of its column.
        key: dotted key of the scenario.
        unit: of its numbers; empty for words.
        range: smallest and largest number that the scenario allows; None at an end without a limit.
        values: what it takes in a grid; otherwise None.
        low: least number it takes; None for words.
        high: largest number it takes; None for words.
        scale: linear or log.
        quantity: whether it is a number with unit and range, which the schema checks by itself.
    """

    name: str
    key: str
    unit: str
    range: tuple[float | None, float | None]
    values: tuple[float | str, ...] | None
    low: float | None
    high: float | None
    scale: str
    quantity: bool

    @property
    def words(self) -> tuple[str, ...]:
        """The words that it takes; none for numbers."""
        return tuple(value for value in self.values or () if isinstance(value, str))

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)

    @staticmethod
    def from_dict(raw: Mapping[str, Any]) -> Axis:
        """Back from plain data."""
        values = raw["values"]
        return Axis(
            **{
                **raw,
                "range": (raw["range"][0], raw["range"][1]),
                "values": None if values is None else tuple(values),
            }
        )


def set_keys(scenario: Scenario, given: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return changes that hold at all points, by dotted key; nested tables, which TOML makes of dots, are undone.

    Raises:
        ScenarioError: for a name that is neither lever nor dotted key.
    """
    try:
        return levers.keys(dict(_undone(given, scenario.model_dump(mode="python"), "")))
    except ScenarioError as error:
        raise error.inside(where, "set.") from None


def _undone(given: Mapping[str, Any], place: Any, at: str) -> Iterator[tuple[str, Any]]:
    for key, value in given.items():
        inside = place.get(key) if isinstance(place, Mapping) else None
        name = f"{at}.{key}" if at else key
        if isinstance(value, Mapping) and isinstance(inside, Mapping) and "unit" not in inside:
            yield from _undone(value, inside, name)
        else:
            yield name, value


def with_changes(scenario: Scenario, changes: Mapping[str, Any], where: str) -> Scenario:
    """Return the scenario with changes that hold at all points.

    Raises:
        ScenarioError: if a change is wrong.
    """
    try:
        return changed(scenario, changes) if changes else scenario
    except ScenarioError as error:
        raise error.inside(where, "set.") from None


def resolve_axes(design: Design, scenario: Scenario, fixed: Mapping[str, Any], where: str) -> tuple[Axis, ...]:
    """Resolve the keys that vary.

    Args:
        design: the design file.
        scenario: with everything that holds at all points.
        fixed: what holds at all points, by dotted key.
        where: name of the design file.

    Raises:
        ScenarioError: if a key is unknown, cannot vary or is given twice, or its bounds are wrong.
    """
    raw = scenario.model_dump(mode="python")
    found: dict[str, Axis] = {}
    for name, how in design.vary.items():
        axis = _axis(name, how, design.method, raw, where)
        if axis.key in found:
            other = found[axis.key].name
            raise ScenarioError(f"the same key as vary.{other}, {axis.key}", f"vary.{name}", where=where)
        if axis.key in fixed:
            raise ScenarioError(
                f"varies, and {axis.key} is given a value for all points", f"vary.{name}", where=where
            )
        found[axis.key] = axis
    return tuple(found.values())


def _axis(name: str, how: Vary, method: str, raw: Mapping[str, Any], where: str) -> Axis:
    lever = levers.BY_NAME.get(name)
    key = lever.key if lever else name
    at = f"vary.{name}"
    if "." not in key:
        close = suggestion(name, levers.BY_NAME)
        raise ScenarioError(
            f"no such lever{close}", at, allowed="a lever or a dotted key of the scenario", where=where
        )
    if key.split(".")[0] in FIXED:
        raise ScenarioError(f"cannot vary: {FIXED[key.split('.')[0]]}", at, where=where)
    place = _place(raw, key, at, where)
    quantity = isinstance(place, Mapping) and "unit" in place and "value" in place
    if isinstance(place, Mapping | list | tuple) and not quantity:
        raise ScenarioError(f"{key} is a table or a list, not one number or word", at, where=where)
    unit = str(place["unit"]) if quantity else ""
    allowed = (place["range"] or (0.0, None)) if quantity else (None, None)
    if how.values is not None:
        numbers = [value for value in how.values if not isinstance(value, str)]
        if quantity and not numbers:
            raise ScenarioError(f"expected a number ({unit})", f"{at}.values", how.values[0], where=where)
        low, high = (min(numbers), max(numbers)) if numbers else (None, None)
        return Axis(name, key, unit, tuple(allowed), how.values, low, high, how.scale, quantity)
    low = how.low if how.low is not None else allowed[0]
    high = how.high if how.high is not None else allowed[1]
    if low is None or high is None:
        end = "low" if low is None else "high"
        raise ScenarioError(f"needs {end}: {key} has no limit of its own there", at, where=where)
    if not low < high:
        raise ScenarioError(f"must be less than high = {high:g}", f"{at}.low", low, where=where)
    if how.scale == "log" and low <= 0.0:
        raise ScenarioError("must be above zero where scale is log", f"{at}.low", low, where=where)
    low, high = float(low), float(high)
    values = spaced(low, high, how.steps or 2, how.scale) if method == "grid" else None
    return Axis(name, key, unit, tuple(allowed), values, low, high, how.scale, quantity)


def _place(raw: Mapping[str, Any], key: str, at: str, where: str) -> Any:
    """Return what stands at a dotted key of a scenario; of a number its whole table."""
    place: Any = raw
    for depth, part in enumerate(key.split(".")):
        if not isinstance(place, Mapping) or part not in place:
            known = ".".join(key.split(".")[:depth])
            inside = place if isinstance(place, Mapping) else ()
            message = f"unknown key {part!r}{' in ' + known if known else ''}{suggestion(part, inside)}"
            raise ScenarioError(message, at, where=where)
        if part in ("unit", "range", "kind", "why", "note", "name", "title", "about"):
            raise ScenarioError(f"{part!r} describes, and decides nothing", at, where=where)
        place = place[part]
    return place


def point_at(axes: Sequence[Axis], columns: Sequence[NDArray[Any]], number: int) -> tuple[float | str, ...]:
    """Return the values of one point, in the order of the axes.

    Args:
        axes: the keys that vary.
        columns: for each axis its numbers, or the places of its words.
        number: the number of the point.
    """
    return tuple(
        axis.words[column[number]] if axis.words else float(column[number])
        for axis, column in zip(axes, columns, strict=True)
    )


def spaced(low: float, high: float, steps: int, scale: str) -> tuple[float, ...]:
    """Numbers from low to high, both included, evenly spaced by themselves or by their logarithm."""
    numbers = np.geomspace(low, high, steps) if scale == "log" else np.linspace(low, high, steps)
    return tuple(float(number) for number in np.clip(numbers, low, high))


@dataclass(frozen=True)
class Varied:
    """A lever that a sweep varies.

    Attributes:
        name: as in the design, which is also the name of its column.
        key: dotted key of the scenario.
        unit: of its numbers, empty for words.
        low: least value; NaN for words.
        high: largest; NaN for words.
        log: whether points are spread evenly over its logarithm.
        words: the words that it takes, in the design's order; empty for numbers.
    """

    name: str
    key: str
    unit: str
    low: float
    high: float
    log: bool = False
    words: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the axis as plain data for JSON."""
        values = {"values": list(self.words)} if self.words else {"low": self.low, "high": self.high}
        return {"key": self.key, "unit": self.unit, **values, "scale": "log" if self.log else "linear"}

    def as_numbers(self, column: Sequence[Any] | pd.Series) -> NDArray[np.float64]:
        """Its values from 0 at the low end to 1 at the high end, evenly spread; for words their places."""
        if self.words:
            return np.array([self.words.index(str(word)) for word in column], dtype=float)
        values = np.asarray(column, dtype=float)
        if self.log:
            return (np.log(values) - math.log(self.low)) / (math.log(self.high) - math.log(self.low))
        return (values - self.low) / (self.high - self.low)


def levers_of(design: dict[str, Any]) -> tuple[Varied, ...]:
    """Return what a design varies."""
    return tuple(_varied(given) for given in design["vary"])


def _varied(axis: dict[str, Any]) -> Varied:
    name, key, unit = str(axis["name"]), str(axis["key"]), str(axis["unit"])
    if axis["low"] is None:
        return Varied(name, key, unit, math.nan, math.nan, words=tuple(axis["values"]))
    return Varied(name, key, unit, float(axis["low"]), float(axis["high"]), axis["scale"] == "log")
