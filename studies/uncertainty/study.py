"""Uncertainty shown apart: the same outcome over seeds, over parameters, and over scenarios, never mixed.

A fan says little until it says what it is over. Here each source varies alone: *seed*, the same assumptions and
other random numbers; *parameters*, one seed and draws of the estimate; *scenario*, the mean of each scenario that
ships. `python -m studies.uncertainty` runs them and draws the fans of docs/findings.md.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from sim.engine.batch import Engine, Histories, Start, behaviour
from sim.engine.ensemble import refuse_problems, run_histories, starts
from sim.errors import ScenarioError
from sim.experiments.calibrate.results import load_record
from sim.experiments.calibrate.settings import EstimationProblem, load_problem
from sim.experiments.sweep.variants import Variants
from sim.scenario.load import Scenario, load, names
from sim.scenario.quarters import later
from studies.uncertainty.results import MEASURES, PRIORS, Kind, Numbers, Source, Uncertainty

ESTIMATE = "2025Q2"
"""The record that parameters are drawn from."""
APART = ("no-redeployment", "zero-behaviour")
"""Scenarios that are no possible world of issuers that redeploy: the twin, and a check of the books."""


def paths_of(histories: Histories) -> dict[str, Float[Numbers, "run quarter"]]:
    """Return the measures of histories by quarter."""
    paths = {}
    for measure in MEASURES:
        path = histories.paths[..., histories.names.index(measure.name)]
        paths[measure.name] = path.cumsum(axis=1) if measure.cumulated else path
    return paths


def of_seeds(histories: Histories) -> Source:
    """Return the source seed, of histories of one scenario."""
    return Source("seed", len(histories.paths), paths_of(histories))


def of_draws(histories: Histories, left_out: int) -> Source:
    """Return the source parameters, of histories with one seed."""
    return Source("parameters", len(histories.paths), paths_of(histories), left_out=left_out)


def of_scenarios(by_title: dict[str, Histories]) -> Source:
    """Return the source scenario: the mean of each; by the title of the scenario."""
    each = [paths_of(histories) for histories in by_title.values()]
    lines = {measure.name: np.array([paths[measure.name].mean(axis=0) for paths in each]) for measure in MEASURES}
    return Source("scenario", sum(len(histories.paths) for histories in by_title.values()), lines, tuple(by_title))


def worlds(baseline: Scenario) -> list[Scenario]:
    """Scenarios that ship and run beside the baseline: the same opening and length; the baseline first."""
    same = (baseline.run.opening, baseline.run.quarters)
    scenarios = [baseline]
    for name, path in names().items():
        if name == baseline.name or name in APART or path.parent.name != "scenarios":
            continue
        scenario = load(name)
        if (scenario.run.opening, scenario.run.quarters) == same:
            scenarios.append(scenario)
    return scenarios


def drawn(problem: EstimationProblem, draws: int, estimate: str = ESTIMATE) -> Numbers:
    """Values of the parameters, `(draw, parameter)`.

    Args:
        problem: whose parameters.
        draws: how many.
        estimate: the record's last quarter or file, or "priors".

    Raises:
        ScenarioError: if there is no such record.
    """
    if estimate == PRIORS:
        places = np.random.default_rng(0).standard_normal((draws, len(problem.keys)))
        return problem.values(places)
    return load_record(estimate).draws(problem, draws, 0)


class Draws:
    """Draws of parameters in one scenario.

    Args:
        scenario: that they belong to.
        problem: whose parameters.
        values: of the parameters, `(draw, parameter)`.
    """

    def __init__(self, scenario: Scenario, problem: EstimationProblem, values: Numbers) -> None:
        self.scenario = scenario
        self._values = values
        self._variants = Variants(scenario, problem.axes)

    def opens(self) -> NDArray[np.bool_]:
        """Which draws have an opening whose balance sheets close, `(draw,)`."""
        opens = []
        for row in self._values:
            try:
                self._variants.open(tuple(float(value) for value in row))
            except ScenarioError:
                opens.append(False)
            else:
                opens.append(True)
        return np.array(opens)

    def starts(self, chosen: NDArray[np.bool_], seed: int) -> Iterator[Start]:
        """One history for each chosen draw, all with the same seed."""
        for row in self._values[chosen]:
            yield self._variants.start(tuple(float(value) for value in row), seed)


def labels_of(scenario: Scenario) -> tuple[str, ...]:
    """Quarters of a scenario, the opening first."""
    return tuple(later(scenario.run.opening, step) for step in range(scenario.run.quarters + 1))


def usable(histories: Histories) -> NDArray[np.bool_]:
    """Histories without a problem, `(run,)`."""
    return np.array([problem is None for problem in histories.problems])


def uncertainty(
    baseline: Scenario, runs: int, draws: int, estimate: str = ESTIMATE, engine: Engine = "auto"
) -> Uncertainty:
    """Run all three sources.

    Args:
        baseline: that seeds and draws belong to.
        runs: seeds of the baseline and of each scenario.
        draws: of the parameters.
        estimate: the record's last quarter or file, or "priors".
        engine: as in `sim.ensemble`.

    Raises:
        ScenarioError: if a scenario or the record is wrong.
        AccountingError: if an identity is violated.
    """
    problem = load_problem(scenario=baseline)
    seeds = range(baseline.run.seed, baseline.run.seed + runs)
    by_title: dict[str, Histories] = {}
    for scenario in worlds(baseline):
        histories = run_histories(starts(scenario, seeds), behaviour(scenario), engine=engine)
        refuse_problems(histories, scenario.name, seeds)
        by_title[scenario.title] = histories
    each = Draws(baseline, problem, drawn(problem, draws, estimate))
    opens = each.opens()
    tried = run_histories(each.starts(opens, seeds[0]), behaviour(baseline), engine=engine)
    chosen = usable(tried)
    parameters = of_draws(tried.select(chosen), draws - int(chosen.sum()))
    return put_together(baseline, by_title, parameters, estimate)


def put_together(baseline: Scenario, histories: dict[str, Histories], parameters: Source, estimate: str) -> Uncertainty:
    """Return the three sources, of histories that are there already.

    Args:
        baseline: that seeds and draws belong to.
        histories: histories of the scenarios by title, the baseline's first.
        parameters: the source of draws.
        estimate: that these were drawn from.
    """
    sources: dict[Kind, Source] = {
        "seed": of_seeds(histories[baseline.title]),
        "parameters": parameters,
        "scenario": of_scenarios(histories),
    }
    return Uncertainty(sources, labels_of(baseline), estimate, baseline.run.seed, baseline.title)
