"""What is to be run: a scenario with its changes, seed and length."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sim.scenario import levers
from sim.scenario.load import Scenario, changed, load


def resolved(
    scenario: str | Path | Scenario,
    seed: int | None = None,
    quarters: int | None = None,
    changes: Mapping[str, Any] | None = None,
) -> Scenario:
    """Return the scenario that is to be run.

    Args:
        scenario: its name, its path, or the scenario itself.
        seed: the seed; the scenario's own if left out.
        quarters: the number of quarters; the scenario's own if left out.
        changes: lever names or dotted keys, and the values they take.

    Raises:
        ScenarioError: if the scenario or a change is wrong.
    """
    own = {"run.seed": seed, "run.quarters": quarters}
    keys = levers.keys(changes or {}) | {key: value for key, value in own.items() if value is not None}
    return changed(scenario, keys) if isinstance(scenario, Scenario) else load(scenario, keys)
