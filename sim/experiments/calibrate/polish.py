"""The last steps of an estimate: least squares with slopes from the ensemble engine.

The distance is a sum of squares, of weighed gaps and of places. Slopes are central differences on common random
numbers, one batch of histories a step, wide enough to average over deals that happen or do not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from sim.experiments.calibrate.moments import Moments
from sim.experiments.calibrate.posterior import slopes_at
from sim.experiments.calibrate.simulator import Simulator

Numbers = NDArray[np.float64]
ENOUGH = 1e-3
"""Relative change of the distance at which there is no point in going on: far below what another seed makes."""
INSIDE = 1e-6
"""From the bounds, in standard deviations of the prior: the method starts strictly inside them."""


def polish(
    simulator: Simulator, moments: Moments, start: Numbers, seeds: range, free: NDArray[np.bool_], steps: int
) -> tuple[Numbers, float, int]:
    """Go downhill from a start until it is flat.

    Args:
        simulator: the simulator of the figures to be fitted.
        moments: the figures that histories are compared with.
        start: the places to start from, `(parameter,)`.
        seeds: the seeds of the histories, the same at every place.
        free: which parameters are moved, `(parameter,)`.
        steps: the largest number of steps.

    Returns:
        The best places in standard deviations of the priors, which are the start where nothing is better; the
        distance there; the number of steps.
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
