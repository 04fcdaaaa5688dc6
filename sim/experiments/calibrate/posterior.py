"""The uncertainty of an estimate: its distribution around the truth, from the slopes of the targets.

Near the estimate the targets are taken as linear in the places of the parameters, with slopes G by central
differences on common random numbers, of the free parameters (G_f) and of those that keep their priors (G_k). The
observed figures are one history, with the scatter C of histories and the errors E, and the truth is a draw from
the priors. So the truth lies around the estimate of the free ones with

    V = H^-1 (G_f' W ((1 + 1/S) C + E + G_k G_k') W G_f + I) H^-1,    H = G_f' W G_f + I,

the sandwich of simulated moments (McFadden 1989) with the priors as further moments: without data V = I. The
others have their priors, and the covariance -H^-1 G_f' W G_k with the free ones. Where the gaps left are larger
than all this allows, as in a model that is not the world, V is multiplied by the factor by which their weighed
squares exceed what they would be at the truth.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sim.experiments.calibrate.moments import Moments
from sim.experiments.calibrate.settings import NINETY, EstimationProblem, Flags, Numbers
from sim.experiments.calibrate.simulator import Simulator


@dataclass(frozen=True)
class Posterior:
    """Places of parameters, as a normal distribution.

    Attributes:
        middle: the estimates, `(parameter,)`, in standard deviations of the priors.
        covariance: the covariance of the estimates, `(parameter, parameter)`.
        inflation: the factor for gaps that are larger than expected; 1 where they are not.
    """

    middle: Numbers
    covariance: Numbers
    inflation: float

    @property
    def deviation(self) -> Numbers:
        """Standard deviations; 1 is the prior's."""
        return np.sqrt(np.diag(self.covariance))

    def stretched(self, by: Numbers, free: Flags) -> Posterior:
        """Return the same with the standard deviations of the free, estimated parameters multiplied by factors."""
        factor = np.where(free, by, 1.0)
        return replace(self, covariance=factor[:, None] * self.covariance * factor)

    def interval(self, problem: EstimationProblem) -> tuple[Numbers, Numbers]:
        """Return the values at the ends of the 90 percent intervals, within the allowed ranges."""
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
    """Return the distribution around an estimate.

    Args:
        simulator: the simulator of the figures that were fitted.
        moments: the figures that the estimate was compared with.
        middle: the estimate, `(parameter,)`.
        seeds: the number of seeds over which the model's side was averaged.
        scatter: the covariance of one history's targets over seeds, `(target, target)`.
        error: the standard deviations of what figures and model leave open, `(target,)`.
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
    # What is left of chance, and of the pull of the priors, after fitting: the weighed gaps at the estimate.
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
    """Return the slopes of the mean targets by the places of the free parameters, `(target, free parameter)`."""
    problem = simulator.problem
    step = problem.plan.search.slope_step
    low, high = problem.bounds
    each = np.eye(len(middle))[free]
    sides = [np.clip(middle + sign * step * each, low, high) for sign in (1.0, -1.0)]
    modelled = simulator.compared(problem.values(np.concatenate(sides)), seeds)
    up, down = np.split(np.nanmean(modelled, axis=1), 2)
    width = (sides[0] - sides[1]).max(axis=1)
    return np.asarray(((up - down) / width[:, None]).T)
