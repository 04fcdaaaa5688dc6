"""The estimate of parameters: a search, least squares from its best candidate, and the uncertainty."""

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
"""Relative change of the distance at which least squares stop: another seed changes it much more."""
INSIDE = 1e-6
"""From the bounds, in standard deviations of the prior: least squares start strictly inside them."""


@dataclass(frozen=True)
class ParameterEstimate:
    """Parameters that fit what was observed, and how sure they are.

    Attributes:
        problem: the problem that was solved.
        posterior: the estimate and its distribution.
        distance: the distance of the estimate, the priors' part included.
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
        """Estimated values, `(parameter,)`."""
        return self.problem.values(self.posterior.middle)


def observed(targets: Sequence[Target]) -> Numbers:
    """Return the figures as they are compared, `(target,)`."""
    return np.array([target.series.transformed(target.value) for target in targets])


def errors(targets: Sequence[Target]) -> Numbers:
    """Return the standard errors of the figures, `(target,)`."""
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
    """Estimate the parameters of a problem.

    Args:
        simulator: the simulator of the figures to be fitted.
        figures: the observed figures, as they are compared, `(target,)`.
        free: the parameters that are estimated, `(parameter,)`; the others keep their priors. All if left out.
        seed: the seed of the search.
        journal: the file of the search, which goes on from it.
        short: settings of a trial: no search, but steps from the middle of the priors, with fewer seeds.
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
    """Go downhill from a start by least squares; return the best places, their distance and the steps taken.

    The distance is a sum of squares, of weighed gaps and of places. Slopes are central differences on common
    random numbers, one batch of histories a step, wide enough to average over deals that happen or do not.
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
