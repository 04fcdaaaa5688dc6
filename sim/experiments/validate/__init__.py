"""Comparison of an ensemble of histories with the facts: `validate`, which returns a `FactTable`."""

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
    """Run an ensemble of histories, and compare it with the numbers that the article and the evidence give.

    The histories end with the last quarter that any fact needs.

    Args:
        scenario: the name of a scenario, its path, or the scenario itself.
        runs: the number of histories, whose seeds follow each other. With 40 histories, a 90 percent interval ends
            at about the second smallest and the second largest number.
        seed: the seed of the first history; the one that the scenario states if left out.
        changes: lever name or dotted key -> the value that it takes.
        facts: the facts, or the path of a file of facts; the facts that come with capflow if left out.
        workers: the number of processes; 1 means this process alone, None as many as there are processors and work
            for. The results do not depend on this number.
        progress: called after every history.

    Raises:
        ScenarioError: if the scenario, a change, the facts or a number is wrong.
        AccountingError: if an accounting identity is violated; the message names the seed.
        WorkerError: if a worker process dies.
    """
    began = time.perf_counter()
    chosen = resolved(scenario, seed, changes=changes)
    table = facts if isinstance(facts, Facts) else load_facts(facts)
    seeds = seeds_from(chosen.run.seed, runs)
    samples = read_histories(chosen, seeds, partial(_readings, table), workers, progress)
    return fact_table(table, chosen, seeds, samples, time.perf_counter() - began)


def _readings(facts: Facts, scenario: Scenario, seed: int) -> dict[str, FactNumber]:
    """Run one history up to the last quarter that the facts need, and return fact name -> its number."""
    needed = [fact.reading for fact in facts.all.values() if fact.reading is not None]
    quarters = scenario.run.quarters
    if not any(r.quarters == ALL and not all(term.startswith("scenario|") for term in r.of) for r in needed):
        opening = scenario.run.opening
        last = max((r.period[1] for r in needed if r.quarters != ALL), default=opening)
        quarters = min(max(between(opening, last), 1), quarters)
    shortened = changed(scenario, {"run.quarters": quarters})
    return read(facts, run_of(history(shortened, seed, "numpy"), outcomes=False), scenario)
