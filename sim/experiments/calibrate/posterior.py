"""How sure an estimate is: its distribution around the truth, from the slopes of the targets.

Near the estimate the targets are taken as linear in the places of the parameters, with slopes G by central
differences on common random numbers. The observed figures are one history, with the scatter C of histories and the
errors E, and the truth is a draw from the prior, so that the estimate misses it by a normal distribution with

    V = H^-1 (G' W ((1 + 1/S) C + E) W G + I) H^-1,    H = G' W G + I,

the sandwich of simulated moments (McFadden 1989) with the priors as further moments, which has V = I without data.
Where the gaps left are larger than scatter and errors allow, as in a model that is not the world, V is multiplied by
the factor by which their weighed squares exceed what they would be at the truth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.experiments.calibrate.moments import Moments
from sim.experiments.calibrate.problem import NINETY, Problem
from sim.experiments.calibrate.simulator import Simulator

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Posterior:
    """Places of parameters, as a normal distribution.

    Attributes:
        middle: estimates, `(parameter,)`, in standard deviations of the priors.
        covariance: `(parameter, parameter)`.
        inflation: the factor for gaps that are larger than expected; 1 where they are not.
    """

    middle: Numbers
    covariance: Numbers
    inflation: float

    @property
    def deviation(self) -> Numbers:
        """Standard deviations; 1 is the prior's."""
        return np.sqrt(np.diag(self.covariance))

    def interval(self, problem: Problem) -> tuple[Numbers, Numbers]:
        """Values at the ends of the 90 percent intervals, within the allowed ranges."""
        half = NINETY * self.deviation
        return problem.values(self.middle - half), problem.values(self.middle + half)

    def draws(self, problem: Problem, count: int, seed: int) -> Numbers:
        """Values drawn from the distribution, `(draw, parameter)`, within the allowed ranges."""
        generator = np.random.default_rng(seed)
        return problem.values(generator.multivariate_normal(self.middle, self.covariance, count))


def posterior(simulator: Simulator, moments: Moments, middle: Numbers, seeds: int, scatter: Numbers) -> Posterior:
    """The distribution around an estimate.

    Args:
        simulator: runs histories.
        moments: what the estimate was held against.
        middle: the estimate, `(parameter,)`.
        seeds: over which the model's side was averaged.
        scatter: covariance of one history's targets over seeds, `(target, target)`.
    """
    plan = simulator.problem.plan.search
    slope_seeds = range(plan.first_seed, plan.first_seed + plan.slope_seeds)
    slopes = moments.weighed(slopes_at(simulator, middle, slope_seeds).T).T
    chance = (1.0 + 1.0 / seeds) * scatter / np.outer(moments.error, moments.error) + np.eye(len(moments.error))
    inverse = np.linalg.inv(slopes.T @ slopes + np.eye(len(middle)))
    spread = inverse @ (slopes.T @ chance @ slopes + np.eye(len(middle))) @ inverse
    # What is left of chance, and of the pull of the priors, after fitting: the weighed gaps at the estimate.
    kept = np.eye(len(moments.error)) - slopes @ inverse @ slopes.T
    pulled = slopes @ inverse
    expected = np.trace(kept @ chance @ kept.T) + np.trace(pulled @ pulled.T)
    first = range(plan.first_seed, plan.first_seed + seeds)
    found = float(moments.misfit(simulator.compared(simulator.problem.values(middle)[None], first))[0])
    inflation = max(1.0, found / float(expected))
    return Posterior(middle, inflation * spread, inflation)


def slopes_at(simulator: Simulator, middle: Numbers, seeds: range) -> Numbers:
    """Slopes of the mean targets by the places of the parameters, `(target, parameter)`."""
    problem = simulator.problem
    step = problem.plan.search.slope_step
    low, high = problem.bounds
    sides = [np.clip(middle + sign * step * np.eye(len(middle)), low, high) for sign in (1.0, -1.0)]
    modelled = simulator.compared(problem.values(np.concatenate(sides)), seeds)
    up, down = np.split(np.nanmean(modelled, axis=1), 2)
    width = np.array([sides[0][i, i] - sides[1][i, i] for i in range(len(middle))])
    return np.asarray(((up - down) / width[:, None]).T)
