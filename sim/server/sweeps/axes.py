"""The levers that a sweep varies, in the units that readers see."""

import math
from dataclasses import dataclass
from typing import Any

from sim.experiments.sensitivity.phase import UNSAID, spelled
from sim.experiments.sweep.axes import Axis, levers_of
from sim.report.numbers import plain
from sim.scenario import levers
from sim.server.pages.levers import capitalised, scale

SWITCH = "switch"
"""Unit of levers that are on or off."""


@dataclass(frozen=True)
class LeverAxis:
    """A lever that a sweep varies.

    Attributes:
        lever: the lever in the analysis of sweeps.
        values: the numbers or words that it takes; none where points are sampled.
        label: the lever in words.
        unit: the unit shown; may be empty.
        factor: the factor from the unit of the scenario to the one shown.
    """

    lever: Axis
    values: tuple[float | str, ...]
    label: str
    unit: str
    factor: float

    @property
    def name(self) -> str:
        """The name in the design, and in tables."""
        return self.lever.name

    def text(self, value: float | str) -> str:
        """Return a value in the unit shown."""
        digits = 4 if self.values else 3
        return value if isinstance(value, str) else plain(float(f"{value * self.factor:.{digits}g}"))

    def at(self, place: float) -> float:
        """Return the number at a place from 0, its low end, to 1, its high end."""
        low, high = self.lever.low, self.lever.high
        if self.lever.log:
            return math.exp(math.log(low) + place * (math.log(high) - math.log(low)))
        return low + place * (high - low)

    def to_dict(self) -> dict[str, Any]:
        """Return name, label, unit and factor, for JSON."""
        return {"name": self.name, "label": self.label, "unit": self.unit, "factor": self.factor}


def axes_of(design: dict[str, Any]) -> tuple[LeverAxis, ...]:
    """Return the levers that a design varies."""
    return tuple(_axis(design, lever, raw) for lever, raw in zip(levers_of(design), design["vary"], strict=True))


def _axis(design: dict[str, Any], lever: Axis, raw: dict[str, Any]) -> LeverAxis:
    values: tuple[float | str, ...] = tuple(raw["values"] or ())
    if design["method"] == "morris" and not values:
        # Morris' levels lie evenly between the ends.
        between, steps = LeverAxis(lever, (), "", "", 1.0), int(design["levels"]) - 1
        values = tuple(between.at(step / steps) for step in range(steps + 1))
    known = levers.BY_NAME.get(lever.name)
    label, unit, factor = spelled(lever.name), "" if lever.unit in UNSAID else lever.unit, 1.0
    if known is not None and lever.unit == SWITCH:
        label, unit = label.capitalize(), "1 on, 0 off"
    elif known is not None:
        label = capitalised(known)
        if lever.words or known.choices or lever.unit in UNSAID:
            unit = ""
        else:
            display = scale(known)
            unit, factor = display["unit"], display["factor"]
    return LeverAxis(lever, values, label, unit, factor)
