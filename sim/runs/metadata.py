"""Metadata of results: scenario, seed, changes, checks, outcomes, and the versions of Python and of libraries."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache, lru_cache
from importlib import metadata
from pathlib import Path
from platform import python_version
from typing import Any

from sim import __version__
from sim.runs.folders import json_text
from sim.scenario.load import Scenario, changed_keys, find, load

LIBRARIES = ("capflow", "mesa", "numpy", "networkx", "matplotlib", "pydantic", "pandas", "duckdb")


def manifest_of(
    scenario: Scenario,
    seed: int,
    checks: Mapping[str, float],
    outcomes: Mapping[str, float],
    replaced: Mapping[str, str],
) -> dict[str, Any]:
    """Return the metadata of a run.

    Args:
        scenario: the scenario that was run.
        seed: the seed of the history.
        checks: accounting identity -> largest relative residual in any quarter.
        outcomes: the headline numbers, from `sim.analysis.attribution.headline`.
        replaced: name of each decision that the scenario or the caller replaced -> the `module:function` that takes
            the place of the rule; these are listed among the changes.
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
        "versions": versions_of(LIBRARIES),
    }


@lru_cache(maxsize=1)
def _baseline(_changed_at: int) -> Scenario:
    """Return the baseline scenario. A new argument, the time when its file last changed, makes it be read again."""
    return load("baseline")


def write_metadata(path: Path, content: Mapping[str, Any], libraries: Iterable[str]) -> None:
    """Write the JSON file that marks a folder of results; add the time and the versions of libraries to `content`.

    Raises:
        RunError: if a value cannot be written as JSON.
    """
    document = {"created": timestamp(), **content, "versions": versions_of(libraries)}
    path.write_text(json_text(document, indent=2) + "\n", encoding="utf-8")


def timestamp() -> str:
    """Return the present time in UTC as ISO 8601 text, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def versions_of(libraries: Iterable[str]) -> dict[str, str]:
    """Return name -> version for Python and the given libraries; "not installed" for a missing library."""
    return {"python": python_version(), **{name: _version(name) for name in libraries}}


@cache
def _version(library: str) -> str:
    if library == "capflow":
        return __version__  # the version of the code that runs: a checkout may have changed since it was installed
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return "not installed"
