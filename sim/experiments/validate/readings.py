"""What one history says of the facts, run no further than they need."""

from __future__ import annotations

from sim.analysis.facts.readings import FactNumber, read
from sim.analysis.facts.schema import ALL, Facts
from sim.engine.history import history
from sim.experiments.run import run_of
from sim.scenario.load import Scenario, changed
from sim.scenario.quarters import between


def readings(facts: Facts, scenario: Scenario, seed: int) -> dict[str, FactNumber]:
    """Run a history as far as the facts need it, and read them."""
    shortened = changed(scenario, {"run.quarters": quarters_needed(facts, scenario)})
    return read(facts, run_of(history(shortened, seed, "numpy"), outcomes=False), scenario)


def quarters_needed(facts: Facts, scenario: Scenario) -> int:
    """Count the quarters that the facts need, at least one."""
    needed = [fact.reading for fact in facts.all.values() if fact.reading is not None]
    if any(r.quarters == ALL and not all(term.startswith("scenario|") for term in r.of) for r in needed):
        return scenario.run.quarters
    opening = scenario.run.opening
    last = max((r.period[1] for r in needed if r.quarters != ALL), default=opening)
    return min(max(between(opening, last), 1), scenario.run.quarters)
