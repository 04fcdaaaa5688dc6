"""Setting one history beside the facts."""

from __future__ import annotations

from sim.analysis.facts.readings import read
from sim.analysis.facts.schema import Facts, load_facts
from sim.analysis.facts.table import FactTable, fact_table
from sim.errors import RunError
from sim.runs.run import Run, read_json
from sim.scenario.load import Scenario


def facts_of(run: Run, scenario: Scenario | None = None, facts: Facts | None = None) -> FactTable:
    """Set one history beside the facts.

    Args:
        run: a run folder, or a run in memory.
        scenario: that was run; read from the run folder if left out.
        facts: those that ship if left out.

    Returns:
        The fact table of one history, without intervals.

    Raises:
        RunError: if the run cannot be read.
        ScenarioError: if the facts are wrong.
    """
    chosen = scenario if scenario is not None else _scenario_of(run)
    known = facts if facts is not None else load_facts()
    return fact_table(known, chosen, [int(run.manifest["seed"])], [read(known, run, chosen)])


def _scenario_of(run: Run) -> Scenario:
    path = run.path / "scenario.json"
    try:
        return Scenario.model_validate(read_json(path))
    except ValueError as error:
        raise RunError(f"{path}: not a scenario of this version: {str(error).splitlines()[0]}") from None
