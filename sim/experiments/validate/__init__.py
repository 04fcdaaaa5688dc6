"""Comparison of an ensemble with the facts: `validate`, which returns the fact table of `sim.analysis.facts`."""

import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from sim.analysis.facts.readings import FactNumber, read
from sim.analysis.facts.schema import ALL, Facts, load_facts
from sim.analysis.facts.table import FactTable, fact_table
from sim.engine.ensemble import seeds_from
from sim.engine.history import history
from sim.engine.progress import Progress
from sim.experiments.run import run_of
from sim.experiments.workers import read_histories
from sim.scenario.load import Scenario, changed, resolved
from sim.scenario.quarters import between

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
        scenario: the scenario, its name or its path.
        runs: the number of histories, with seeds that follow each other; of 40, the ends of an interval are about
            the second from either side.
        seed: the seed of the first history; the scenario's own if left out.
        changes: lever names or dotted keys, and the values they take.
        facts: the facts, or a file of facts; those that ship if left out.
        workers: the number of processes; 1 is this process, None as many as there are processors and work for.
            The answer does not depend on it.
        progress: called after every history.

    Raises:
        ScenarioError: if the scenario, a change, the facts or a number is wrong.
        AccountingError: if an accounting identity is violated, naming the seed.
        WorkerError: if a worker process dies.
    """
    began = time.perf_counter()
    chosen = resolved(scenario, seed, changes=changes)
    table = facts if isinstance(facts, Facts) else load_facts(facts)
    seeds = seeds_from(chosen.run.seed, runs)
    samples = read_histories(chosen, seeds, partial(_readings, table), workers, progress)
    return fact_table(table, chosen, seeds, samples, time.perf_counter() - began)


def _readings(facts: Facts, scenario: Scenario, seed: int) -> dict[str, FactNumber]:
    """Run a history up to the last quarter that the facts need, and read them."""
    needed = [fact.reading for fact in facts.all.values() if fact.reading is not None]
    quarters = scenario.run.quarters
    if not any(r.quarters == ALL and not all(term.startswith("scenario|") for term in r.of) for r in needed):
        opening = scenario.run.opening
        last = max((r.period[1] for r in needed if r.quarters != ALL), default=opening)
        quarters = min(max(between(opening, last), 1), quarters)
    shortened = changed(scenario, {"run.quarters": quarters})
    return read(facts, run_of(history(shortened, seed, "numpy"), outcomes=False), scenario)
