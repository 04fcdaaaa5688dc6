"""An ensemble beside the facts: `validate`, which returns the fact table of `sim.analysis.facts`."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from sim.analysis.facts.schema import Facts, load_facts
from sim.analysis.facts.table import FactTable, fact_table
from sim.engine.ensemble import seeds_from
from sim.engine.progress import Progress
from sim.experiments.validate.readings import readings
from sim.experiments.workers import read_histories
from sim.scenario.load import Scenario, resolved

__all__ = ["validate"]


def validate(
    scenario: str | Path | Scenario = "baseline",
    runs: int = 40,
    seed: int | None = None,
    changes: Mapping[str, Any] | None = None,
    facts: Path | str | Facts | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> FactTable:
    """Run an ensemble, and compare it with what the article and the evidence say.

    Histories end with the last quarter that a fact needs.

    Args:
        scenario: its name, its path, or the scenario itself.
        runs: the number of histories, with seeds that follow each other; of 40, the ends of an interval are about
            the second from either side.
        seed: the seed of the first history; the scenario's own if left out.
        changes: lever names or dotted keys, and the values they take.
        facts: a file of facts, or facts that were loaded; those that ship if left out.
        workers: the number of processes; 1 is this process, None as many as there are processors and work for.
            The answer does not depend on it.
        progress: called after every history.

    Returns:
        The fact table.

    Raises:
        ScenarioError: if the scenario, a change, the facts or a number is wrong.
        AccountingError: if an accounting identity is violated, naming the seed.
        WorkerError: if a worker process dies.
    """
    began = time.perf_counter()
    chosen = resolved(scenario, seed, changes=changes)
    table = facts if isinstance(facts, Facts) else load_facts(facts)
    seeds = seeds_from(chosen.run.seed, runs)
    samples = read_histories(chosen, seeds, partial(readings, table), workers, progress)
    return fact_table(table, chosen, seeds, samples, time.perf_counter() - began)
