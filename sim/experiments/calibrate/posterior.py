"""The uncertainty of an estimate: its distribution around the truth, from the slopes of the targets.

Near the estimate the targets are taken to be linear in the places of the parameters (see `moments`), with slopes G_f
for the free parameters, which are estimated, and G_k for those that keep their priors; slopes are central
differences on common random numbers. The observed figures are taken for one history, with the covariance C of
histories and the errors E, and the truth for a draw from the priors. Then the true places of the free parameters
lie around their estimate with the covariance

    V = H^-1 (G_f' W ((1 + 1/S) C + E + G_k G_k') W G_f + I) H^-1,    H = G_f' W G_f + I,

the sandwich formula of simulated moments (McFadden 1989) with the priors as further moments: without data V = I. The
other parameters keep the distribution of their priors; their covariance with the free ones is -H^-1 G_f' W G_k. If
the remaining gaps are larger than all this allows, because no model is the world, V is multiplied by a factor: the
sum of their weighed squares divided by what that sum would be at the truth.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sim.experiments.calibrate.moments import Moments
from sim.experiments.calibrate.settings import NINETY, EstimationProblem, Flags, Numbers
from sim.experiments.calibrate.simulator import Simulator


@dataclass(frozen=True)
class Posterior:
    """The estimated places of the parameters, as a normal distribution.

    Attributes:
        middle: the estimates, `(parameter,)`, in standard deviations of the priors.
        covariance: the covariance of the estimates, `(parameter, parameter)`.
        inflation: the factor on variances for gaps that are larger than expected; 1 if they are not.
    """

    middle: Numbers
    covariance: Numbers
    inflation: float

    @property
    def deviation(self) -> Numbers:
        """The standard deviation of each parameter; 1 is that of its prior."""
        return np.sqrt(np.diag(self.covariance))

    def stretched(self, by: Numbers, free: Flags) -> Posterior:
        """Return the distribution with the standard deviations of the free (estimated) parameters times `by`."""
        factor = np.where(free, by, 1.0)
        return replace(self, covariance=factor[:, None] * self.covariance * factor)

    def interval(self, problem: EstimationProblem) -> tuple[Numbers, Numbers]:
        """Return the values at both ends of the 90 percent intervals, cut to the allowed ranges."""
        half = NINETY * self.deviation
        return problem.values(self.middle - half), problem.values(self.middle + half)


def posterior(
    simulator: Simulator,
    moments: Moments,
    middle: Numbers,
    seeds: int,
    scatter: Numbers,
    error: Numbers,
    free: Flags,
    slope_seeds: int,
) -> Posterior:
    """Return the distribution of the parameters around an estimate.

    Args:
        simulator: the simulator of the figures that were fitted.
        moments: the figures that the estimate was compared with.
        middle: the estimate, `(parameter,)`.
        seeds: the number of seeds over which the model's numbers were averaged.
        scatter: the covariance of a single history's targets over seeds, `(target, target)`.
        error: the standard deviations of the errors that the series declare, `(target,)`.
        free: the parameters that were estimated, `(parameter,)`; the others keep their priors.
        slope_seeds: the number of seeds over which slopes are averaged.
    """
    plan = simulator.problem.plan.search
    every = np.ones(len(middle), dtype=bool)
    over = range(plan.first_seed, plan.first_seed + slope_seeds)
    slopes = moments.weighed(slopes_at(simulator, middle, over, every).T).T
    mine, others = slopes[:, free], slopes[:, ~free]
    chance = (1.0 + 1.0 / seeds) * scatter + np.diag(error**2)
    chance = moments.weighed(moments.weighed(chance).T) + others @ others.T
    inverse = np.linalg.inv(mine.T @ mine + np.eye(mine.shape[1]))
    spread = inverse @ (mine.T @ chance @ mine + np.eye(mine.shape[1])) @ inverse
    # The weighed gaps that chance and the pull of the priors leave at the estimate.
    left = np.eye(len(error)) - mine @ inverse @ mine.T
    pulled = mine @ inverse
    expected = float(np.trace(left @ chance @ left.T) + np.trace(pulled @ pulled.T))
    first = range(plan.first_seed, plan.first_seed + seeds)
    misfit = float(moments.misfit(simulator.compared(simulator.problem.values(middle)[None], first))[0])
    inflation = max(1.0, misfit / expected)
    covariance = np.eye(len(middle))
    covariance[np.ix_(free, free)] = inflation * spread
    covariance[np.ix_(free, ~free)] = -inverse @ mine.T @ others
    covariance[np.ix_(~free, free)] = covariance[np.ix_(free, ~free)].T
    return Posterior(middle, covariance, inflation)


def slopes_at(simulator: Simulator, middle: Numbers, seeds: range, free: Flags) -> Numbers:
    """Return the slopes of the mean targets in the places of the free parameters, `(target, free parameter)`."""
    problem = simulator.problem
    step = problem.plan.search.slope_step
    low, high = problem.bounds
    each = np.eye(len(middle))[free]
    sides = [np.clip(middle + sign * step * each, low, high) for sign in (1.0, -1.0)]
    modelled = simulator.compared(problem.values(np.concatenate(sides)), seeds)
    up, down = np.split(np.nanmean(modelled, axis=1), 2)
    width = (sides[0] - sides[1]).max(axis=1)
    return np.asarray(((up - down) / width[:, None]).T)
