"""The distance of the model from the observed figures: the method of simulated moments with priors.

The distance of parameters at places z (standard deviations from the middle of their priors) is

    Q(z) = g(z)' W g(z) + z' z,    g(z) = mean over seeds of the model's targets - observed,
    W = ((1 + 1/S) C + E)^-1,

with the scatter C of one history over seeds, S seeds, and the variances E of what figures and model leave open
(McFadden 1989; Grazzini and Richiardi 2015 for agent-based models). C is measured once, as is usual over places
drawn from the priors, so that W does not move with what is looked for. The priors enter as moments of their own:
without data the best place is their middle.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import solve_triangular

from sim.experiments.calibrate.settings import Numbers


@dataclass(frozen=True)
class Moments:
    """The figures that the model is compared with, and their weights.

    Attributes:
        observed: the figures as they are compared, `(target,)`.
        covariance: the covariance of the gaps at the true parameters, the inverse of the weights.
    """

    observed: Numbers
    covariance: Numbers

    @cached_property
    def _root(self) -> Numbers:
        return np.asarray(np.linalg.cholesky(self.covariance))

    def weighed(self, gaps: Numbers) -> Numbers:
        """Return gaps `(row, target)` as numbers that are independent with variance 1 at the true parameters."""
        return np.asarray(solve_triangular(self._root, gaps.T, lower=True).T)

    def misfit(self, modelled: Numbers) -> Numbers:
        """Return the data's part of the distance, `(row,)`, from the model's targets, `(row, seed, target)`.

        It is infinite for histories that cannot be used.
        """
        gaps = modelled.mean(axis=1) - self.observed
        usable = np.isfinite(gaps).all(axis=-1)
        squares = (self.weighed(np.where(usable[:, None], gaps, 0.0)) ** 2).sum(axis=-1)
        return np.where(usable, squares, np.inf)


def usual(scatters: Sequence[Numbers]) -> Numbers:
    """Return the covariance with the median standard deviations and the mean correlations of several.

    Medians, since at a few places a target can scatter a hundred times more than anywhere else.
    """
    deviations = np.sqrt([np.diag(scatter) for scatter in scatters])
    scales = deviations[:, :, None] * deviations[:, None, :]
    related = np.divide(np.array(scatters), scales, out=np.zeros_like(scales), where=scales > 0.0)
    middle = np.median(deviations, axis=0)
    return np.asarray(middle[:, None] * related.mean(axis=0) * middle)


def scatter_of(modelled: Numbers) -> Numbers:
    """Return the covariance over seeds of targets `(seed, target)`; unusable histories are left out."""
    usable = modelled[np.isfinite(modelled).all(axis=1)]
    return np.atleast_2d(np.cov(usable, rowvar=False))
