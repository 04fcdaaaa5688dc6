"""What the answer rests on: how the model does on the facts, and which parameters the history identifies."""

from __future__ import annotations

from typing import Any

from sim.experiments.calibrate.results import load_record
from sim.experiments.validate import validate
from sim.scenario.load import Scenario
from studies.uncertainty.results import PRIORS


def facts_of(baseline: Scenario, runs: int) -> dict[str, Any]:
    """How many facts of each kind agree with the evidence."""
    table = validate(baseline, runs)
    return {"runs": runs, "counts": table.counts, "apart": sum(row.disagreement is not None for row in table.rows)}


def estimate_of(name: str) -> dict[str, Any] | None:
    """Return what the record of the estimate says of itself; None where draws are of the priors.

    Raises:
        ScenarioError: if there is no such record.
    """
    if name == PRIORS:
        return None
    record = load_record(name)
    return {
        "last": record.last,
        "parameters": len(record.keys),
        "identified": len(record.identified),
        "gaps": dict(record.raw["root_mean_square_gap"]),
    }
