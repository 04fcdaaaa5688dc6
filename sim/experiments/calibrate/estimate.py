"""One estimate: search, last steps, and how sure it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim.experiments.calibrate.history import Target
from sim.experiments.calibrate.moments import Moments, scatter_of
from sim.experiments.calibrate.polish import polish
from sim.experiments.calibrate.posterior import Posterior, posterior
from sim.experiments.calibrate.problem import Problem, Recovery
from sim.experiments.calibrate.search import Progress, search
from sim.experiments.calibrate.simulator import Simulator

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """Parameters that fit what was observed, and how sure they are.

    Attributes:
        problem: that was solved.
        targets: figures that were fitted.
        posterior: the estimate and its distribution.
        distance: of the estimate, the priors' part included.
        misfit: the part of the distance that data make.
        candidates: tried by the search; 0 where there was none.
        steps: of the least squares at the end.
    """

    problem: Problem
    targets: tuple[Target, ...]
    posterior: Posterior
    distance: float
    misfit: float
    candidates: int
    steps: int

    @property
    def values(self) -> Numbers:
        """Estimated values, `(parameter,)`."""
        return self.problem.values(self.posterior.middle)


def observed(targets: Sequence[Target]) -> Numbers:
    """The figures as they are compared, `(target,)`."""
    return np.array([target.series.transformed(target.value) for target in targets])


def errors(targets: Sequence[Target]) -> Numbers:
    """Their standard errors, `(target,)`."""
    return np.array([target.series.error for target in targets])


def estimate(
    simulator: Simulator,
    figures: Numbers,
    free: NDArray[np.bool_] | None = None,
    seed: int = 0,
    journal: Path | None = None,
    short: Recovery | None = None,
    progress: Progress | None = None,
) -> Estimate:
    """Estimate the parameters of a problem.

    Args:
        simulator: with the targets to be fitted.
        figures: what was observed of them, as it is compared, `(target,)`.
        free: which parameters are estimated, `(parameter,)`; the others keep their priors. All if left out.
        seed: of the search.
        journal: file of the search, which goes on from it.
        short: for trials: no search, but steps from the middle of the priors, with fewer seeds.
        progress: told after every generation of the search.
    """
    problem, plan = simulator.problem, simulator.problem.plan.search
    count, steps = (plan.seeds, plan.steps) if short is None else (short.seeds, short.steps)
    seeds = range(plan.first_seed, plan.first_seed + count)
    error = errors(simulator.targets)
    moments = Moments(figures, (1.0 + 1.0 / count) * simulator.usual_scatter + np.diag(error**2))
    wanted = np.ones(len(problem.keys), dtype=bool) if free is None else free
    start, candidates = np.zeros(len(problem.keys)), 0
    if short is None:
        found = search(simulator, moments, seeds, seed, wanted, journal, progress)
        start, candidates = found.places, found.candidates
    best = polish(simulator, moments, start, seeds, wanted, steps)
    many = range(plan.first_seed, plan.first_seed + plan.scatter_seeds)
    scatter = scatter_of(simulator.compared(problem.values(best.places)[None], many)[0])
    over = plan.slope_seeds if short is None else short.seeds
    around = posterior(simulator, moments, best.places, count, scatter, error, wanted, over)
    misfit = best.distance - float((best.places**2).sum())
    return Estimate(problem, simulator.targets, around, best.distance, misfit, candidates, best.steps)
