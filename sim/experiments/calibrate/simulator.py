"""The model's numbers for the observed figures (targets), from parameters and seeds, many histories at a time."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from jaxtyping import Float

from sim.engine.batch import Engine, agent_measures, behaviour
from sim.engine.ensemble import run_histories
from sim.errors import ScenarioError, suggestion
from sim.experiments.calibrate.history import FLOOR, Series, Target, quarters_of
from sim.experiments.calibrate.moments import scatter_of, usual
from sim.experiments.calibrate.settings import EstimationProblem, Numbers
from sim.experiments.sweep.variants import Variants
from sim.scenario import quarters
from sim.scenario.load import changed


class Simulator:
    """Runs histories of a problem up to the last quarter of its targets.

    Args:
        problem: the parameters and their scenario.
        targets: the observed figures whose counterparts in the model are read from histories.
        last: the last quarter of the histories; that of the latest target if left out.
        known: the last quarter in which the bill rate and the prices of assets follow the data; the one that the
            scenario states if left out.
        engine: "jax", "numpy" or "auto", as in `sim.ensemble`.
    """

    def __init__(
        self,
        problem: EstimationProblem,
        targets: Sequence[Target],
        last: str | None = None,
        known: str | None = None,
        engine: Engine = "auto",
    ) -> None:
        self.problem, self.targets, self.engine = problem, tuple(targets), engine
        opening = problem.scenario.run.opening
        end = last if last is not None else max(target.last for target in targets)
        self.quarters = [quarters.later(opening, step) for step in range(quarters.between(opening, end) + 1)]
        changes: dict[str, int | str] = {"run.quarters": len(self.quarters) - 1}
        if known is not None:
            changes["history.until"] = known
        self.scenario = changed(problem.scenario, changes)

    @cached_property
    def _variants(self) -> Variants:
        return Variants(self.scenario, self.problem.axes)

    def drawn(self, values: Numbers, seeds: Sequence[int]) -> Float[Numbers, "row 1 quarter term"]:
        """Run one history for each row of parameter values, each with its own seed; return its terms by quarter.

        A history that cannot be used is all NaN.
        """
        return self._run(list(zip(values, seeds, strict=True)))[:, None]

    def _run(self, pairs: Sequence[tuple[Numbers, int]]) -> Float[Numbers, "history quarter term"]:
        starts = (self._variants.start(tuple(float(value) for value in row), seed) for row, seed in pairs)
        histories = run_histories(starts, behaviour(self.scenario), engine=self.engine, agents=True)
        assert histories.agents is not None
        whole = np.concatenate([histories.paths, histories.agents], axis=-1)
        picked = whole[..., [self._column(term, histories.names) for term in self.terms]]
        picked[[problem is not None for problem in histories.problems]] = np.nan
        return picked

    def each(self, values: Numbers, seeds: Sequence[int]) -> Float[Numbers, "row seed target"]:
        """Return the model's numbers for the targets, in their series' units, with the same seeds for every row."""
        paths = self._run([(row, seed) for row in values for seed in seeds])
        paths = paths.reshape(len(values), len(seeds), *paths.shape[1:])
        return np.stack([self.period(target.series, target.period, paths) for target in self.targets], axis=-1)

    def compared(self, values: Numbers, seeds: Sequence[int]) -> Float[Numbers, "row seed target"]:
        """Return the model's numbers on the scale of comparison: logarithms where the series says so."""
        modelled = self.each(values, seeds)
        for place, target in enumerate(self.targets):
            if target.series.change == "log":
                modelled[..., place] = np.log(np.maximum(modelled[..., place], FLOOR * target.value))
        return modelled

    @cached_property
    def usual_scatter(self) -> Float[Numbers, "target target"]:
        """The usual covariance (see `usual`) of a single history's targets over seeds, at places drawn from the priors.

        One place would not do: a deal that always happens there has no scatter, and would be weighed as if it were
        certain everywhere.
        """
        plan, problem = self.problem.plan.search, self.problem
        drawn = np.random.default_rng(plan.first_seed).standard_normal((plan.scatter_places, len(problem.keys)))
        scattered = self.compared(
            problem.values(np.clip(drawn, *problem.bounds)),
            range(plan.first_seed, plan.first_seed + plan.scatter_seeds),
        )
        return usual([scatter_of(place) for place in scattered])

    def period(self, series: Series, period: str, paths: Numbers) -> Numbers:
        """Return the model's number of a series in a period, `(row, seed)`, from the paths of histories."""
        total = self._total(series.of, series, period, paths) - self._total(series.less, series, period, paths)
        if series.over:
            total = total / self._total(series.over, series, period, paths)
        if series.base is not None:
            total = total / self._total(series.of, series, series.base, paths)
        return np.asarray(total * series.scale)

    def _total(self, terms: Sequence[str], series: Series, period: str, paths: Numbers) -> Numbers:
        places = [self.quarters.index(quarter) for quarter in quarters_of(period)]
        columns = [self.terms.index(term) for term in terms]
        by_quarter = paths[..., columns].sum(axis=-1)[..., places]
        if series.total == "last":
            return np.asarray(by_quarter[..., -1])
        return np.asarray(by_quarter.sum(axis=-1) if series.total == "sum" else by_quarter.mean(axis=-1))

    @cached_property
    def terms(self) -> tuple[str, ...]:
        """The terms that are read from histories, each listed once."""
        every = [term for t in self.targets for term in (*t.series.of, *t.series.less, *t.series.over)]
        return tuple(dict.fromkeys(every))

    def _column(self, term: str, names: Sequence[str]) -> int:
        """Return the column of a term among the readings of the economy, then the measures of its agents."""
        table, *path = term.split("|")
        if table == "series":
            if path[0] not in names:
                raise ScenarioError(f"unknown measure {path[0]!r}{suggestion(path[0], names)}", "series", term)
            return names.index(path[0])
        population, agent, measure = path
        where, members = self._agents
        if population not in members:
            raise ScenarioError(f"unknown population {population!r}", "series", term, ", ".join(members))
        if (population, measure) not in where:
            known = [name for group, name in where if group == population]
            raise ScenarioError(f"unknown measure {measure!r}{suggestion(measure, known)}", "series", term)
        if agent not in members[population]:
            raise ScenarioError(f"unknown agent of the {population}", "series", term, ", ".join(members[population]))
        return len(names) + where[population, measure].start + members[population].index(agent)

    @cached_property
    def _agents(self) -> tuple[dict[tuple[str, str], slice], dict[str, tuple[str, ...]]]:
        base = self._variants.base.opening
        return agent_measures(base.economy), base.names
