"""What a comparison runs: two scenarios as twins, and the seeds of their pairs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sim.engine.ensemble import seeds_from
from sim.errors import ScenarioError
from sim.scenario.load import Scenario
from sim.scenario.resolve import resolved

Twins = tuple[Scenario, Scenario]
"""Two scenarios that differ only in what they assume."""


def twins_of(
    a: str | Path | Scenario,
    b: str | Path | Scenario,
    runs: int,
    seed: int | None = None,
    quarters: int | None = None,
    changes: Mapping[str, Any] | None = None,
) -> tuple[Twins, tuple[int, ...]]:
    """Load two scenarios as twins, and list the seeds of their pairs; the arguments are those of `compare`."""
    if runs < 2:
        raise ScenarioError("a comparison takes at least 2 pairs of histories", "runs", runs, "2 or more")
    first = resolved(a, seed, quarters, changes)
    twins = first, resolved(b, first.run.seed, quarters, changes)
    _refuse_unlike(*twins)
    return twins, tuple(seeds_from(first.run.seed, runs))


def _refuse_unlike(a: Scenario, b: Scenario) -> None:
    if a.run.opening != b.run.opening:
        raise ScenarioError(
            f"{a.name} opens in {a.run.opening}: twins must open in the same quarter",
            f"run.opening of {b.name}",
            b.run.opening,
            a.run.opening,
        )
    if a.run.quarters != b.run.quarters:
        raise ScenarioError(
            f"{a.name} runs for {a.run.quarters} quarters: give `quarters` to run both for the same time",
            f"run.quarters of {b.name}",
            b.run.quarters,
            str(a.run.quarters),
        )
