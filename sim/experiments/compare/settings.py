"""The settings of a comparison: two scenarios as twins, and the seeds of their pairs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sim.engine.ensemble import seeds_from
from sim.errors import ScenarioError
from sim.scenario.load import Scenario, resolved


def twins_of(
    a: str | Path | Scenario,
    b: str | Path | Scenario,
    runs: int,
    seed: int | None = None,
    quarters: int | None = None,
    changes: Mapping[str, Any] | None = None,
) -> tuple[tuple[Scenario, Scenario], tuple[int, ...]]:
    """Load two scenarios as twins, and list the seeds of their pairs; the arguments are those of `compare`."""
    if runs < 2:
        raise ScenarioError("too few: a comparison needs at least 2 pairs of histories", "runs", runs, "2 or more")
    first = resolved(a, seed, quarters, changes)
    second = resolved(b, first.run.seed, quarters, changes)
    start, length = first.run.opening, first.run.quarters
    for key, value, allowed, problem in (
        ("opening", second.run.opening, start, f"starts in {start}: compared scenarios must start in the same quarter"),
        ("quarters", second.run.quarters, length, f"runs for {length} quarters: set `quarters`, which holds for both"),
    ):
        if value != allowed:
            raise ScenarioError(f"{first.name} {problem}", f"run.{key} of {second.name}", value, str(allowed))
    return (first, second), tuple(seeds_from(first.run.seed, runs))
