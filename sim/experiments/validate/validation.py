"""Running histories, and setting them beside the facts."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.analysis.facts.readings import Found, read
from sim.analysis.facts.schema import ALL, Facts, load_facts
from sim.analysis.facts.table import FactTable, fact_table
from sim.engine.ensemble import seeds_from
from sim.engine.progress import Progress
from sim.experiments.workers import read_histories
from sim.runs.recorder import Recorder
from sim.scenario import levers
from sim.scenario.load import Scenario, changed, load
from sim.scenario.quarters import between

if TYPE_CHECKING:
    import pandas as pd

    from sim.engine.mesa_model import CapitalFlowModel

RUNS = 40
"""Histories of an ensemble: its ends are then about the second from either side."""


def validate(
    scenario: str | Path | Scenario = "baseline",
    runs: int = RUNS,
    seed: int | None = None,
    changes: Mapping[str, Any] | None = None,
    facts: Path | str | Facts | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> FactTable:
    """Run an ensemble, and set what it gives beside what the article and the evidence say.

    Histories end with the last quarter that a fact needs.

    Args:
        scenario: its name, its path, or the scenario itself.
        runs: histories, with seeds that follow each other, at least 1.
        seed: of the first; the scenario's own if left out.
        changes: lever names or dotted keys, and the values they take.
        facts: a file of facts, or facts that were loaded; those that ship if left out.
        workers: processes; 1 is this process, None as many as there are processors and work for. The answer does
            not depend on it.
        progress: called after every history.

    Returns:
        The fact table.

    Raises:
        ScenarioError: if the scenario, a change, the facts or a number is wrong.
        AccountingError: if an accounting identity is violated, naming the seed.
        WorkerError: if a worker process dies.
    """
    began = time.perf_counter()
    wanted = levers.keys(changes or {})
    if seed is not None:
        wanted["run.seed"] = seed
    chosen = changed(scenario, wanted) if isinstance(scenario, Scenario) else load(scenario, wanted)
    known = facts if isinstance(facts, Facts) else load_facts(facts)
    seeds = seeds_from(chosen.run.seed, runs)
    readings = read_histories(chosen, seeds, partial(_told, known), workers, progress)
    return fact_table(known, chosen, seeds, readings, time.perf_counter() - began)


def _told(facts: Facts, scenario: Scenario, seed: int) -> dict[str, Found]:
    """Run a history as far as the facts need it, and read them."""
    from sim.engine.mesa_model import CapitalFlowModel

    model = CapitalFlowModel(scenario, rng=seed)
    return read(facts, _Memory(model, _steps(facts, scenario)), scenario)


def _steps(facts: Facts, scenario: Scenario) -> int:
    """Quarters that the facts need."""
    readings = [fact.reading for fact in facts.all.values() if fact.reading is not None]
    if any(reading.quarters == ALL and not _only_told(reading.of) for reading in readings):
        return scenario.run.quarters
    opening = scenario.run.opening
    last = max((reading.period[1] for reading in readings if reading.quarters != ALL), default=opening)
    return min(max(between(opening, last), 0), scenario.run.quarters)


def _only_told(terms: Sequence[str]) -> bool:
    return all(term.startswith("scenario|") for term in terms)


class _Memory:
    """The tables of a history that is run here, and leaves no folder."""

    def __init__(self, model: CapitalFlowModel, steps: int) -> None:
        recorder = Recorder(model.names)
        quarters = [recorder.tables(model.label, model.opening_books, model.economy, [])]
        for _ in range(steps):
            model.step()
            quarters.append(recorder.tables(model.label, model.opening_books, model.economy, []))
        self.series = _frame([{name: [value] for name, value in quarter.series.items()} for quarter in quarters])
        self.agents = _frame([quarter.agents for quarter in quarters])
        self.flows = _frame([quarter.flows for quarter in quarters])
        self.exposures = _frame([quarter.exposures for quarter in quarters])


def _frame(parts: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """One table of the tables of the quarters."""
    import pandas as pd

    return pd.DataFrame({name: [value for part in parts for value in part[name]] for name in parts[0]})
