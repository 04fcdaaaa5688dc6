"""The estimate of parameters: a search, least squares from its best candidate, and the estimate's uncertainty."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import least_squares

from sim.engine.progress import Progress
from sim.experiments.calibrate.history import Target
from sim.experiments.calibrate.moments import Moments, scatter_of
from sim.experiments.calibrate.posterior import Posterior, posterior, slopes_at
from sim.experiments.calibrate.search import search
from sim.experiments.calibrate.settings import EstimationProblem, Flags, Numbers, Recovery
from sim.experiments.calibrate.simulator import Simulator

ENOUGH = 1e-3
"""Least squares stop when the distance changes by less than this, relatively; another seed changes it far more."""
INSIDE = 1e-6
"""How far inside the bounds least squares start, in standard deviations of the prior."""


@dataclass(frozen=True)
class ParameterEstimate:
    """Parameters that fit the observed figures, and how certain they are.

    Attributes:
        problem: the problem that was solved.
        posterior: the estimate and its distribution.
        distance: the distance between model and figures at the estimate (see `moments`), with the priors' part.
        misfit: the part of the distance that comes from the data.
        candidates: the number of candidates tried by the search; 0 without a search.
        steps: the number of steps of the least squares.
    """

    problem: EstimationProblem
    posterior: Posterior
    distance: float
    misfit: float
    candidates: int
    steps: int

    @property
    def values(self) -> Numbers:
        """The estimated values, `(parameter,)`."""
        return self.problem.values(self.posterior.middle)


def observed(targets: Sequence[Target]) -> Numbers:
    """Return the observed figures on the scale of comparison, `(target,)`: logarithms where the series says so."""
    return np.array([target.series.transformed(target.value) for target in targets])


def errors(targets: Sequence[Target]) -> Numbers:
    """Return the errors that the series declare for the figures, as standard deviations, `(target,)`."""
    return np.array([target.series.error for target in targets])


def estimate(
    simulator: Simulator,
    figures: Numbers,
    free: Flags | None = None,
    seed: int = 0,
    journal: Path | None = None,
    short: Recovery | None = None,
    progress: Progress | None = None,
) -> ParameterEstimate:
    """Estimate the parameters of an estimation problem.

    Args:
        simulator: the simulator of the figures to be fitted.
        figures: the observed figures on the scale of comparison, `(target,)`.
        free: the parameters that are estimated, `(parameter,)`; the others keep their priors. All if left out.
        seed: the seed of the search.
        journal: the file that the search is written to, and from which a stopped search is resumed.
        short: the settings of a trial, which skips the search: least squares start from the middle of the priors,
            with fewer seeds.
        progress: called after every generation of the search.
    """
    problem, plan = simulator.problem, simulator.problem.plan.search
    count, steps = (plan.seeds, plan.steps) if short is None else (short.seeds, short.steps)
    seeds = range(plan.first_seed, plan.first_seed + count)
    error = errors(simulator.targets)
    moments = Moments(figures, (1.0 + 1.0 / count) * simulator.usual_scatter + np.diag(error**2))
    wanted = np.ones(len(problem.keys), dtype=bool) if free is None else free
    start, candidates = np.zeros(len(problem.keys)), 0
    if short is None:
        candidate = search(simulator, moments, seeds, seed, wanted, journal, progress)
        start, candidates = candidate.places, candidate.candidates
    best, distance, taken = _polish(simulator, moments, start, seeds, wanted, steps)
    many = range(plan.first_seed, plan.first_seed + plan.scatter_seeds)
    scatter = scatter_of(simulator.compared(problem.values(best)[None], many)[0])
    over = plan.slope_seeds if short is None else short.seeds
    around = posterior(simulator, moments, best, count, scatter, error, wanted, over)
    misfit = distance - float((best**2).sum())
    return ParameterEstimate(problem, around, distance, misfit, candidates, taken)


def _polish(
    simulator: Simulator, moments: Moments, start: Numbers, seeds: range, free: Flags, steps: int
) -> tuple[Numbers, float, int]:
    """Improve places by least squares from a start; return the best places, their distance and the steps taken.

    The distance is the sum of the squares of weighed gaps and places. Slopes are central differences on common
    random numbers, one batch of histories a step, wide enough to average over deals that happen on one side only.
    """
    problem = simulator.problem
    low, high = (side[free] for side in problem.bounds)

    def whole(places: Numbers) -> Numbers:
        moved = start.copy()
        moved[free] = places
        return moved

    def gaps(places: Numbers) -> Numbers:
        modelled = simulator.compared(problem.values(whole(places))[None], seeds)
        return np.concatenate([moments.weighed(modelled.mean(axis=1) - moments.observed)[0], places])

    def slopes(places: Numbers) -> Numbers:
        weighed = moments.weighed(slopes_at(simulator, whole(places), seeds, free).T).T
        return np.concatenate([weighed, np.eye(len(places))])

    inside = np.clip(start[free], low + INSIDE, high - INSIDE)
    solution = least_squares(gaps, inside, slopes, bounds=(low, high), max_nfev=steps, ftol=ENOUGH, xtol=1e-4)
    return whole(solution.x), 2.0 * float(solution.cost), int(solution.nfev)
