"""The facts package: `facts_of` compares one history with what the article and the evidence say."""

from sim.analysis.facts.readings import read
from sim.analysis.facts.rows import FactRow
from sim.analysis.facts.schema import Fact, Facts, load_facts
from sim.analysis.facts.table import FactTable, fact_table
from sim.errors import RunError
from sim.runs.run import Run, read_json
from sim.scenario.load import Scenario

__all__ = ["Fact", "FactRow", "FactTable", "Facts", "facts_of", "load_facts"]


def facts_of(run: Run, scenario: Scenario | None = None, facts: Facts | None = None) -> FactTable:
    """Compare one history with the facts, and return the fact table; one history gives no intervals.

    Args:
        run: a run folder, or a run in memory.
        scenario: the scenario of the run; read from the run folder if left out.
        facts: the facts to compare with; if left out, the facts that ship with the package.

    Raises:
        RunError: if the run cannot be read, or its scenario is not one of this version.
        ScenarioError: if the facts name a measure that does not exist, or their file has another error.
    """
    scenario, facts = scenario or _scenario_of(run), facts or load_facts()
    return fact_table(facts, scenario, [int(run.manifest["seed"])], [read(facts, run, scenario)])


def _scenario_of(run: Run) -> Scenario:
    path = run.path / "scenario.json"
    try:
        return Scenario.model_validate(read_json(path))
    except ValueError as error:
        raise RunError(f"{path}: not a scenario of this version of capflow: {str(error).splitlines()[0]}") from None
