"""What the address of a sweep's page asks for: two levers, an outcome and a series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from sim.engine.outcomes import BY_NAME, COUNT, GPUS, INTEREST_GPUS, OUTCOMES, QUARTERS, SHARE, Outcome
from sim.errors import ScenarioError, suggestion
from sim.report.figures import fans
from sim.report.palette import INTEREST, POPULATION
from sim.server import result_folders
from sim.server.sweeps.sides import Axis, axes_of

if TYPE_CHECKING:
    from sim.experiments.sweep import Sweep

KEYS = ("sweep", "x", "y", "outcome", "series")
FIRST = "interest_funded_gpu_usd_bn"
"""Outcome of an address that names none."""
SERIES = {measure.name: measure for measure in fans.MEASURES}
COUNTED = (COUNT, QUARTERS, GPUS, "coins", "weeks")
"""Units of whole numbers, which labels say."""
SHOWN = 64
"""Characters of a name in a message."""


@dataclass(frozen=True)
class Choice:
    """What is asked of a sweep.

    Attributes:
        sweep: name of its folder.
        x: lever across; empty where nothing varies.
        y: lever upwards; empty where only one varies.
        outcome: name of an outcome.
        series: name of a series, whose fan is shown; empty where none is kept.
    """

    sweep: str
    x: str
    y: str
    outcome: str
    series: str

    @property
    def query(self) -> str:
        """The address."""
        said = {"sweep": self.sweep, "x": self.x, "y": self.y, "outcome": self.outcome, "series": self.series}
        return urlencode({key: value for key, value in said.items() if value})

    @property
    def about(self) -> Outcome:
        """The outcome."""
        return BY_NAME[self.outcome]

    def without(self, *keys: str) -> Choice:
        """Return the choice without what a picture does not depend on, so that it is kept once."""
        return replace(self, **dict.fromkeys(keys, ""))


def read(said: Mapping[str, str], entry: result_folders.Entry) -> Choice:
    """Read an address.

    Args:
        said: the query of the address.
        entry: the folder that it names.

    Raises:
        ScenarioError, RunError: in one line.
    """
    sweep = entry.sweep()
    names = [axis.name for axis in axes_of(sweep.design)]
    x = _one_of("x", said.get("x"), names, names[0] if names else "")
    others = [name for name in names if name != x]
    y = _one_of("y", said.get("y"), names, others[0] if others else "")
    if x and x == y:
        raise ScenarioError(f"address: x and y are both {x}; choose two levers")
    outcome = _one_of("outcome", said.get("outcome"), [o.name for o in OUTCOMES], FIRST)
    kept = list(SERIES) if "series" in sweep.tables else []
    series = _one_of("series", said.get("series"), kept, FIRST if kept else "")
    return Choice(entry.name, x, y, outcome, series)


def _one_of(key: str, given: str | None, names: list[str], otherwise: str) -> str:
    if not given:
        return otherwise
    if given not in names:
        there = ", ".join(names) if 0 < len(names) < 15 else f"{len(names) or 'none'} to choose from"
        short = given[:SHOWN]
        raise ScenarioError(f"address: {key} = {short!r}{suggestion(short, names)}; there are {there}")
    return given


def outcomes_there() -> list[Outcome]:
    """Outcomes to choose from; one that is there under two names is shown once."""
    return [outcome for outcome in OUTCOMES if outcome.name != INTEREST_GPUS]


def outcome_display(outcome: Outcome) -> dict[str, Any]:
    """How an outcome is shown: label, unit, both together, the factor from its own unit, and its colour.

    Shares are percent.
    """
    percent = outcome.unit == SHARE
    unit = "percent" if percent else outcome.unit
    return {
        "name": outcome.name,
        "label": outcome.label,
        "unit": unit,
        "title": outcome.label if unit in COUNTED else f"{outcome.label}, {unit}",
        "factor": 100.0 if percent else 1.0,
        "colour": INTEREST if outcome.about == "interest" else POPULATION[outcome.about],
    }


def axis(sweep: Sweep, name: str) -> Axis:
    """Return a varied lever by name."""
    return next(found for found in axes_of(sweep.design) if found.name == name)
