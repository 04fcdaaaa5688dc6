"""What explains a run: scenario, seed, what was changed, checks, outcomes and versions."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

from sim.runs.versions import versions_of
from sim.scenario.load import Scenario, changed_keys, find, load

LIBRARIES = ("capflow", "mesa", "numpy", "networkx", "matplotlib", "pydantic", "pandas", "duckdb")


def manifest_of(
    scenario: Scenario,
    seed: int,
    checks: Mapping[str, float],
    outcomes: Mapping[str, float],
    replaced: Mapping[str, str],
) -> dict[str, Any]:
    """Return the manifest of a run.

    Args:
        scenario: what was run.
        seed: of the history.
        checks: identity -> largest relative residual over the quarters.
        outcomes: the headline (`sim.analysis.attribution.headline`).
        replaced: decisions that are not the model's own, whether a scenario or a caller set them, and the
            `module:function` that decides; they are told like other changes.
    """
    decisions = {f"decisions.{name}": {"from": None, "to": source} for name, source in replaced.items()}
    return {
        "scenario": scenario.name,
        "title": scenario.title,
        "about": scenario.about,
        "seed": seed,
        "quarters": scenario.run.quarters,
        "opening": scenario.run.opening,
        "changes": {**changed_keys(_baseline(find("baseline").stat().st_mtime_ns), scenario), **decisions},
        "checks": dict(checks),
        "outcomes": dict(outcomes),
        "versions": dict(_versions()),
    }


@lru_cache(maxsize=1)
def _baseline(_changed_at: int) -> Scenario:
    """Return the baseline, which is read again when its file has changed."""
    return load("baseline")


@cache
def _versions() -> dict[str, str]:
    return versions_of(LIBRARIES)
