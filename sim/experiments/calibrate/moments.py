"""How far the model is from what was observed: the method of simulated moments with priors.

The distance of parameters at places z (standard deviations from the middle of their priors) is

    Q(z) = g(z)' W g(z) + z' z,    g(z) = mean over seeds of the model's targets - observed,    W = E^-1,

with the variances E of what figures and model leave open (McFadden 1989; Grazzini and Richiardi 2015 for
agent-based models). The priors enter as moments of their own. W is what is declared, not the inverse of the
scatter of simulated histories: weights by its covariance would buy a good fit of differences with a bad one of
levels. How sure an estimate is takes that scatter into account (`posterior`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Moments:
    """What the model is held against, and how much each figure weighs.

    Attributes:
        observed: figures as they are compared, `(target,)`.
        error: standard deviation of what figures and model leave open, `(target,)`.
    """

    observed: Numbers
    error: Numbers

    def weighed(self, gaps: Numbers) -> Numbers:
        """Gaps `(..., target)` in units of their errors."""
        return gaps / self.error

    def misfit(self, modelled: Numbers) -> Numbers:
        """The part of the distance that data make, `(row,)`; infinite for histories that cannot be used.

        Args:
            modelled: the model's targets, `(row, seed, target)`.
        """
        squares = (self.weighed(modelled.mean(axis=1) - self.observed) ** 2).sum(axis=-1)
        return np.where(np.isfinite(squares), squares, np.inf)


def scatter_of(modelled: Numbers) -> Numbers:
    """Covariance over seeds of the model's targets `(seed, target)`, histories that cannot be used left out."""
    usable = modelled[np.isfinite(modelled).all(axis=1)]
    return np.atleast_2d(np.cov(usable, rowvar=False))
