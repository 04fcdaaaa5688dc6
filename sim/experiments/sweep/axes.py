"""The axes of a sweep: keys of the scenario that vary, with their unit, allowed range and values."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import ScenarioError, suggestion
from sim.experiments.sweep.settings import Design, Vary
from sim.scenario import levers
from sim.scenario.schema import Scenario

if TYPE_CHECKING:
    import pandas as pd

FIXED = {
    "run": "every point has histories of the same length and seeds; set quarters and seed in the design file",
    "decisions": "decision rules are the same at all points; set them under [set]",
    "tail": "every point has the same agents; set the tail under [set]",
}
"""Section of a scenario whose keys cannot vary -> the reason."""
DESCRIPTIONS = ("unit", "range", "kind", "why", "note", "name", "title", "about")
"""Keys of a scenario that only describe something, and on which no number depends."""


@dataclass(frozen=True)
class Axis:
    """One key of the scenario that varies over the points of a sweep.

    Attributes:
        name: the name of the key in the design file, which is also the name of its column.
        key: the dotted key of the scenario.
        unit: the unit of the numbers; empty for words.
        range: the smallest and the largest number that the scenario allows; None in place of a limit that is not set.
        values: the values to take, in a grid; None where points are sampled between `low` and `high`.
        low: the least number; NaN for words.
        high: the largest number; NaN for words.
        scale: "linear", or "log" where points are spread evenly over the logarithm.
        quantity: whether the key holds a number with unit and range, which the schema of the scenario checks.
    """

    name: str
    key: str
    unit: str
    range: tuple[float | None, float | None]
    values: tuple[float | str, ...] | None
    low: float
    high: float
    scale: str
    quantity: bool

    @property
    def log(self) -> bool:
        """Whether points are spread evenly over the logarithm."""
        return self.scale == "log"

    @property
    def words(self) -> tuple[str, ...]:
        """The values that are words, in the order of the design file; empty if the values are numbers."""
        return tuple(value for value in self.values or () if isinstance(value, str))

    @staticmethod
    def from_dict(raw: Mapping[str, Any]) -> Axis:
        """Return the axis from its description in the JSON file of a plan."""
        low, high = (math.nan if raw[end] is None else float(raw[end]) for end in ("low", "high"))
        values = None if raw["values"] is None else tuple(raw["values"])
        smallest, largest = raw["range"]
        return Axis(**{**raw, "range": (smallest, largest), "values": values, "low": low, "high": high})

    def to_dict(self) -> dict[str, Any]:
        """Return the key, its unit and scale, and its words or bounds, as plain data for JSON."""
        values = {"values": list(self.words)} if self.words else {"low": self.low, "high": self.high}
        return {"key": self.key, "unit": self.unit, **values, "scale": self.scale}

    def as_numbers(self, column: Sequence[Any] | pd.Series) -> NDArray[np.float64]:
        """Map values to numbers from 0 (low end) to 1 (high end), on the axis's scale; map words to their places."""
        if self.words:
            return np.array([self.words.index(str(word)) for word in column], dtype=float)
        values = np.asarray(column, dtype=float)
        if self.log:
            return (np.log(values) - math.log(self.low)) / (math.log(self.high) - math.log(self.low))
        return (values - self.low) / (self.high - self.low)


def levers_of(design: Mapping[str, Any]) -> tuple[Axis, ...]:
    """Return the levers and keys that a sweep varies, from the content of its design.json."""
    return tuple(Axis.from_dict(raw) for raw in design["vary"])


def set_keys(scenario: Scenario, changes: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return the changes under [set] as dotted key -> value; refuse a name that is neither a lever nor a dotted key."""
    try:
        return levers.keys(dict(_by_dotted_key(changes, scenario.model_dump(mode="python"))))
    except ScenarioError as error:
        raise error.inside(where, "set.") from None


def _by_dotted_key(changes: Mapping[str, Any], table: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each dotted key with its value, undoing the nested tables into which TOML turns dotted keys."""
    for key, value in changes.items():
        inner = table.get(key) if isinstance(table, Mapping) else None
        name = f"{prefix}{key}"
        if isinstance(value, Mapping) and isinstance(inner, Mapping) and "unit" not in inner:
            yield from _by_dotted_key(value, inner, f"{name}.")
        else:
            yield name, value


def resolve_axes(design: Design, scenario: Scenario, fixed: Mapping[str, Any], where: str) -> tuple[Axis, ...]:
    """Look up each key that varies in the scenario, and return its axis.

    Args:
        design: the design file.
        scenario: the scenario, with the changes that apply at all points.
        fixed: the changes that apply at all points, dotted key -> value.
        where: the name of the design file, for messages.

    Raises:
        ScenarioError: if a key is unknown, cannot vary or is listed twice, or if its bounds are wrong.
    """
    raw = scenario.model_dump(mode="python")
    axes: dict[str, Axis] = {}
    for name, vary in design.vary.items():
        try:
            axis = _axis(name, vary, design.method, raw)
            if axis.key in axes:
                raise ScenarioError(f"the same key as vary.{axes[axis.key].name}, {axis.key}", f"vary.{name}")
            if axis.key in fixed:
                raise ScenarioError(f"varies, but {axis.key} also has one value for all points", f"vary.{name}")
        except ScenarioError as error:
            raise error.inside(where) from None
        axes[axis.key] = axis
    return tuple(axes.values())


def _axis(name: str, vary: Vary, method: str, raw: Mapping[str, Any]) -> Axis:
    lever = levers.BY_NAME.get(name)
    key, at = lever.key if lever else name, f"vary.{name}"
    if "." not in key:
        similar = suggestion(name, levers.BY_NAME)
        raise ScenarioError(f"no such lever{similar}", at, allowed="a lever or a dotted key of the scenario")
    section = key.partition(".")[0]
    if section in FIXED:
        raise ScenarioError(f"cannot vary: {FIXED[section]}", at)
    content = _content(raw, key, at)
    quantity = isinstance(content, Mapping) and "unit" in content and "value" in content
    if isinstance(content, Mapping | list | tuple) and not quantity:
        raise ScenarioError(f"{key} is a table or a list; only a key with one number or one word can vary", at)
    unit = str(content["unit"]) if quantity else ""
    smallest, largest = (content["range"] or (0.0, None)) if quantity else (None, None)
    values = vary.values
    if values is not None:
        numbers = [value for value in values if not isinstance(value, str)]
        if quantity and not numbers:
            raise ScenarioError(f"expected a number ({unit})", f"{at}.values", values[0])
        low, high = (min(numbers), max(numbers)) if numbers else (math.nan, math.nan)
    else:
        low, high = _bounds(key, vary, smallest, largest, at)
        if method == "grid":
            spaced = (np.geomspace if vary.scale == "log" else np.linspace)(low, high, vary.steps or 2)
            values = tuple(float(number) for number in np.clip(spaced, low, high))
    return Axis(name, key, unit, (smallest, largest), values, low, high, vary.scale, quantity)


def _bounds(key: str, vary: Vary, smallest: float | None, largest: float | None, at: str) -> tuple[float, float]:
    low = vary.low if vary.low is not None else smallest
    high = vary.high if vary.high is not None else largest
    if low is None or high is None:
        end = "low" if low is None else "high"
        raise ScenarioError(f"needs {end}: the scenario sets no limit for {key} at that end", at)
    if not low < high:
        raise ScenarioError(f"must be less than high = {high:g}", f"{at}.low", low)
    if vary.scale == "log" and low <= 0.0:
        raise ScenarioError("must be above zero if scale is log", f"{at}.low", low)
    return float(low), float(high)


def _content(raw: Mapping[str, Any], key: str, at: str) -> Any:
    """Return what a scenario holds under a dotted key: a word, or the table of a number (value, unit, range)."""
    content: Any = raw
    parts = key.split(".")
    for depth, part in enumerate(parts):
        if not isinstance(content, Mapping) or part not in content:
            parent = f" in {'.'.join(parts[:depth])}" if depth else ""
            similar = suggestion(part, content if isinstance(content, Mapping) else ())
            raise ScenarioError(f"unknown key {part!r}{parent}{similar}", at)
        if part in DESCRIPTIONS:
            raise ScenarioError(f"{part!r} describes a number or a table, and cannot vary", at)
        content = content[part]
    return content


def point_at(axes: Sequence[Axis], columns: Sequence[NDArray[Any]], number: int) -> tuple[float | str, ...]:
    """Return the values of one point, in the order of the axes; `columns` is the attribute of that name of `Plan`."""
    return tuple(
        axis.words[column[number]] if axis.words else float(column[number])
        for axis, column in zip(axes, columns, strict=True)
    )
