"""The choice that the address of a sweep's page makes: two levers, an outcome and a series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any
from urllib.parse import urlencode

from sim.engine.outcomes import BY_NAME, COUNT, GPUS, INTEREST_GPUS, OUTCOMES, QUARTERS, SHARE, Outcome
from sim.errors import ScenarioError, suggestion
from sim.report.figures import fans
from sim.report.palette import INTEREST, POPULATION
from sim.server import result_folders
from sim.server.address import ADDRESS, LONGEST
from sim.server.sweeps.axes import axes_of

FIRST = "interest_funded_gpu_usd_bn"
"""Outcome shown if the address names no outcome."""
SERIES = {measure.name: measure for measure in fans.MEASURES}
COUNTED = (COUNT, QUARTERS, GPUS, "coins", "weeks")
"""Units of outcomes that are whole numbers; the label already says the unit."""


@dataclass(frozen=True)
class Choice:
    """What the page of a sweep shows.

    Attributes:
        sweep: the name of its folder.
        x: the lever across; empty where the sweep varies no lever.
        y: the lever upwards; empty where the sweep varies only one lever.
        outcome: the name of an outcome.
        series: the name of the series whose fan is shown; empty where the sweep keeps no series.
    """

    sweep: str
    x: str
    y: str
    outcome: str
    series: str

    @property
    def query(self) -> str:
        """The query of the address."""
        return urlencode({key: value for key, value in asdict(self).items() if value})

    @property
    def about(self) -> Outcome:
        """The description of the chosen outcome."""
        return BY_NAME[self.outcome]

    def without(self, *keys: str) -> Choice:
        """Return the choice without the parts that a panel ignores, so that equal panels are cached once."""
        return replace(self, **dict.fromkeys(keys, ""))


def read(query: Mapping[str, str], entry: result_folders.Entry) -> Choice:
    """Read an address.

    Raises:
        ScenarioError, RunError: in one line, if the address or the sweep cannot be read.
    """

    def chosen(key: str, names: list[str], default: str, noun: str) -> str:
        name = query.get(key)
        if name and name not in names:
            short = name[:LONGEST]
            allowed = ", ".join(names) if 0 < len(names) < 15 else f"{len(names) or 'none'} to choose from"
            raise ScenarioError(f"unknown {noun}{suggestion(short, names)}", key, short, allowed, ADDRESS)
        return name or default

    sweep = entry.sweep()
    names = [axis.name for axis in axes_of(sweep.design)]
    x = chosen("x", names, names[0] if names else "", "lever")
    others = [name for name in names if name != x]
    y = chosen("y", names, others[0] if others else "", "lever")
    if x and x == y:
        raise ScenarioError("the same lever as x; choose two levers", "y", y, ", ".join(others), ADDRESS)
    outcome = chosen("outcome", [outcome.name for outcome in OUTCOMES], FIRST, "outcome")
    measures = list(SERIES) if "series" in sweep.tables else []
    series = chosen("series", measures, FIRST if measures else "", "series")
    return Choice(entry.name, x, y, outcome, series)


def outcomes_there() -> list[Outcome]:
    """Return the outcomes to choose from; an outcome with two names is listed once."""
    return [outcome for outcome in OUTCOMES if outcome.name != INTEREST_GPUS]


def outcome_display(outcome: Outcome) -> dict[str, Any]:
    """Return how an outcome is shown: label, unit, title (both), factor from its own unit to the one shown, colour.

    Shares are shown in percent.
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
