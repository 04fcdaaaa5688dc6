"""Numbers in the configuration files, with their units, ranges, kinds and sources."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, model_validator

from sim.errors import ScenarioError
from sim.scenario.data import read_data


class Strict(BaseModel):
    """A table that refuses unknown keys and cannot be changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Described(Strict):
    """The fields that every number in the configuration files has in addition to its value."""

    unit: str
    range: tuple[float, float] | None = None
    kind: Literal["data", "calibrated", "assumption", "set"] = "assumption"
    why: str = ""
    note: str = ""

    def _check(self, number: float) -> None:
        if self.range is not None and not self.range[0] <= number <= self.range[1]:
            low, high = self.range
            raise ScenarioError("out of range", value=number, allowed=f"{low:g} to {high:g} {self.unit}")
        if self.range is None and number < 0.0:
            raise ScenarioError("must not be negative", value=number, allowed=f"0 {self.unit} or more")
        if not math.isfinite(number):
            raise ScenarioError("is not a finite number", value=number)


class Quantity(Described):
    """A number with its unit, range, kind and source.

    Attributes:
        value: the number.
        data: references to the values in configs/data whose sum the number is (`file|entity|quarter|metric`), if any.
        scale: the factor by which that sum is multiplied.
    """

    value: float
    data: tuple[str, ...] = ()
    scale: float = 1.0

    @model_validator(mode="before")
    @classmethod
    def _read_data(cls, raw: Any) -> Any:
        if not isinstance(raw, Mapping):
            raise ValueError(f"expected a number, got {raw!r}")
        raw = dict(raw)
        if "data" in raw:
            references = raw["data"] if isinstance(raw["data"], (list, tuple)) else [raw["data"]]
            if not all(isinstance(row, str) for row in references):
                raise ScenarioError("not a reference", "data", raw["data"], "file|entity|quarter|metric, or a list")
            raw["data"] = tuple(references)
            if "value" not in raw:
                raw["value"] = sum(read_data(row) for row in references) * raw.get("scale", 1.0)
                raw.setdefault("kind", "data")
        if raw.get("kind", "assumption") == "assumption" and "range" not in raw:
            raise ValueError("an assumption needs a range, such as [0.0, 1.0]")
        if isinstance(raw.get("value"), (bool, str)):
            raise ValueError(f"expected a number, got {raw['value']!r}")
        return raw

    @model_validator(mode="after")
    def _in_range(self) -> Quantity:
        self._check(self.value)
        return self


class Table(Described):
    """A number for each name, such as the share of each owner of a company."""

    values: dict[str, float]

    @model_validator(mode="after")
    def _in_range(self) -> Table:
        for name, number in self.values.items():
            try:
                self._check(number)
            except ScenarioError as error:
                raise ScenarioError(error.problem, name, error.value, error.allowed) from None
        return self


def number_at(part: Any, key: str) -> float:
    """Return the number at a dotted key of a scenario, or of a part of a scenario."""
    for name in key.split("."):
        part = part[name] if isinstance(part, Mapping) else getattr(part, name)
    return float(part.value)


def with_number(part: Any, key: str, number: float) -> Any:
    """Return a scenario, or a part of it, with another number at a dotted key, without validation."""
    if not key:
        return part.model_copy(update={"value": number})
    name, _, below = key.partition(".")
    if isinstance(part, Mapping):
        return {**part, name: with_number(part[name], below, number)}
    return part.model_copy(update={name: with_number(getattr(part, name), below, number)})
