"""The distance of the model from the observed figures: the method of simulated moments with priors.

A parameter's place z is its distance from the middle of its prior, in standard deviations. The distance at places z is

    Q(z) = g(z)' W g(z) + z' z,    g(z) = mean over seeds of the model's targets - observed,
    W = ((1 + 1/S) C + E)^-1,

where S is the number of seeds, C the covariance of a single history's targets over seeds, and E the variances of the
errors that the series declare (McFadden 1989; Grazzini and Richiardi 2015 for agent-based models). C is measured
only once, as the usual covariance at places drawn from the priors, so that W stays the same during the search. The
priors enter as further moments: without data, the best place is the middle of the priors.
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
        observed: the figures on the scale of comparison, `(target,)`.
        covariance: the covariance of the gaps (model minus figures) at the true parameters, `(target, target)`; its
            inverse is the matrix of weights.
    """

    observed: Numbers
    covariance: Numbers

    @cached_property
    def _root(self) -> Numbers:
        return np.asarray(np.linalg.cholesky(self.covariance))

    def weighed(self, gaps: Numbers) -> Numbers:
        """Scale gaps `(row, target)` so that, at the true parameters, they are independent with variance 1."""
        return np.asarray(solve_triangular(self._root, gaps.T, lower=True).T)

    def misfit(self, modelled: Numbers) -> Numbers:
        """Return the data's part of the distance, `(row,)`, from the model's targets, `(row, seed, target)`.

        It is infinite for rows whose histories cannot be used.
        """
        gaps = modelled.mean(axis=1) - self.observed
        usable = np.isfinite(gaps).all(axis=-1)
        squares = (self.weighed(np.where(usable[:, None], gaps, 0.0)) ** 2).sum(axis=-1)
        return np.where(usable, squares, np.inf)


def usual(scatters: Sequence[Numbers]) -> Numbers:
    """Return the covariance that has the median standard deviations and the mean correlations of several others.

    It uses medians because at a few places a target can scatter a hundred times more than anywhere else.
    """
    deviations = np.sqrt([np.diag(scatter) for scatter in scatters])
    scales = deviations[:, :, None] * deviations[:, None, :]
    related = np.divide(np.array(scatters), scales, out=np.zeros_like(scales), where=scales > 0.0)
    middle = np.median(deviations, axis=0)
    return np.asarray(middle[:, None] * related.mean(axis=0) * middle)


def scatter_of(modelled: Numbers) -> Numbers:
    """Return the covariance of targets over seeds from numbers `(seed, target)`, without unusable histories."""
    usable = modelled[np.isfinite(modelled).all(axis=1)]
    return np.atleast_2d(np.cov(usable, rowvar=False))
